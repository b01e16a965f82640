//! `POST /permits`, `DELETE /permits`: who may pass, from when to when.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::LotId;
use boshi_protocol::plate::Plate;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Body, Params, by, time};
use crate::china::ChinaTime;
use crate::decision::{Permit, PermitKind};
use crate::store::facts;

/// A permit that was given.
#[derive(Serialize)]
pub(super) struct PermitView {
    plate: String,
    kind: &'static str,
    /// The lot it is for; null for every lot.
    lot: Option<String>,
    from: ChinaTime,
    to: ChinaTime,
}

/// How much was removed.
#[derive(Serialize)]
pub(super) struct Removed {
    pub(super) removed: usize,
}

pub(super) async fn add(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<PermitView>), ApiError> {
    let now = Timestamp::now();
    let (plate, permit, by) = body.read(|fields| {
        let (plate, permit) = read(fields, now)?;
        Ok((plate, permit, by(fields, &caller)?))
    })?;
    if let Some(lot) = &permit.lot {
        operators.lot(lot.as_str())?;
    }
    let view = PermitView {
        plate: plate.as_str().to_owned(),
        kind: permit.kind.as_str(),
        lot: permit.lot.as_ref().map(LotId::to_string),
        from: ChinaTime::new(permit.from),
        to: ChinaTime::new(permit.to),
    };
    let added = operators
        .store
        .write(move |db| facts::add_permit(db, &plate, &permit, &by, now));
    added.await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes the permits of `plate`, all of them or those of a `kind` or `lot`.
pub(super) async fn remove(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Removed>, ApiError> {
    let known = ["plate", "kind", "lot", "by"];
    let (plate, kind, lot, by) = parameters.read(&known, |fields| {
        let lot = fields.optional_id::<boshi_protocol::id::kind::Lot>("lot")?;
        let (plate, kind) = (required_plate(fields)?, optional_kind(fields)?);
        Ok((plate, kind, lot, by(fields, &caller)?))
    })?;
    let (shown, now) = (plate.clone(), Timestamp::now());
    let removed = operators
        .store
        .write(move |db| facts::remove_permits(db, &plate, kind, lot.as_ref(), &by, now));
    match removed.await? {
        0 => {
            let error = format!("{} 没有这样的许可", shown.as_str());
            Err(ApiError::not_found("plate", error))
        }
        removed => Ok(Json(Removed { removed })),
    }
}

/// A plate that must be there.
pub(super) fn required_plate(fields: &Fields<'_>) -> Result<Plate, FieldError> {
    let plate = fields.optional_plate("plate")?;
    plate.ok_or_else(|| fields.refuse("plate", "应为车牌号"))
}

fn read(fields: &Fields<'_>, now: Timestamp) -> Result<(Plate, Permit), FieldError> {
    let plate = required_plate(fields)?;
    let kind = optional_kind(fields)?;
    let from = time(fields, "from")?.map_or(now, ChinaTime::timestamp);
    let to = time(fields, "to")?.map(ChinaTime::timestamp);
    let to = to.or_else(|| {
        let paid = kind == Some(PermitKind::Paid);
        from.checked_add(TO_LEAVE).ok().filter(|_| paid)
    });
    let permit = Permit {
        kind: kind.ok_or_else(|| fields.refuse("kind", KINDS))?,
        lot: fields.optional_id("lot")?,
        from,
        to: to
            .filter(|to| *to > from)
            .ok_or_else(|| fields.refuse("to", "应为晚于 from 的时间"))?,
    };
    Ok((plate, permit))
}

/// How long a vehicle has to leave once it has paid, where nothing else is said.
const TO_LEAVE: SignedDuration = SignedDuration::from_mins(15);

const KINDS: &str = "应为 white、monthly、visitor 或 paid";

fn optional_kind(fields: &Fields<'_>) -> Result<Option<PermitKind>, FieldError> {
    fields.optional_parsed("kind", |text| {
        PermitKind::parse(text).ok_or_else(|| KINDS.to_owned())
    })
}

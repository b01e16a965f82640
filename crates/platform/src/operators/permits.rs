//! `POST /permits`, `DELETE /permits`: who may pass, from when to when.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use boshi_protocol::fields::{FieldError, Fields};
use boshi_protocol::id::{Id, LotId};
use boshi_protocol::plate::Plate;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, delete, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, Kind, field, required};
use super::read::{Body, MAX_WORDS_CHARS, Params, by, time, words};
use super::words::Tag;
use crate::china::ChinaTime;
use crate::decision::{Permit, PermitKind, PermitShown};
use crate::hours::NotHours;
use crate::store::facts;

/// A permit that was given.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewPermit")]
pub(super) struct PermitView {
    plate: String,
    #[serde(flatten)]
    permit: PermitShown,
    note: String,
}

/// How much was removed.
#[derive(Serialize, JsonSchema)]
pub(super) struct Removed {
    pub(super) removed: usize,
}

const PLATE: Field = required("plate", Kind::Plate);
const OF_KIND: Kind = Kind::OneOf(&["white", "monthly", "visitor", "paid"]);
const KIND: Field = required("kind", OF_KIND);
const LOTS: Field = field("lots", Kind::Ids);
const LANES: Field = field("lanes", Kind::Ids);
const FROM: Field = field("from", Kind::Time).says(
    "生效时间，缺省为现在",
    "From when it holds; now when not given",
);
const TO: Field = field("to", Kind::Time).says(
    "失效时间；paid 缺省为生效后 15 分钟，其他必填",
    "Until when it holds; 15 minutes for paid when not given, required for all others",
);
const HOURS: Field = field("hours", Kind::Hours);
const NOTE: Field = field("note", Kind::Words(MAX_WORDS_CHARS));
const LOT: Field =
    field("lot", Kind::Id).says("与 lots 相同，只有一个车场", "As lots, with one in it");
const FIELDS: &[Field] = &[PLATE, KIND, LOTS, LOT, LANES, FROM, TO, HOURS, NOTE, BY];
const PARAMETERS: &[Field] = &[PLATE, field("kind", OF_KIND), field("lot", Kind::Id), BY];
/// The columns of a table of permits.
pub(super) const COLUMNS: &[Field] = &[PLATE, KIND, LOTS, LANES, FROM, TO, HOURS, NOTE];

pub(super) fn routes(api: Api) -> Api {
    let to_add = post("/permits")
        .is(
            "add_permit",
            Tag::Plates,
            "发放或更改许可",
            "Give a permit, or change one",
        )
        .body(FIELDS)
        .json::<PermitView>()
        .creates()
        .errors([StatusCode::NOT_FOUND]);
    let to_remove = delete("/permits")
        .is(
            "remove_permits",
            Tag::Plates,
            "撤销车牌的许可",
            "Remove the permits of a plate",
        )
        .query(PARAMETERS.iter().copied())
        .json::<Removed>()
        .errors([StatusCode::NOT_FOUND]);
    api.on(to_add, add).on(to_remove, remove)
}

async fn add(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<PermitView>), ApiError> {
    let now = Timestamp::now();
    let (wanted, by) = body.read(FIELDS, |fields| {
        Ok((read(fields, now)?, by(fields, &caller)?))
    })?;
    let Wanted {
        plate,
        permit,
        note,
    } = wanted;
    caller.must_reach(&permit.lots)?;
    for lot in &permit.lots {
        operators.lot(lot.as_str())?;
    }
    let view = PermitView {
        plate: plate.as_str().to_owned(),
        permit: permit.shown(),
        note: note.clone(),
    };
    let added = operators
        .store
        .write(move |db| facts::add_permit(db, &plate, &permit, &note, &by, now));
    added.await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes the permits of `plate`, all of them or those of a `kind` or `lot`.
async fn remove(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Removed>, ApiError> {
    let (plate, kind, lot, by) = parameters.read(PARAMETERS, |fields| {
        let lot = fields.optional_id::<boshi_protocol::id::kind::Lot>("lot")?;
        let (plate, kind) = (required_plate(fields)?, optional_kind(fields)?);
        Ok((plate, kind, lot, by(fields, &caller)?))
    })?;
    caller.must_reach(lot.as_slice())?;
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

/// A permit that somebody wants to give.
pub(super) struct Wanted {
    pub(super) plate: Plate,
    pub(super) permit: Permit,
    pub(super) note: String,
}

/// Reads a permit; `lot` is the same as `lots` with one in it.
pub(super) fn read(fields: &Fields<'_>, now: Timestamp) -> Result<Wanted, FieldError> {
    let plate = required_plate(fields)?;
    let kind = optional_kind(fields)?;
    let from = time(fields, "from")?.map_or(now, ChinaTime::timestamp);
    let to = time(fields, "to")?.map(ChinaTime::timestamp);
    let to = to.or_else(|| {
        let paid = kind == Some(PermitKind::Paid);
        from.checked_add(TO_LEAVE).ok().filter(|_| paid)
    });
    let mut lots: Vec<LotId> = ids(fields, "lots")?;
    let one = fields.optional_id("lot")?;
    lots.extend(one.filter(|one| !lots.contains(one)));
    let permit = Permit {
        kind: kind.ok_or_else(|| fields.refuse("kind", KINDS))?,
        lots,
        lanes: ids(fields, "lanes")?,
        from,
        to: to
            .filter(|to| *to > from)
            .ok_or_else(|| fields.refuse("to", "应为晚于 from 的时间"))?,
        hours: fields.optional_parsed("hours", |text| {
            text.parse().map_err(|error: NotHours| error.to_string())
        })?,
    };
    let note = fields.optional_text("note")?;
    let note = note.map(|_| words(fields, "note")).transpose()?;
    Ok(Wanted {
        plate,
        permit,
        note: note.unwrap_or_default(),
    })
}

/// Ids written `A,B`.
pub(super) fn ids<K>(fields: &Fields<'_>, name: &'static str) -> Result<Vec<Id<K>>, FieldError> {
    let listed = fields.optional_parsed(name, |text| {
        let ids = text.split(',').map(Id::new);
        let ids = ids.collect::<Result<Vec<Id<K>>, _>>();
        ids.map_err(|error| format!("{error}，以逗号分隔"))
    })?;
    Ok(listed.unwrap_or_default())
}

/// How long a vehicle has to leave once it has paid, where nothing else is said.
const TO_LEAVE: SignedDuration = SignedDuration::from_mins(15);

const KINDS: &str = "应为 white、monthly、visitor 或 paid";

fn optional_kind(fields: &Fields<'_>) -> Result<Option<PermitKind>, FieldError> {
    fields.optional_parsed("kind", |text| {
        PermitKind::parse(text).ok_or_else(|| KINDS.to_owned())
    })
}

//! `GET /lots/{lot}/stays/{uuid}/candidates` and `POST /lots/{lot}/crossings/{uuid}/correct`: a
//! person finds the missing half of a stay, and says what the plate was. No barrier moves by that.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::id::RecordId;
use jiff::Timestamp;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Body, by, words};
use crate::store::audit::Act;
use crate::store::correction::{self, Candidate};

/// Stays that may be the missing half, the likeliest first.
#[derive(Serialize)]
pub(super) struct Candidates {
    items: Vec<Candidate>,
}

/// What a crossing's plate now is.
#[derive(Serialize)]
pub(super) struct Corrected {
    uuid: String,
    plate: Option<String>,
}

pub(super) async fn candidates(
    State(operators): Shared,
    Path((lot, uuid)): Path<(String, String)>,
) -> Result<Json<Candidates>, ApiError> {
    let lot = operators.lot(&lot)?.id.clone();
    let uuid = record(&uuid)?;
    let found = operators
        .store
        .read(move |db| correction::candidates(db, &lot, &uuid));
    let items = found
        .await?
        .ok_or_else(|| ApiError::not_found("uuid", "没有这样的未配对停车记录".to_owned()))?;
    Ok(Json(Candidates { items }))
}

pub(super) async fn correct(
    State(operators): Shared,
    Path((lot, uuid)): Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<Json<Corrected>, ApiError> {
    let lot = operators.lot(&lot)?.id.clone();
    let crossing = record(&uuid)?;
    let (plate, by, reason) = body.read(|fields| {
        let plate = fields.plate("plate")?;
        Ok((plate, by(fields, &caller)?, words(fields, "reason")?))
    })?;
    let told = plate.as_ref().map(|plate| plate.as_str().to_owned());
    let now = Timestamp::now();
    let corrected = operators.store.write(move |db| {
        let act = Act {
            by: &by,
            what: "crossing.correct",
            target: crossing.as_str(),
            reason: &reason,
        };
        correction::correct(db, &lot, &crossing, plate.as_ref(), &act, now)
    });
    if !corrected.await? {
        return Err(ApiError::not_found(
            "uuid",
            format!("没有过闸记录 {uuid:?}"),
        ));
    }
    Ok(Json(Corrected { uuid, plate: told }))
}

fn record(uuid: &str) -> Result<RecordId, ApiError> {
    RecordId::new(uuid).map_err(|error| ApiError::field("uuid", error.to_string()))
}

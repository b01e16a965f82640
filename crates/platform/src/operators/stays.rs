//! `GET /lots/{lot}/stays/{uuid}/candidates` and `POST /lots/{lot}/crossings/{uuid}/correct`: a
//! person finds the missing half of a stay, and says what the plate was. No barrier moves by that.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::id::RecordId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, get, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, Kind, REASON, required};
use super::read::{Body, by, words};
use super::words::Tag;
use crate::store::audit::Act;
use crate::store::correction::{self, Candidate};

/// Stays that may be the missing half, the likeliest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct Candidates {
    items: Vec<Candidate>,
}

/// What a crossing's plate now is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Corrected {
    uuid: String,
    plate: Option<String>,
}

/// What a person says of a crossing.
const FIELDS: &[Field] = &[
    required("plate", Kind::NoPlate).says(
        "实际车牌；空表示看不出",
        "The plate it really was; empty when nobody can tell",
    ),
    REASON,
    BY,
];

pub(super) fn routes(api: Api) -> Api {
    let to_find = get("/lots/{lot}/stays/{uuid}/candidates")
        .is(
            "list_candidates",
            Tag::Stays,
            "可能配对的停车记录，最像的在前",
            "The stays that may be the missing half of one, the likeliest first",
        )
        .json::<Candidates>();
    let to_correct = post("/lots/{lot}/crossings/{uuid}/correct")
        .is(
            "correct_crossing",
            Tag::Stays,
            "更正过闸记录的车牌",
            "Say what plate a crossing had",
        )
        .body(FIELDS)
        .json::<Corrected>();
    api.on(to_find, candidates).on(to_correct, correct)
}

async fn candidates(
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

async fn correct(
    State(operators): Shared,
    Path((lot, uuid)): Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<Json<Corrected>, ApiError> {
    let lot = operators.lot(&lot)?.id.clone();
    let crossing = record(&uuid)?;
    let (plate, by, reason) = body.read(FIELDS, |fields| {
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

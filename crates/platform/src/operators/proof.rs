//! `GET /lots/{lot}/proof?day=2026-01-15`: whether all that happened on a day is here.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::time::CHINA;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::Shared;
use super::error::ApiError;
use super::read::Params;
use crate::china::ChinaTime;
use crate::store::proof::{Proof, proof};

/// What is here of a lot and a day.
#[derive(Serialize)]
pub(super) struct ProofView {
    lot: String,
    day: String,
    #[serde(flatten)]
    proof: Proof,
    /// When the last pass that fetched what could not be pushed began, if it succeeded: what
    /// failed after that may still be at the lot.
    reconciled_at: Option<ChinaTime>,
}

pub(super) async fn of_day(
    State(operators): Shared,
    Path(lot): Path<String>,
    parameters: Params,
) -> Result<Json<ProofView>, ApiError> {
    const EXPECTED: &str = "应为日期，如 2026-01-15";
    let lot = operators.lot(&lot)?;
    let day = parameters.read(&["day"], |fields| {
        let day = fields.optional_parsed("day", |text| {
            text.parse::<Date>().map_err(|_| EXPECTED.to_owned())
        })?;
        day.ok_or_else(|| fields.refuse("day", EXPECTED))
    })?;
    let begins = |day: Date| CHINA.to_timestamp(day.at(0, 0, 0, 0));
    let window = day
        .tomorrow()
        .and_then(|next| Ok((begins(day)?, begins(next)?)));
    let (from, to): (Timestamp, Timestamp) =
        window.map_err(|_| ApiError::field("day", EXPECTED))?;
    let id = lot.id.clone();
    let found = operators.store.read(move |db| proof(db, &id, from, to));
    let proof = found.await?;
    let pass = lot.presence().pass.clone();
    let pass = pass.filter(|pass| pass.result.is_ok());
    Ok(Json(ProofView {
        lot: lot.id.to_string(),
        day: day.to_string(),
        proof,
        reconciled_at: pass.map(|pass| ChinaTime::new(pass.began)),
    }))
}

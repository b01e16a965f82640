//! `GET /lots/{lot}/proof?day=2026-01-15`: whether all that happened on a day is here.

use axum::Json;
use axum::extract::{Path, State};
use boshi_protocol::time::CHINA;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, get};
use super::error::ApiError;
use super::field::{Field, Kind, required};
use super::read::Params;
use super::words::Tag;
use crate::china::ChinaTime;
use crate::retention;
use crate::store::proof::{Proof, proof};

/// What is here of a lot and a day.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Proof")]
pub(super) struct ProofView {
    lot: String,
    day: String,
    #[serde(flatten)]
    proof: Proof,
    /// When the last pass began that fetched all that could not be pushed, since the platform started:
    /// what failed after that may still be at the lot.
    reconciled_at: Option<ChinaTime>,
    /// Rows that nobody can read, of those that the last pass brought.
    unreadable: u64,
}

const PARAMETERS: &[Field] = &[required("day", Kind::Day)];

pub(super) fn routes(api: Api) -> Api {
    let to_prove = get("/lots/{lot}/proof")
        .is(
            "prove_day",
            Tag::Records,
            "按日对账：推送 + 补取 + 缺失 = 应有",
            "Whether all of a day is here: pushed + fetched + missing = seen",
        )
        .query(PARAMETERS.iter().copied())
        .json::<ProofView>();
    api.on(to_prove, of_day)
}

async fn of_day(
    State(operators): Shared,
    Path(lot): Path<String>,
    parameters: Params,
) -> Result<Json<ProofView>, ApiError> {
    const EXPECTED: &str = "应为日期，如 2026-01-15";
    let lot = operators.lot(&lot)?;
    let day = parameters.read(PARAMETERS, |fields| {
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
    let kept_from = retention::cutoff(Timestamp::now(), operators.months);
    if kept_from.is_some_and(|kept_from| from < kept_from) {
        let said = "该日的记录已归档，请用 boshi platform archive 查看";
        return Err(ApiError::field("day", said));
    }
    let id = lot.id.clone();
    let found = operators.store.read(move |db| proof(db, &id, from, to));
    let proof = found.await?;
    let presence = lot.presence().clone();
    let brought = presence.pass.and_then(|pass| pass.result.ok());
    Ok(Json(ProofView {
        lot: lot.id.to_string(),
        day: day.to_string(),
        proof,
        reconciled_at: presence.reconciled.map(ChinaTime::new),
        unreadable: brought.map_or(0, |counts| counts.unreadable),
    }))
}

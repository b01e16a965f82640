//! `POST /decide`: what would be decided about a vehicle, now or at a time, and why; nothing is
//! written down.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use boshi_protocol::fields::Fields;
use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{Field, Kind, field, required};
use super::read::{Body, time};
use super::words::Tag;
use crate::china::ChinaTime;
use crate::decision::{FactsShown, Step};
use crate::role::Need;

/// A decision, as the supplier would get it (RECOG-1), and how it comes about.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Foreseen")]
pub(super) struct DecisionView {
    pass: bool,
    code: String,
    reason: String,
    /// The rules that were asked, in order.
    steps: Vec<Step>,
    facts: FactsShown,
    /// Whether the lot would ask another system, which this did not.
    external: bool,
}

/// The vehicle that is asked about.
const FIELDS: &[Field] = &[
    required("lot", Kind::Id),
    required("device", Kind::Id),
    required("plate", Kind::NoPlate),
    field("at", Kind::Time).says(
        "按此时间判断，缺省为现在",
        "Decide as at this time; now when not given",
    ),
];

pub(super) fn routes(api: Api) -> Api {
    let to_foresee = post("/decide")
        .is(
            "decide",
            Tag::Decisions,
            "试算：某车现在（或某时）能否通行，为什么",
            "What would be decided about a vehicle, and why",
        )
        .needs(Need::Look)
        .body(FIELDS)
        .json::<DecisionView>()
        .errors([StatusCode::NOT_FOUND]);
    api.on(to_foresee, foresee)
}

async fn foresee(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<Json<DecisionView>, ApiError> {
    let (lot, device, plate, at) = body.read(FIELDS, |fields: &Fields<'_>| {
        let lot: LotId = fields.id("lot")?;
        let device: DeviceNo = fields.id("device")?;
        Ok((lot, device, fields.plate("plate")?, time(fields, "at")?))
    })?;
    caller.must_reach(std::slice::from_ref(&lot))?;
    let external = operators.lot(lot.as_str())?.external.is_some();
    let at = at.map_or_else(Timestamp::now, ChinaTime::timestamp);
    let foreseen = operators.desk.foresee(&lot, device, plate, at).await?;
    let (explained, facts) =
        foreseen.ok_or_else(|| ApiError::not_found("lot", "没有此车场".to_owned()))?;
    let reason = explained.decision.reason;
    Ok(Json(DecisionView {
        pass: explained.decision.pass,
        code: reason.code().to_owned(),
        reason: reason.sentence().to_owned(),
        steps: explained.steps,
        facts: facts.shown(),
        external: external && reason.code() != "BLOCKED",
    }))
}

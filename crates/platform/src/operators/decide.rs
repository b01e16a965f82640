//! `POST /decide`: what would be decided about a vehicle, now or at a time, and why; nothing is
//! written down.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::Fields;
use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Body, time};
use crate::china::ChinaTime;
use crate::decision::Step;

/// A decision, as the supplier would get it (RECOG-1), and how it comes about.
#[derive(Serialize)]
pub(super) struct DecisionView {
    pass: bool,
    code: String,
    reason: String,
    /// The rules that were asked, in order.
    steps: Vec<Step>,
    facts: Value,
    /// Whether the lot would ask another system, which this did not.
    external: bool,
}

pub(super) async fn foresee(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<Json<DecisionView>, ApiError> {
    let (lot, device, plate, at) = body.read(|fields: &Fields<'_>| {
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
        facts: facts.to_json(),
        external: external && reason.code() != "BLOCKED",
    }))
}

//! `POST /decide`: what would be decided about a vehicle now; nothing is written down.

use axum::Json;
use axum::extract::State;
use boshi_protocol::fields::Fields;
use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use serde::Serialize;

use super::Shared;
use super::error::ApiError;
use super::read::Body;

/// A decision, as the supplier would get it (RECOG-1).
#[derive(Serialize)]
pub(super) struct DecisionView {
    pass: bool,
    code: String,
    reason: String,
}

pub(super) async fn foresee(
    State(operators): Shared,
    body: Body,
) -> Result<Json<DecisionView>, ApiError> {
    let (lot, device, plate) = body.read(|fields: &Fields<'_>| {
        let lot: LotId = fields.id("lot")?;
        let device: DeviceNo = fields.id("device")?;
        Ok((lot, device, fields.plate("plate")?))
    })?;
    operators.lot(lot.as_str())?;
    let foreseen = operators
        .desk
        .foresee(lot, &device, plate, Timestamp::now());
    let decision = foreseen.await?;
    let decision = decision.ok_or_else(|| ApiError::not_found("lot", "没有此车场".to_owned()))?;
    Ok(Json(DecisionView {
        pass: decision.pass,
        code: decision.reason.code().to_owned(),
        reason: decision.reason.sentence().to_owned(),
    }))
}

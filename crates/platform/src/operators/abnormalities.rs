//! `POST /lots/{lot}/abnormalities/{id}/acknowledge` and `/clear`: what people do about one.

use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::read::{Body, by, words};
use crate::store::abnormality::{Step, Stepped, step};
use crate::store::audit::Act;

/// Where an abnormality has come to.
#[derive(Serialize)]
pub(super) struct StateView {
    state: &'static str,
}

pub(super) async fn acknowledge(
    operators: Shared,
    place: Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<Json<StateView>, ApiError> {
    take(operators, place, &caller, &body, Step::Acknowledge).await
}

pub(super) async fn clear(
    operators: Shared,
    place: Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<Json<StateView>, ApiError> {
    take(operators, place, &caller, &body, Step::Clear).await
}

async fn take(
    State(operators): Shared,
    Path((lot, id)): Path<(String, String)>,
    caller: &Caller,
    body: &Body,
    wanted: Step,
) -> Result<Json<StateView>, ApiError> {
    let lot = operators.lot(&lot)?.id.clone();
    let (by, reason) = body.read(|fields| Ok((by(fields, caller)?, words(fields, "reason")?)))?;
    let (what, state) = match wanted {
        Step::Acknowledge => ("abnormality.acknowledge", "acknowledged"),
        Step::Clear => ("abnormality.clear", "cleared"),
    };
    let now = Timestamp::now();
    let stepped = operators.store.write(move |db| {
        let act = Act {
            by: &by,
            what,
            target: &id,
            reason: &reason,
        };
        step(db, &lot, &id, wanted, &act, now)
    });
    match stepped.await? {
        Stepped::Done => Ok(Json(StateView { state })),
        Stepped::Unknown => Err(ApiError::not_found("id", "没有此异常".to_owned())),
        Stepped::Already => Err(ApiError::refused("该异常已处理过".to_owned())),
    }
}

//! `POST /lots/{lot}/abnormalities/{id}/acknowledge` and `/clear`: what people do about one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, REASON};
use super::read::{Body, by, words};
use super::words::Tag;
use crate::store::abnormality::{Step, Stepped, step};
use crate::store::audit::Act;

/// Where an abnormality has come to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "State")]
pub(super) struct StateView {
    state: &'static str,
}

/// What is to be said with it.
const FIELDS: &[Field] = &[REASON, BY];

pub(super) fn routes(api: Api) -> Api {
    let path = |step| format!("/lots/{{lot}}/abnormalities/{{id}}/{step}");
    let to_acknowledge = post(path("acknowledge"))
        .is(
            "acknowledge_abnormality",
            Tag::Abnormalities,
            "确认异常",
            "Acknowledge an abnormality",
        )
        .body(FIELDS)
        .json::<StateView>()
        .errors([StatusCode::CONFLICT]);
    let to_clear = post(path("clear"))
        .is(
            "clear_abnormality",
            Tag::Abnormalities,
            "解除异常",
            "Say that an abnormality is over",
        )
        .body(FIELDS)
        .json::<StateView>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_acknowledge, acknowledge).on(to_clear, clear)
}

async fn acknowledge(
    operators: Shared,
    place: Path<(String, String)>,
    caller: Caller,
    body: Body,
) -> Result<Json<StateView>, ApiError> {
    take(operators, place, &caller, &body, Step::Acknowledge).await
}

async fn clear(
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
    let (by, reason) = body.read(FIELDS, |fields| {
        Ok((by(fields, caller)?, words(fields, "reason")?))
    })?;
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

//! `POST /lots/{lot}/hold` and `/restore`: every gate of a lot at once, for an evacuation and after
//! it (OPEN-1, OPEN-2). Each gate is a command with its own end.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use boshi_protocol::code::OpenMode;
use boshi_protocol::endpoint::OpenGate;
use boshi_protocol::id::DeviceNo;
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, REASON};
use super::read::{Body, by, words};
use super::words::Tag;
use crate::commands::{Act, Order, State as Ended};

/// How it ended at one gate.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gate")]
pub(super) struct GateView {
    device: String,
    /// None when the command was not sent.
    state: Option<Ended>,
    said: String,
}

/// How it ended at every gate.
#[derive(Serialize, JsonSchema)]
pub(super) struct Gates {
    /// Whether every gate did it.
    executed: bool,
    items: Vec<GateView>,
}

/// What is to be said with it.
const FIELDS: &[Field] = &[REASON, BY];

pub(super) fn routes(api: Api) -> Api {
    let to_hold = post("/lots/{lot}/hold")
        .is(
            "hold_lot",
            Tag::Gates,
            "全场常开（疏散）",
            "Hold every gate of a lot open, for an evacuation",
        )
        .body(FIELDS)
        .json::<Gates>()
        .errors([StatusCode::CONFLICT]);
    let to_restore = post("/lots/{lot}/restore")
        .is(
            "restore_lot",
            Tag::Gates,
            "全场恢复一车一杆",
            "Put every gate of a lot back to one lift a vehicle",
        )
        .body(FIELDS)
        .json::<Gates>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_hold, hold).on(to_restore, restore)
}

async fn hold(
    operators: Shared,
    lot: Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Gates>, ApiError> {
    everywhere(operators, lot, &caller, &body, OpenMode::HoldOpen).await
}

async fn restore(
    operators: Shared,
    lot: Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<Gates>, ApiError> {
    everywhere(operators, lot, &caller, &body, OpenMode::Restore).await
}

async fn everywhere(
    State(operators): Shared,
    Path(lot): Path<String>,
    caller: &Caller,
    body: &Body,
    mode: OpenMode,
) -> Result<Json<Gates>, ApiError> {
    let lot = operators.lot(&lot)?;
    let (by, reason) = body.read(FIELDS, |fields| {
        Ok((by(fields, caller)?, words(fields, "reason")?))
    })?;
    let mut devices: Vec<DeviceNo> = lot.rules.directions.keys().cloned().collect();
    if devices.is_empty() {
        return Err(ApiError::refused("车场没有登记车道".to_owned()));
    }
    devices.sort_unstable();
    let gates = devices.into_iter().map(|device| {
        let order = Order {
            act: Act::Open(OpenGate {
                device: device.clone(),
                plate: None,
                mode,
            }),
            by: by.clone(),
            reason: reason.clone(),
        };
        let (commands, lot) = (operators.commands.clone(), Arc::clone(&lot));
        async move {
            let end = commands.give(&lot, order).await;
            let (state, said) = match end {
                Ok(end) => (Some(end.state), end.said),
                Err(not_sent) => (None, not_sent.to_string()),
            };
            GateView {
                device: device.to_string(),
                state,
                said,
            }
        }
    });
    let items = join_all(gates).await;
    Ok(Json(Gates {
        executed: items.iter().all(|gate| gate.state == Some(Ended::Executed)),
        items,
    }))
}

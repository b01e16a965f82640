//! `POST /blocks`, `DELETE /blocks`: plates that may not pass, whatever permit they have.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::Shared;
use super::caller::Caller;
use super::error::ApiError;
use super::permits::{Removed, required_plate};
use super::read::{Body, Params, by, words};
use crate::store::facts;

/// A plate that was blocked.
#[derive(Serialize)]
pub(super) struct BlockView {
    plate: String,
    reason: String,
}

pub(super) async fn add(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<BlockView>), ApiError> {
    let (plate, by, reason) = body.read(|fields| {
        let plate = required_plate(fields)?;
        Ok((plate, by(fields, &caller)?, words(fields, "reason")?))
    })?;
    caller.must_reach(&[])?;
    let view = BlockView {
        plate: plate.as_str().to_owned(),
        reason: reason.clone(),
    };
    let now = Timestamp::now();
    let added = operators
        .store
        .write(move |db| facts::add_block(db, &plate, &reason, &by, now));
    added.await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn remove(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Removed>, ApiError> {
    let (plate, by) = parameters.read(&["plate", "by"], |fields| {
        Ok((required_plate(fields)?, by(fields, &caller)?))
    })?;
    caller.must_reach(&[])?;
    let (shown, now) = (plate.clone(), Timestamp::now());
    let removed = operators
        .store
        .write(move |db| facts::remove_block(db, &plate, &by, now));
    match removed.await? {
        0 => {
            let error = format!("{} 不在黑名单中", shown.as_str());
            Err(ApiError::not_found("plate", error))
        }
        removed => Ok(Json(Removed { removed })),
    }
}

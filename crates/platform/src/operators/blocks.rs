//! `POST /blocks`, `DELETE /blocks`: plates that may not pass, whatever permit they have.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use super::Shared;
use super::error::ApiError;
use super::permits::{Removed, required_plate};
use super::read::{Body, Params, words};
use crate::store::facts;

/// A plate that was blocked.
#[derive(Serialize)]
pub(super) struct BlockView {
    plate: String,
    reason: String,
}

pub(super) async fn add(
    State(operators): Shared,
    body: Body,
) -> Result<(StatusCode, Json<BlockView>), ApiError> {
    let read = body.read(|fields| Ok((required_plate(fields)?, words(fields, "reason")?)));
    let (plate, reason) = read?;
    let view = BlockView {
        plate: plate.as_str().to_owned(),
        reason: reason.clone(),
    };
    let now = Timestamp::now();
    let added = operators
        .store
        .write(move |db| facts::add_block(db, &plate, &reason, now));
    added.await?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn remove(
    State(operators): Shared,
    parameters: Params,
) -> Result<Json<Removed>, ApiError> {
    let plate = parameters.read(&["plate"], required_plate)?;
    let shown = plate.clone();
    let removed = operators
        .store
        .write(move |db| facts::remove_block(db, &plate));
    match removed.await? {
        0 => {
            let error = format!("{} 不在黑名单中", shown.as_str());
            Err(ApiError::not_found("plate", error))
        }
        removed => Ok(Json(Removed { removed })),
    }
}

//! `POST /blocks`, `DELETE /blocks`: plates that may not pass, whatever permit they have.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Shared;
use super::api::{Api, delete, post};
use super::caller::Caller;
use super::error::ApiError;
use super::field::{BY, Field, Kind, REASON, required};
use super::permits::{Removed, required_plate};
use super::read::{Body, Params, by, words};
use super::words::Tag;
use crate::store::facts;

/// A plate that was blocked.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NewBlock")]
pub(super) struct BlockView {
    plate: String,
    reason: String,
}

const PLATE: Field = required("plate", Kind::Plate);
const FIELDS: &[Field] = &[PLATE, REASON, BY];
const PARAMETERS: &[Field] = &[PLATE, BY];
/// The columns of a table of blocks.
pub(super) const COLUMNS: &[Field] = &[PLATE, REASON];

pub(super) fn routes(api: Api) -> Api {
    let to_add = post("/blocks")
        .is(
            "add_block",
            Tag::Plates,
            "加入黑名单",
            "Put a plate on the block list",
        )
        .body(FIELDS)
        .json::<BlockView>()
        .creates();
    let to_remove = delete("/blocks")
        .is(
            "remove_block",
            Tag::Plates,
            "移出黑名单",
            "Take a plate off the block list",
        )
        .query(PARAMETERS.iter().copied())
        .json::<Removed>()
        .errors([StatusCode::NOT_FOUND]);
    api.on(to_add, add).on(to_remove, remove)
}

async fn add(
    State(operators): Shared,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<BlockView>), ApiError> {
    let (plate, by, reason) = body.read(FIELDS, |fields| {
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

async fn remove(
    State(operators): Shared,
    caller: Caller,
    parameters: Params,
) -> Result<Json<Removed>, ApiError> {
    let (plate, by) = parameters.read(PARAMETERS, |fields| {
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

//! `POST /lots/{lot}/reconcile`: fetches what the lot could not push, now (D-19).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Shared;
use super::api::{Api, post};
use super::error::ApiError;
use super::words::Tag;
use crate::reconcile::{Counts, PassError};

pub(super) fn routes(api: Api) -> Api {
    let to_reconcile = post("/lots/{lot}/reconcile")
        .is(
            "reconcile_lot",
            Tag::Records,
            "立即补取车场未能推送的记录",
            "Fetch now what a lot could not push",
        )
        .json::<Counts>()
        .errors([StatusCode::CONFLICT]);
    api.on(to_reconcile, now)
}

async fn now(State(operators): Shared, Path(lot): Path<String>) -> Result<Json<Counts>, ApiError> {
    let lot = operators.lot(&lot)?;
    let pass = operators.reconciler.pass(&lot).await;
    pass.map(Json).map_err(|error| match error {
        PassError::Refused { .. } => ApiError::refused(error.to_string()),
        PassError::Fault { .. } | PassError::TooMany => ApiError::unavailable(error.to_string()),
        PassError::Store(error) => error.into(),
    })
}

//! `POST /lots/{lot}/reconcile`: fetches what the lot could not push, now (D-19).

use axum::Json;
use axum::extract::{Path, State};

use super::Shared;
use super::error::ApiError;
use crate::reconcile::{Counts, PassError};

pub(super) async fn now(
    State(operators): Shared,
    Path(lot): Path<String>,
) -> Result<Json<Counts>, ApiError> {
    let lot = operators.lot(&lot)?;
    let pass = operators.reconciler.pass(&lot).await;
    pass.map(Json).map_err(|error| match error {
        PassError::Refused { .. } => ApiError::refused(error.to_string()),
        PassError::Fault { .. } | PassError::TooMany => ApiError::unavailable(error.to_string()),
        PassError::Store(error) => error.into(),
    })
}

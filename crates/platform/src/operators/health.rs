//! `GET /livez`, `GET /readyz`: for whoever restarts or routes, without a key.

use axum::extract::State;

use super::Shared;
use super::error::ApiError;

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The records can be read and written.
pub(super) async fn ready(State(operators): Shared) -> Result<&'static str, ApiError> {
    operators.store.write(|_| Ok(())).await?;
    Ok("ok\n")
}

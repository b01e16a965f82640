//! `GET /livez`, `GET /readyz`: for whoever restarts or routes, without a key.

use axum::extract::State;
use axum::http::StatusCode;

use super::Shared;
use super::api::{Api, get};
use super::error::ApiError;
use super::words::Tag;

pub(super) fn routes(api: Api) -> Api {
    let to_live = get("")
        .at("/livez")
        .is(
            "livez",
            Tag::Interface,
            "进程是否在运行",
            "Whether the process answers",
        )
        .text("text/plain")
        .public();
    let to_be_ready = get("")
        .at("/readyz")
        .is(
            "readyz",
            Tag::Interface,
            "记录是否可以读写",
            "Whether the records can be read and written",
        )
        .text("text/plain")
        .public()
        .errors([StatusCode::SERVICE_UNAVAILABLE]);
    api.on(to_live, live).on(to_be_ready, ready)
}

/// The process answers.
async fn live() -> &'static str {
    "ok\n"
}

/// The records can be read and written.
async fn ready(State(operators): Shared) -> Result<&'static str, ApiError> {
    operators.store.write(|_| Ok(())).await?;
    Ok("ok\n")
}

//! `GET /v1/commands` and `POST /v1/answers`: for controllers that fetch their commands.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use boshi_transport::accept::is_late;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::answer::refusal;
use super::controllers::Controllers;
use super::intake::bearer;

/// Longest that a poll waits for a command, in seconds: below what home routers forget.
const LONGEST_WAIT_SECONDS: u64 = 50;

/// Largest answer in bytes: the devices of one lane need less than one kilobyte.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// What the routes work with.
pub(crate) struct Polled {
    pub(crate) controllers: Arc<Controllers>,
    /// Ends the polls that wait.
    pub(crate) stop: CancellationToken,
}

#[derive(Deserialize)]
struct Poll {
    /// How long to wait for a command, in seconds.
    #[serde(default)]
    wait: u64,
}

/// The routes for controllers that fetch their commands.
pub(crate) fn router(polled: Arc<Polled>) -> Router {
    Router::new()
        .route("/v1/commands", get(commands))
        .route("/v1/answers", post(answers))
        .layer(DefaultBodyLimit::max(MAX_ANSWER_BYTES))
        .with_state(polled)
}

async fn commands(
    State(polled): State<Arc<Polled>>,
    poll: Result<Query<Poll>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let key = bearer(&headers).unwrap_or_default();
    let Some((mailbox, health)) = polled.controllers.mailbox(key) else {
        return stranger();
    };
    let Ok(Query(poll)) = poll else {
        let expected = format!("参数 wait：应为 0 到 {LONGEST_WAIT_SECONDS} 的秒数");
        return refuse(StatusCode::BAD_REQUEST, &expected);
    };
    let wait = Duration::from_secs(poll.wait.min(LONGEST_WAIT_SECONDS));
    health.called(None);
    let fetching = mailbox.fetch(wait);
    let commands = polled.stop.run_until_cancelled(fetching).await;
    let commands = commands.unwrap_or_default();
    Json(json!({"ok": true, "commands": commands})).into_response()
}

async fn answers(
    State(polled): State<Arc<Polled>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let key = bearer(&headers).unwrap_or_default();
    let Some((mailbox, _)) = polled.controllers.mailbox(key) else {
        return stranger();
    };
    let body = match body {
        Ok(body) => body,
        Err(error) if is_late(&error) => {
            return refuse(StatusCode::REQUEST_TIMEOUT, "应答未及时收完");
        }
        Err(_) => {
            let most = format!("应答未收完，或超过 {MAX_ANSWER_BYTES} 字节");
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, &most);
        }
    };
    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(id) = answer["id"].as_str() else {
        return refuse(StatusCode::BAD_REQUEST, "字段 id：应为指令的 id");
    };
    if mailbox.answer(id, answer.clone()) {
        Json(json!({"ok": true})).into_response()
    } else {
        refuse(StatusCode::NOT_FOUND, "字段 id：没有等待应答的这条指令")
    }
}

fn stranger() -> Response {
    refuse(StatusCode::UNAUTHORIZED, "密钥不符，或此密钥的设备不取指令")
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, refusal(error.to_owned())).into_response()
}

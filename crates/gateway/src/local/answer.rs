//! How the local interface says that something is wrong.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use boshi_protocol::refusal::Refusal;
use serde_json::{Value, json};

use super::read::MAX_BODY_BYTES;

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Problem {
    /// The key is not ours.
    Stranger,
    /// There is no such thing.
    NotFound(String),
    /// The body of the request is larger than any that is needed.
    TooLarge,
    /// The body of the request did not arrive in time.
    Slow,
    /// The body of the request was cut off.
    Broken,
    /// The request makes no sense; names the field.
    Wrong(String),
    /// It contradicts what is kept already.
    Contradicts(String),
    /// The gate was not moved, and why.
    Refused(Refusal),
    /// The lot is busy or has ended: nothing was done.
    Busy,
    /// The lot ended while it was being done.
    Interrupted,
    /// The journal cannot be read.
    Unreadable,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, error) = match self {
            Problem::Stranger => (StatusCode::UNAUTHORIZED, String::new(), "密钥不符".into()),
            Problem::NotFound(error) => (StatusCode::NOT_FOUND, String::new(), error),
            Problem::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                String::new(),
                format!("请求体超过 {MAX_BODY_BYTES} 字节"),
            ),
            Problem::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                String::new(),
                "请求体未在规定时间内收完".into(),
            ),
            Problem::Broken => (
                StatusCode::BAD_REQUEST,
                String::new(),
                "请求体未收完".into(),
            ),
            Problem::Wrong(error) => (StatusCode::BAD_REQUEST, String::new(), error),
            Problem::Contradicts(error) => (StatusCode::CONFLICT, String::new(), error),
            Problem::Refused(refusal) => (
                StatusCode::CONFLICT,
                refusal.code().to_owned(),
                refusal.sentence().to_owned(),
            ),
            Problem::Interrupted => (
                StatusCode::SERVICE_UNAVAILABLE,
                String::new(),
                "车场正在停止，闸机是否动作未知".into(),
            ),
            Problem::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                String::new(),
                "车场忙或正在停止".into(),
            ),
            Problem::Unreadable => (
                StatusCode::SERVICE_UNAVAILABLE,
                String::new(),
                "本地记录暂时无法读取".into(),
            ),
        };
        (status, coded(&error, &code)).into_response()
    }
}

/// What is said of a request that no route answers.
pub(super) fn body(error: String) -> Json<Value> {
    coded(&error, "")
}

fn coded(error: &str, code: &str) -> Json<Value> {
    Json(json!({"error": error, "code": code}))
}

/// The journal cannot be read: said in the log, and to the caller that he may try again.
pub(super) fn unreadable(error: crate::journal::JournalError) -> Problem {
    tracing::error!(%error, "the journal cannot be read");
    Problem::Unreadable
}

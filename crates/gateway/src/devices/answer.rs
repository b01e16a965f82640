//! How whoever tells the gateway something is answered.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// Largest event in bytes: a full picture of a five-megapixel camera, in base64.
pub(super) const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// How an event is answered.
pub(super) enum Answer {
    Taken,
    Repeated,
    Wrong(String),
    Stranger,
    Slow,
    TooLarge,
    TooMany,
    Busy,
}

/// How a device is told that something of its request is wrong.
pub(crate) fn refusal(error: String) -> axum::Json<Value> {
    axum::Json(json!({"ok": false, "error": error}))
}

impl Answer {
    /// As HTTP has it.
    pub(super) fn into_response(self) -> Response {
        let (status, body) = match self {
            Answer::Taken => (StatusCode::OK, axum::Json(json!({"ok": true}))),
            Answer::Repeated => {
                let again = json!({"ok": true, "repeated": true});
                (StatusCode::OK, axum::Json(again))
            }
            Answer::Wrong(error) => (StatusCode::BAD_REQUEST, refusal(error)),
            Answer::Stranger => (StatusCode::UNAUTHORIZED, refusal("密钥不符".into())),
            Answer::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                refusal("事件未及时收完".into()),
            ),
            Answer::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                refusal(format!("事件超过 {MAX_EVENT_BYTES} 字节")),
            ),
            Answer::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                refusal("事件过多，请稍后重发".into()),
            ),
            Answer::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                refusal("网关忙或正在停止，请重发".into()),
            ),
        };
        (status, body).into_response()
    }
}

//! The body of a request.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use boshi_transport::accept::is_late;
use serde::de::DeserializeOwned;

use super::answer::Problem;

/// Largest body of a request in bytes: a command and its reason need less than one kilobyte.
pub(super) const MAX_BODY_BYTES: usize = 64 * 1024;

/// The body of a request, whole and in time.
pub(super) struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body, Problem> {
        let body = Bytes::from_request(request, state).await;
        body.map(Body).map_err(unread)
    }
}

impl Body {
    /// Reads it; an error names the field.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = error.path().to_string();
            Problem::Wrong(format!("字段 {field}：{}", error.inner()))
        })
    }
}

fn unread(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        _ if is_late(&rejection) => Problem::Slow,
        _ => Problem::Broken,
    }
}

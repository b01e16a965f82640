//! What an operator is told when something cannot be done.

use std::borrow::Cow;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use boshi_protocol::fields::FieldError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::store::StoreError;

/// What is wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(super) struct ErrorBody {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'static, str>>,
}

/// `{"error": "…", "field": "…"}` with its HTTP status.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    error: String,
    field: Option<Cow<'static, str>>,
}

impl ApiError {
    /// What is wrong, in words.
    pub(super) fn into_text(self) -> String {
        self.error
    }

    /// 400: a field that cannot be taken.
    pub(super) fn field(field: impl Into<Cow<'static, str>>, error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, Some(field.into()), error)
    }

    /// 400: a request that cannot be read.
    pub(super) fn unreadable(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, None, error)
    }

    /// 401
    pub(super) fn unauthorized(error: &str) -> ApiError {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            Some("Authorization".into()),
            error,
        )
    }

    /// 403: known, but not allowed to.
    pub(super) fn forbidden(error: &str) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, None, error)
    }

    /// 429: not so soon again.
    pub(super) fn too_often(error: String) -> ApiError {
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, None, error)
    }

    /// 404
    pub(super) fn not_found(field: &'static str, error: String) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, Some(field.into()), error)
    }

    /// 405: the path is known, by another method.
    pub(super) fn not_allowed(error: String) -> ApiError {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, None, error)
    }

    /// 409: the lot does not want to.
    pub(super) fn refused(error: String) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, None, error)
    }

    /// 413
    pub(super) fn too_large(error: String) -> ApiError {
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, None, error)
    }

    /// 503: try again later.
    pub(super) fn unavailable(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, None, error)
    }

    fn new(
        status: StatusCode,
        field: Option<Cow<'static, str>>,
        error: impl Into<String>,
    ) -> ApiError {
        ApiError {
            status,
            error: error.into(),
            field,
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> ApiError {
        ApiError::field(error.field().to_owned(), error.to_string())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        tracing::error!(%error, "an operator's request failed");
        ApiError::unavailable("平台暂时无法读写记录，请稍后再试")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ApiError {
            status,
            error,
            field,
        } = self;
        (status, Json(ErrorBody { error, field })).into_response()
    }
}

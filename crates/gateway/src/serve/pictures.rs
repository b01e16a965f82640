//! `GET /pictures/NAME.jpg`: a picture that a browser opens (RECOG-4).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Served;

/// A picture never changes under its name; only who was told the name may keep it.
const CACHE: &str = "private, max-age=31536000, immutable";

pub(super) async fn picture(
    State(served): State<Arc<Served>>,
    Path(file): Path<String>,
) -> Response {
    let Some(name) = file.strip_suffix(".jpg") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match served.pictures.read(name).await {
        Ok(Some(jpeg)) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, CACHE),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, jpeg).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a picture cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

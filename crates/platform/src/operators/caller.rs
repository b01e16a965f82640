//! Who calls the operators' interface.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::ApiError;

/// Who calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    name: String,
}

impl Caller {
    /// Whoever holds the key in `data/operator.key`: tools, and people through them.
    pub(super) fn key_holder() -> Caller {
        Caller {
            name: "operator.key".to_owned(),
        }
    }

    /// Who acts when the caller says that it is `said`.
    pub(super) fn acting(&self, said: Option<String>) -> String {
        said.unwrap_or_else(|| self.name.clone())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, ApiError> {
        let known = parts.extensions.get::<Caller>().cloned();
        known.ok_or_else(|| ApiError::unauthorized("缺少密钥"))
    }
}

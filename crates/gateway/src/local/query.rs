//! What stands after the `?` of an address.

use axum::extract::Query;
use axum::http::Uri;
use serde::de::DeserializeOwned;

use super::answer::Problem;

/// Reads the parameters of an address; an error names the parameter.
pub(super) fn query<T: DeserializeOwned>(address: &Uri) -> Result<T, Problem> {
    let read = Query::try_from_uri(address);
    let Query(parameters) = read.map_err(|error| {
        let why = std::error::Error::source(&error).map(ToString::to_string);
        Problem::Wrong(format!(
            "参数：{}",
            why.unwrap_or_else(|| error.to_string())
        ))
    })?;
    Ok(parameters)
}

//! The body of a request.

use serde::de::DeserializeOwned;

use super::answer::Problem;

/// Reads a body; an error names the field.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        Problem::Wrong(format!("字段 {field}：{}", error.inner()))
    })
}

//! Where a secret comes from (D-7).

use std::path::Path;

use secrecy::SecretString;

use super::{ConfigError, SECRET_VARIABLE};

pub(super) fn find(
    variable: Option<String>,
    file: Option<&Path>,
    value: Option<&SecretString>,
) -> Result<SecretString, ConfigError> {
    let found = match (variable, file, value) {
        (Some(text), _, _) => Some(SecretString::from(text)),
        (None, Some(path), _) => Some(SecretString::from(read(path)?.trim())),
        (None, None, value) => value.cloned(),
    };
    found.ok_or_else(|| ConfigError::Value {
        field: "platform.secret".to_owned(),
        value: "missing".to_owned(),
        expected: format!("secret, secret_file or the variable {SECRET_VARIABLE}"),
    })
}

pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::File {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

//! Where a secret comes from (D-7).

use std::path::Path;

use boshi_protocol::id::AppId;
use secrecy::{ExposeSecret as _, SecretString};

use super::{ConfigError, SECRET_VARIABLE};

/// The secret of `supplier`: from the environment, the file or the value, in this order.
pub(super) fn find(
    supplier: &AppId,
    file: Option<&Path>,
    value: Option<&SecretString>,
) -> Result<SecretString, ConfigError> {
    let variable = format!("{SECRET_VARIABLE}{supplier}");
    let found = match (std::env::var(&variable), file, value) {
        (Ok(text), _, _) => Some(SecretString::from(text)),
        (Err(_), Some(path), _) => {
            let text = read(&format!("secret_file of supplier {supplier}"), path)?;
            Some(SecretString::from(text.trim()))
        }
        (Err(_), None, value) => value.cloned(),
    };
    let sound = found.filter(|secret| !secret.expose_secret().is_empty());
    sound.ok_or_else(|| ConfigError::Value {
        field: format!("secret of supplier {supplier}"),
        value: "missing or empty".to_owned(),
        expected: format!("secret, secret_file or the variable {variable}"),
        line: None,
    })
}

pub(super) fn read(field: &str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::File {
        field: field.to_owned(),
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

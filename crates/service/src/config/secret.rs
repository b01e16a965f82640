//! Where a secret comes from (D-7).

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::{ConfigError, read};

/// The secret that `field` is for: from the environment's `variable`, the file or the value, in this
/// order. The name of the file's key is that of the secret with `_file` (D-6, D-7).
///
/// # Errors
/// [`ConfigError`] when there is none, it is empty, or its file cannot be read.
pub fn find_secret(
    field: &str,
    variable: Option<&str>,
    file: Option<&Path>,
    value: Option<&SecretString>,
) -> Result<SecretString, ConfigError> {
    let set = variable.and_then(|variable| std::env::var(variable).ok());
    let found = match (set, file) {
        (Some(text), _) => Some(SecretString::from(text)),
        (None, Some(path)) => {
            let text = read(&format!("{field}_file"), path)?;
            Some(SecretString::from(text.trim()))
        }
        (None, None) => value.cloned(),
    };
    let sound = found.filter(|secret| !secret.expose_secret().is_empty());
    sound.ok_or_else(|| {
        let or_variable = variable.map(|variable| format!(", or the variable {variable}"));
        let expected = format!("it or its _file{}", or_variable.unwrap_or_default());
        ConfigError::value(field, "missing or empty", expected)
    })
}

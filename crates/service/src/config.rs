//! A commented TOML file: its values, what is wrong with it and where.

mod place;
mod secret;
pub mod value;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use self::secret::find_secret;

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{field} {path:?} cannot be read: {reason}")]
    File {
        /// The key that names it.
        field: String,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Not what the program understands; names the line and the key.
    #[error("{0}")]
    Syntax(String),
    /// A value that makes no sense.
    #[error("{}{field} is {value}: expected {expected}", place::shown(*.line))]
    Value {
        /// The key, as in `lot[0].supplier`.
        field: String,
        /// What it is.
        value: String,
        /// What it should be.
        expected: String,
        /// The line of the file, from 1, where it stands.
        line: Option<usize>,
    },
}

impl ConfigError {
    /// A value that makes no sense: the key, what it is, what it should be.
    pub fn value(
        field: impl Into<String>,
        value: impl Into<String>,
        expected: impl Into<String>,
    ) -> ConfigError {
        ConfigError::Value {
            field: field.into(),
            value: value.into(),
            expected: expected.into(),
            line: None,
        }
    }
}

/// Reads `text`, then looks at what the types alone cannot say.
///
/// # Errors
/// [`ConfigError::Syntax`], or what `check` found, with its line.
pub fn parse<T: DeserializeOwned>(
    text: &str,
    check: impl FnOnce(&T) -> Result<(), ConfigError>,
) -> Result<T, ConfigError> {
    let config: T = toml::from_str(text).map_err(|error| syntax(&error, text))?;
    check(&config).map_err(|error| place::locate(error, text))?;
    Ok(config)
}

/// What does not fit, where, and what to write instead when it is a bracket too few or too many.
fn syntax(error: &toml::de::Error, text: &str) -> ConfigError {
    let mut told = error.to_string();
    let place = error.span().and_then(|span| text.get(span.start..));
    let line = place.and_then(|rest| rest.lines().next());
    let header = line.and_then(|line| line.trim().strip_prefix('['));
    if let Some(header) = header.filter(|_| error.message().starts_with("invalid type")) {
        let name = header.split(']').next().unwrap_or_default();
        told += &match name.strip_prefix('[') {
            Some(name) => format!("there is one of it: write [{name}]\n"),
            None => format!("there may be several of it: write [[{name}]]\n"),
        };
    }
    ConfigError::Syntax(told)
}

/// The text in the file at `path`, which is named by `field`.
///
/// # Errors
/// [`ConfigError::File`].
pub fn read(field: &str, path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::File {
        field: field.to_owned(),
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Demands that no value comes twice; `field` names the key of the value at a place.
///
/// # Errors
/// [`ConfigError::Value`] for the second.
pub fn unique<'a>(
    values: impl Iterator<Item = &'a str>,
    field: impl Fn(usize) -> String,
) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (place, value) in values.enumerate() {
        if !seen.insert(value) {
            let value = format!("{value:?} once more");
            return Err(ConfigError::value(field(place), value, "each only once"));
        }
    }
    Ok(())
}

/// Demands that no two of the addresses to listen on are one; a port of 0 is whichever is free.
///
/// # Errors
/// [`ConfigError::Value`] for the second.
pub fn listen_apart<'a>(
    addresses: impl IntoIterator<Item = (&'a str, Option<SocketAddr>)>,
) -> Result<(), ConfigError> {
    let mut seen: Vec<SocketAddr> = Vec::new();
    let given = addresses.into_iter();
    let given = given.filter_map(|(name, address)| Some((name, address?)));
    for (name, address) in given.filter(|(_, address)| address.port() != 0) {
        let is_one = |other: &SocketAddr| {
            let (one, other_ip) = (address.ip(), other.ip());
            let everywhere = one.is_unspecified() || other_ip.is_unspecified();
            other.port() == address.port() && (one == other_ip || everywhere)
        };
        if seen.iter().any(is_one) {
            let value = format!("\"{address}\" once more");
            let expected = "an address of its own for each";
            return Err(ConfigError::value(
                format!("listen.{name}"),
                value,
                expected,
            ));
        }
        seen.push(address);
    }
    Ok(())
}

/// Demands an address that can be called, and says whether it is a secure one.
///
/// # Errors
/// [`ConfigError::Value`].
pub fn url(field: &str, value: &str) -> Result<bool, ConfigError> {
    let url = reqwest::Url::parse(value).ok();
    match url.as_ref().map(reqwest::Url::scheme) {
        Some("http") => Ok(false),
        Some("https") => Ok(true),
        Some(_) | None => {
            let expected = "a URL with http:// or https://";
            Err(ConfigError::value(field, format!("{value:?}"), expected))
        }
    }
}

#[cfg(test)]
mod tests;

//! The certificate of the standard's endpoints (T-1).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use boshi_transport::certificate::{CertificateError, LocalAuthority, server_config_from_pem};
use rustls::ServerConfig;
use serde::Deserialize;

use crate::config::ConfigError;

/// The certificate of the standard's endpoints, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM file; absent with `key`: self-made.
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// The names and addresses that a self-made certificate is for.
    pub names: Vec<String>,
    /// HTTP only.
    pub plain: bool,
}

impl Tls {
    /// What the type alone cannot say.
    ///
    /// # Errors
    /// [`ConfigError::Value`] when only one of two files is named.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.certificate.is_some() == self.key.is_some() {
            return Ok(());
        }
        let expected = "both certificate and key, or neither";
        Err(ConfigError::value("tls", "incomplete", expected))
    }

    /// Reads the files that are named, if any are.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn named(&self) -> Result<Option<Arc<ServerConfig>>, CertificateError> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => server_config_from_pem(certificate, key).map(Some),
            _ => Ok(None),
        }
    }

    /// With what to serve; nothing for HTTP. What is self-made is in `folder`, from an authority made
    /// at the first start, and is for `more` names as well.
    ///
    /// # Errors
    /// Files that are named and not right, or a folder that cannot be written.
    pub fn server(
        &self,
        folder: &Path,
        more: &[String],
    ) -> Result<Option<Arc<ServerConfig>>, CertificateError> {
        if self.plain {
            return Ok(None);
        }
        if let Some(named) = self.named()? {
            return Ok(Some(named));
        }
        let mut names = [&self.names[..], more].concat();
        names.sort_unstable();
        names.dedup();
        LocalAuthority::open_or_create(folder)?
            .server_config(&names)
            .map(Some)
    }
}

impl Default for Tls {
    fn default() -> Tls {
        Tls {
            certificate: None,
            key: None,
            names: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            plain: false,
        }
    }
}

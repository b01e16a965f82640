//! Why a program cannot start, for reasons of its machine.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use boshi_transport::certificate::CertificateError;

/// Why a program cannot start, for reasons of its machine.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A file or folder of the program's own.
    #[error("{path:?}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Another process uses the folder.
    #[error("{path:?} is in use by another process")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// An address cannot be listened on.
    #[error("{field} {address}: {reason}")]
    Listen {
        /// The key of the configuration.
        field: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
}

impl ServiceError {
    /// What went wrong with the file or folder at `path`.
    pub fn file(path: &Path) -> impl Fn(io::Error) -> ServiceError + use<> {
        let path = path.to_owned();
        move |reason| ServiceError::File {
            path: path.clone(),
            reason,
        }
    }
}

//! A certificate authority of one's own: HTTPS from the first start, without paperwork.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Certificates that cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("文件 {path:?}：{source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("证书无法生成：{0}")]
    Make(#[from] rcgen::Error),
    /// A file holds no usable certificate or key.
    #[error("{path:?} 不是可用的 PEM 证书或私钥")]
    Pem {
        /// Which.
        path: PathBuf,
    },
    /// The two do not fit together.
    #[error("证书与私钥不可用：{0}")]
    Tls(#[from] rustls::Error),
}

/// Makes ring the process's provider of cryptography; to be called once, first in `main`.
pub fn install_crypto() {
    // An error means that one is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An authority that signs this machine's own certificates; peers trust its `ca.pem`.
pub struct LocalAuthority {
    certificate_pem: String,
    key: KeyPair,
}

impl LocalAuthority {
    /// Opens the authority in `folder`, or makes one there on the first start: `ca.pem`, and its
    /// key, which only the owner may read.
    ///
    /// # Errors
    /// When the folder cannot be written or holds something else.
    pub fn open_or_create(folder: &Path) -> Result<LocalAuthority, CertificateError> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        if certificate.exists() && key.exists() {
            let key_pem = read(&key)?;
            return Ok(LocalAuthority {
                certificate_pem: read(&certificate)?,
                key: KeyPair::from_pem(&key_pem)?,
            });
        }
        let pair = KeyPair::generate()?;
        let made = authority()?.self_signed(&pair)?;
        fs::create_dir_all(folder).map_err(|source| CertificateError::File {
            path: folder.to_owned(),
            source,
        })?;
        write_private(&key, &pair.serialize_pem())?;
        write(&certificate, &made.pem())?;
        Ok(LocalAuthority {
            certificate_pem: made.pem(),
            key: pair,
        })
    }

    /// The authority's certificate, for peers to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A fresh certificate for `names` (host names or addresses), ready to serve.
    ///
    /// # Errors
    /// When a name is none.
    pub fn server_config(
        &self,
        names: &[String],
    ) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
        let authority = authority()?;
        let issuer = Issuer::from_params(&authority, &self.key);
        let mut parameters = CertificateParams::new(names)?;
        parameters
            .distinguished_name
            .push(DnType::CommonName, "boshi");
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let pair = KeyPair::generate()?;
        let certificate = parameters.signed_by(&pair, &issuer)?;
        let key = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
        configured(vec![certificate.der().clone()], key)
    }
}

/// What the authority's certificate says of itself, on the first start as on every later one.
fn authority() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "boshi local authority");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(parameters)
}

/// Serves with certificates that somebody else made.
///
/// # Errors
/// When a file cannot be read or the two do not fit together.
pub fn server_config_from_pem(
    certificate: &Path,
    key: &Path,
) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
    let bad = |path: &Path| CertificateError::Pem {
        path: path.to_owned(),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|_| bad(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| bad(key))?;
    configured(chain, key)
}

fn configured(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read(path: &Path) -> Result<String, CertificateError> {
    let path = path.to_owned();
    fs::read_to_string(&path).map_err(|source| CertificateError::File { path, source })
}

fn write(path: &Path, text: &str) -> Result<(), CertificateError> {
    let failed = |source| CertificateError::File {
        path: path.to_owned(),
        source,
    };
    fs::write(path, text).map_err(failed)
}

fn write_private(path: &Path, text: &str) -> Result<(), CertificateError> {
    let failed = |source| CertificateError::File {
        path: path.to_owned(),
        source,
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

//! The real network: TCP, with TLS where it is wanted.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::{Address, Connection, Later, Listener, Network};

/// Longest that a TLS handshake with the kit may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("文件 {path:?}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds no usable certificate or key.
    #[error("{0:?} 不是可用的 PEM 证书或私钥 (no usable PEM certificate or key)")]
    Pem(PathBuf),
    /// A certificate cannot be made.
    #[error("证书无法生成")]
    Make(#[from] rcgen::Error),
    /// Certificate and key do not fit.
    #[error("TLS")]
    Tls(#[from] rustls::Error),
}

/// Sockets of this machine.
pub struct TcpNetwork {
    listen: SocketAddr,
    trusted: TlsConnector,
    certificate: Option<TlsAcceptor>,
}

impl TcpNetwork {
    /// Listens at `listen`, encrypted if there is a certificate; trusts the authorities in `ca`
    /// and no others.
    ///
    /// # Errors
    /// When the authorities cannot be read.
    pub fn new(
        listen: SocketAddr,
        certificate: Option<Arc<ServerConfig>>,
        ca: Option<&Path>,
    ) -> Result<TcpNetwork, TlsError> {
        let mut roots = RootCertStore::empty();
        for root in ca.map(certificates).transpose()?.into_iter().flatten() {
            roots.add(root)?;
        }
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TcpNetwork {
            listen,
            trusted: TlsConnector::from(Arc::new(config)),
            certificate: certificate.map(TlsAcceptor::from),
        })
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|_| TlsError::Pem(path.to_owned()))
}

/// Serves with certificate and key in PEM files.
///
/// # Errors
/// When they cannot be used.
pub fn certificate_from_files(
    certificate: &Path,
    key: &Path,
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| TlsError::Pem(key.to_owned()))?;
    configured(chain, key)
}

/// The certificate of the authority, within its folder.
pub const AUTHORITY_FILE: &str = "ca.pem";

/// Makes a certificate for `names`, and writes the certificate of the authority that signed it to
/// `ca.pem` in `folder`, for the other side to trust. An authority that is there already is used
/// again, so that the other side need not be told anew.
///
/// # Errors
/// When a name is none, or the folder cannot be written.
pub fn certificate_made_in(folder: &Path, names: &[String]) -> Result<Arc<ServerConfig>, TlsError> {
    let (ca, key_file) = (folder.join(AUTHORITY_FILE), folder.join("ca.key"));
    let mut authority = CertificateParams::new(Vec::new())?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "boshi conform authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = if key_file.exists() && ca.exists() {
        KeyPair::from_pem(&read(&key_file)?)?
    } else {
        let key = KeyPair::generate()?;
        fs::create_dir_all(folder).map_err(|source| at(folder, source))?;
        write_private(&key_file, &key.serialize_pem())?;
        let signed = authority.self_signed(&key)?;
        fs::write(&ca, signed.pem()).map_err(|source| at(&ca, source))?;
        key
    };
    let own = KeyPair::generate()?;
    let issuer = Issuer::from_params(&authority, &key);
    let mut parameters = CertificateParams::new(names)?;
    parameters.use_authority_key_identifier_extension = true;
    let certificate = parameters.signed_by(&own, &issuer)?;
    let own = PrivateKeyDer::Pkcs8(own.serialize_der().into());
    configured(vec![certificate.der().clone()], own)
}

fn configured(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

fn at(path: &Path, source: io::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        source,
    }
}

fn read(path: &Path) -> Result<String, TlsError> {
    fs::read_to_string(path).map_err(|source| at(path, source))
}

fn write_private(path: &Path, text: &str) -> Result<(), TlsError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
        .map_err(|source| at(path, source))
}

impl Network for TcpNetwork {
    fn connect<'a>(&'a self, address: &'a Address) -> Later<'a, io::Result<Box<dyn Connection>>> {
        Box::pin(async move {
            let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
            stream.set_nodelay(true)?;
            if !address.tls {
                return Ok(Box::new(stream) as Box<dyn Connection>);
            }
            let name = ServerName::try_from(address.host.clone()).map_err(io::Error::other)?;
            let stream = self.trusted.connect(name, stream).await?;
            Ok(Box::new(stream) as Box<dyn Connection>)
        })
    }

    fn listen(&self) -> Later<'_, io::Result<Box<dyn Listener>>> {
        Box::pin(async move {
            let socket = match self.listen {
                SocketAddr::V4(_) => TcpSocket::new_v4()?,
                SocketAddr::V6(_) => TcpSocket::new_v6()?,
            };
            // The kit closes its door and opens it again at the same place.
            socket.set_reuseaddr(true)?;
            socket.bind(self.listen)?;
            Ok(Box::new(Door {
                listener: socket.listen(BACKLOG)?,
                certificate: self.certificate.clone(),
                shaking: JoinSet::new(),
            }) as Box<dyn Listener>)
        })
    }
}

struct Door {
    listener: TcpListener,
    certificate: Option<TlsAcceptor>,
    /// Handshakes under way: whoever connects and says nothing keeps nobody else waiting.
    shaking: JoinSet<io::Result<server::TlsStream<TcpStream>>>,
}

async fn shake(
    certificate: TlsAcceptor,
    stream: TcpStream,
) -> io::Result<server::TlsStream<TcpStream>> {
    let shaken = tokio::time::timeout(HANDSHAKE, certificate.accept(stream)).await;
    shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl Listener for Door {
    fn accept(&mut self) -> Later<'_, io::Result<Box<dyn Connection>>> {
        Box::pin(async move {
            loop {
                tokio::select! {
                    accepted = self.listener.accept() => {
                        let (stream, _) = accepted?;
                        stream.set_nodelay(true)?;
                        let Some(certificate) = &self.certificate else {
                            return Ok(Box::new(stream) as Box<dyn Connection>);
                        };
                        self.shaking.spawn(shake(certificate.clone(), stream));
                    }
                    Some(shaken) = self.shaking.join_next() => {
                        // Who does not finish the handshake has not connected.
                        if let Ok(Ok(stream)) = shaken {
                            return Ok(Box::new(stream) as Box<dyn Connection>);
                        }
                    }
                }
            }
        })
    }
}

impl Connection for TcpStream {
    fn reset_on_drop(&self) {
        // Without it the connection ends in good order, which is a failure of the exchange as well.
        let _ = self.set_zero_linger();
    }
}

impl Connection for server::TlsStream<TcpStream> {
    fn reset_on_drop(&self) {
        self.get_ref().0.reset_on_drop();
    }
}

impl Connection for client::TlsStream<TcpStream> {
    fn reset_on_drop(&self) {
        self.get_ref().0.reset_on_drop();
    }
}

//! Clients that say a part of something and then nothing, or a byte now and then, and such as mean harm:
//! on raw sockets, for the tests of whoever serves.

pub mod hostile;

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest that a server may keep a connection in a test, which is many times its bounds there.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Between two bytes of who says one now and then.
const NOW_AND_THEN: Duration = Duration::from_millis(20);

/// What a dawdler does.
#[derive(Clone, Debug)]
pub struct Dawdler {
    /// In a word, for whoever reads of it.
    pub name: &'static str,
    /// What it says at once.
    pub says: Vec<u8>,
    /// What it says again and again afterwards, one byte now and then; nothing if it is empty.
    pub then: &'static [u8],
}

/// How a server ended a connection.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How long after it was begun.
    pub after: Duration,
    /// What the server had said by then.
    pub said: String,
}

/// The server kept the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept;

impl Dawdler {
    fn new(name: &'static str, says: impl Into<Vec<u8>>, then: &'static [u8]) -> Dawdler {
        let says = says.into();
        Dawdler { name, says, then }
    }

    /// Waits on a connection, to see how the server ends it.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`].
    pub async fn waits(
        &self,
        stream: impl AsyncRead + AsyncWrite,
        began: Instant,
    ) -> Result<Ended, Kept> {
        let (mut from, mut to) = tokio::io::split(stream);
        let saying = async {
            to.write_all(&self.says).await?;
            to.flush().await?;
            for byte in self.then.iter().cycle() {
                tokio::time::sleep(NOW_AND_THEN).await;
                to.write_all(&[*byte]).await?;
                to.flush().await?;
            }
            Ok::<_, io::Error>(())
        };
        let mut said = Vec::new();
        let hearing = async {
            // Reset or closed: it is over either way.
            let _ = from.read_to_end(&mut said).await;
        };
        let both = async {
            tokio::pin!(hearing);
            tokio::select! {
                () = &mut hearing => {}
                // Nobody listens any more, or there is no more to say.
                _ = saying => hearing.await,
            }
        };
        let ended = tokio::time::timeout(PATIENCE, both).await;
        ended.map_err(|_| Kept)?;
        Ok(Ended {
            after: began.elapsed(),
            said: String::from_utf8_lossy(&said).into_owned(),
        })
    }

    /// The same at an address; with `authority`, a certificate in PEM, after a TLS handshake.
    ///
    /// # Errors
    /// When it does not within [`PATIENCE`].
    ///
    /// # Panics
    /// When nobody is there, or not with a certificate of that authority.
    pub async fn waits_at(
        &self,
        address: SocketAddr,
        authority: Option<&[u8]>,
    ) -> Result<Ended, Kept> {
        let began = Instant::now();
        let stream = TcpStream::connect(address).await;
        let stream = stream.expect("somebody listens");
        match authority {
            None => self.waits(stream, began).await,
            Some(pem) => self.waits(secured(stream, address, pem).await, began).await,
        }
    }
}

/// A TLS connection.
async fn secured(stream: TcpStream, to: SocketAddr, pem: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.expect("a certificate");
        roots.add(certificate).expect("a sound certificate");
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
    let connected = connector.connect(ServerName::from(to.ip()), stream);
    connected.await.expect("a handshake")
}

/// A request that is addressed and says how long it is, without its body.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `POST`, say.
    pub method: &'static str,
    /// With what stands after the `?`.
    pub path: &'a str,
    /// Beside host and length, each with its name.
    pub headers: &'a [&'a str],
}

impl Request<'_> {
    fn head(&self, length: &str) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: lot\r\n", self.method, self.path);
        for line in self.headers.iter().chain([&length]) {
            let _ = write!(head, "{line}\r\n");
        }
        head + "\r\n"
    }

    /// Who says nothing, half a head, and that at leisure; and the same behind a whole request, which
    /// is this one.
    pub fn before_the_head(&self) -> Vec<Dawdler> {
        let whole = self.head("Content-Length: 0");
        let half = &whole[..whole.len() / 2];
        let again = format!("{whole}{half}");
        vec![
            Dawdler::new("silent", "", b""),
            Dawdler::new("half a head", half, b""),
            Dawdler::new("a head at leisure", half, b"\r\nX: y"),
            Dawdler::new("silent after a request", whole.clone(), b""),
            Dawdler::new("half a second head", again.clone(), b""),
            Dawdler::new("a second head at leisure", again, b"\r\nX: y"),
        ]
    }

    /// Who says half a body, and that at leisure, also in chunks.
    pub fn before_the_body(&self) -> Vec<Dawdler> {
        let counted = self.head("Content-Length: 5000") + "{\"a\":";
        let chunked = self.head("Transfer-Encoding: chunked");
        let half = format!("{chunked}5\r\n{{\"a");
        vec![
            Dawdler::new("no body", self.head("Content-Length: 5000"), b""),
            Dawdler::new("half a body", counted.clone(), b""),
            Dawdler::new("a body at leisure", counted, b" "),
            Dawdler::new("half a chunk", half, b""),
            Dawdler::new("chunks at leisure", chunked.clone(), b"1\r\n \r\n"),
            Dawdler::new("a length of a chunk at leisure", chunked, b"0"),
        ]
    }
}

/// Who makes no TLS handshake: nothing, half a record, and that at leisure.
pub fn before_the_handshake() -> Vec<Dawdler> {
    let record = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    vec![
        Dawdler::new("silent", "", b""),
        Dawdler::new("half a hello", record, b""),
        Dawdler::new("a hello at leisure", record, &[0]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: Request<'_> = Request {
        method: "POST",
        path: "/a",
        headers: &["A: b"],
    };

    #[tokio::test(start_paused = true)]
    async fn who_is_kept_says_so_however_much_it_has_said() {
        for dawdler in REQUEST.before_the_body() {
            let (near, mut far) = tokio::io::duplex(1 << 20);
            assert_eq!(dawdler.waits(near, Instant::now()).await.unwrap_err(), Kept);
            let mut heard = Vec::new();
            far.read_to_end(&mut heard).await.unwrap();
            assert!(heard.starts_with(&dawdler.says), "{dawdler:?}");
            let is_silent = dawdler.then.is_empty();
            assert_eq!(is_silent, heard == dawdler.says, "{dawdler:?}");
        }
    }

    #[tokio::test]
    async fn what_the_server_says_is_known_when_it_has_closed() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (near, far) = (near, async move {
            far.write_all(b"HTTP/1.1 408\r\n").await.unwrap();
        });
        let dawdler = Dawdler::new("silent", "", b"");
        let (ended, ()) = tokio::join!(dawdler.waits(near, Instant::now()), far);
        assert_eq!(ended.unwrap().said, "HTTP/1.1 408\r\n");
    }
}

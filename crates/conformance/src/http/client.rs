//! One request on one fresh connection.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;

use super::{Request, Response};
use crate::net::{Address, Connection, Network};

/// Largest response in bytes: a page of a hundred spaces with pictures.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing within the time given.
    #[error("{0:?} 内无应答 (no response)")]
    Timeout(Duration),
    /// The certificate is not signed by an authority that is trusted here, or is for another name.
    #[error("证书不受信任，请核对 ca_file (certificate not trusted): {0}")]
    Untrusted(String),
    /// No connection, or one that broke.
    #[error("连接失败 (connection failed): {0}")]
    Network(String),
}

/// Sends `request` to `address` and reads the response, for `within` at most.
///
/// # Errors
/// [`Fault`] when there is none.
pub async fn send(
    network: &dyn Network,
    address: &Address,
    request: &Request,
    within: Duration,
) -> Result<Response, Fault> {
    tokio::time::timeout(within, exchange(network, address, request))
        .await
        .unwrap_or(Err(Fault::Timeout(within)))
}

/// Connects to `address`, for `within` at most, and hangs up.
///
/// # Errors
/// [`Fault`] when it cannot be reached.
pub async fn reach(
    network: &dyn Network,
    address: &Address,
    within: Duration,
) -> Result<(), Fault> {
    let connected = tokio::time::timeout(within, connected(network, address)).await;
    connected.unwrap_or(Err(Fault::Timeout(within))).map(drop)
}

async fn connected(network: &dyn Network, address: &Address) -> Result<Box<dyn Connection>, Fault> {
    network.connect(address).await.map_err(|error| {
        let inner = error.get_ref().and_then(|it| it.downcast_ref());
        match inner {
            Some(rustls::Error::InvalidCertificate(why)) => Fault::Untrusted(why.to_string()),
            Some(_) | None => Fault::Network(innermost(&error)),
        }
    })
}

async fn exchange(
    network: &dyn Network,
    address: &Address,
    request: &Request,
) -> Result<Response, Fault> {
    let broken = |error: &dyn std::error::Error| Fault::Network(innermost(error));
    let stream = connected(network, address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let _driving = Driving(tokio::spawn(async move { drop(connection.await) }));
    let mut head = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(format!("{}{}", address.base, request.path))
        .header("Host", format!("{}:{}", address.host, address.port));
    for (name, value) in &request.headers {
        head = head.header(name, value);
    }
    let body = Full::new(Bytes::copy_from_slice(&request.body));
    let sent = head.body(body).map_err(|error| broken(&error))?;
    let response = sender
        .send_request(sent)
        .await
        .map_err(|error| broken(&error))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await;
    let headers = head.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    Ok(Response {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.map_err(|error| broken(&*error))?.to_bytes().to_vec(),
    })
}

/// What moves the bytes of a connection, for as long as the exchange is wanted.
struct Driving(JoinHandle<()>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The cause that helps.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

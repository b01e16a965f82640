//! The gateway as its devices see it: one address, one key, one event a request.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

/// Longest that a connection may take to come about: the gateway stands in the same building.
const CONNECT: Duration = Duration::from_secs(2);

/// Longest that an event may take to be taken: it has a picture and is written to a disk.
const EXCHANGE: Duration = Duration::from_secs(10);

/// How much of a refusal is kept, in characters.
const MAX_WHY_CHARS: usize = 200;

/// Largest refusal that is read, in bytes.
const MAX_REFUSAL_BYTES: usize = 4 * 1024;

/// A gateway that cannot be told anything.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address is none of plain HTTP.
    #[error("gateway {0:?} is not an http:// address")]
    Address(String),
    /// No client can be made.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// The key cannot stand in a header.
    #[error("a device key has characters that no header can hold")]
    Key,
}

/// What became of an event.
#[derive(Debug)]
pub(super) enum Told {
    /// It is on the gateway's disk.
    Taken,
    /// Sending it again changes nothing.
    Refused(String),
    /// Not now.
    Busy(String),
    /// Nobody there, or no answer.
    Unreachable(String),
}

/// The gateway, spoken to with one key.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    client: Client,
    events: Url,
    authorization: HeaderValue,
}

impl Gateway {
    pub(super) fn new(
        client: Client,
        base: &str,
        key: &SecretString,
    ) -> Result<Gateway, GatewayError> {
        let events = Url::parse(&format!("{}/v1/events", base.trim_end_matches('/')))
            .ok()
            .filter(|url| url.scheme() == "http")
            .ok_or_else(|| GatewayError::Address(base.to_owned()))?;
        let bearer = format!("Bearer {}", key.expose_secret());
        let mut authorization = HeaderValue::try_from(bearer).map_err(|_| GatewayError::Key)?;
        authorization.set_sensitive(true);
        Ok(Gateway {
            client,
            events,
            authorization,
        })
    }

    /// One attempt.
    pub(super) async fn tell(&self, body: String) -> Told {
        let request = self
            .client
            .post(self.events.clone())
            .header(reqwest::header::AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        match request.send().await {
            Ok(response) if response.status().is_success() => Told::Taken,
            Ok(response) if is_final(response.status()) => Told::Refused(refusal(response).await),
            Ok(response) => Told::Busy(format!("HTTP {}", response.status().as_u16())),
            Err(error) => Told::Unreachable(error.without_url().to_string()),
        }
    }
}

/// A client for plain HTTP on the lot's own network.
pub(crate) fn client() -> Result<Client, GatewayError> {
    // Never used, but no client is made without it.
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .timeout(EXCHANGE);
    Ok(client.build()?)
}

fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && status != StatusCode::REQUEST_TIMEOUT
        && status != StatusCode::TOO_MANY_REQUESTS
}

async fn refusal(mut response: reqwest::Response) -> String {
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_REFUSAL_BYTES {
            break;
        }
    }
    let text: String = String::from_utf8_lossy(&body)
        .chars()
        .take(MAX_WHY_CHARS)
        .collect();
    format!("HTTP {status} {text}")
}

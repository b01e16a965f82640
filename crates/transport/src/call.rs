//! Calling the other side's endpoints: one attempt a call, nothing decided here.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use boshi_protocol::endpoint::Endpoint;
use boshi_protocol::envelope::{Answer, read_reply, request_text};
use boshi_protocol::fields::Tolerance;
use boshi_protocol::id::LotId;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderValue};

use crate::played::{Played, Wire, now};

/// Largest reply in bytes: a page of a hundred spaces with pictures.
pub const MAX_REPLY_BYTES: usize = 64 * 1024 * 1024;

/// How long an idle connection is kept: shorter than any peer's keep-alive worth the name.
const IDLE: Duration = Duration::from_secs(15);

/// Where a peer is and how to speak to it.
#[derive(Clone, Debug)]
pub struct PeerSettings {
    /// What the paths of the endpoints hang under.
    pub base_url: String,
    /// The lot that is spoken for or about.
    pub lot: LotId,
    /// What requests are signed with.
    pub credentials: Credentials,
    /// Certificates to trust, in PEM; without them those of the usual public authorities are not
    /// trusted either, so an `https` peer needs them.
    pub ca_pem: Option<Vec<u8>>,
    /// Longest that a connection may take to come about.
    pub connect_timeout: Duration,
}

/// A peer that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The base URL is none.
    #[error("base_url {url:?} 不是 http 或 https 地址")]
    Url {
        /// What came.
        url: String,
    },
    /// The certificates or the TLS set-up are unusable.
    #[error("证书或 TLS 设置不可用：{0}")]
    Tls(#[source] reqwest::Error),
}

/// Why an attempt failed (D-2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No reply in time.
    #[error("超时")]
    Timeout,
    /// No connection, a reset, a TLS failure.
    #[error("网络故障：{0}")]
    Network(String),
    /// Another status than 2xx.
    #[error("HTTP {0}")]
    Status(u16),
    /// A body that is no reply of the standard.
    #[error("应答无法读取：{0}")]
    Unreadable(String),
}

/// Settings of connections that are remembered: as many as there are authorities that more than one
/// lot has, and a few more. Beyond them each lot has what it needs for itself.
const MOST_SHARED: usize = 64;

/// What peers with the same authorities and time-outs share: all but connections to different places
/// costs each of ten thousand lots some forty kilobytes.
#[derive(Debug, Default)]
pub struct Shared {
    clients: Mutex<HashMap<Alike, reqwest::Client>>,
    played: Option<Played>,
}

/// The authorities that are trusted, and how long a connection may take to come about.
type Alike = (Option<Vec<u8>>, Duration);

impl Shared {
    /// What peers share that are reached over a wire which somebody plays.
    #[doc(hidden)]
    pub fn played(wire: Arc<dyn Wire>) -> Shared {
        Shared {
            clients: Mutex::default(),
            played: Some(Played(wire)),
        }
    }

    /// What time it is on this side of the wire.
    pub fn now(&self) -> Timestamp {
        now(self.played.as_ref())
    }

    fn client(&self, settings: &PeerSettings) -> Result<reqwest::Client, PeerError> {
        let key = (settings.ca_pem.clone(), settings.connect_timeout);
        let mut known = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&key) {
            return Ok(client.clone());
        }
        let client = client(settings)?;
        if known.len() < MOST_SHARED {
            known.insert(key, client.clone());
        }
        Ok(client)
    }
}

fn client(settings: &PeerSettings) -> Result<reqwest::Client, PeerError> {
    let roots = match &settings.ca_pem {
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem).map_err(PeerError::Tls)?,
        None => Vec::new(),
    };
    reqwest::Client::builder()
        .tls_certs_only(roots)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(settings.connect_timeout)
        .pool_idle_timeout(IDLE)
        .build()
        .map_err(PeerError::Tls)
}

/// The other side, as one lot sees it. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Peer {
    client: reqwest::Client,
    base_url: String,
    lot: LotId,
    credentials: Arc<RwLock<Credentials>>,
    clock: Option<ClockWatch>,
    played: Option<Played>,
}

/// Who is told how far the peer's clock is ahead.
#[derive(Clone)]
struct ClockWatch(Arc<dyn Fn(i64) + Send + Sync>);

impl fmt::Debug for ClockWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ClockWatch")
    }
}

impl Peer {
    /// A peer that nobody has called yet.
    ///
    /// # Errors
    /// When the base URL or the certificates are unusable.
    pub fn new(settings: PeerSettings) -> Result<Peer, PeerError> {
        Peer::sharing(settings, &Shared::default())
    }

    /// As [`Peer::new`], one of many that share what they can.
    ///
    /// # Errors
    /// When the base URL or the certificates are unusable.
    pub fn sharing(settings: PeerSettings, shared: &Shared) -> Result<Peer, PeerError> {
        let url = settings.base_url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&url).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(PeerError::Url {
                url: settings.base_url,
            });
        }
        let client = shared.client(&settings)?;
        let PeerSettings {
            lot, credentials, ..
        } = settings;
        Ok(Peer {
            client,
            base_url: url,
            lot,
            credentials: Arc::new(RwLock::new(credentials)),
            clock: None,
            played: shared.played.clone(),
        })
    }

    /// Tells `watch`, at each reply that is dated, by how many seconds the peer's clock is ahead of
    /// this one (D-4): right to a second or two, for the date has whole seconds and was on its way.
    #[must_use]
    pub fn watching_clock(self, watch: impl Fn(i64) + Send + Sync + 'static) -> Peer {
        let clock = Some(ClockWatch(Arc::new(watch)));
        Peer { clock, ..self }
    }

    /// The same for another lot of the same supplier, over the same connections.
    #[must_use]
    pub fn speaking_for(&self, lot: LotId) -> Peer {
        Peer {
            lot,
            ..self.clone()
        }
    }

    /// What time it is on this side of the wire: what requests are signed with.
    pub fn now(&self) -> Timestamp {
        now(self.played.as_ref())
    }

    /// Signs with other credentials from now on (D-6); so do all clones.
    pub fn rotate_to(&self, credentials: Credentials) {
        *self
            .credentials
            .write()
            .unwrap_or_else(PoisonError::into_inner) = credentials;
    }

    /// One attempt: a fresh request, signed at `now` (D-17), given up after `timeout`.
    ///
    /// Nothing is sent twice here, not even when the peer closed the connection without a word: it
    /// may have read the request, and a gate command must never be repeated. Whether to try again
    /// is for the caller to say (PUSH-1).
    ///
    /// # Errors
    /// Everything that is not a reply of the standard (D-2).
    pub async fn call<E: Endpoint>(
        &self,
        request: &E::Request,
        now: Timestamp,
        timeout: Duration,
    ) -> Result<Answer<E::Response>, Fault> {
        let credentials = self.credentials();
        let body = request_text::<E>(request, &self.lot, &credentials, now);
        if let Some(Played(wire)) = &self.played {
            let (status, body) = wire.exchange(E::PATH, body, timeout).await?;
            return match status {
                200..300 => read::<E>(&body),
                status => Err(Fault::Status(status)),
            };
        }
        let exchange = self.exchange::<E>(body);
        tokio::time::timeout(timeout, exchange)
            .await
            .unwrap_or(Err(Fault::Timeout))
    }

    fn credentials(&self) -> Credentials {
        let credentials = self.credentials.read();
        credentials.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn exchange<E: Endpoint>(&self, body: String) -> Result<Answer<E::Response>, Fault> {
        let request = self
            .client
            .post(format!("{}{}", self.base_url, E::PATH))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(body);
        let mut response = request.send().await.map_err(|error| network(&error))?;
        if let (Some(clock), Some(date)) = (&self.clock, date(response.headers())) {
            (clock.0)(date.as_second() - Timestamp::now().as_second());
        }
        if !response.status().is_success() {
            return Err(Fault::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| network(&error))? {
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                let why = format!("应答超过 {MAX_REPLY_BYTES} 字节");
                return Err(Fault::Unreadable(why));
            }
            body.extend_from_slice(&chunk);
        }
        read::<E>(&body)
    }
}

fn read<E: Endpoint>(body: &[u8]) -> Result<Answer<E::Response>, Fault> {
    read_reply::<E>(body, Tolerance::Tolerant)
        .map_err(|refusal| Fault::Unreadable(refusal.to_string()))
}

/// When the peer says that it replied.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    PARSER.parse_timestamp(headers.get(DATE)?.as_bytes()).ok()
}

/// The innermost cause, which is the one that helps.
fn network(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Fault::Network(cause.to_string())
}

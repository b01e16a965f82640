//! An endpoint of the standard as a route.
//!
//! Whatever reaches a known endpoint is answered with HTTP 200 and the standard's own body, also
//! when it is refused (D-1): a supplier takes any other status for a network failure, and five of
//! those let the vehicle through.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_protocol::endpoint::Endpoint;
use boshi_protocol::envelope::{Answer, Envelope, Incoming, refusal_text, reply_text};
use boshi_protocol::fields::Tolerance;
use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::token::Credentials;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// Largest body of a request in bytes: the standard's own requests need less than two kilobytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Longest that the body of a request may take: a peer that drips holds a connection no longer.
pub const BODY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// A request that passed every check of the envelope.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks, about which lot.
    pub envelope: Envelope,
    /// SHA-256 of the body: tells a repeated command from a new one (D-5).
    pub digest: [u8; 32],
    /// By how many seconds the sender's clock is ahead of ours (D-4).
    pub skew_seconds: i64,
    /// When the request was read.
    pub received: Timestamp,
}

/// What a handler gives back: usually an [`Answer`], which becomes one by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply<R> {
    /// HTTP 200, whatever the answer says (D-1).
    Answer(Answer<R>),
    /// HTTP 503 with the same body (D-1): a failed attempt to the peer (D-2), which it makes again,
    /// and not a decision against a vehicle.
    Unavailable(Refusal),
}

impl<R> From<Answer<R>> for Reply<R> {
    fn from(answer: Answer<R>) -> Reply<R> {
        Reply::Answer(answer)
    }
}

/// Knows whom to let in.
pub trait Gatekeeper: Send + Sync + 'static {
    /// What the peer that speaks for `lot` signs with.
    ///
    /// # Errors
    /// A refusal when there is no such lot or supplier, or the two do not belong together.
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal>;

    /// The peer that speaks for `lot` has shown who it is, with a clock that is ahead of ours by
    /// `skew_seconds`; also told when that is too much (D-4).
    fn heard(&self, _lot: &LotId, _skew_seconds: i64) {}

    /// How old a request may be (D-4).
    fn freshness(&self) -> Freshness {
        Freshness::default()
    }

    /// How much is forgiven (D-3).
    fn tolerance(&self) -> Tolerance {
        Tolerance::Tolerant
    }
}

/// Adds the route of `E`: checked, read, handled, answered.
pub fn endpoint<E, H, F>(router: Router, gatekeeper: Arc<dyn Gatekeeper>, handler: H) -> Router
where
    E: Endpoint,
    H: Fn(Call, E::Request) -> F + Clone + Send + Sync + 'static,
    F: Future + Send,
    F::Output: Into<Reply<E::Response>>,
{
    let route = post(move |request: Request| {
        let (gatekeeper, handler) = (Arc::clone(&gatekeeper), handler.clone());
        async move {
            let (parts, body) = request.into_parts();
            if let Err(refusal) = content_type(&parts.headers) {
                return json(StatusCode::OK, refusal_text(&refusal));
            }
            let body = match collect(body).await {
                Ok(body) => body,
                Err(response) => return response,
            };
            match admit::<E>(&*gatekeeper, &body, Timestamp::now()) {
                Ok((call, request)) => response::<E>(handler(call, request).await.into()),
                Err(refusal) => json(StatusCode::OK, refusal_text(&refusal)),
            }
        }
    });
    router.route(E::PATH, route)
}

fn response<E: Endpoint>(reply: Reply<E::Response>) -> Response {
    match reply {
        Reply::Answer(answer) => json(StatusCode::OK, reply_text::<E>(&answer)),
        Reply::Unavailable(refusal) => {
            json(StatusCode::SERVICE_UNAVAILABLE, refusal_text(&refusal))
        }
    }
}

/// Answers unknown paths and methods in the standard's form, with their HTTP status (D-1).
pub fn with_fallbacks(router: Router) -> Router {
    let refuse = |status: StatusCode, code: &'static str, sentence: &'static str| {
        move || async move { json(status, refusal_text(&Refusal::new(code, sentence))) }
    };
    router
        .fallback(refuse(StatusCode::NOT_FOUND, "UNKNOWN_PATH", "没有此接口"))
        .method_not_allowed_fallback(refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "POST_ONLY",
            "请使用 POST 方法",
        ))
}

/// Everything between bytes and a handler: pure, so that it is tested without a socket.
///
/// # Errors
/// The first check that fails: JSON, envelope, lot and supplier, time (D-4), token (T-6), fields.
fn admit<E: Endpoint>(
    gatekeeper: &dyn Gatekeeper,
    body: &[u8],
    now: Timestamp,
) -> Result<(Call, E::Request), Refusal> {
    let incoming = Incoming::parse(body, gatekeeper.tolerance())?;
    let envelope = incoming.envelope(E::SERVED_BY)?;
    let credentials = gatekeeper.credentials(&envelope.lot, envelope.app_id.as_ref())?;
    let genuine = credentials.verify(&envelope.time.to_string(), &envelope.token);
    if genuine {
        gatekeeper.heard(&envelope.lot, envelope.time.seconds_ahead_of(now));
    }
    let skew_seconds = gatekeeper.freshness().check(envelope.time, now)?;
    if !genuine {
        return Err(Refusal::new(
            "BAD_TOKEN",
            "令牌不符，应为 MD5(time&appId&appSecret) 小写",
        ));
    }
    let request = incoming.request::<E>()?;
    let digest = Sha256::digest(body).into();
    Ok((
        Call {
            envelope,
            digest,
            skew_seconds,
            received: now,
        },
        request,
    ))
}

/// T-2
fn content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if media.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let came = value.unwrap_or("（无）");
    Err(Refusal::new(
        "BAD_CONTENT_TYPE",
        format!("Content-Type 收到 {came}，应为 application/json"),
    ))
}

async fn collect(body: Body) -> Result<Bytes, Response> {
    let limited = Limited::new(body, MAX_BODY_BYTES).collect();
    match tokio::time::timeout(BODY_TIMEOUT, limited).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let sentence = format!("请求体超过 {MAX_BODY_BYTES} 字节");
            let refusal = Refusal::new("TOO_LARGE", sentence);
            Err(json(StatusCode::PAYLOAD_TOO_LARGE, refusal_text(&refusal)))
        }
        Ok(Err(_)) => {
            let refusal = Refusal::new("BROKEN_BODY", "请求体未收完");
            Err(json(StatusCode::BAD_REQUEST, refusal_text(&refusal)))
        }
        Err(_) => {
            let refusal = Refusal::new("SLOW_BODY", "请求体未在规定时间内收完");
            Err(json(StatusCode::REQUEST_TIMEOUT, refusal_text(&refusal)))
        }
    }
}

fn json(status: StatusCode, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, headers, text).into_response()
}

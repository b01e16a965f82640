//! An endpoint of the standard as a route.
//!
//! Whatever reaches a known endpoint is answered with HTTP 200 and the standard's own body, also
//! when it is refused (D-1): a supplier takes any other status for a network failure, and five of
//! those let the vehicle through.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_protocol::endpoint::Endpoint;
use boshi_protocol::envelope::{Answer, Envelope, Incoming, refusal_text, reply_text};
use boshi_protocol::fields::Tolerance;
use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::token::{Credentials, Secret};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::accept::{Remote, is_late};
use crate::request;

/// Largest body of a request in bytes: the standard's own requests need less than two kilobytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Seconds after which a peer is asked to try again that was not served: before the two seconds are
/// over after which it would anyway (D-17).
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A request that passed every check of the envelope.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks, about which lot.
    pub envelope: Envelope,
    /// The whole, as it came.
    pub body: Bytes,
    /// By how many seconds the sender's clock is ahead of ours (D-4).
    pub skew_seconds: i64,
    /// When the request was read.
    pub received: Timestamp,
}

impl Call {
    /// SHA-256 of the body: tells a repeated command from a new one (D-5). Most calls are told apart by
    /// their `uuid`, so it is made for those who ask.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.body).into()
    }
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

/// What is given back when a call is over: dropping it says so.
pub type Held = Box<dyn Send>;

/// A peer asks for more than it may, and is told at once: a late answer is worse, for a vehicle
/// waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TooMuch {
    /// HTTP 503: too much of it is under way.
    UnderWay(Refusal),
    /// HTTP 429: it asks too often.
    TooOften(Refusal),
}

/// What became of a call.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// The endpoint.
    pub path: &'static str,
    /// In a word.
    pub word: &'static str,
    /// The code of the refusal; empty when there is none.
    pub code: &'a str,
    /// From the head of the request to the answer.
    pub took: Duration,
}

/// Knows whom to let in.
pub trait Gatekeeper: Send + Sync + 'static {
    /// What the peer that speaks for `lot` signs with.
    ///
    /// # Errors
    /// A refusal when there is no such lot or supplier, or the two do not belong together.
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal>;

    /// Whether the peer that speaks for `lot`, which has shown who it is, may call from there; none
    /// when nobody knows from where it calls.
    ///
    /// # Errors
    /// A refusal when it may not.
    fn may_call_from(&self, _lot: &LotId, _from: Option<IpAddr>) -> Result<(), Refusal> {
        Ok(())
    }

    /// The peer that speaks for `lot` has shown who it is, with a clock that is ahead of ours by
    /// `skew_seconds`; also told when that is too much (D-4).
    fn heard(&self, _lot: &LotId, _skew_seconds: i64) {}

    /// With which of its secrets that peer has shown it (D-6).
    fn signed_with(&self, _lot: &LotId, _secret: Secret) {}

    /// By how much this clock is known to be behind that of the peer which speaks for `lot`, by whose
    /// the freshness of its requests is judged then.
    fn clock_is_behind(&self, _lot: &LotId) -> SignedDuration {
        SignedDuration::ZERO
    }

    /// Lets a call of the peer that speaks for `lot` be served, which has shown who it is. What is
    /// given is held until the call is answered.
    ///
    /// # Errors
    /// [`TooMuch`]
    fn enter(&self, _lot: &LotId) -> Result<Option<Held>, TooMuch> {
        Ok(None)
    }

    /// A call is over.
    fn answered(&self, _outcome: Outcome<'_>) {}

    /// How old a request may be (D-4).
    fn freshness(&self) -> Freshness {
        Freshness::default()
    }

    /// What time it is here.
    fn now(&self) -> Timestamp {
        Timestamp::now()
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
            let began = Instant::now();
            let answered = answer::<E, _, _>(&*gatekeeper, handler, request).await;
            gatekeeper.answered(Outcome {
                path: E::PATH,
                word: answered.word,
                code: answered.code.as_deref().unwrap_or_default(),
                took: began.elapsed(),
            });
            answered.response
        }
    });
    router.route(E::PATH, route)
}

/// Who calls, as far as it is known.
#[derive(Clone, Debug, Default)]
struct Caller {
    from: Option<IpAddr>,
    /// Only when there is such a lot: a caller writes what it likes.
    lot: Option<LotId>,
}

/// An answer, and what is to be said of it.
struct Answered {
    response: Response,
    word: &'static str,
    code: Option<String>,
}

async fn answer<E, H, F>(gatekeeper: &dyn Gatekeeper, handler: H, request: Request) -> Answered
where
    E: Endpoint,
    H: Fn(Call, E::Request) -> F,
    F: Future,
    F::Output: Into<Reply<E::Response>>,
{
    let (parts, body) = request.into_parts();
    let remote = parts.extensions.get::<Remote>();
    let mut caller = Caller {
        from: remote.map(|remote| remote.0),
        lot: None,
    };
    if let Err(refusal) = content_type(&parts.headers) {
        return turned_away::<E>(&caller, StatusCode::OK, &refusal);
    }
    let body = match collect(body).await {
        Ok(body) => body,
        Err((status, refusal)) => return turned_away::<E>(&caller, status, &refusal),
    };
    let admitted = admit::<E>(gatekeeper, body, &mut caller, gatekeeper.now());
    let (call, request) = match admitted {
        Ok(admitted) => admitted,
        Err(refusal) => return turned_away::<E>(&caller, StatusCode::OK, &refusal),
    };
    let lot = call.envelope.lot.clone();
    let _held = match gatekeeper.enter(&lot) {
        Ok(held) => held,
        Err(TooMuch::UnderWay(refusal)) => {
            return turned_away::<E>(&caller, StatusCode::SERVICE_UNAVAILABLE, &refusal);
        }
        Err(TooMuch::TooOften(refusal)) => {
            return turned_away::<E>(&caller, StatusCode::TOO_MANY_REQUESTS, &refusal);
        }
    };
    match handler(call, request).await.into() {
        Reply::Unavailable(refusal) => {
            turned_away::<E>(&caller, StatusCode::SERVICE_UNAVAILABLE, &refusal)
        }
        Reply::Answer(answer) => {
            let (word, code) = match &answer {
                Answer::Accepted { .. } => ("accepted", None),
                Answer::Refused(refusal) => {
                    request::decided(E::PATH, lot.as_str(), refusal.code());
                    ("refused", Some(refusal.code().to_owned()))
                }
            };
            Answered {
                response: json(StatusCode::OK, reply_text::<E>(&answer)),
                word,
                code,
            }
        }
    }
}

/// A call that no handler has answered.
fn turned_away<E: Endpoint>(caller: &Caller, status: StatusCode, refusal: &Refusal) -> Answered {
    let lot = caller.lot.as_ref().map(LotId::as_str);
    request::refused(E::PATH, caller.from, lot, refusal.code());
    let mut response = json(status, refusal_text(refusal));
    response.extensions_mut().insert(request::Said);
    let again = [
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    if again.contains(&status) {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    Answered {
        response,
        word: "turned_away",
        code: Some(refusal.code().to_owned()),
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
/// The first check that fails: JSON, envelope, lot and supplier, address, time (D-4), token (T-6),
/// fields. Who is not genuine is told nothing of addresses.
fn admit<E: Endpoint>(
    gatekeeper: &dyn Gatekeeper,
    body: Bytes,
    caller: &mut Caller,
    now: Timestamp,
) -> Result<(Call, E::Request), Refusal> {
    let incoming = Incoming::parse(&body, gatekeeper.tolerance())?;
    let envelope = incoming.envelope(E::SERVED_BY)?;
    let credentials = gatekeeper.credentials(&envelope.lot, envelope.app_id.as_ref())?;
    caller.lot = Some(envelope.lot.clone());
    let secret = credentials.signed_with(&envelope.time.to_string(), &envelope.token);
    if let Some(secret) = secret {
        gatekeeper.may_call_from(&envelope.lot, caller.from)?;
        gatekeeper.heard(&envelope.lot, envelope.time.seconds_ahead_of(now));
        gatekeeper.signed_with(&envelope.lot, secret);
    }
    let behind = gatekeeper.clock_is_behind(&envelope.lot);
    let its_now = now.checked_add(behind).unwrap_or(now);
    let skew_seconds = gatekeeper.freshness().check(envelope.time, its_now)?;
    if secret.is_none() {
        return Err(Refusal::new(
            "BAD_TOKEN",
            "令牌不符，应为 MD5(time&appId&appSecret) 小写",
        ));
    }
    let request = incoming.request::<E>()?;
    Ok((
        Call {
            envelope,
            body,
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

async fn collect(body: Body) -> Result<Bytes, (StatusCode, Refusal)> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let sentence = format!("请求体超过 {MAX_BODY_BYTES} 字节");
            let refusal = Refusal::new("TOO_LARGE", sentence);
            Err((StatusCode::PAYLOAD_TOO_LARGE, refusal))
        }
        Err(error) if is_late(&*error) => {
            let refusal = Refusal::new("SLOW_BODY", "请求体未在规定时间内收完");
            Err((StatusCode::REQUEST_TIMEOUT, refusal))
        }
        Err(_) => {
            let refusal = Refusal::new("BROKEN_BODY", "请求体未收完");
            Err((StatusCode::BAD_REQUEST, refusal))
        }
    }
}

/// To whoever asks too often, before anything is done for it.
pub(crate) fn too_often() -> Response {
    let refusal = Refusal::new("TOO_OFTEN", "此地址请求过于频繁，请稍后重试");
    let mut response = json(StatusCode::TOO_MANY_REQUESTS, refusal_text(&refusal));
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, RETRY_AFTER);
    // What is left of the request is not read.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn json(status: StatusCode, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (status, headers, text).into_response()
}

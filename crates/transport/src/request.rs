//! A name for each request, so that what its sender saw is found in the log.
//!
//! A proxy's name is kept if it is sane, else one is made. It stands in every line that is logged
//! while the request is served, and in the answer.

use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::time::Instant;
use tower::Service;
use tracing::{Instrument as _, debug, info, info_span, warn};
use uuid::{Builder, Uuid};

use crate::bucket::{Bucket, Rate};

/// The header with the name, in requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name of a proxy's that is taken, in characters: a UUID has 36, a trace's parent 55.
const MOST_CHARS: usize = 64;

/// Characters of a path that are logged: the paths that there are have fewer.
const PATH_CHARS: usize = 120;

/// Lines about refused requests that are logged: whoever sends nonsense all day fills no disk.
const LINES: Rate = Rate {
    per_second: 20.0,
    burst: 200.0,
};

/// Names a request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RequestId(HeaderValue);

impl RequestId {
    fn of(headers: &HeaderMap) -> RequestId {
        let told = headers.get(HEADER);
        let is_sane = |name: &HeaderValue| name.to_str().is_ok_and(is_sane);
        match told.filter(|name| is_sane(name)) {
            Some(name) => RequestId(name.clone()),
            None => RequestId::fresh(),
        }
    }

    /// A UUID of version 7. What is random in it is mixed from a number that this process drew once
    /// and a count, so that a name costs no call of the system: it is no secret.
    fn fresh() -> RequestId {
        static DRAWN: LazyLock<u64> = LazyLock::new(|| Uuid::now_v7().as_u64_pair().1);
        static MADE: AtomicU64 = AtomicU64::new(0);
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (mixed(*DRAWN ^ count), mixed(DRAWN.wrapping_add(count)));
        let mut random = [0; 10];
        random[..8].copy_from_slice(&low.to_be_bytes());
        random[8..].copy_from_slice(&high.to_be_bytes()[..2]);
        let millis = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = millis.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0));
        let uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut buffer = Uuid::encode_buffer();
        let text: &str = uuid.simple().encode_lower(&mut buffer);
        RequestId(HeaderValue::from_str(text).expect("hexadecimal digits are a header's value"))
    }
}

/// Another number for each number, and never the same for two (the finalizer of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Marks an answer of which the log says already why it is as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said;

fn is_sane(name: &str) -> bool {
    let sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=MOST_CHARS).contains(&name.len()) && name.chars().all(sane)
}

impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Has `router` answer a request under its name, and logs it if the router refuses it with a status
/// of its own.
pub(crate) async fn named(mut router: Router, request: Request) -> Response {
    let id = RequestId::of(request.headers());
    let span = info_span!("request", request_id = %id);
    let serving = async {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let Ok(response) = Service::call(&mut router, request).await;
        let status = response.status();
        let is_said = response.extensions().get::<Said>().is_some();
        if (status.is_client_error() || status.is_server_error()) && !is_said {
            let path: String = uri.path().chars().take(PATH_CHARS).collect();
            failed(method.as_str(), &path, status);
        }
        response
    };
    let mut response = serving.instrument(span).await;
    response.headers_mut().insert(HEADER, id.0);
    response
}

fn failed(method: &str, path: &str, status: StatusCode) {
    let Some(unsaid) = may_say() else { return };
    let status = status.as_u16();
    if status >= 500 {
        warn!(method, path, status, unsaid, "a request failed");
    } else {
        info!(method, path, status, unsaid, "a request was refused");
    }
}

/// A call of the standard that was refused with a reason of its own, as for a vehicle that may not
/// pass: that is in the records.
pub(crate) fn decided(path: &str, lot: &str, code: &str) {
    debug!(path, lot, code, "a call was answered with a refusal");
}

/// A call of the standard from an address, if that is known, that was refused.
pub(crate) fn refused(path: &str, from: Option<IpAddr>, lot: Option<&str>, code: &str) {
    if let Some(unsaid) = may_say() {
        let from = from.map(tracing::field::display);
        info!(path, from, lot, code, unsaid, "a call was refused");
    }
}

/// How many lines were left out since the last one; none when this one is left out too.
fn may_say() -> Option<u64> {
    static SAID: Mutex<Option<(Bucket, u64)>> = Mutex::new(None);
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Instant::now();
    let (bucket, unsaid) = said.get_or_insert_with(|| (Bucket::full(now), 0));
    if bucket.take(LINES, now).is_ok() {
        Some(std::mem::take(unsaid))
    } else {
        *unsaid += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_sane_name_of_a_proxy_is_kept_and_another_one_made_otherwise() {
        let long = "a".repeat(65);
        for (told, kept) in [
            (Some("4bf92f3577b34da6-a3ce929d0e0e4736_01.2"), true),
            (Some(""), false),
            (Some("a b"), false),
            (Some("x\",\"level\":\"ERROR"), false),
            (Some(long.as_str()), false),
            (None, false),
        ] {
            let headers = told.map(|told| (HEADER, HeaderValue::from_str(told).unwrap()));
            let id = RequestId::of(&headers.into_iter().collect());
            assert_eq!(Some(id.to_string().as_str()) == told, kept, "{told:?}");
            assert!(is_sane(&id.to_string()), "{id}");
        }
    }

    #[test]
    fn no_two_requests_are_named_alike() {
        let made: Vec<Uuid> = (0..10_000)
            .map(|_| RequestId::fresh().to_string().parse().unwrap())
            .collect();
        let different: HashSet<&Uuid> = made.iter().collect();
        assert_eq!(different.len(), made.len());
        assert!(made.iter().all(|uuid| uuid.get_version_num() == 7));
    }
}

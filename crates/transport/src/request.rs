//! A name for each request, so that what its sender saw is found in the log.
//!
//! A proxy's name is kept if it is sane, else one is made. It stands in every line that is logged
//! while the request is served, and in the answer.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::time::Instant;
use tracing::{Instrument as _, debug, info, info_span, warn};
use uuid::Uuid;

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
struct RequestId(String);

impl RequestId {
    fn of(headers: &HeaderMap) -> RequestId {
        let told = headers.get(HEADER).and_then(|value| value.to_str().ok());
        match told.filter(|name| is_sane(name)) {
            Some(name) => RequestId(name.to_owned()),
            None => RequestId(Uuid::now_v7().simple().to_string()),
        }
    }
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
        out.write_str(&self.0)
    }
}

/// Names every request to `router`, and logs those that it refuses with a status of its own.
pub(crate) fn named(router: Router) -> Router {
    router.layer(from_fn(name))
}

async fn name(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let span = info_span!("request", request_id = %id);
    let serving = async {
        let method = request.method().clone();
        let path: String = request.uri().path().chars().take(PATH_CHARS).collect();
        let response = next.run(request).await;
        let status = response.status();
        let is_said = response.extensions().get::<Said>().is_some();
        if (status.is_client_error() || status.is_server_error()) && !is_said {
            failed(method.as_str(), &path, status);
        }
        response
    };
    let mut response = serving.instrument(span).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(HEADER, value);
    }
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
            assert_eq!(Some(id.0.as_str()) == told, kept, "{told:?}");
            assert!(is_sane(&id.0), "{id}");
        }
    }
}

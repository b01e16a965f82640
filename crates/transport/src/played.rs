//! A wire that somebody plays: both sides in one process, on a time that is not the machine's.
//!
//! Everything is as it is over sockets, requests and replies down to their bytes, but for who carries
//! them, and when.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use tower::ServiceExt as _;

use crate::call::Fault;

/// What becomes of a request: the status and the body of its reply, or why there is none.
pub type Carried = Pin<Box<dyn Future<Output = Result<(u16, Vec<u8>), Fault>> + Send>>;

/// Carries requests, and has the clock of the side that makes them.
pub trait Wire: Send + Sync + 'static {
    /// What the clock says on this side.
    fn now(&self) -> Timestamp;

    /// Carries one request; it is for the wire to give up after `timeout`.
    fn exchange(&self, path: &'static str, body: String, timeout: Duration) -> Carried;
}

#[derive(Clone)]
pub(crate) struct Played(pub(crate) Arc<dyn Wire>);

impl fmt::Debug for Played {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Played")
    }
}

/// What the clock says of the side that uses this wire, or the machine's.
pub(crate) fn now(played: Option<&Played>) -> Timestamp {
    played.map_or_else(Timestamp::now, |played| played.0.now())
}

/// What `router` makes of a request that came over such a wire: status and body.
pub async fn serve(router: Router, path: &str, body: String) -> (u16, Vec<u8>) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .expect("a path of the standard");
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status().as_u16();
    let body = response.into_body().collect().await;
    let body = body.expect("an answer of ours is in memory");
    (status, body.to_bytes().to_vec())
}

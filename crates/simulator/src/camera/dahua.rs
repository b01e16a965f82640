//! The part of a gate camera of 大华 that is called: its stream of events, in which it says that it is
//! there, and its barrier, both behind a login by digest.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::login::Login;

/// Most orders that nobody has carried out.
const ORDERS_QUEUED: usize = 64;

/// A sign of life in the stream.
const HEARTBEAT: &[u8] =
    b"--myboundary\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nHeartbeat\r\n";

/// A camera.
#[derive(Clone, Debug)]
pub struct DahuaCamera {
    /// Where it is called.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    login: Mutex<Login>,
    /// The channels whose barriers are opened.
    opened: mpsc::Sender<u16>,
}

type Asked = Query<HashMap<String, String>>;

impl DahuaCamera {
    /// A camera on this listener, within a runtime. The channel of each barrier that it opens comes out
    /// of the receiver.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        user: &str,
        password: &str,
    ) -> std::io::Result<(DahuaCamera, mpsc::Receiver<u16>)> {
        let address = listener.local_addr()?;
        let (opened, orders) = mpsc::channel(ORDERS_QUEUED);
        let inner = Arc::new(Inner {
            login: Mutex::new(Login::new(user, password)),
            opened,
        });
        let routes = Router::new()
            .route("/cgi-bin/trafficSnap.cgi", get(open))
            .route("/cgi-bin/snapManager.cgi", get(events))
            .layer(from_fn_with_state(Arc::clone(&inner), log_in))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((DahuaCamera { address, inner }, orders))
    }

    /// How often somebody showed a wrong password.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        let login = self.inner.login.lock();
        login.unwrap_or_else(PoisonError::into_inner).refusals()
    }
}

async fn log_in(Extracted(inner): Extracted<Arc<Inner>>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|it| it.to_str().ok());
    let path = request.uri().path_and_query();
    let path = path.map_or("", |it| it.as_str());
    let demanded = {
        let mut login = inner.login.lock().unwrap_or_else(PoisonError::into_inner);
        login.let_in(request.method().as_str(), path, shown)
    };
    if let Err(challenge) = demanded {
        let header = [(header::WWW_AUTHENTICATE, challenge)];
        return (StatusCode::UNAUTHORIZED, header).into_response();
    }
    next.run(request).await
}

async fn open(Extracted(inner): Extracted<Arc<Inner>>, Query(asked): Asked) -> Response {
    let is_known = |key: &str, value: &str| asked.get(key).is_some_and(|it| it == value);
    let channel = asked.get("channel").and_then(|it| it.parse().ok());
    let is_order = is_known("action", "openStrobe") && is_known("info.openType", "Normal");
    let Some(channel) = channel.filter(|_| is_order) else {
        return (StatusCode::BAD_REQUEST, "Error").into_response();
    };
    // A full queue is a barrier that does nothing.
    let _ = inner.opened.try_send(channel);
    "OK\r\n".into_response()
}

/// Never ends by itself; nothing happens in it but that it is there.
async fn events(Query(asked): Asked) -> Response {
    let is_stream = asked.get("action").is_some_and(|it| it == "attachFileProc");
    let seconds = asked.get("heartbeat").and_then(|it| it.parse().ok());
    let Some(seconds) = seconds.filter(|it| is_stream && (1..=60).contains(it)) else {
        return (StatusCode::BAD_REQUEST, "Error").into_response();
    };
    let beats = tokio::time::interval(Duration::from_secs(seconds));
    let body = stream::unfold(beats, async |mut beats| {
        beats.tick().await;
        let word = Ok::<Bytes, std::io::Error>(Bytes::from_static(HEARTBEAT));
        Some((word, beats))
    });
    let kind = "multipart/x-mixed-replace; boundary=myboundary";
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(body)).into_response()
}

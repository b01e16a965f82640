//! A gate camera of 大华: it is called for its stream of events, in which it tells what it reads and that
//! it is there, and for its barrier, both behind a login by digest; or it pushes what it reads and that it
//! is there (ITSAPI in JSON), until it is told that this was taken.

mod push;
mod stream;

use axum::Router;
use axum::extract::{Query, Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

pub use self::push::DahuaPlate;

use self::push::Pushing;
use self::stream::Streams;
use super::Silence;
use super::login::Login;

/// Most orders that nobody has carried out.
const ORDERS_QUEUED: usize = 64;

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
    orders: mpsc::Sender<DahuaOrder>,
    state: Mutex<State>,
    silence: Silence,
}

#[derive(Debug, Default)]
struct State {
    fault: DahuaFault,
    /// How the next command fails, if that is otherwise.
    next: Option<DahuaFault>,
    pushing: Option<Pushing>,
    streams: Streams,
}

/// What it was told to do with a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DahuaOrder {
    /// To open that of this channel.
    Open(u16),
    /// To keep it open.
    Hold(u16),
    /// To close the first one.
    Close,
}

/// How it fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DahuaFault {
    /// It does not.
    #[default]
    None,
    /// Commands are carried out and never answered.
    Mute,
    /// Commands are answered well, and nothing happens.
    Idle,
    /// Commands are answered with an error.
    Refuses,
    /// To keep a barrier open is answered well, and nothing happens; the others are carried out.
    NoHold,
    /// Others have all its sessions.
    Crowded,
    /// Nothing is answered, and nothing said.
    Dead,
}

type Asked = Query<HashMap<String, String>>;

impl DahuaCamera {
    /// A camera on this listener, within a runtime. What it is told to do comes out of the receiver.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        user: &str,
        password: &str,
    ) -> std::io::Result<(DahuaCamera, mpsc::Receiver<DahuaOrder>)> {
        let address = listener.local_addr()?;
        let (orders, ordered) = mpsc::channel(ORDERS_QUEUED);
        let inner = Arc::new(Inner {
            login: Mutex::new(Login::new(user, password)),
            orders,
            state: Mutex::default(),
            silence: Silence::default(),
        });
        let routes = Router::new()
            .route("/cgi-bin/trafficSnap.cgi", get(open))
            .route("/cgi-bin/api/trafficSnap/closeStrobe", post(close))
            .route("/cgi-bin/snapManager.cgi", get(stream::serve))
            .layer(from_fn_with_state(Arc::clone(&inner), log_in))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((DahuaCamera { address, inner }, ordered))
    }

    /// Has it fail from now on.
    pub fn fails(&self, fault: DahuaFault) {
        lock(&self.inner.state).fault = fault;
    }

    /// Has the next command fail, and no other.
    pub fn fails_once(&self, fault: DahuaFault) {
        lock(&self.inner.state).next = Some(fault);
    }

    /// A challenge is good for so many calls from now on.
    pub fn nonces_last(&self, calls: u32) {
        lock(&self.inner.login).nonces_last(calls);
    }

    /// What keeps its signs of life back.
    #[must_use]
    pub fn silence(&self) -> Silence {
        Arc::clone(&self.inner.silence)
    }

    /// How often somebody showed a wrong password.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        lock(&self.inner.login).refusals()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn log_in(Extracted(inner): Extracted<Arc<Inner>>, request: Request, next: Next) -> Response {
    if lock(&inner.state).fault == DahuaFault::Dead {
        return std::future::pending().await;
    }
    let shown = request.headers().get(header::AUTHORIZATION);
    let shown = shown.and_then(|it| it.to_str().ok());
    let path = request.uri().path_and_query();
    let path = path.map_or("", |it| it.as_str());
    let demanded = lock(&inner.login).let_in(request.method().as_str(), path, shown);
    if let Err(challenge) = demanded {
        let header = [(header::WWW_AUTHENTICATE, challenge)];
        return (StatusCode::UNAUTHORIZED, header).into_response();
    }
    next.run(request).await
}

async fn open(Extracted(inner): Extracted<Arc<Inner>>, Query(asked): Asked) -> Response {
    let channel = asked.get("channel").and_then(|it| it.parse().ok());
    let is_open = asked.get("action").is_some_and(|it| it == "openStrobe");
    let kind = asked.get("info.openType").map(String::as_str);
    let order = match (channel.filter(|_| is_open), kind) {
        (Some(channel), Some("Normal")) => DahuaOrder::Open(channel),
        (Some(channel), Some("Always")) => DahuaOrder::Hold(channel),
        _ => return (StatusCode::BAD_REQUEST, "Error").into_response(),
    };
    obey(&inner, order).await
}

async fn close(Extracted(inner): Extracted<Arc<Inner>>, body: String) -> Response {
    let said: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    if said["info"]["location"] != 0 {
        return (StatusCode::BAD_REQUEST, "Error").into_response();
    }
    obey(&inner, DahuaOrder::Close).await
}

async fn obey(inner: &Inner, order: DahuaOrder) -> Response {
    let fault = {
        let mut state = lock(&inner.state);
        state.next.take().unwrap_or(state.fault)
    };
    match fault {
        DahuaFault::Refuses => return (StatusCode::BAD_REQUEST, "Error\r\n").into_response(),
        DahuaFault::Crowded => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        DahuaFault::Idle => {}
        DahuaFault::NoHold if matches!(order, DahuaOrder::Hold(_)) => {}
        // A full queue is a barrier that does nothing.
        DahuaFault::None | DahuaFault::NoHold | DahuaFault::Mute | DahuaFault::Dead => {
            _ = inner.orders.try_send(order);
        }
    }
    if fault == DahuaFault::Mute {
        return std::future::pending().await;
    }
    "OK\r\n".into_response()
}

//! Connections: taken, bounded, and ended in good time.
//!
//! A connection may be slow in many ways; each has its bound. It may say nothing, or half a head
//! ([`Limits::head`]), or half a body ([`Limits::body`]), dawdle over a handshake
//! ([`Limits::handshake`]), or hardly take its reply ([`Limits::stalled`]). A byte now and then
//! lengthens none of them. And whoever opens hundreds of
//! them takes no place from others ([`Limits::per_origin`]), nor who asks thousands of times a second
//! ([`Limits::asking`]). Where places are short, a connection on which nothing is asked gives way: of
//! whoever has the most, the one that has been silent for the longest.

mod body;
mod load;
mod patience;
mod seats;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

pub use self::body::is_late;
pub use self::load::Load;

use self::body::{Attended, InTime};
use self::load::Guest;
use self::patience::Impatient;
use self::seats::SPARED;
use crate::bucket::Rate;
use crate::{request, serve as serving};

/// What one listener bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones take the place of one on which nothing is asked, or wait in
    /// the kernel's queue for one.
    pub connections: usize,
    /// Connections at once of one remote address (IPv6: of one /64, which is one customer's);
    /// further ones take the place of one of them on which nothing is asked, or are closed. A quarter of the places: four peers that go mad at once still
    /// leave each other theirs, and no honest peer needs as many.
    pub per_origin: usize,
    /// Requests of one remote address, over all its connections; further ones get a 429 before
    /// anything is done for them.
    pub asking: Rate,
    /// Longest that a TLS handshake may take.
    pub handshake: Duration,
    /// Longest that the head of a request may take, also the first on a silent connection, and the
    /// next on one that is kept. Longer than peers keep an idle connection, so that it is they who
    /// close it and no request meets a closed one.
    pub head: Duration,
    /// Longest that the body of a request may take, whoever reads it: a picture over the slowest
    /// network of a lot. Who is later is told so, as far as it listens ([`is_late`]).
    pub body: Duration,
    /// Longest that a peer may take for the next [`LEAST_TAKEN`] bytes of a reply.
    pub stalled: Duration,
    /// Longest that requests under way may take once the listener is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 1024,
            per_origin: 256,
            // Two hundred busy lots behind one address, and a twentieth of what a core can refuse.
            asking: Rate {
                per_second: 2000.0,
                burst: 2000.0,
            },
            handshake: Duration::from_secs(5),
            head: Duration::from_secs(30),
            body: Duration::from_secs(10),
            stalled: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Fewest bytes of a reply that a peer has to take within [`Limits::stalled`]: half a kilobyte a
/// second, less than any line of a lot, and so much that a list of a megabyte is over in half an hour.
pub const LEAST_TAKEN: usize = 16 * 1024;

/// File descriptors that no listener takes: journal, pictures, devices and pushes need some dozens.
const RESERVED_DESCRIPTORS: u64 = 128;

/// Fewest connections of a listener, however few descriptors there are.
const LEAST_CONNECTIONS: u64 = 16;

impl Limits {
    /// These limits for one of so many listeners in a process that may have so many descriptors:
    /// together they leave some for everything else, whoever crowds in.
    #[must_use]
    pub fn sharing(self, descriptors: u64, listeners: u64) -> Limits {
        let share = descriptors.saturating_sub(RESERVED_DESCRIPTORS) / listeners.max(1);
        let share = usize::try_from(share.max(LEAST_CONNECTIONS)).unwrap_or(usize::MAX);
        let connections = self.connections.min(share);
        Limits {
            connections,
            per_origin: self.per_origin.min(connections.div_ceil(4)),
            ..self
        }
    }
}

/// From which address a request has come, IPv4 as such: an extension of every request that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote(pub IpAddr);

/// Serves `router` on `listener` until `stop`, then finishes what is under way, for
/// [`Limits::drain`] at most. Without `tls` it is plain HTTP.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) {
    serve_counted(listener, tls, router, limits, Arc::default(), stop).await;
}

/// As [`serve`], and counts in `load`.
pub async fn serve_counted(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    router: Router,
    limits: Limits,
    load: Arc<Load>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let tls = tls.map(TlsAcceptor::from);
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &load) => accepted,
        };
        let (stream, from) = accepted;
        let Some(guest) = load.admit(from.ip(), &limits) else {
            debug!(%from, "a connection is closed: its address has too many");
            continue;
        };
        let place = tokio::select! {
            () = stop.cancelled() => break,
            place = place(&places, &load) => place,
        };
        let guest = Arc::new(guest);
        let (tls, router) = (tls.clone(), router.clone());
        let serving = connection(stream, tls, router, guest, limits, stop.clone());
        connections.spawn(async move {
            let _place = place;
            serving.await;
        });
        while connections.try_join_next().is_some() {}
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, ended).await.is_err() {
        warn!(
            left = connections.len(),
            "connections are cut: they did not end in time"
        );
        connections.shutdown().await;
    }
}

/// A place for one more connection: a free one, or as soon as another gives way or ends.
async fn place(places: &Arc<Semaphore>, load: &Load) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        load.make_room();
        let free = Arc::clone(places).acquire_owned();
        // Whoever was not idle for long enough may be by then.
        if let Ok(place) = tokio::time::timeout(SPARED, free).await {
            return place.ok();
        }
    }
}

/// The next connection, whatever goes wrong until then.
async fn accept(listener: &TcpListener, load: &Load) -> (TcpStream, SocketAddr) {
    /// Out of file descriptors, `accept` fails at once and for ever: wait for others to be closed.
    const PAUSE: Duration = Duration::from_millis(100);
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_the_peers(&error) => debug!(%error, "a peer changed its mind"),
            Err(error) => {
                // Once a spell: a log that fills the disk helps nobody.
                if !std::mem::replace(&mut failing, true) {
                    warn!(%error, "connections cannot be accepted");
                }
                load.failed();
                // Who waits outside would otherwise wait for those who say nothing.
                load.make_room();
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether it is only that a peer went away before it was met.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    guest: Arc<Guest>,
    limits: Limits,
    stop: CancellationToken,
) {
    // Replies are small and a vehicle waits for them: never held back for a fuller packet.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection is gone before it was used");
        return;
    }
    let Some(tls) = tls else {
        return exchange(stream, router, guest, limits, stop).await;
    };
    let shaking = tokio::time::timeout(limits.handshake, tls.accept(stream));
    let shaken = tokio::select! {
        () = guest.gives_way() => return debug!("a connection gave way before its handshake"),
        shaken = shaking => shaken,
    };
    match shaken {
        Ok(Ok(stream)) => exchange(stream, router, guest, limits, stop).await,
        Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
        Err(_) => debug!("a TLS handshake took too long"),
    }
}

async fn exchange<S>(
    stream: S,
    router: Router,
    guest: Arc<Guest>,
    limits: Limits,
    stop: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head);
    let whose = Arc::clone(&guest);
    let service = service_fn(move |request: Request<Incoming>| {
        let guest = &whose;
        let may_ask = guest.may_ask();
        let under_way = guest.asks();
        let answer = may_ask.then(|| {
            let mut request = request.map(|body| Body::new(InTime::new(body, limits.body)));
            request.extensions_mut().insert(Remote(guest.address()));
            request::named(router.clone(), request)
        });
        async move {
            let answer = match answer {
                Some(answer) => answer.await,
                None => serving::too_often(),
            };
            Ok::<_, Infallible>(answer.map(|body| Attended::new(body, under_way)))
        }
    });
    let stream = Impatient::new(stream, limits.stalled);
    let serving = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
        () = guest.gives_way() => {
            if !guest.is_busy() {
                return debug!("a connection gave way to another");
            }
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_share_the_descriptors_that_nobody_else_needs() {
        let of = |descriptors| {
            let limits = Limits::default().sharing(descriptors, 4);
            (limits.connections, limits.per_origin)
        };
        assert_eq!(of(1_048_576), (1024, 256));
        assert_eq!(of(u64::MAX), (1024, 256));
        assert_eq!(of(1024), (224, 56));
        assert_eq!(of(64), (16, 4));
    }
}

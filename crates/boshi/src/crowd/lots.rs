//! All lots' gateways in one server: each is there, and has nothing that it could not push.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::{Uri, header};
use axum::response::IntoResponse as _;
use boshi_transport::accept::{Limits, serve};
use boshi_transport::bucket::Rate;
use tokio::net::TcpSocket;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};

/// No bounds of its own: the platform's are looked at.
const LIMITS: usize = 1_000_000;

/// Connections that wait to be accepted: all lots are asked at once.
const BACKLOG: u32 = 4096;

/// The gateways.
pub(super) struct Lots {
    pub(super) address: SocketAddr,
    seen: Arc<Seen>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Seen {
    asked: Mutex<Asked>,
    more: Notify,
}

#[derive(Default)]
struct Asked {
    heartbeats: u64,
    heard: HashSet<String>,
}

impl Lots {
    pub(super) async fn start() -> anyhow::Result<Lots> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let seen = Arc::<Seen>::default();
        let noting = Arc::clone(&seen);
        let router = Router::new().fallback(move |uri: Uri| {
            let answer = noting.answer(uri.path());
            async move { ([(header::CONTENT_TYPE, "application/json")], answer).into_response() }
        });
        let stop = CancellationToken::new();
        let limits = Limits {
            connections: LIMITS,
            per_origin: LIMITS,
            asking: Rate {
                per_second: f64::MAX,
                burst: f64::MAX,
            },
            ..Limits::default()
        };
        tokio::spawn(serve(listener, None, router, limits, stop.clone()));
        Ok(Lots {
            address,
            seen,
            _stop: stop.drop_guard(),
        })
    }

    /// How many heartbeats were answered.
    pub(super) fn heartbeats(&self) -> u64 {
        self.seen.asked().heartbeats
    }

    /// Returns when so many lots have been asked whether they are there.
    pub(super) async fn all_heard(&self, lots: usize) {
        loop {
            let more = self.seen.more.notified();
            if self.seen.asked().heard.len() >= lots {
                return;
            }
            more.await;
        }
    }
}

impl Seen {
    fn answer(&self, path: &str) -> &'static str {
        match path.trim_start_matches('/').split_once('/') {
            Some((lot, "checkConnect")) => {
                let mut asked = self.asked();
                asked.heartbeats += 1;
                if !asked.heard.contains(lot) {
                    asked.heard.insert(lot.to_owned());
                    self.more.notify_waiters();
                }
                r#"{"respCode":"0","respDesc":""}"#
            }
            _ => {
                r#"{"respCode":"0","respDesc":"","total":0,"pageSize":100,"currentPage":1,"data":[]}"#
            }
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

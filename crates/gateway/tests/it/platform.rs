//! A platform that says what the test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use boshi_transport::accept::{Limits, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::wire::{assert_envelope, eventually};

/// What the platform does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// HTTP 200 with these bytes.
    Text(&'static str),
    /// Another status, with a body that would be a success.
    Status(u16),
    /// Yes, with this date in the head.
    Dated(&'static str),
    /// HTTP 200 with these bytes, and this date in the head.
    DatedText(String, &'static str),
    /// Elsewhere.
    Redirect(String),
    /// Nothing, ever.
    Hang,
    /// Yes, as soon as there is a permit.
    When(Arc<Semaphore>),
}

const SUCCESS: &str = r#"{"respCode":"0","respDesc":""}"#;
pub(crate) const YES: Reply = Reply::Text(SUCCESS);
pub(crate) const NO: Reply = Reply::Text(r#"{"respCode":"1","respDesc":"余位已满"}"#);

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) content_type: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

type Script = Arc<Mutex<Box<dyn FnMut(&str, &Value) -> Reply + Send>>>;

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    script: Script,
    _stop: DropGuard,
}

impl Platform {
    /// One that says yes to everything, over plain HTTP.
    pub(crate) async fn start() -> Platform {
        Platform::start_with(None).await
    }

    pub(crate) async fn start_with(tls: Option<Arc<rustls::ServerConfig>>) -> Platform {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Arc::new(Mutex::new(Box::new(|_, _| YES)));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::clone(&script), Arc::clone(&heard));
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let content_type = headers.get(header::CONTENT_TYPE);
            let one = Heard {
                path: uri.path().to_owned(),
                content_type: content_type.unwrap().to_str().unwrap().to_owned(),
                body: serde_json::from_slice(&body).unwrap(),
                at: Instant::now(),
            };
            let reply = (answer.lock().unwrap())(&one.path, &one.body);
            noted.lock().unwrap().push(one);
            respond(reply)
        });
        let stop = CancellationToken::new();
        let limits = Limits {
            drain: std::time::Duration::ZERO,
            ..Limits::default()
        };
        tokio::spawn(serve(listener, tls, router, limits, stop.clone()));
        Platform {
            address,
            heard,
            script,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn answers(&self, script: impl FnMut(&str, &Value) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// The requests to `path` so far, each with a sound envelope.
    pub(crate) fn heard(&self, path: &str) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap();
        let to_path = heard.iter().filter(|it| it.path == path).cloned();
        let to_path: Vec<Heard> = to_path.collect();
        to_path.iter().for_each(|it| assert_envelope(&it.body));
        to_path
    }

    /// The first request to `path`, whoever signed it.
    pub(crate) fn first(&self, path: &str) -> Option<Heard> {
        let heard = self.heard.lock().unwrap();
        heard.iter().find(|it| it.path == path).cloned()
    }

    /// The bodies of the first `count` requests to `path`, as soon as there are so many.
    pub(crate) async fn hears(&self, path: &str, count: usize) -> Vec<Value> {
        let heard = eventually(path, || {
            Some(self.heard(path)).filter(|heard| heard.len() >= count)
        });
        heard.await.into_iter().map(|it| it.body).collect()
    }
}

async fn respond(reply: Reply) -> Response {
    match reply {
        Reply::Text(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Reply::Status(status) => (StatusCode::from_u16(status).unwrap(), SUCCESS).into_response(),
        Reply::Dated(date) => ([(header::DATE, date)], SUCCESS).into_response(),
        Reply::DatedText(date, text) => {
            let kind = "application/json".to_owned();
            let head = [(header::CONTENT_TYPE, kind), (header::DATE, date)];
            (head, text).into_response()
        }
        Reply::Redirect(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
        Reply::Hang => std::future::pending().await,
        Reply::When(permits) => {
            permits.acquire().await.unwrap().forget();
            SUCCESS.into_response()
        }
    }
}

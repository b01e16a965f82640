//! Somebody else's system that is sent events, and checks who sends them as the documents say.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_transport::accept::{Limits, serve};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What it does with a message.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Answers with this status and text.
    Says(u16, String),
    /// Sends it elsewhere.
    Redirects(String),
    /// Nothing, ever.
    Hangs,
}

/// A message that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    seconds: String,
    signatures: Vec<String>,
    body: String,
}

type Script = Arc<Mutex<Box<dyn FnMut(&Received) -> Does + Send>>>;

pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    script: Script,
    _stop: DropGuard,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Arc::new(Mutex::new(Box::new(|_| Does::Says(204, String::new()))));
        let received = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::clone(&script), Arc::clone(&received));
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let text = |name: &str| headers[name].to_str().unwrap().to_owned();
            let message = Received {
                id: text("webhook-id"),
                seconds: text("webhook-timestamp"),
                signatures: text("webhook-signature")
                    .split(' ')
                    .map(str::to_owned)
                    .collect(),
                body: String::from_utf8(body.to_vec()).unwrap(),
            };
            assert_eq!(text("content-type"), "application/json");
            let does = (answer.lock().unwrap())(&message);
            noted.lock().unwrap().push(message);
            response(does)
        });
        let stop = CancellationToken::new();
        tokio::spawn(serve(
            listener,
            None,
            router,
            Limits::default(),
            stop.clone(),
        ));
        Receiver {
            address,
            received,
            script,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn does(&self, script: impl FnMut(&Received) -> Does + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }
}

impl Received {
    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Which of its signatures are made with `secret`.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        hmac.update(format!("{}.{}.{}", self.id, self.seconds, self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()));
        self.signatures.contains(&expected)
    }

    pub(crate) fn signatures(&self) -> usize {
        self.signatures.len()
    }
}

async fn response(does: Does) -> Response {
    match does {
        Does::Says(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Does::Redirects(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Does::Hangs => std::future::pending().await,
    }
}

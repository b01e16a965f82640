//! A supplier that says what the test wants, in raw JSON typed from the standard.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use boshi_transport::accept::{Limits, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What the supplier does with a request.
pub(crate) enum Reply {
    /// HTTP 200 with this.
    Json(Value),
    /// Another status.
    Status(u16),
    /// Nothing, ever.
    Hang,
}

type Script = Arc<Mutex<Box<dyn FnMut(&str, &Value) -> Reply + Send>>>;

pub(crate) struct Supplier {
    pub(crate) address: SocketAddr,
    pub(crate) requests: Arc<Mutex<Vec<(String, Value)>>>,
    script: Script,
    _stop: DropGuard,
}

impl Supplier {
    /// One that has nothing to say but that it is there.
    pub(crate) async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Supplier {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Arc::new(Mutex::new(Box::new(idle)));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, noted) = (Arc::clone(&script), Arc::clone(&requests));
        let router = Router::new().fallback(move |uri: Uri, body: Bytes| {
            let path = uri.path().to_owned();
            let body: Value = serde_json::from_slice(&body).unwrap();
            noted.lock().unwrap().push((path.clone(), body.clone()));
            let reply = (answer.lock().unwrap())(&path, &body);
            response(reply)
        });
        let stop = CancellationToken::new();
        tokio::spawn(serve(
            listener,
            tls,
            router,
            Limits::default(),
            stop.clone(),
        ));
        Supplier {
            address,
            requests,
            script,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn answers(&self, script: impl FnMut(&str, &Value) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    /// The requests to `path` so far.
    pub(crate) fn asked(&self, path: &str) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        let to_path = requests.iter().filter(|(asked, _)| asked == path);
        to_path.map(|(_, body)| body.clone()).collect()
    }
}

async fn response(reply: Reply) -> Response {
    match reply {
        Reply::Json(value) => (
            [(header::CONTENT_TYPE, "application/json")],
            value.to_string(),
        )
            .into_response(),
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Hang => std::future::pending().await,
    }
}

/// There, with nothing that could not be pushed.
pub(crate) fn idle(path: &str, body: &Value) -> Reply {
    match path {
        "/queryUnPushRecognitionInfo" | "/queryUnPushCrossInfo" => page(body, &[]),
        _ => accepted(""),
    }
}

pub(crate) fn accepted(words: &str) -> Reply {
    Reply::Json(json!({"respCode": "0", "respDesc": words}))
}

pub(crate) fn refused(words: &str) -> Reply {
    Reply::Json(json!({"respCode": "1", "respDesc": words}))
}

/// The page of `rows` that was asked for.
pub(crate) fn page(asked: &Value, rows: &[Value]) -> Reply {
    let size = usize::try_from(asked["pageSize"].as_u64().unwrap()).unwrap();
    let current = usize::try_from(asked["currentPage"].as_u64().unwrap()).unwrap();
    let here = rows.iter().skip(size * (current - 1)).take(size);
    let data: Vec<&Value> = here.collect();
    Reply::Json(json!({
        "respCode": "0", "respDesc": "", "total": rows.len(),
        "pageSize": size, "currentPage": current, "data": data
    }))
}

/// A recognition as `queryUnPushRecognitionInfo` returns it.
pub(crate) fn recognition(number: usize, time: &str) -> Value {
    json!({
        "uuid": format!("u{number}"), "deviceNo": "CAM-01", "plateNumber": "粤B12345",
        "color": "blue", "recognitionTime": time, "image": "http://lot/1.jpg"
    })
}

/// A crossing as `queryUnPushCrossInfo` returns it.
pub(crate) fn crossing(number: usize, time: &str) -> Value {
    json!({
        "uuid": format!("u{number}"), "deviceNo": "CAM-01", "plateNumber": "粤B12345",
        "color": "blue", "crossTime": time
    })
}

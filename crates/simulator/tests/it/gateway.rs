//! A gateway that takes events as its script says, and commands by raw HTTP.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use boshi_simulator::lot::VirtualLot;

use crate::{KEY, soon, until};

#[derive(Clone)]
pub(crate) struct Gateway {
    address: SocketAddr,
    shared: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    taken: Vec<Value>,
    heartbeats: Vec<Value>,
    /// Statuses to answer with before events are taken again.
    statuses: VecDeque<StatusCode>,
    /// Whether nothing is taken until further notice.
    busy: bool,
    attempts: usize,
}

impl Gateway {
    pub(crate) async fn start() -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway {
            address: listener.local_addr().unwrap(),
            shared: Arc::default(),
        };
        let router = Router::new()
            .route("/v1/events", post(take))
            .with_state(gateway.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        gateway
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn answer_first_with(&self, statuses: &[u16]) {
        let statuses = statuses
            .iter()
            .map(|code| StatusCode::from_u16(*code).unwrap());
        self.shared.lock().unwrap().statuses.extend(statuses);
    }

    pub(crate) fn set_busy(&self, busy: bool) {
        self.shared.lock().unwrap().busy = busy;
    }

    pub(crate) fn attempts(&self) -> usize {
        self.shared.lock().unwrap().attempts
    }

    /// What was taken, without heartbeats.
    pub(crate) fn taken(&self) -> Vec<Value> {
        self.shared.lock().unwrap().taken.clone()
    }

    pub(crate) fn heartbeats(&self) -> Vec<Value> {
        self.shared.lock().unwrap().heartbeats.clone()
    }

    /// What was taken of a device, in short: `trigger_loop true`, `plate 粤B12345`, `arm up`.
    pub(crate) fn account(&self, devices: &[&str]) -> Vec<String> {
        let taken = self.taken();
        let of_them = taken
            .iter()
            .filter(|event| devices.iter().any(|device| event["device"] == *device));
        of_them.map(in_short).collect()
    }

    pub(crate) async fn until_taken(&self, in_short_it_is: &str) {
        until(|| {
            self.taken()
                .iter()
                .any(|event| in_short(event) == in_short_it_is)
        })
        .await;
    }
}

fn in_short(event: &Value) -> String {
    let detail = ["pressed", "position", "plate", "on"];
    let detail = detail
        .into_iter()
        .find_map(|field| event.get(field))
        .unwrap();
    let detail = detail.to_string();
    format!(
        "{} {}",
        event["event"].as_str().unwrap(),
        detail.trim_matches('"')
    )
}

async fn take(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    assert_eq!(headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(headers["content-type"], "application/json");
    let event: Value = serde_json::from_str(&body).unwrap();
    let mut script = gateway.shared.lock().unwrap();
    if event["event"] == "heartbeat" {
        script.heartbeats.push(event);
        return (StatusCode::OK, json!({"ok": true}).to_string());
    }
    script.attempts += 1;
    let status = match script.statuses.pop_front() {
        _ if script.busy => StatusCode::SERVICE_UNAVAILABLE,
        Some(status) => status,
        None => StatusCode::OK,
    };
    if status == StatusCode::OK {
        script.taken.push(event);
    }
    let ok = status == StatusCode::OK;
    (status, json!({"ok": ok, "error": "按脚本"}).to_string())
}

/// Posts a command as raw text; status and body.
pub(crate) async fn post_raw(lot: &VirtualLot, key: &str, body: &str) -> (u16, Value) {
    let url = lot.device_url().strip_prefix("http://").unwrap();
    let (host, path) = url.split_once('/').unwrap();
    let length = body.len();
    let request = format!(
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    soon(stream.read_to_string(&mut reply)).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

/// Gives a command and returns the answer's body.
pub(crate) async fn command(lot: &VirtualLot, command: Value) -> Value {
    let (status, answer) = post_raw(lot, KEY, &command.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

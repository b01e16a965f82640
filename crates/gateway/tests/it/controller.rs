//! A controller that acts as `docs/DEVICES.md` says, as well as the test wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::wire::eventually;

/// The keys of the two lanes.
pub(crate) const KEYS: [&str; 2] = ["key-one", "key-two"];

/// How a device does what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Obeys,
    /// It says that it did not.
    Fails,
    /// It never answers.
    Mute,
}

pub(crate) struct Controller {
    pub(crate) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    mood: Mood,
    /// The devices that answer a check; all that are asked for when there are none.
    online: Option<Vec<&'static str>>,
    state: Value,
    commands: Vec<Value>,
}

impl Controller {
    pub(crate) async fn start() -> Controller {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            mood: Mood::Obeys,
            online: None,
            state: json!([]),
            commands: Vec::new(),
        }));
        let taken = Arc::clone(&shared);
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let answer = take(&taken, &headers, &body);
            async move {
                match answer {
                    Some(response) => response,
                    None => std::future::pending().await,
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Controller { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/device", self.address)
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.shared.lock().unwrap().mood = mood;
    }

    pub(crate) fn has_online(&self, devices: &[&'static str]) {
        self.shared.lock().unwrap().online = Some(devices.to_vec());
    }

    pub(crate) fn has_state(&self, state: Value) {
        self.shared.lock().unwrap().state = state;
    }

    /// The commands of a kind to a device so far.
    pub(crate) fn told(&self, command: &str, device: &str) -> Vec<Value> {
        let shared = self.shared.lock().unwrap();
        let fits = |it: &&Value| it["command"] == command && it["device"] == device;
        shared.commands.iter().filter(fits).cloned().collect()
    }

    /// Waits for the `count`-th command of a kind to a device.
    pub(crate) async fn hears(&self, command: &str, device: &str, count: usize) -> Vec<Value> {
        let what = format!("{command} of {device}");
        eventually(&what, || {
            Some(self.told(command, device)).filter(|told| told.len() >= count)
        })
        .await
    }

    /// Waits until a display was told to show these lines.
    pub(crate) async fn shows(&self, display: &str, lines: &[&str]) {
        let what = format!("{lines:?} on {display}");
        eventually(&what, || {
            let told = self.told("show", display);
            let texts = |show: &Value| -> Vec<String> {
                let lines = show["lines"].as_array().unwrap().iter();
                lines
                    .map(|line| line["text"].as_str().unwrap().to_owned())
                    .collect()
            };
            told.iter().any(|show| texts(show) == lines).then_some(())
        })
        .await;
    }
}

/// What to answer; `None`: nothing, ever.
fn take(shared: &Mutex<Shared>, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    let bearer = headers[header::AUTHORIZATION].to_str().unwrap();
    if !KEYS.iter().any(|key| bearer == format!("Bearer {key}")) {
        return Some(StatusCode::UNAUTHORIZED.into_response());
    }
    let command: Value = serde_json::from_slice(body).unwrap();
    let mut shared = shared.lock().unwrap();
    let ids: Vec<&Value> = shared.commands.iter().map(|it| &it["id"]).collect();
    assert!(!ids.contains(&&command["id"]), "an id comes twice");
    let answer = if command["command"] == "check" {
        let asked = command["devices"].as_array().unwrap().clone();
        let online = shared.online.as_ref().map_or(json!(asked), |it| json!(it));
        Some(json!({"ok": true, "online": online, "state": shared.state}))
    } else {
        match shared.mood {
            Mood::Obeys => Some(json!({"ok": true})),
            Mood::Fails => Some(json!({"ok": false, "error": "继电器无响应"})),
            Mood::Mute => None,
        }
    };
    shared.commands.push(command);
    answer.map(|answer| axum::Json(answer).into_response())
}

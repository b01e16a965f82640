//! The generic driver: a controller told by HTTP and JSON (`docs/DEVICES.md`).

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::endpoint::Line;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::controller::{Checked, CommandError};
use super::event::Event;
use super::mailbox::Mailbox;
use crate::reload::InForce;

/// Longest that an answer is waited for.
const ANSWER: Duration = Duration::from_secs(3);

/// Longest that the answer of a barrier is waited for. Longer than a lane waits, so that a late
/// answer is still heard: a barrier that moved late did move.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Longest that a connection on the lot's own network may take.
const CONNECT: Duration = Duration::from_secs(2);

/// Largest answer in bytes: the devices of one lane need less than one kilobyte.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// One controller.
#[derive(Clone, Debug)]
pub(crate) struct Generic {
    way: Way,
}

/// How a controller is told.
#[derive(Clone, Debug)]
enum Way {
    /// It is called.
    Called {
        client: reqwest::Client,
        url: String,
        key: SecretString,
    },
    /// It fetches its commands itself.
    Fetches {
        mailbox: Arc<Mailbox>,
        /// Says how long lanes wait for a barrier.
        in_force: InForce,
    },
}

#[derive(Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    online: Vec<String>,
    #[serde(default)]
    state: Vec<Map<String, Value>>,
}

impl Generic {
    pub(crate) fn new(client: reqwest::Client, url: String, key: SecretString) -> Generic {
        Generic {
            way: Way::Called { client, url, key },
        }
    }

    /// One that fetches its commands from `mailbox`. What was not fetched in good time before lanes
    /// give a barrier up is withdrawn.
    pub(crate) fn that_fetches(mailbox: Arc<Mailbox>, in_force: InForce) -> Generic {
        Generic {
            way: Way::Fetches { mailbox, in_force },
        }
    }

    /// The client that all controllers share.
    pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            .build()
    }

    /// Drives a barrier, once.
    pub(super) async fn drive(
        &self,
        id: &str,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let word = match motion {
            Motion::Pulse => "open",
            Motion::Hold => "hold",
            Motion::Release => "restore",
        };
        let command = json!({"command": word, "id": id, "device": barrier.as_str()});
        self.send(command, LATE_ANSWER).await.map(drop)
    }

    /// Shows lines on a display (SHOW-1, SHOW-2).
    pub(super) async fn show(
        &self,
        id: &str,
        display: &DeviceNo,
        lines: &[Line],
    ) -> Result<(), CommandError> {
        let line = |line: &Line| json!({"text": line.text, "alignment": line.alignment.as_str()});
        let lines: Vec<Value> = lines.iter().map(line).collect();
        let device = display.as_str();
        let command = json!({"command": "show", "id": id, "device": device, "lines": lines});
        self.send(command, ANSWER).await.map(drop)
    }

    /// Asks which of these devices answer, and how their contacts are (ABN-3).
    pub(super) async fn check(
        &self,
        id: &str,
        devices: &[DeviceNo],
    ) -> Result<Checked, CommandError> {
        let numbers: Vec<&str> = devices.iter().map(DeviceNo::as_str).collect();
        let command = json!({"command": "check", "id": id, "devices": numbers});
        let Reply { online, state, .. } = self.send(command, ANSWER).await?;
        let known = |device: &&DeviceNo| online.iter().any(|text| text == device.as_str());
        let state = state.into_iter().filter_map(|object| {
            let event = Event::of(object);
            event
                .inspect_err(|error| tracing::warn!(error, "a controller's state is unreadable"))
                .ok()
        });
        Ok(Checked {
            online: devices.iter().filter(known).cloned().collect(),
            state: state.collect(),
        })
    }

    async fn send(&self, command: Value, limit: Duration) -> Result<Reply, CommandError> {
        let reply = match &self.way {
            Way::Called { client, url, key } => {
                let authorization = format!("Bearer {}", key.expose_secret());
                let request = client
                    .post(url)
                    .timeout(limit)
                    .header(CONTENT_TYPE, "application/json")
                    .header(AUTHORIZATION, authorization)
                    .body(command.to_string());
                called(request).await?
            }
            Way::Fetches { mailbox, in_force } => {
                let within = in_force.borrow().timing.act / 3 * 2;
                let id = command["id"].as_str().unwrap_or_default().to_owned();
                let answer = mailbox.send(&id, command, within, limit).await?;
                serde_json::from_value(answer).map_err(|_| unreadable())?
            }
        };
        if reply.ok {
            Ok(reply)
        } else {
            Err(CommandError::NotDone(reply.error))
        }
    }
}

/// Calls a controller, once.
async fn called(request: reqwest::RequestBuilder) -> Result<Reply, CommandError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            CommandError::NotDone("控制器无法连接".to_owned())
        } else {
            CommandError::Unknown("控制器未应答".to_owned())
        }
    })?;
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| unreadable())? {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(unreadable());
        }
        bytes.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        let why = format!("控制器返回 HTTP {}", status.as_u16());
        return Err(if status.is_server_error() {
            CommandError::Unknown(why)
        } else {
            CommandError::NotDone(why)
        });
    }
    serde_json::from_slice(&bytes).map_err(|_| unreadable())
}

fn unreadable() -> CommandError {
    CommandError::Unknown("控制器应答无法读取".to_owned())
}

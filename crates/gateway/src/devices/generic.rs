//! The generic driver: a controller told by HTTP and JSON (`docs/DEVICES.md`).

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::endpoint::Line;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::caller::IDLE;
use super::controller::{Checked, CommandError, DeviceDriver, Message};
use super::controllers::Known;
use super::event::Event;
use super::health::Health;
use super::mailbox::Mailbox;
use super::outfit::{EquipError, Outfit};
use super::reply::Reply;
use crate::config::{Equipment, Lane, Lot, POLL};
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
#[derive(Debug)]
struct Generic {
    /// What people call it: after its first lane.
    name: String,
    devices: Vec<DeviceNo>,
    health: Arc<Health>,
    way: Way,
}

/// How a controller is told.
#[derive(Debug)]
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

/// The controllers of a lot, each with those devices of its lanes that nothing else speaks to.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    let lot = outfit.lot;
    let client = client()?;
    for (url, key, lanes) in controllers(lot) {
        let devices = lanes.iter().flat_map(|lane| lane.devices());
        let devices = devices.filter(|it| !lot.drives(it)).cloned().collect();
        let patience = outfit.in_force.borrow().supervision.check + LATE_ANSWER;
        let fetches = lanes[0].fetches_commands();
        let Known { health, mailbox } = outfit.controllers.of(key, fetches, patience);
        let way = match mailbox {
            Some(mailbox) => Way::Fetches {
                mailbox,
                in_force: outfit.in_force.clone(),
            },
            None => Way::Called {
                client: client.clone(),
                url: url.to_owned(),
                key: key.clone(),
            },
        };
        outfit.has(Generic {
            name: format!("{} {}", lanes[0].gate, lanes[0].name),
            devices,
            health,
            way,
        });
    }
    Ok(())
}

/// Every controller with its lanes.
fn controllers(lot: &Lot) -> Vec<(&str, &SecretString, Vec<&Lane>)> {
    let mut all: Vec<(&str, &SecretString, Vec<&Lane>)> = Vec::new();
    for lane in &lot.lanes {
        let Some((url, key)) = lane.device_url.as_deref().zip(lane.device_key.as_ref()) else {
            continue;
        };
        let mut known = all.iter_mut();
        let same = |it: &&mut (&str, &SecretString, _)| {
            it.0 == url && it.1.expose_secret() == key.expose_secret()
        };
        match known.find(same) {
            Some((.., lanes)) => lanes.push(lane),
            None => all.push((url, key, vec![lane])),
        }
    }
    all
}

/// The client that all controllers share.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .build()
}

impl Equipment for Generic {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        self.devices.iter().collect()
    }
}

impl DeviceDriver for Generic {
    fn equipment(&self) -> &dyn Equipment {
        self
    }

    fn health(&self) -> &Health {
        &self.health
    }

    fn way(&self) -> (&'static str, String) {
        let address = match &self.way {
            Way::Called { url, .. } => url,
            Way::Fetches { .. } => POLL,
        };
        ("controller", address.to_owned())
    }

    fn drive<'a>(
        &'a self,
        id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        let word = match motion {
            Motion::Pulse => "open",
            Motion::Hold => "hold",
            Motion::Release => "restore",
        };
        let command = json!({"command": word, "id": id, "device": barrier.as_str()});
        Box::pin(async move { self.send(command, LATE_ANSWER).await.map(drop) })
    }

    fn show<'a>(
        &'a self,
        id: &'a str,
        display: &'a DeviceNo,
        message: &'a Message<'_>,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        let line = |line: &Line| json!({"text": line.text, "alignment": line.alignment.as_str()});
        let lines: Vec<Value> = message.lines.iter().map(line).collect();
        let device = display.as_str();
        let command = json!({"command": "show", "id": id, "device": device, "lines": lines});
        Box::pin(async move { self.send(command, ANSWER).await.map(drop) })
    }

    fn check<'a>(&'a self, id: &'a str, devices: &'a [DeviceNo]) -> BoxFuture<'a, Checked> {
        Box::pin(async move {
            if devices.is_empty() {
                return Checked::default();
            }
            let checked = self.asked(id, devices).await;
            checked.unwrap_or_else(|error| {
                tracing::warn!(%error, ?devices, "a controller does not answer");
                Checked::default()
            })
        })
    }
}

impl Generic {
    async fn asked(&self, id: &str, devices: &[DeviceNo]) -> Result<Checked, CommandError> {
        let numbers: Vec<&str> = devices.iter().map(DeviceNo::as_str).collect();
        let command = json!({"command": "check", "id": id, "devices": numbers});
        let reply = self.send(command, ANSWER).await?;
        let online = reply.online().map_err(unreadable)?;
        let known = |device: &&DeviceNo| online.contains(&device.as_str());
        let state = reply.state().map_err(unreadable)?;
        let state = state.into_iter().filter_map(|object| {
            let event = Event::of(object.clone());
            event
                .inspect_err(|error| tracing::warn!(error, "a controller's state is unreadable"))
                .ok()
        });
        Ok(Checked {
            online: devices.iter().filter(known).cloned().collect(),
            state: state.collect(),
        })
    }

    /// Tells a command, once, and returns the answer. A question is not kept to be looked at: it
    /// would push out everything else.
    async fn send(&self, command: Value, limit: Duration) -> Result<Reply, CommandError> {
        let is_question = command["command"] == "check";
        match is_question {
            true => self.health.asked(),
            false => self.health.sent(command.to_string().as_bytes()),
        }
        let answer = match &self.way {
            Way::Called { client, url, key } => {
                let authorization = format!("Bearer {}", key.expose_secret());
                let request = client
                    .post(url)
                    .timeout(limit)
                    .header(CONTENT_TYPE, "application/json")
                    .header(AUTHORIZATION, authorization)
                    .body(command.to_string());
                called(request).await
            }
            Way::Fetches { mailbox, in_force } => {
                let within = in_force.borrow().timing.act / 3 * 2;
                let id = command["id"].as_str().unwrap_or_default().to_owned();
                mailbox.send(&id, command, within, limit).await
            }
        };
        let answer = answer.inspect_err(|error| _ = self.health.lost(&error.to_string()))?;
        let frame = answer.to_string();
        let reply = Reply::of(answer).map_err(|why| {
            self.health
                .nonsense(&format!("应答无法读取：{why}"), frame.as_bytes());
            unreadable(why)
        })?;
        self.health
            .called((!is_question).then_some(frame.as_bytes()));
        if reply.ok {
            return Ok(reply);
        }
        self.health.faulty(&reply.error);
        Err(CommandError::NotDone(reply.error))
    }
}

/// Calls a controller, once.
async fn called(request: reqwest::RequestBuilder) -> Result<Value, CommandError> {
    let mut response = request.send().await.map_err(|error| {
        if error.is_connect() {
            CommandError::NotDone("控制器无法连接".to_owned())
        } else {
            CommandError::Unknown("控制器未应答".to_owned())
        }
    })?;
    let status = response.status();
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| broken_off())? {
        if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(unreadable(format!("超过 {MAX_ANSWER_BYTES} 字节")));
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
    serde_json::from_slice(&bytes).map_err(|error| unreadable(format!("不是 JSON：{error}")))
}

fn broken_off() -> CommandError {
    CommandError::Unknown("控制器的应答中断".to_owned())
}

/// Why an answer means nothing.
fn unreadable(why: impl std::fmt::Display) -> CommandError {
    CommandError::Unknown(format!("控制器应答无法读取：{why}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// OPEN-7: the first command after a controller has lost its power would get no answer.
    #[tokio::test]
    async fn a_connection_that_nobody_uses_is_not_kept_for_the_next_command() {
        boshi_transport::certificate::install_crypto();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = client().unwrap();
        let told = called(client.post(url).body("{}"));
        let (told, connection) = tokio::join!(told, async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(connection.read(&mut request).await.unwrap() > 0);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            connection.write_all(answer).await.unwrap();
            connection
        });
        assert_eq!(told, Ok(json!({})));
        let (mut connection, mut byte) = (connection, [0; 1]);
        let ended = tokio::time::timeout(IDLE * 5, connection.read(&mut byte));
        assert_eq!(ended.await.expect("it is closed").unwrap(), 0);
    }
}

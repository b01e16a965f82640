//! The device URL: takes commands, lets the devices do them, and answers then.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use boshi_protocol::id::DeviceNo;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::command::{Command, Task};
use super::player::Order;
use super::site::Site;
use crate::equipment::Motion;

/// Where commands are taken.
pub(super) const PATH: &str = "/device";

/// Largest command, in bytes: a display's lines.
const MAX_COMMAND_BYTES: usize = 64 * 1024;

/// How many commands are known again: hours of a busy lot.
const MAX_KNOWN: usize = 10_000;

/// Longest that commands under way may take when the lot stops.
const DRAIN: Duration = Duration::from_secs(1);

/// The controllers of all lanes, behind one URL.
pub(super) struct Controller {
    lanes: Vec<Attached>,
    site: Arc<Site>,
    known: Mutex<Known>,
    stop: CancellationToken,
}

/// The devices of one lane.
pub(super) struct Attached {
    pub(super) key: SecretString,
    pub(super) barrier: DeviceNo,
    pub(super) display: Option<DeviceNo>,
    pub(super) devices: Vec<DeviceNo>,
    pub(super) orders: mpsc::Sender<Order>,
}

/// What became of a command, once it has.
type Answer = watch::Receiver<Option<Value>>;

/// Commands by key and id.
#[derive(Default)]
struct Known {
    answers: HashMap<String, Answer>,
    order: VecDeque<String>,
}

impl Controller {
    pub(super) fn new(lanes: Vec<Attached>, site: Arc<Site>, stop: CancellationToken) -> Self {
        Controller {
            lanes,
            site,
            known: Mutex::default(),
            stop,
        }
    }

    pub(super) async fn serve(self, listener: TcpListener) {
        let stop = self.stop.clone();
        let router = Router::new()
            .route(PATH, post(take))
            .layer(DefaultBodyLimit::max(MAX_COMMAND_BYTES))
            .with_state(Arc::new(self));
        let stopped = stop.clone();
        let serving = axum::serve(listener, router)
            .with_graceful_shutdown(async move { stopped.cancelled().await });
        tokio::select! {
            served = serving => if let Err(error) = served {
                warn!(%error, "the device URL is served no longer");
            },
            () = async { stop.cancelled().await; tokio::time::sleep(DRAIN).await } => {}
        }
    }

    /// Has the command done, unless it was before; either way its one answer is awaited.
    fn answer(self: &Arc<Self>, key: &str, command: Command) -> Answer {
        let name = format!("{key}\n{}", command.id);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.answers.get(&name) {
            return answer.clone();
        }
        if known.order.len() >= MAX_KNOWN
            && let Some(oldest) = known.order.pop_front()
        {
            known.answers.remove(&oldest);
        }
        let (done, answer) = watch::channel(None);
        known.order.push_back(name.clone());
        known.answers.insert(name, answer.clone());
        drop(known);
        let (controller, key) = (Arc::clone(self), key.to_owned());
        // On its own: the device acts also when nobody waits for the answer any longer.
        tokio::spawn(async move {
            if let Some(value) = controller.carry_out(&key, command.task).await {
                done.send_replace(Some(value));
            }
        });
        answer
    }

    /// What to answer; `None`: the device never answers.
    async fn carry_out(&self, key: &str, task: Task) -> Option<Value> {
        match task {
            Task::Open { device } => self.drive(key, &device, Motion::Open).await,
            Task::Hold { device } => self.drive(key, &device, Motion::Hold).await,
            Task::Restore { device } => self.drive(key, &device, Motion::Restore).await,
            Task::Show { device, lines } => Some(
                match self.lane(key, |lane| lane.display.as_ref() == Some(&device)) {
                    None => failed(format!("没有显示屏 {device}")),
                    Some(_) if !self.site.is_plugged(&device) => {
                        failed(format!("显示屏 {device} 无响应"))
                    }
                    Some(_) => {
                        self.site.show(&device, lines);
                        json!({"ok": true})
                    }
                },
            ),
            Task::Check { devices } => {
                let online: Vec<String> = devices
                    .into_iter()
                    .filter(|device| self.is_online(key, device))
                    .collect();
                Some(json!({"ok": true, "online": online}))
            }
        }
    }

    async fn drive(&self, key: &str, barrier: &DeviceNo, motion: Motion) -> Option<Value> {
        let Some(lane) = self.lane(key, |lane| lane.barrier == *barrier) else {
            return Some(failed(format!("没有栏杆机 {barrier}")));
        };
        if !self.site.is_plugged(barrier) {
            return Some(failed(format!("栏杆机 {barrier} 无响应")));
        }
        let (done, result) = oneshot::channel();
        let order = Order::Command(motion, done);
        if lane.orders.send(order).await.is_err() {
            return Some(failed("车场已停止".to_owned()));
        }
        match result.await {
            Ok(Ok(())) => Some(json!({"ok": true})),
            Ok(Err(why)) => Some(failed(why)),
            Err(_) => None,
        }
    }

    fn lane(&self, key: &str, is_it: impl Fn(&Attached) -> bool) -> Option<&Attached> {
        let mut lanes = self.lanes.iter();
        lanes.find(|lane| lane.key.expose_secret() == key && is_it(lane))
    }

    fn is_online(&self, key: &str, device: &str) -> bool {
        self.lanes
            .iter()
            .filter(|lane| lane.key.expose_secret() == key)
            .flat_map(|lane| &lane.devices)
            .any(|own| own.as_str() == device && self.site.is_plugged(own))
    }

    fn knows(&self, key: &str) -> bool {
        self.lane(key, |_| true).is_some()
    }
}

async fn take(
    State(controller): State<Arc<Controller>>,
    headers: HeaderMap,
    body: String,
) -> impl IntoResponse {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let key = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let Some(key) = key.filter(|key| controller.knows(key)) else {
        return reply(StatusCode::UNAUTHORIZED, &failed("密钥不符".to_owned()));
    };
    let command = match serde_json::from_str::<Command>(&body) {
        Ok(command) => command,
        Err(error) => return reply(StatusCode::BAD_REQUEST, &failed(error.to_string())),
    };
    let mut answer = controller.answer(key, command);
    let answered = async {
        if answer.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
        answer.borrow().clone()
    };
    match controller
        .stop
        .run_until_cancelled(answered)
        .await
        .flatten()
    {
        Some(value) => reply(StatusCode::OK, &value),
        None => {
            let stopped = failed("车场已停止".to_owned());
            reply(StatusCode::SERVICE_UNAVAILABLE, &stopped)
        }
    }
}

fn failed(why: String) -> Value {
    json!({"ok": false, "error": why})
}

fn reply(status: StatusCode, value: &Value) -> impl IntoResponse + use<> {
    let content = [(CONTENT_TYPE, "application/json")];
    (status, content, value.to_string())
}

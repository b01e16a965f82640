//! LED and voice boards of the OLM / 金颉 protocol, behind a serial server, on a serial port,
//! or behind a camera (`docs/EQUIPMENT.md`).
//!
//! `frame` is the wire, `text` what a board is told to show, `queue` what waits for a line, `screen`
//! what is known of one board, all without I/O; `job` is what is told and what becomes of
//! it, `link` an open line, `worker` joins them.

mod frame;
pub(crate) mod fuzzed;
mod job;
mod link;
pub(super) mod probe;
mod queue;
mod screen;
mod spaces;
mod text;
mod worker;

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout_at;

pub(crate) use self::queue::Urgency;

use self::job::Wanted;
use self::screen::Shown;
use self::worker::{Way, Worker};
use super::controller::{Checked, CommandError, DeviceDriver, Message};
use super::health::Health;
use super::outfit::{EquipError, Outfit};
use crate::config::{self, Equipment};

/// How long after its last answer a board counts as there: it is asked twice within that.
const SILENT: Duration = Duration::from_secs(8);

/// Most messages that a line has not looked at: each board has one, and is asked seldom.
const QUEUED: usize = 64;

/// Longest that the answer to a message is awaited that was told in good time.
const LATE_ANSWER: Duration = Duration::from_secs(5);

/// A board, from outside.
#[derive(Debug)]
struct Board {
    place: usize,
    wanted: mpsc::Sender<Wanted>,
    seen: Arc<Seen>,
}

/// What its worker has found out.
#[derive(Debug)]
struct Seen {
    config: config::Olm,
    /// Whether it is one that answers.
    awaits: bool,
    health: Health,
    /// Whether the way to it is open.
    reached: AtomicBool,
}

impl Seen {
    /// Where it is, for people.
    fn at(&self) -> String {
        let config::Olm {
            address,
            camera,
            port,
            ..
        } = &self.config;
        match (address, camera) {
            (Some(address), _) => address.clone(),
            (None, camera) => format!("{} 485-{port}", camera.as_deref().unwrap_or("-")),
        }
    }
}

/// The boards of a lot, and a worker for each line.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    let lot = outfit.lot;
    let (inside_is, inside) = watch::channel(None);
    if lot.olm.iter().any(|board| board.spaces.is_some()) {
        outfit.starts(|it| {
            let counting = spaces::count(it.intake.journal.clone(), it.lot.clone(), inside_is);
            let stop = it.stop.clone();
            it.spawn(async move {
                stop.run_until_cancelled(counting).await;
            });
        });
    }
    let mut lines: Vec<(&config::Olm, Vec<Arc<Seen>>)> = Vec::new();
    for config in &lot.olm {
        let seen = Arc::new(Seen {
            config: config.clone(),
            awaits: lot.answers(config),
            health: Health::new(SILENT),
            reached: AtomicBool::new(false),
        });
        let mut known = lines.iter_mut();
        let way = |it: &config::Olm| (it.address.clone(), it.camera.clone(), it.port);
        match known.find(|(it, _)| way(it) == way(config)) {
            Some((_, line)) => line.push(seen),
            None => lines.push((config, vec![seen])),
        }
    }
    for (config, line) in lines {
        let way = match (&config.address, &config.camera) {
            (Some(address), _) => Way::Address(address.clone(), config.line()),
            (None, Some(name)) => Way::Camera(outfit.rs485(name, config.port)),
            (None, None) => Way::Camera(None),
        };
        let (to, wanted) = mpsc::channel(QUEUED);
        for (place, seen) in line.iter().enumerate() {
            let (wanted, seen) = (to.clone(), Arc::clone(seen));
            outfit.has(Board {
                place,
                wanted,
                seen,
            });
        }
        let worker = Worker::new(way, line, wanted);
        let inside = inside.clone();
        outfit.starts(|it| it.spawn(worker.run(it.teller(), inside, it.stop.clone())));
    }
    Ok(())
}

impl DeviceDriver for Board {
    fn equipment(&self) -> &dyn Equipment {
        &self.seen.config
    }

    fn health(&self) -> &Health {
        &self.seen.health
    }

    fn way(&self) -> (&'static str, String) {
        ("olm", self.seen.at())
    }

    fn show<'a>(
        &'a self,
        _id: &'a str,
        _display: &'a DeviceNo,
        message: &'a Message<'_>,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(self.shows(message))
    }

    /// One that does not answer is there while the way to it is open; of one behind a camera it is
    /// the camera that may be lost.
    fn check<'a>(&'a self, _id: &'a str, devices: &'a [DeviceNo]) -> BoxFuture<'a, Checked> {
        let there = match self.seen.awaits {
            true => self.seen.health.answers(),
            false => self.seen.reached.load(Ordering::Relaxed),
        };
        let online = if there { devices.to_vec() } else { Vec::new() };
        let state = Vec::new();
        Box::pin(ready(Checked { online, state }))
    }

    /// Of one that does not answer only the way to it is known.
    fn shown(&self) -> Value {
        let Seen { config, health, .. } = &*self.seen;
        let mut shown = health.shown("olm", &config.name, &self.seen.at());
        if !self.seen.awaits {
            let reached = self.seen.reached.load(Ordering::Relaxed);
            shown["state"] = json!(if reached { "unknown" } else { "offline" });
        }
        shown
    }
}

impl Board {
    /// Shows a message; success only when the board said that it took it (SHOW-2).
    async fn shows(&self, message: &Message<'_>) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        let shown = Arc::new(Shown {
            pages: text::pages(message.lines, &self.seen.config),
            spoken: message.spoken.clone().unwrap_or_default(),
            urgency: message.urgency,
        });
        let wanted = Wanted {
            board: self.place,
            shown,
            until: message.until,
            answer,
        };
        let sent = self.wanted.try_send(wanted);
        sent.map_err(|_| CommandError::NotDone("显示屏忙".to_owned()))?;
        match timeout_at(message.until + LATE_ANSWER, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown("显示屏未应答".to_owned())),
        }
    }
}

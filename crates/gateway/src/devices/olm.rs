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
mod queue;
mod screen;
pub(crate) mod spaces;
mod text;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

pub(crate) use self::queue::Urgency;
pub(crate) use self::worker::Worker;

use self::job::Wanted;
use self::screen::Shown;
use self::worker::Way;
use super::controller::{Checked, CommandError, Message};
use super::health::Health;
use super::vz::rs485::Rs485;
use crate::config;

/// How long after its last answer a board counts as there: it is asked twice within that.
const SILENT: Duration = Duration::from_secs(8);

/// Most messages that a line has not looked at: each board has one, and is asked seldom.
const QUEUED: usize = 64;

/// Longest that the answer to a message is awaited that was told in good time.
const LATE_ANSWER: Duration = Duration::from_secs(5);

/// A board, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Board {
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

impl Board {
    /// The boards of a lot, and the workers of their lines, which are yet to run.
    pub(crate) fn all(
        lot: &config::Lot,
        camera: impl Fn(&str, u8) -> Option<Rs485>,
    ) -> (Vec<Board>, Vec<Worker>) {
        let (mut boards, mut workers) = (Vec::new(), Vec::new());
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
                (None, Some(name)) => Way::Camera(camera(name, config.port)),
                (None, None) => Way::Camera(None),
            };
            let (to, wanted) = mpsc::channel(QUEUED);
            let own = line.iter().enumerate().map(|(place, seen)| Board {
                place,
                wanted: to.clone(),
                seen: Arc::clone(seen),
            });
            boards.extend(own);
            workers.push(Worker::new(way, line, wanted));
        }
        (boards, workers)
    }

    /// The display that it is.
    pub(crate) fn display(&self) -> &DeviceNo {
        &self.seen.config.display
    }

    /// What people call it, and what was said.
    pub(super) fn link(&self) -> (&str, &Health) {
        (&self.seen.config.name, &self.seen.health)
    }

    /// How it stands, for people. Of one that does not answer only the way to it is known.
    pub(super) fn shown(&self) -> Value {
        let Seen { config, health, .. } = &*self.seen;
        let mut shown = health.shown("olm", &config.name, &self.seen.at());
        if !self.seen.awaits {
            let reached = self.seen.reached.load(Ordering::Relaxed);
            shown["state"] = json!(if reached { "unknown" } else { "offline" });
        }
        shown
    }

    /// Shows a message; success only when the board said that it took it (SHOW-2).
    pub(super) async fn show(&self, message: &Message<'_>) -> Result<(), CommandError> {
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

    /// Whether it is one of these, and there. One that does not answer is there while the way to it
    /// is open; of one behind a camera it is the camera that may be lost.
    pub(super) fn check(&self, devices: &[DeviceNo]) -> Checked {
        let Seen {
            awaits,
            health,
            reached,
            ..
        } = &*self.seen;
        let there = match awaits {
            true => health.answers(),
            false => reached.load(Ordering::Relaxed),
        };
        let own = devices.iter().filter(|it| there && *it == self.display());
        Checked {
            online: own.cloned().collect(),
            state: Vec::new(),
        }
    }
}

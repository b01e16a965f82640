//! Cameras of 臻识 (VZ, 火眼臻睛), and those of 芊熠 (QY) and Alphadigi that speak nearly the same,
//! over HTTP (`docs/EQUIPMENT.md`): the camera pushes what it sees, and asks again and again what
//! there is to do (comet).
//!
//! `message` is what it says, `reply` what it is answered, both without I/O; `push` the address that
//! it speaks to. `tcp` is the other way: the gateway connects to the camera; over `mqtt` both connect to
//! the lot's broker.

pub(crate) mod fuzzed;
pub(crate) mod hx;
mod message;
pub(crate) mod mqtt;
mod push;
mod reply;
pub(crate) mod rs485;
pub(crate) mod tcp;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;
use uuid::Uuid;

use super::contact::Contacts;
use super::controller::{CommandError, DeviceDriver};
use super::event::{Event, Heartbeat, PlateEvent};
use super::health::Health;
use super::mailbox::{Mailbox, Question};
use super::outfit::{EquipError, Outfit};
use super::relays::{Refusal, Relays, Step};
use super::teller::Teller;
use super::unheld;
use crate::config::{self, Confirm, Equipment, PulseBy, VzDialect};
use crate::reload::InForce;

pub(in crate::devices) use self::message::{at, text};

use self::message::Seen;
use self::push::PushingCamera;
use self::rs485::{Listeners, Passed, PassesOn};

/// Longest that a command that was handed to the camera is awaited: longer than a lane does.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Most questions for commands of one camera that are kept waiting: a camera has one; another may
/// hang in a connection that it has given up.
const MOST_POLLS: usize = 4;

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
struct Camera(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: config::Vz,
    health: Health,
    contacts: Contacts,
    relays: Mutex<Relays>,
    mailbox: Mailbox,
    /// What is for its RS485, and who listens there.
    serial: Mailbox,
    rs485: Listeners,
    /// Commands in an answer that the camera was given; its next question shows that it took it.
    handed: Mutex<Vec<String>>,
    polls: Arc<Semaphore>,
    /// Whether it was away while a hold was in force, and has not been told so since.
    forgot: AtomicBool,
    in_force: InForce,
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    attach("vz", outfit.lot.vz.iter().cloned(), outfit);
    Ok(())
}

/// Cameras that push to a path of their family.
fn attach(path: &'static str, cameras: impl Iterator<Item = config::Vz>, outfit: &mut Outfit<'_>) {
    outfit.starts(move |it| it.pushing.family(path));
    for config in cameras {
        let camera = Camera::new(&config, outfit.in_force.clone());
        outfit.has(camera.clone());
        outfit.starts(move |it| {
            let pushing = PushingCamera::new(camera, it.teller(), it.stop.clone());
            it.pushing.add(path, &config.key, Arc::new(pushing));
        });
    }
}

impl Camera {
    fn new(config: &config::Vz, in_force: InForce) -> Camera {
        let barriers: Vec<_> = config.barrier.iter().map(|it| it.relays()).collect();
        Camera(Arc::new(Inner {
            health: Health::new(config.patience()),
            // A push tells of a change, which is not repeated.
            contacts: Contacts::new(&config.inputs, 1),
            relays: Mutex::new(Relays::new(&barriers, PulseBy::Module)),
            mailbox: Mailbox::of("相机"),
            serial: Mailbox::of("相机"),
            rs485: Listeners::default(),
            handed: Mutex::default(),
            polls: Arc::new(Semaphore::new(MOST_POLLS)),
            forgot: AtomicBool::new(false),
            config: config.clone(),
            in_force,
        }))
    }

    /// Drives a barrier, once. That the camera takes the command does not prove that the arm
    /// moves.
    async fn drives(
        &self,
        id: &str,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let timing = self.0.in_force.borrow().timing.clone();
        let until = Instant::now() + timing.act / 3 * 2;
        let step = self.begin(barrier, motion, timing.travel, until).await?;
        let command = json!({"id": id, "output": reply::output(step)});
        let within = until.saturating_duration_since(Instant::now());
        let sent = self.0.mailbox.send(id, command, within, LATE_ANSWER).await;
        match sent {
            Ok(_) => {
                let confirm = self.0.config.barrier.as_ref().map(|it| it.confirm);
                taken(confirm.unwrap_or_default())
            }
            Err(error) => {
                match error {
                    CommandError::NotDone(_) => self.relays().refused(barrier, step),
                    CommandError::Unknown(_) | CommandError::Unconfirmed(_) => {
                        self.relays().unknown(barrier, step, Instant::now());
                    }
                }
                Err(error)
            }
        }
    }

    /// Begins a motion. While the arm travels it waits, if that ends in time: the lane has counted the
    /// travel from when it decided, a little earlier than the order before got here.
    async fn begin(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
        travel: Duration,
        until: Instant,
    ) -> Result<Step, CommandError> {
        loop {
            let step = self.relays().begin(barrier, motion, Instant::now(), travel);
            match step {
                Ok(step) => return Ok(step),
                Err(Refusal::NotBefore(due)) if due < until => tokio::time::sleep_until(due).await,
                Err(refusal) => return Err(CommandError::NotDone(refusal.why())),
            }
        }
    }

    /// The camera said something, `frame` if that is more than that it is there.
    async fn heard(&self, frame: Option<&[u8]>, teller: &Teller) {
        if self.0.health.called(frame) {
            let name = &self.0.config.name;
            tracing::info!(name, "a camera is there");
            self.0
                .forgot
                .store(self.latched().is_some(), Ordering::Release);
        }
        if self.0.health.is_time_to_beat() {
            let devices = self.0.config.drives().into_iter().cloned().collect();
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
    }

    fn plate(&self, seen: Seen) -> Event {
        plate_event(&self.0.config.name, &self.0.config.recognizer, seen)
    }

    /// What there is to do, after at most `wait`, in the answer to `question` or to something else that
    /// the camera has just said; it counts as handed to it. What is for its RS485 never has an output
    /// wait: both go together.
    async fn command(&self, wait: Duration, question: Option<&Question>) -> Option<Value> {
        let Inner {
            mailbox, serial, ..
        } = &*self.0;
        let again = self.hold_again();
        let wait = if again.is_some() {
            Duration::ZERO
        } else {
            wait
        };
        let (output, bytes) = tokio::select! {
            biased;
            output = mailbox.fetch_one(wait, question) => (output, None),
            bytes = serial.fetch_one(wait, question) => (None, bytes),
        };
        let now = Duration::ZERO;
        let (output, bytes) = match (output, bytes) {
            (Some(output), _) => (Some(output), serial.fetch_one(now, question).await),
            (None, bytes) => (mailbox.fetch_one(now, question).await, bytes),
        };
        let mut command = json!({});
        for (part, letter) in [("output", output.or(again)), ("serial", bytes)] {
            let Some(mut letter) = letter else { continue };
            if let Some(id) = letter["id"].as_str() {
                lock(&self.0.handed).push(id.to_owned());
            }
            command[part] = letter[part].take();
        }
        let anything = command.as_object().is_some_and(|it| !it.is_empty());
        anything.then(|| {
            self.0.health.sent(command.to_string().as_bytes());
            command
        })
    }

    /// A hold in force that is to be asserted again: a camera that was away may have lost its power.
    fn hold_again(&self) -> Option<Value> {
        if !self.0.forgot.swap(false, Ordering::AcqRel) {
            return None;
        }
        let relay = self.latched()?;
        let name = &self.0.config.name;
        tracing::warn!(name, "a hold is asserted again");
        Some(json!({"output": reply::output(Step::Close { relay })}))
    }

    /// The output that a hold in force keeps closed.
    fn latched(&self) -> Option<u16> {
        let barrier = self.0.config.barrier.as_ref()?;
        let relay = barrier.hold.unwrap_or(barrier.open);
        let is_held = self.relays().found(relay, false, Instant::now());
        is_held.then_some(relay)
    }

    /// The camera asks again: it has taken what it was given.
    fn has_taken(&self) {
        for id in std::mem::take(&mut *lock(&self.0.handed)) {
            let taken = || json!({"ok": true});
            if !self.0.mailbox.answer(&id, taken()) {
                self.0.serial.answer(&id, taken());
            }
        }
    }

    fn relays(&self) -> MutexGuard<'_, Relays> {
        lock(&self.0.relays)
    }
}

impl DeviceDriver for Camera {
    fn equipment(&self) -> &dyn Equipment {
        &self.0.config
    }

    fn health(&self) -> &Health {
        &self.0.health
    }

    fn way(&self) -> (&'static str, String) {
        let config = &self.0.config;
        let driver = match config.dialect {
            VzDialect::Vz => "vz http",
            VzDialect::Qy => "qy http",
            VzDialect::Hx => "hx http",
        };
        (
            driver,
            config.serial.clone().unwrap_or_else(|| "-".to_owned()),
        )
    }

    fn contacts(&self) -> Vec<Event> {
        self.0.contacts.state()
    }

    fn drive<'a>(
        &'a self,
        id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        match self.0.config.dialect {
            VzDialect::Vz => Box::pin(self.drives(id, barrier, motion)),
            VzDialect::Qy | VzDialect::Hx => {
                let pulse = self.drives(id, barrier, Motion::Pulse);
                Box::pin(unheld::drive(motion, pulse))
            }
        }
    }

    fn rs485(self: Arc<Self>) -> Option<Arc<dyn PassesOn>> {
        Some(self)
    }
}

impl PassesOn for Camera {
    fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
        self.0.rs485.listen(port)
    }

    fn pass_on(&self, port: u8, bytes: Vec<u8>, within: Duration) -> Passed<'_> {
        Box::pin(async move {
            if !self.0.health.answers() {
                return Err(CommandError::NotDone("相机未连接".to_owned()));
            }
            let id = Uuid::now_v7().to_string();
            let command = json!({"id": id, "serial": reply::serial(port, &bytes)});
            let sent = self.0.serial.send(&id, command, within, within).await;
            sent.map(drop)
        })
    }
}

/// What a camera has seen, as it is told.
fn plate_event(name: &str, recognizer: &DeviceNo, seen: Seen) -> Event {
    for doubt in &seen.doubts {
        tracing::warn!(name, doubt, "a camera's reading is not whole");
    }
    Event::Plate(PlateEvent {
        device: recognizer.clone(),
        id: seen.id,
        plate: seen.plate,
        color: seen.color,
        reliability: seen.reliability,
        image: seen.image,
        at: seen.at,
        replay: seen.offline,
    })
}

/// What it is worth that a camera took a command for its barrier.
fn taken(confirm: Confirm) -> Result<(), CommandError> {
    match confirm {
        Confirm::Taken => Ok(()),
        Confirm::Arm => {
            let why = "相机已收到指令，等待到位信号证实".to_owned();
            Err(CommandError::Unconfirmed(why))
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

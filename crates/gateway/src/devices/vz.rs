//! Cameras of 臻识 (VZ, 火眼臻睛), and those of 芊熠 (QY) and Alphadigi that speak nearly the same,
//! over HTTP (`docs/EQUIPMENT.md`): the camera pushes what it sees, and asks again and again what
//! there is to do (comet).
//!
//! `message` is what it says, `reply` what it is answered, both without I/O; `push` the address that
//! it speaks to. `tcp` is the other way: the gateway connects to the camera; over `mqtt` both connect to
//! the lot's broker.

pub(crate) mod hx;
mod message;
pub(crate) mod mqtt;
pub(crate) mod push;
mod reply;
pub(crate) mod rs485;
pub(crate) mod tcp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::contact::Contact;
use super::controller::{Checked, CommandError};
use super::event::{Event, Heartbeat, PlateEvent};
use super::health::{BEAT, Health};
use super::mailbox::Mailbox;
use super::relays::{Relays, Step};
use super::teller::Teller;
use crate::config::{self, Confirm, PulseBy, VzDialect};
use crate::reload::InForce;

pub(in crate::devices) use self::message::text;

use self::message::Seen;
use self::rs485::Listeners;

/// Longest that a command that was handed to the camera is awaited: longer than a lane does.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// Most pushes of one camera that are read at once: each may have a picture of some megabytes.
const MOST_PUSHES: usize = 4;

/// Most questions for commands of one camera that are kept waiting: a camera has one; another may
/// hang in a connection that it has given up.
const MOST_POLLS: usize = 4;

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Camera(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: config::Vz,
    health: Health,
    contacts: Mutex<Vec<Contact>>,
    relays: Mutex<Relays>,
    mailbox: Mailbox,
    /// What is for its RS485, and who listens there.
    serial: Mailbox,
    rs485: Listeners,
    /// Commands in an answer that the camera was given; its next question shows that it took it.
    handed: Mutex<Vec<String>>,
    last_beat: Mutex<Option<Instant>>,
    pushes: Arc<Semaphore>,
    polls: Arc<Semaphore>,
    in_force: InForce,
}

impl Camera {
    pub(crate) fn new(config: &config::Vz, in_force: InForce) -> Camera {
        let contacts = config.inputs.iter().cloned();
        let barriers: Vec<_> = config.barrier.iter().map(|it| it.relays()).collect();
        Camera(Arc::new(Inner {
            health: Health::new(config.patience()),
            // A push tells of a change, which is not repeated.
            contacts: Mutex::new(contacts.map(|input| Contact::new(input, 1)).collect()),
            relays: Mutex::new(Relays::new(&barriers, PulseBy::Module)),
            mailbox: Mailbox::default(),
            serial: Mailbox::default(),
            rs485: Listeners::default(),
            handed: Mutex::default(),
            last_beat: Mutex::default(),
            pushes: Arc::new(Semaphore::new(MOST_PUSHES)),
            polls: Arc::new(Semaphore::new(MOST_POLLS)),
            config: config.clone(),
            in_force,
        }))
    }

    /// How it stands, for people.
    pub(super) fn shown(&self) -> Value {
        let config = &self.0.config;
        let driver = match config.dialect {
            VzDialect::Vz => "vz http",
            VzDialect::Qy => "qy http",
            VzDialect::Hx => "hx http",
        };
        let serial = config.serial.as_deref().unwrap_or("-");
        self.0.health.shown(driver, &config.name, serial)
    }

    /// Its name and how it stands.
    pub(super) fn link(&self) -> (&str, &Health) {
        (&self.0.config.name, &self.0.health)
    }

    /// Drives a barrier, once. That the camera takes the command does not prove that the arm
    /// moves.
    pub(super) async fn drive(
        &self,
        id: &str,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        if self.0.config.dialect != VzDialect::Vz && motion != Motion::Pulse {
            let why = "此相机协议没有常开指令".to_owned();
            return Err(CommandError::NotDone(why));
        }
        let timing = self.0.in_force.borrow().timing.clone();
        let step = self.begin(barrier, motion, timing.travel)?;
        let command = json!({"id": id, "output": reply::output(step)});
        let within = timing.act / 3 * 2;
        let sent = self.0.mailbox.send(id, command, within, LATE_ANSWER).await;
        match sent {
            Ok(_) => {
                let confirm = self.0.config.barrier.as_ref().map(|it| it.confirm);
                taken(confirm.unwrap_or_default())
            }
            Err(error) => {
                if matches!(error, CommandError::NotDone(_)) {
                    self.relays().refused(barrier, step);
                }
                Err(error)
            }
        }
    }

    fn begin(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
        travel: Duration,
    ) -> Result<Step, CommandError> {
        let now = tokio::time::Instant::now();
        let step = self.relays().begin(barrier, motion, now, travel);
        step.map_err(CommandError::NotDone)
    }

    /// Which of these devices are there, and how the contacts are.
    pub(super) fn check(&self, devices: &[DeviceNo]) -> Checked {
        if !self.0.health.answers() {
            return Checked::default();
        }
        let own: Vec<&DeviceNo> = self.0.config.drives().collect();
        let online = devices.iter().filter(|it| own.contains(it));
        Checked {
            online: online.cloned().collect(),
            state: self.contacts().iter().filter_map(Contact::state).collect(),
        }
    }

    /// The camera said something, `frame` if that is more than that it is there.
    async fn heard(&self, frame: Option<&[u8]>, teller: &Teller) {
        if self.0.health.called(frame) {
            let name = &self.0.config.name;
            tracing::info!(name, "a camera is there");
        }
        let devices: Vec<DeviceNo> = self.0.config.drives().cloned().collect();
        if self.is_time_to_beat() {
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
    }

    fn is_time_to_beat(&self) -> bool {
        let mut last = lock(&self.0.last_beat);
        let due = last.is_none_or(|last| last.elapsed() >= BEAT);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    /// An input changed; what that is worth telling.
    fn input(&self, number: u16, level: bool) -> Option<Event> {
        let mut contacts = self.contacts();
        let contact = contacts.iter_mut().find(|it| it.number() == number)?;
        contact.see(level)
    }

    fn plate(&self, seen: Seen) -> Event {
        plate_event(&self.0.config.name, &self.0.config.recognizer, seen)
    }

    /// Has bytes sent through its RS485, once; success only says that the camera took them.
    async fn send(&self, port: u8, bytes: &[u8], within: Duration) -> Result<(), CommandError> {
        if !self.0.health.answers() {
            return Err(CommandError::NotDone("相机未连接".to_owned()));
        }
        let id = Uuid::now_v7().to_string();
        let command = json!({"id": id, "serial": reply::serial(port, bytes)});
        let sent = self.0.serial.send(&id, command, within, within).await;
        sent.map(drop)
    }

    /// What there is to do, after at most `wait`; it counts as handed to the camera. What is for
    /// its RS485 never has an output wait: both go together.
    async fn command(&self, wait: Duration) -> Option<Value> {
        let Inner {
            mailbox, serial, ..
        } = &*self.0;
        let (output, bytes) = tokio::select! {
            biased;
            output = mailbox.fetch_one(wait) => (output, None),
            bytes = serial.fetch_one(wait) => (None, bytes),
        };
        let (output, bytes) = match (output, bytes) {
            (Some(output), _) => (Some(output), serial.fetch_one(Duration::ZERO).await),
            (None, bytes) => (mailbox.fetch_one(Duration::ZERO).await, bytes),
        };
        let mut command = json!({});
        for (part, letter) in [("output", output), ("serial", bytes)] {
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

    /// The camera asks again: it has taken what it was given.
    fn has_taken(&self) {
        for id in std::mem::take(&mut *lock(&self.0.handed)) {
            let taken = || json!({"ok": true});
            if !self.0.mailbox.answer(&id, taken()) {
                self.0.serial.answer(&id, taken());
            }
        }
    }

    fn contacts(&self) -> MutexGuard<'_, Vec<Contact>> {
        lock(&self.0.contacts)
    }

    fn relays(&self) -> MutexGuard<'_, Relays> {
        lock(&self.0.relays)
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

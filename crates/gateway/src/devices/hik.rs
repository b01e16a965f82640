//! Gate cameras of 海康 (Hikvision) that speak ISAPI (`docs/EQUIPMENT.md`): they push what they see, or
//! tell it in their alert stream; barrier, gate state and inputs are calls to the camera.
//!
//! `xml`, `event`, `isapi` and `multipart` are the wire without I/O; `worker` is the task that asks and
//! tells it, `push` the address that it speaks to, `stream` the task that listens to its alert stream.

mod event;
pub(crate) mod fuzzed;
mod isapi;
mod multipart;
pub(crate) mod push;
mod stream;
mod worker;
mod xml;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{Motion, Position};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

pub(crate) use self::stream::Listener;
pub(crate) use self::worker::Worker;

use self::event::Seen;
use super::caller::{Access, Caller, Refusal};
use super::contact::Contact;
use super::controller::{Checked, CommandError};
use super::event::{ArmEvent, Event, PlateEvent};
use super::health::Health;
use super::order::Orders;
use crate::config;
use crate::reload::InForce;

/// Most pushes of one camera that are read at once: each may have pictures of some megabytes.
const MOST_PUSHES: usize = 4;

/// How many complaints of one camera are remembered.
const MOST_COMPLAINTS: usize = 16;

/// The tasks of a camera, which are yet to run.
#[derive(Debug)]
pub(crate) struct Tasks {
    pub(crate) worker: Worker,
    /// None when its alert stream is not wanted.
    pub(crate) listener: Option<Listener>,
}

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    orders: Orders,
    seen: Arc<State>,
}

/// What is known of a camera.
#[derive(Debug)]
struct State {
    config: config::Hik,
    health: Health,
    /// When it answered a call last; what it pushes says nothing about that.
    called: Mutex<Option<Instant>>,
    contacts: Mutex<Vec<Contact>>,
    /// Where the camera says that the arm is.
    gate: Mutex<Option<Position>>,
    /// What it complained of since it came, to say each once.
    complaints: Mutex<VecDeque<String>>,
    /// Inputs of which it said that they changed.
    changed: Mutex<VecDeque<u16>>,
    news: Notify,
    pushes: Arc<Semaphore>,
}

impl Camera {
    /// A camera, and its tasks.
    ///
    /// # Errors
    /// When no client can be made.
    pub(crate) fn new(
        config: &config::Hik,
        in_force: InForce,
    ) -> Result<(Camera, Tasks), reqwest::Error> {
        let (orders, ordered) = Orders::new("相机", in_force.clone());
        let inputs = config.inputs.iter().cloned();
        let contacts = inputs.map(|input| Contact::new(input, config.looks));
        let seen = Arc::new(State {
            config: config.clone(),
            health: Health::new(config.patience()),
            called: Mutex::default(),
            contacts: Mutex::new(contacts.collect()),
            gate: Mutex::default(),
            complaints: Mutex::default(),
            changed: Mutex::default(),
            news: Notify::new(),
            pushes: Arc::new(Semaphore::new(MOST_PUSHES)),
        });
        let refusal = Refusal::default();
        let access = Access {
            address: &config.address,
            user: &config.user,
            password: &config.password,
            answer: config.answer,
        };
        let caller = Caller::new(access, refusal.clone())?;
        let worker = Worker::new(Arc::clone(&seen), caller, ordered, in_force);
        let listener = if config.alert_stream {
            let caller = Caller::new(access, refusal)?;
            Some(Listener::new(Arc::clone(&seen), caller))
        } else {
            None
        };
        Ok((Camera { orders, seen }, Tasks { worker, listener }))
    }

    /// How it stands, for people.
    pub(in crate::devices) fn shown(&self) -> Value {
        let config = &self.seen.config;
        self.seen.health.shown("hik", &config.name, &config.address)
    }

    /// Its name and how it stands.
    pub(in crate::devices) fn link(&self) -> (&str, &Health) {
        (&self.seen.config.name, &self.seen.health)
    }

    /// Drives a barrier, once.
    pub(in crate::devices) async fn drive(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        self.orders.give(barrier, motion).await
    }

    /// Which of these devices are there, and how the contacts are.
    pub(in crate::devices) fn check(&self, devices: &[DeviceNo]) -> Checked {
        let seen = &self.seen;
        let own = seen.answering();
        let online = devices.iter().filter(|it| own.contains(it));
        let mut state = Vec::new();
        if seen.is_reachable() {
            state.extend(lock(&seen.contacts).iter().filter_map(Contact::state));
            state.extend(seen.arm());
        }
        Checked {
            online: online.cloned().collect(),
            state,
        }
    }
}

impl State {
    /// The camera answered a call.
    fn reachable(&self) {
        *lock(&self.called) = Some(Instant::now());
    }

    /// It answers calls no more.
    fn unreachable(&self) {
        lock(&self.complaints).clear();
        *lock(&self.called) = None;
        *lock(&self.gate) = None;
    }

    fn is_reachable(&self) -> bool {
        let called = *lock(&self.called);
        called.is_some_and(|at| at.elapsed() < self.config.patience())
    }

    /// The devices that are there: of one that pushes and cannot be called, not its barrier.
    fn answering(&self) -> Vec<DeviceNo> {
        let recognizer = self.health.answers().then_some(&self.config.recognizer);
        let barrier = self.config.barrier.as_ref().map(|it| &it.device);
        let barrier = barrier.filter(|_| self.is_reachable());
        recognizer.into_iter().chain(barrier).cloned().collect()
    }

    /// An input was looked at; what that is worth telling.
    fn input(&self, number: u16, level: bool) -> Option<Event> {
        let mut contacts = lock(&self.contacts);
        let contact = contacts.iter_mut().find(|it| it.number() == number)?;
        contact.see(level)
    }

    fn gate_is(&self, position: Option<Position>) {
        *lock(&self.gate) = position;
    }

    /// Where the arm is, for whoever asks.
    fn arm(&self) -> Option<Event> {
        let position = (*lock(&self.gate))?;
        let device = self.config.barrier.as_ref()?.device.clone();
        Some(Event::Arm(ArmEvent { device, position }))
    }

    /// The camera refuses, or says what cannot be; it is logged once, however often it says so.
    fn complains(&self, why: &str) {
        let mut said = lock(&self.complaints);
        if said.iter().any(|it| it == why) {
            return;
        }
        let name = &self.config.name;
        tracing::warn!(name, why, "a camera does not do what it is asked");
        self.health.faulty(why);
        if said.len() >= MOST_COMPLAINTS {
            said.pop_front();
        }
        said.push_back(why.to_owned());
    }

    /// The camera says that an input has changed.
    fn nudge(&self, input: u16) {
        let wired = self.config.inputs.iter().any(|it| it.number == input);
        let mut changed = lock(&self.changed);
        if wired && !changed.contains(&input) {
            changed.push_back(input);
            self.news.notify_one();
        }
    }

    /// The next input of which the camera says that it has changed.
    async fn nudged(&self) -> u16 {
        loop {
            if let Some(input) = lock(&self.changed).pop_front() {
                return input;
            }
            self.news.notified().await;
        }
    }

    /// What the camera has seen, as it is told.
    fn plate(&self, seen: Seen, image: Option<Vec<u8>>) -> Event {
        let name = &self.config.name;
        for doubt in &seen.doubts {
            tracing::warn!(name, doubt, "a camera's reading is not whole");
        }
        Event::Plate(PlateEvent {
            device: self.config.recognizer.clone(),
            id: seen.id,
            plate: seen.plate,
            color: seen.color,
            reliability: seen.reliability,
            image,
            at: seen.at,
            replay: seen.replay,
        })
    }
}

/// A command was sent, and only the barrier's state shows what has come of it.
fn unconfirmed(why: &str) -> CommandError {
    CommandError::Unconfirmed(format!("{why}，等待道闸状态证实"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

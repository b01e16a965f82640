//! Gate cameras of 海康 (Hikvision) that speak ISAPI (`docs/EQUIPMENT.md`): they push what they see, or
//! tell it in their alert stream; barrier, gate state and inputs are calls to the camera.
//!
//! `xml`, `event` and `isapi` are the wire without I/O; `worker` is the task that asks and
//! tells it, `push` the address that it speaks to, `stream` the task that listens to its alert stream.

mod event;
pub(crate) mod fuzzed;
mod isapi;
pub(in crate::devices) mod probe;
mod push;
mod stream;
mod worker;
mod xml;

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{Motion, Position};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use self::event::Seen;
use self::push::PushingCamera;
use self::stream::Listener;
use self::worker::Worker;
use super::caller::{Access, Caller, Refusal};
use super::contact::Contacts;
use super::controller::{Checked, CommandError, DeviceDriver};
use super::event::{ArmEvent, Event, PlateEvent};
use super::health::Health;
use super::order::Orders;
use super::outfit::{EquipError, Outfit};
use super::trust::Trust;
use crate::config::{self, ConfigError, Equipment};

/// How many complaints of one camera are remembered.
const MOST_COMPLAINTS: usize = 16;

/// A camera, from outside.
#[derive(Debug)]
struct Camera {
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
    contacts: Contacts,
    /// Where the camera says that the arm is.
    gate: Mutex<Option<Position>>,
    /// What it complained of since it came, to say each once.
    complaints: Mutex<VecDeque<String>>,
    /// Inputs of which it said that they changed.
    changed: Mutex<VecDeque<u16>>,
    news: Notify,
}

/// Whether the certificates of a lot's cameras can be read.
pub(crate) fn check_trust(place: usize, lot: &config::Lot) -> Result<(), ConfigError> {
    let mut cameras = lot.hik.iter().enumerate();
    cameras.try_for_each(|(at, camera)| {
        Trust::of(&format!("lot[{place}].hik[{at}]"), camera).map(drop)
    })
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    outfit.starts(|it| it.pushing.family("hik"));
    let lot = outfit.lot;
    for config in &lot.hik {
        let trust = Trust::of(&format!("hik {:?}", config.name), config)?;
        let (orders, ordered) = Orders::new("相机", outfit.in_force.clone());
        let seen = Arc::new(State::new(config));
        let refusal = Refusal::default();
        let access = Access::of(config, &trust);
        let caller = Caller::new(access, refusal.clone())?;
        let worker = Worker::new(Arc::clone(&seen), caller, ordered, outfit.in_force.clone());
        let mut listener = None;
        if config.alert_stream {
            let caller = Caller::new(access, refusal)?;
            listener = Some(Listener::new(Arc::clone(&seen), caller));
        }
        let key = config.key.clone();
        let pushing = Arc::clone(&seen);
        outfit.has(Camera { orders, seen });
        outfit.starts(move |it| {
            let teller = it.teller();
            if let Some(listener) = listener {
                it.spawn(listener.run(teller.clone(), it.stop.clone()));
            }
            it.spawn(worker.run(teller.clone(), it.stop.clone()));
            if let Some(key) = key {
                let camera = PushingCamera::new(pushing, teller);
                it.pushing.add("hik", &key, Arc::new(camera));
            }
        });
    }
    Ok(())
}

impl DeviceDriver for Camera {
    fn equipment(&self) -> &dyn Equipment {
        &self.seen.config
    }

    fn health(&self) -> &Health {
        &self.seen.health
    }

    fn way(&self) -> (&'static str, String) {
        ("hik", self.seen.config.address.clone())
    }

    fn drive<'a>(
        &'a self,
        _id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(self.orders.give(barrier, motion))
    }

    fn check<'a>(&'a self, _id: &'a str, devices: &'a [DeviceNo]) -> BoxFuture<'a, Checked> {
        let seen = &self.seen;
        let own = seen.answering();
        let online = devices.iter().filter(|it| own.contains(it));
        let mut state = Vec::new();
        if seen.is_reachable() {
            state.extend(seen.contacts.state());
            state.extend(seen.arm());
        }
        Box::pin(ready(Checked {
            online: online.cloned().collect(),
            state,
        }))
    }
}

impl State {
    fn new(config: &config::Hik) -> State {
        State {
            config: config.clone(),
            health: Health::new(config.patience()),
            called: Mutex::default(),
            contacts: Contacts::new(&config.inputs, config.looks),
            gate: Mutex::default(),
            complaints: Mutex::default(),
            changed: Mutex::default(),
            news: Notify::new(),
        }
    }

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

    fn gate_is(&self, position: Option<Position>) {
        *lock(&self.gate) = position;
    }

    /// Where the arm is, for whoever asks.
    fn arm(&self) -> Option<Event> {
        let position = (*lock(&self.gate))?;
        let device = self.config.barrier.as_ref()?.device.clone();
        Some(Event::Arm(ArmEvent::at(device, position)))
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

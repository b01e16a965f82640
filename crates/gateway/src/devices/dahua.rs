//! Gate cameras of 大华 (Dahua), experimental (`docs/EQUIPMENT.md`): they push what they see (ITSAPI), and
//! are called to open. It follows what others published of the protocol.
//!
//! `message` is what they say and are answered, without I/O; `push` the address that they speak to,
//! `worker` the task that calls them.

pub(crate) mod fuzzed;
mod message;
pub(crate) mod push;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;

pub(crate) use self::worker::Worker;

use self::message::Seen;
use super::caller::{Access, Caller, Refusal};
use super::controller::{Checked, CommandError};
use super::event::{Event, Heartbeat, PlateEvent};
use super::health::{BEAT, Health};
use super::order::Orders;
use super::teller::Teller;
use crate::config;
use crate::reload::InForce;

/// Most pushes of one camera that are read at once: each may have pictures of some megabytes.
const MOST_PUSHES: usize = 4;

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    orders: Orders,
    seen: Arc<State>,
}

/// What is known of a camera.
#[derive(Debug)]
struct State {
    config: config::Dahua,
    health: Health,
    last_beat: Mutex<Option<Instant>>,
    pushes: Arc<Semaphore>,
}

impl Camera {
    /// A camera, and its worker, which is yet to run.
    ///
    /// # Errors
    /// When no client can be made.
    pub(crate) fn new(
        config: &config::Dahua,
        in_force: InForce,
    ) -> Result<(Camera, Worker), reqwest::Error> {
        let (orders, ordered) = Orders::new("相机", in_force.clone());
        let seen = Arc::new(State {
            health: Health::new(config.heartbeat * 3),
            last_beat: Mutex::default(),
            pushes: Arc::new(Semaphore::new(MOST_PUSHES)),
            config: config.clone(),
        });
        let access = Access {
            address: &config.address,
            user: &config.user,
            password: &config.password,
            answer: config.answer,
        };
        let caller = Caller::new(access, Refusal::default())?;
        let worker = Worker::new(Arc::clone(&seen), caller, ordered, in_force);
        Ok((Camera { orders, seen }, worker))
    }

    /// How it stands, for people.
    pub(in crate::devices) fn shown(&self) -> Value {
        let config = &self.seen.config;
        let health = &self.seen.health;
        health.shown("dahua", &config.name, &config.address)
    }

    /// Its name and how it stands.
    pub(in crate::devices) fn link(&self) -> (&str, &Health) {
        (&self.seen.config.name, &self.seen.health)
    }

    /// Drives a barrier, once. There is no documented command that keeps an arm up.
    pub(in crate::devices) async fn drive(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        if motion != Motion::Pulse {
            let why = "此相机协议没有常开指令".to_owned();
            return Err(CommandError::NotDone(why));
        }
        self.orders.give(barrier, motion).await
    }

    /// Which of these devices are there.
    pub(in crate::devices) fn check(&self, devices: &[DeviceNo]) -> Checked {
        if !self.seen.health.answers() {
            return Checked::default();
        }
        let own: Vec<&DeviceNo> = self.seen.config.drives().collect();
        let online = devices.iter().filter(|it| own.contains(it));
        Checked {
            online: online.cloned().collect(),
            state: Vec::new(),
        }
    }
}

impl State {
    /// The camera said something, `frame` if that is more than that it is there.
    async fn heard(&self, frame: Option<&[u8]>, teller: &Teller) {
        if self.health.called(frame) {
            let name = &self.config.name;
            tracing::info!(name, "a camera is there");
        }
        if self.is_time_to_beat() {
            let devices: Vec<DeviceNo> = self.config.drives().cloned().collect();
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
    }

    fn is_time_to_beat(&self) -> bool {
        let last = self.last_beat.lock();
        let mut last = last.unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= BEAT);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    /// What the camera has seen, as it is told. It sends again what was not answered, and does not say
    /// so: what is older than a vehicle waits is history.
    fn plate(&self, seen: &Seen) -> Event {
        let name = &self.config.name;
        for doubt in &seen.doubts {
            tracing::warn!(name, doubt, "a camera's reading is not whole");
        }
        let age = seen.at.map(|at| Timestamp::now().duration_since(at));
        let replay =
            age.is_some_and(|age| age.unsigned_abs() > self.config.late && age.is_positive());
        if replay {
            tracing::warn!(name, ?age, "a camera's reading is too old to open");
        }
        Event::Plate(PlateEvent {
            device: self.config.recognizer.clone(),
            id: seen.id.clone(),
            plate: seen.plate.clone(),
            color: seen.color,
            reliability: seen.reliability,
            image: seen.image.clone(),
            at: seen.at,
            replay,
        })
    }
}

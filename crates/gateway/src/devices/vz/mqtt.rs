//! Cameras of 臻识 over MQTT: both the camera and the gateway are clients of the lot's broker.
//! `envelope` is what is said, without I/O; `worker` the task that hears and speaks.

mod envelope;
pub(crate) mod fuzzed;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use serde_json::Value;

pub(crate) use self::worker::Worker;

use crate::config::{self, Topic};
use crate::devices::contact::Contact;
use crate::devices::controller::{Checked, CommandError};
use crate::devices::health::Health;
use crate::devices::mqtt::Exchange;
use crate::devices::order::Orders;
use crate::reload::InForce;

/// How many signs of life may be missing before a camera counts as lost.
const MISSES: u32 = 3;

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    orders: Orders,
    seen: Arc<State>,
}

/// What its worker has found out.
#[derive(Debug)]
struct State {
    config: config::VzMqtt,
    health: Health,
    contacts: Mutex<Vec<Contact>>,
}

impl Camera {
    /// A camera, and its worker, which is yet to run.
    pub(crate) fn new(
        config: &config::VzMqtt,
        exchange: &mut Exchange,
        in_force: InForce,
    ) -> (Camera, Worker) {
        let (orders, ordered) = Orders::new("相机", in_force.clone());
        let inputs = config.inputs.iter().cloned();
        // A message tells of a change, which is not repeated.
        let contacts = inputs.map(|input| Contact::new(input, 1));
        let seen = Arc::new(State {
            config: config.clone(),
            health: Health::new(config.heartbeat * MISSES),
            contacts: Mutex::new(contacts.collect()),
        });
        let own = |topic: &Topic| topic.with("sn", &config.serial);
        let line = exchange.line(vec![own(&config.up), own(&config.reply)]);
        let worker = Worker::new(Arc::clone(&seen), ordered, line, in_force);
        (Camera { orders, seen }, worker)
    }

    /// How it stands, for people.
    pub(in crate::devices) fn shown(&self) -> Value {
        let config = &self.seen.config;
        self.seen
            .health
            .shown("vz mqtt", &config.name, &config.serial)
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
        if !self.seen.health.answers() {
            return Checked::default();
        }
        let own: Vec<&DeviceNo> = self.seen.config.drives().collect();
        let online = devices.iter().filter(|it| own.contains(it));
        let contacts = self.seen.contacts.lock();
        let contacts = contacts.unwrap_or_else(PoisonError::into_inner);
        Checked {
            online: online.cloned().collect(),
            state: contacts.iter().filter_map(Contact::state).collect(),
        }
    }
}

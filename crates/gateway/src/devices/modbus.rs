//! Modules of relays and contacts over Modbus: a barrier is opened by a relay, loops, limit
//! switches and the fire alarm are inputs (`docs/EQUIPMENT.md`).
//!
//! `frame` is the wire without I/O, `link` a connection, `wiring` what is where in which module;
//! `worker` joins them.

pub(crate) mod frame;
pub(crate) mod fuzzed;
mod link;
pub(super) mod probe;
mod wiring;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use serde_json::Value;

pub(crate) use self::worker::Worker;

use super::contact::Contact;
use super::controller::{Checked, CommandError};
use super::health::{Health, STILL_THERE};
use super::order::Orders;
use crate::config;
use crate::reload::InForce;

/// A module, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    orders: Orders,
    seen: Arc<Seen>,
}

/// What its worker has found out.
#[derive(Debug)]
pub(super) struct Seen {
    name: String,
    address: String,
    barriers: Vec<DeviceNo>,
    health: Health,
    contacts: Mutex<Vec<Contact>>,
}

impl Module {
    /// A module, and its worker, which is yet to run.
    pub(crate) fn new(config: &config::Modbus, in_force: InForce) -> (Module, Worker) {
        let (orders, ordered) = Orders::new("继电器模块", in_force.clone());
        let inputs = config.inputs.iter().cloned();
        let contacts = inputs.map(|input| Contact::new(input, config.looks));
        let seen = Arc::new(Seen {
            name: config.name.clone(),
            address: config.address.clone(),
            barriers: config.barriers.iter().map(|it| it.device.clone()).collect(),
            health: Health::new(STILL_THERE),
            contacts: Mutex::new(contacts.collect()),
        });
        let worker = Worker::new(config, Arc::clone(&seen), ordered, in_force);
        (Module { orders, seen }, worker)
    }

    /// How it stands, for people.
    pub(super) fn shown(&self) -> Value {
        let Seen {
            name,
            address,
            health,
            ..
        } = &*self.seen;
        health.shown("modbus", name, address)
    }

    /// Its name and how it stands.
    pub(super) fn link(&self) -> (&str, &Health) {
        (&self.seen.name, &self.seen.health)
    }

    /// Drives a barrier, once.
    pub(super) async fn drive(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        self.orders.give(barrier, motion).await
    }

    /// Which of these barriers can be driven, and how the contacts are.
    pub(super) fn check(&self, devices: &[DeviceNo]) -> Checked {
        if !self.seen.health.answers() {
            return Checked::default();
        }
        let own = devices.iter().filter(|it| self.seen.barriers.contains(it));
        let contacts = self.seen.contacts.lock();
        let contacts = contacts.unwrap_or_else(PoisonError::into_inner);
        Checked {
            online: own.cloned().collect(),
            state: contacts.iter().filter_map(Contact::state).collect(),
        }
    }
}

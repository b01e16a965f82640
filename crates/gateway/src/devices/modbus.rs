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

use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;

use self::worker::Worker;
use super::contact::Contacts;
use super::controller::{CommandError, DeviceDriver};
use super::event::Event;
use super::health::{Health, STILL_THERE};
use super::order::Orders;
use super::outfit::Outfit;
use crate::config::{self, Equipment};

/// A module, from outside.
#[derive(Debug)]
struct Module {
    orders: Orders,
    seen: Arc<Seen>,
}

/// What its worker has found out.
#[derive(Debug)]
pub(super) struct Seen {
    config: config::Modbus,
    health: Health,
    contacts: Contacts,
}

/// The modules of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), reqwest::Error> {
    let lot = outfit.lot;
    for config in &lot.modbus {
        let (orders, ordered) = Orders::new("继电器模块", outfit.in_force.clone());
        let seen = Arc::new(Seen {
            config: config.clone(),
            health: Health::new(STILL_THERE),
            contacts: Contacts::new(&config.inputs, config.looks),
        });
        let worker = Worker::new(Arc::clone(&seen), ordered, outfit.in_force.clone());
        outfit.has(Module { orders, seen });
        outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
    }
    Ok(())
}

impl DeviceDriver for Module {
    fn equipment(&self) -> &dyn Equipment {
        &self.seen.config
    }

    fn health(&self) -> &Health {
        &self.seen.health
    }

    fn way(&self) -> (&'static str, String) {
        ("modbus", self.seen.config.address.clone())
    }

    fn contacts(&self) -> Vec<Event> {
        self.seen.contacts.state()
    }

    fn drive<'a>(
        &'a self,
        _id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(self.orders.give(barrier, motion))
    }
}

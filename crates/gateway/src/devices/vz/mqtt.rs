//! Cameras of 臻识 over MQTT: both the camera and the gateway are clients of the lot's broker.
//! `envelope` is what is said, without I/O; `worker` the task that hears and speaks.

mod envelope;
pub(crate) mod fuzzed;
mod worker;

use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;

use self::worker::Worker;
use crate::config::{self, Equipment, Topic};
use crate::devices::contact::Contacts;
use crate::devices::controller::{CommandError, DeviceDriver};
use crate::devices::event::Event;
use crate::devices::health::Health;
use crate::devices::order::Orders;
use crate::devices::outfit::Outfit;

/// How many signs of life may be missing before a camera counts as lost.
const MISSES: u32 = 3;

/// A camera, from outside.
#[derive(Debug)]
pub(super) struct Camera {
    orders: Orders,
    seen: Arc<State>,
}

/// What its worker has found out.
#[derive(Debug)]
struct State {
    config: config::VzMqtt,
    health: Health,
    contacts: Contacts,
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), reqwest::Error> {
    let lot = outfit.lot;
    for config in &lot.vz_mqtt {
        let Some(exchange) = &mut outfit.exchange else {
            continue;
        };
        let (orders, ordered) = Orders::new("相机", outfit.in_force.clone());
        let seen = Arc::new(State {
            config: config.clone(),
            health: Health::new(config.heartbeat * MISSES),
            // A message tells of a change, which is not repeated.
            contacts: Contacts::new(&config.inputs, 1),
        });
        let own = |topic: &Topic| topic.with("sn", &config.serial);
        let line = exchange.line(vec![own(&config.up), own(&config.reply)]);
        let worker = Worker::new(Arc::clone(&seen), ordered, line, outfit.in_force.clone());
        outfit.has(Camera { orders, seen });
        outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
    }
    Ok(())
}

impl State {
    /// What it is, and what hangs on it.
    fn devices(&self) -> Vec<DeviceNo> {
        self.config.drives().into_iter().cloned().collect()
    }
}

impl DeviceDriver for Camera {
    fn equipment(&self) -> &dyn Equipment {
        &self.seen.config
    }

    fn health(&self) -> &Health {
        &self.seen.health
    }

    fn way(&self) -> (&'static str, String) {
        ("vz mqtt", self.seen.config.serial.clone())
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

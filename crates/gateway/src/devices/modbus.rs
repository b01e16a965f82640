//! Modules of relays and contacts over Modbus: a barrier is opened by a relay, loops, limit
//! switches and the fire alarm are inputs (`docs/EQUIPMENT.md`).
//!
//! `frame` is the wire without I/O, `link` a connection, `wiring` what is where in which module;
//! `worker` joins them.

pub(crate) mod frame;
pub(crate) mod fuzzed;
mod link;
mod wiring;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

pub(crate) use self::worker::Worker;

use super::contact::Contact;
use super::controller::{Checked, CommandError};
use super::health::{Health, STILL_THERE};
use crate::config;
use crate::reload::InForce;

/// Most orders that wait for one module: each of its barriers has one at most.
const ORDERS_QUEUED: usize = 16;

/// Longest that the answer to an order is awaited: longer than a lane does, so that a late answer
/// is still heard.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// A module, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    orders: mpsc::Sender<Order>,
    seen: Arc<Seen>,
    in_force: InForce,
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

/// What a barrier is to do.
#[derive(Debug)]
struct Order {
    barrier: DeviceNo,
    motion: Motion,
    /// After it, whoever ordered has given the barrier up: it must not move any more.
    until: Instant,
    answer: oneshot::Sender<Result<(), CommandError>>,
}

impl Module {
    /// A module, and its worker, which is yet to run.
    pub(crate) fn new(config: &config::Modbus, in_force: InForce) -> (Module, Worker) {
        let (orders, ordered) = mpsc::channel(ORDERS_QUEUED);
        let inputs = config.inputs.iter().cloned();
        let contacts = inputs.map(|input| Contact::new(input, config.looks));
        let seen = Arc::new(Seen {
            name: config.name.clone(),
            address: config.address.clone(),
            barriers: config.barriers.iter().map(|it| it.device.clone()).collect(),
            health: Health::new(STILL_THERE),
            contacts: Mutex::new(contacts.collect()),
        });
        let worker = Worker::new(config, Arc::clone(&seen), ordered, in_force.clone());
        let module = Module {
            orders,
            seen,
            in_force,
        };
        (module, worker)
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

    /// Drives a barrier, once.
    pub(super) async fn drive(
        &self,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let (answer, answered) = oneshot::channel();
        let order = Order {
            barrier: barrier.clone(),
            motion,
            until: Instant::now() + self.in_force.borrow().timing.act / 3 * 2,
            answer,
        };
        let sent = self.orders.try_send(order);
        sent.map_err(|_| CommandError::NotDone("继电器模块忙".to_owned()))?;
        match tokio::time::timeout(LATE_ANSWER, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown("继电器模块未应答".to_owned())),
        }
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

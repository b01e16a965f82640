//! Cameras of 臻识 over TCP: the gateway connects, has every reading told, looks at the inputs, and
//! tells the outputs. `frame` is the wire without I/O, `worker` the task that owns the connection.

mod frame;
mod link;
pub(in crate::devices) mod probe;
mod worker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

pub(crate) use self::worker::Worker;

use self::worker::Bytes;
use super::rs485::Listeners;
use crate::config;
use crate::devices::contact::Contact;
use crate::devices::controller::{Checked, CommandError};
use crate::devices::health::Health;
use crate::devices::order::Orders;
use crate::reload::InForce;

/// Most bytes for RS485, in messages, that wait for the connection: a line has one at a time.
const BYTES_QUEUED: usize = 4;

/// How long after its last word a camera counts as there: three heartbeats.
const SILENT: Duration = Duration::from_secs(6);

/// A camera, from outside; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    orders: Orders,
    serial: mpsc::Sender<Bytes>,
    seen: Arc<State>,
}

/// What its worker has found out.
#[derive(Debug)]
struct State {
    config: config::VzTcp,
    health: Health,
    contacts: Mutex<Vec<Contact>>,
    /// The ports of its RS485 that are used.
    rs485: Listeners,
}

impl Camera {
    /// A camera, and its worker, which is yet to run.
    pub(crate) fn new(config: &config::VzTcp, in_force: InForce) -> (Camera, Worker) {
        let (orders, ordered) = Orders::new("相机", in_force.clone());
        let inputs = config.inputs.iter().cloned();
        let contacts = inputs.map(|input| Contact::new(input, config.looks));
        let seen = Arc::new(State {
            config: config.clone(),
            health: Health::new(SILENT),
            contacts: Mutex::new(contacts.collect()),
            rs485: Listeners::default(),
        });
        let (serial, bytes) = mpsc::channel(BYTES_QUEUED);
        let worker = Worker::new(Arc::clone(&seen), ordered, bytes, in_force);
        let camera = Camera {
            orders,
            serial,
            seen,
        };
        (camera, worker)
    }

    /// Has a port of its RS485, from 0, made ready with every connection.
    pub(super) fn makes_ready(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
        self.seen.rs485.listen(port)
    }

    /// Has bytes sent through its RS485, once; success only says that the camera took them.
    pub(super) async fn send(
        &self,
        port: u8,
        bytes: &[u8],
        within: Duration,
    ) -> Result<(), CommandError> {
        if !self.seen.health.answers() {
            return Err(CommandError::NotDone("相机未连接".to_owned()));
        }
        let (answer, answered) = oneshot::channel();
        let bytes = Bytes {
            port,
            bytes: bytes.to_vec(),
            until: Instant::now() + within,
            answer,
        };
        let sent = self.serial.try_send(bytes);
        sent.map_err(|_| CommandError::NotDone("相机忙".to_owned()))?;
        match timeout(within, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(CommandError::Unknown("相机未应答".to_owned())),
        }
    }

    /// How it stands, for people.
    pub(in crate::devices) fn shown(&self) -> Value {
        let config = &self.seen.config;
        self.seen
            .health
            .shown("vz tcp", &config.name, &config.address)
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

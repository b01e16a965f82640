//! Cameras of 臻识 over TCP: the gateway connects, has every reading told, looks at the inputs, and
//! tells the outputs. `frame` is the wire without I/O, `worker` the task that owns the connection.

mod frame;
mod link;
pub(in crate::devices) mod probe;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use self::worker::{Bytes, Worker};
use super::rs485::{Listeners, Passed, PassesOn};
use crate::config::{self, Equipment};
use crate::devices::contact::Contacts;
use crate::devices::controller::{CommandError, DeviceDriver};
use crate::devices::event::Event;
use crate::devices::health::Health;
use crate::devices::order::Orders;
use crate::devices::outfit::Outfit;

/// Most bytes for RS485, in messages, that wait for the connection: a line has one at a time.
const BYTES_QUEUED: usize = 4;

/// How long after its last word a camera counts as there: three heartbeats.
const SILENT: Duration = Duration::from_secs(6);

/// A camera, from outside.
#[derive(Debug)]
pub(super) struct Camera {
    orders: Orders,
    serial: mpsc::Sender<Bytes>,
    seen: Arc<State>,
}

/// What its worker has found out.
#[derive(Debug)]
struct State {
    config: config::VzTcp,
    health: Health,
    contacts: Contacts,
    /// The ports of its RS485 that are used.
    rs485: Listeners,
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), reqwest::Error> {
    let lot = outfit.lot;
    for config in &lot.vz_tcp {
        let (orders, ordered) = Orders::new("相机", outfit.in_force.clone());
        let seen = Arc::new(State {
            config: config.clone(),
            health: Health::new(SILENT),
            contacts: Contacts::new(&config.inputs, config.looks),
            rs485: Listeners::default(),
        });
        let (serial, bytes) = mpsc::channel(BYTES_QUEUED);
        let worker = Worker::new(Arc::clone(&seen), ordered, bytes, outfit.in_force.clone());
        outfit.has(Camera {
            orders,
            serial,
            seen,
        });
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

impl PassesOn for Camera {
    /// Has the port made ready with every connection. What comes back there is not documented, and
    /// not heard.
    fn listen(&self, port: u8) -> mpsc::Receiver<Vec<u8>> {
        self.seen.rs485.listen(port)
    }

    fn pass_on(&self, port: u8, bytes: Vec<u8>, within: Duration) -> Passed<'_> {
        Box::pin(async move {
            if !self.seen.health.answers() {
                return Err(CommandError::NotDone("相机未连接".to_owned()));
            }
            let (answer, answered) = oneshot::channel();
            let bytes = Bytes {
                port,
                bytes,
                until: Instant::now() + within,
                answer,
            };
            let sent = self.serial.try_send(bytes);
            sent.map_err(|_| CommandError::NotDone("相机忙".to_owned()))?;
            match timeout(within, answered).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) | Err(_) => Err(CommandError::Unknown("相机未应答".to_owned())),
            }
        })
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
        ("vz tcp", self.seen.config.address.clone())
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

    fn rs485(self: Arc<Self>) -> Option<Arc<dyn PassesOn>> {
        Some(self)
    }
}

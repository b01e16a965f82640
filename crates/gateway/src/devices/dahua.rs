//! Gate cameras of 大华 (Dahua), experimental (`docs/EQUIPMENT.md`): they push what they see (ITSAPI) or
//! tell it in their stream of events (CGI), and are called to open. It follows what others published of
//! the protocol.
//!
//! `message` is what they push and are answered, `traffic` what they tell in the stream, both without I/O;
//! `push` is the address that they speak to, `stream` the task that listens to one, `worker` the one that
//! calls it, `probe` tries one from the command line.

pub(crate) mod fuzzed;
mod message;
pub(in crate::devices) mod probe;
mod push;
mod stream;
mod traffic;
mod worker;

use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::BoxFuture;
use jiff::Timestamp;

use self::message::Seen;
use self::push::PushingCamera;
use self::stream::Listener;
use self::worker::Worker;
use super::caller::{Access, Caller, Refusal};
use super::controller::{CommandError, DeviceDriver};
use super::event::{Event, Heartbeat, PlateEvent};
use super::health::Health;
use super::order::Orders;
use super::outfit::{EquipError, Outfit};
use super::teller::Teller;
use super::unheld;
use crate::config::{self, DahuaEvents, Equipment};
use crate::devices::trust::Trust;

/// A camera, from outside.
#[derive(Debug)]
struct Camera {
    orders: Orders,
    seen: Arc<State>,
}

/// What is known of a camera.
#[derive(Debug)]
struct State {
    config: config::Dahua,
    health: Health,
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    outfit.starts(|it| it.pushing.family("dahua"));
    let lot = outfit.lot;
    for config in &lot.dahua {
        let (orders, ordered) = Orders::new("相机", outfit.in_force.clone());
        let seen = Arc::new(State {
            health: Health::new(config.patience()),
            config: config.clone(),
        });
        let access = Access {
            address: &config.address,
            user: &config.user,
            password: &config.password,
            answer: config.answer,
            trust: &Trust::Plain,
        };
        let refusal = Refusal::default();
        let caller = Caller::new(access, refusal.clone())?;
        let worker = Worker::new(Arc::clone(&seen), caller, ordered, outfit.in_force.clone());
        let mut listener = None;
        if config.events == DahuaEvents::Stream {
            let caller = Caller::new(access, refusal)?;
            listener = Some(Listener::new(Arc::clone(&seen), caller));
        }
        let key = config.key.clone();
        let pushing = Arc::clone(&seen);
        outfit.has(Camera { orders, seen });
        outfit.starts(move |it| {
            it.spawn(worker.run(it.stop.clone()));
            if let Some(listener) = listener {
                it.spawn(listener.run(it.teller(), it.stop.clone()));
            }
            if let Some(key) = key {
                let camera = PushingCamera::new(pushing, it.teller());
                it.pushing.add("dahua", &key, Arc::new(camera));
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
        ("dahua", self.seen.config.address.clone())
    }

    /// There is no documented command that keeps an arm up: whoever wants the one that is said to do so
    /// has it configured.
    fn drive<'a>(
        &'a self,
        _id: &'a str,
        barrier: &'a DeviceNo,
        motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        let own = self.seen.config.barrier.as_ref();
        if own.is_some_and(|it| it.hold.is_some()) {
            return Box::pin(self.orders.give(barrier, motion));
        }
        let pulse = self.orders.give(barrier, Motion::Pulse);
        Box::pin(unheld::drive(motion, pulse))
    }
}

impl State {
    /// The camera said something, `frame` if that is more than that it is there.
    async fn heard(&self, frame: Option<&[u8]>, teller: &Teller) {
        if self.health.called(frame) {
            let name = &self.config.name;
            tracing::info!(name, "a camera is there");
        }
        if self.health.is_time_to_beat() {
            let devices = self.config.drives().into_iter().cloned().collect();
            teller.tell(Event::Heartbeat(Heartbeat { devices })).await;
        }
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

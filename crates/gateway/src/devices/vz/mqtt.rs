//! Cameras of 臻识 over MQTT: both the camera and the gateway are clients of the lot's broker.
//! `envelope` is what is said, without I/O; `worker` the task that hears and speaks, `probe` tries a
//! camera from the command line.

mod envelope;
pub(crate) mod fuzzed;
pub(in crate::devices) mod probe;
mod worker;

use self::worker::Worker;
use super::rs485::Outgoing;
use crate::config::{self, Topic};
use crate::devices::linked::{Linked, Seen};
use crate::devices::outfit::{EquipError, Outfit};

/// How many signs of life may be missing before a camera counts as lost.
const MISSES: u32 = 3;

/// What its worker has found out of a camera.
type State = Seen<config::VzMqtt>;

/// Whether what came under `topic` is an answer, and the name that it has there, if that is one of its
/// levels. `up` and `reply` are the camera's own.
fn placed(up: &Topic, reply: &Topic, topic: &str) -> (bool, Option<String>) {
    let answered = reply.matched(topic);
    let is_reply = answered.is_some();
    let holes = answered.or_else(|| up.matched(topic)).unwrap_or_default();
    let named = holes.iter().find(|(hole, _)| *hole == "name");
    (is_reply, named.map(|(_, name)| (*name).to_owned()))
}

/// The cameras of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    let lot = outfit.lot;
    for config in &lot.vz_mqtt {
        let Some(exchange) = &mut outfit.exchange else {
            continue;
        };
        // A message tells of a change, which is not repeated.
        let seen = State::new(config.clone(), config.heartbeat * MISSES, 1);
        let own = |topic: &Topic| topic.with("sn", &config.serial);
        let line = exchange.line(vec![own(&config.up), own(&config.reply)]);
        let way = ("vz mqtt", config.serial.as_str());
        let (camera, ordered) = Linked::new(way, "相机", &seen, outfit.in_force);
        let (serial, bytes) = Outgoing::new();
        let worker = Worker::new(seen, (ordered, bytes), line, outfit.in_force.clone());
        outfit.has(camera.with_rs485(serial));
        outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
    }
    Ok(())
}

//! Cameras of 臻识 over TCP: the gateway connects, has every reading told, looks at the inputs, and
//! tells the outputs. `frame` is the wire and `history` what is fetched of the camera's memory, both
//! without I/O, `worker` the task that owns the connection.

mod frame;
pub(crate) mod fuzzed;
mod history;
mod link;
pub(in crate::devices) mod probe;
mod worker;

use std::time::Duration;

use self::worker::Worker;
use super::rs485::Outgoing;
use crate::config;
use crate::devices::linked::{Linked, Seen};
use crate::devices::outfit::{EquipError, Outfit};

/// How long after its last word a camera counts as there: three heartbeats.
const SILENT: Duration = Duration::from_secs(6);

/// What its worker has found out of a camera.
type State = Seen<config::VzTcp>;

/// The cameras of a lot. What comes back over their RS485 is not documented, and not heard.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    let lot = outfit.lot;
    for config in &lot.vz_tcp {
        let seen = State::new(config.clone(), SILENT, config.looks);
        let way = ("vz tcp", config.address.as_str());
        let (camera, ordered) = Linked::new(way, "相机", &seen, outfit.in_force);
        let (serial, bytes) = Outgoing::new();
        let worker = Worker::new(seen, ordered, bytes, outfit.in_force.clone());
        outfit.has(camera.with_rs485(serial));
        outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
    }
    Ok(())
}

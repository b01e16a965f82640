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

use self::worker::Worker;
use super::health::STILL_THERE;
use super::linked::{Linked, Seen};
use super::outfit::Outfit;

/// The modules of a lot.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), reqwest::Error> {
    let lot = outfit.lot;
    for config in &lot.modbus {
        let seen = Seen::new(config.clone(), STILL_THERE, config.looks);
        let way = ("modbus", config.address.as_str());
        let (module, ordered) = Linked::new(way, "继电器模块", &seen, outfit.in_force);
        let worker = Worker::new(seen, ordered, outfit.in_force.clone());
        outfit.has(module);
        outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
    }
    Ok(())
}

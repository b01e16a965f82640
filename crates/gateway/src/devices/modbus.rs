//! Modules of relays and contacts over Modbus: a barrier is opened by a relay, loops, limit
//! switches and the fire alarm are inputs (`docs/EQUIPMENT.md`).
//!
//! `frame` is what is sent without I/O, `wire` an open way, `line` who may speak on it when, `wiring`
//! what is where in which module; `worker`, of which each module has one, joins them.

pub(crate) mod frame;
pub(crate) mod fuzzed;
mod line;
mod lowering;
pub(super) mod probe;
mod wire;
mod wiring;
mod worker;

use std::collections::BTreeMap;

use self::line::Line;
use self::worker::Worker;
use super::health::STILL_THERE;
use super::linked::{Linked, Seen};
use super::outfit::{EquipError, Outfit};
use crate::config;

/// The modules of a lot, and who speaks on each line.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    let lot = outfit.lot;
    let mut lines = BTreeMap::new();
    for config in &lot.modbus {
        let at = config::line_of(&config.address);
        let known = lines.get(&at).cloned();
        let line = known.unwrap_or_else(|| {
            let beside = |it: &&config::Modbus| config::line_of(&it.address) == at;
            let (line, keeper) = Line::of(config, lot.modbus.iter().filter(beside).count());
            outfit.starts(|it| it.spawn(keeper.run()));
            lines.insert(at, line.clone());
            line
        });
        equip_module(outfit, config, line);
    }
    Ok(())
}

fn equip_module(outfit: &mut Outfit<'_>, config: &config::Modbus, line: Line) {
    let seen = Seen::new(config.clone(), STILL_THERE, config.looks);
    let way = ("modbus", config.address.as_str());
    let (module, ordered) = Linked::new(way, "继电器模块", &seen, outfit.in_force);
    let worker = Worker::new(seen, line, ordered, outfit.in_force.clone());
    outfit.has(module);
    outfit.starts(|it| it.spawn(worker.run(it.teller(), it.stop.clone())));
}

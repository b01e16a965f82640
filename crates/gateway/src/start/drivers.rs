//! The drivers of a lot, of every family.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lots::StartedLot;
use crate::config;
use crate::devices::controllers::Controllers;
use crate::devices::intake::Intake;
use crate::devices::outfit::{EquipError, Outfit, Starting};
use crate::devices::push::Pushing;
use crate::devices::{dahua, generic, hik, modbus, mqtt, olm, spaces, vz};
use crate::reload::InForce;

/// What adds the equipment of a family to what a lot has.
type Family = fn(&mut Outfit<'_>) -> Result<(), EquipError>;

/// Every family. Boards may hang on cameras, which are there before them; the broker is done when
/// everybody has a line to it.
const FAMILIES: [Family; 11] = [
    modbus::equip,
    vz::equip,
    vz::hx::equip,
    vz::tcp::equip,
    vz::mqtt::equip,
    hik::equip,
    dahua::equip,
    olm::equip,
    spaces::equip,
    mqtt::equip,
    generic::equip,
];

/// What a lot is equipped with.
pub(super) fn of<'a>(
    lot: &'a config::Lot,
    controllers: &'a mut Controllers,
    in_force: &'a InForce,
) -> Result<Outfit<'a>, EquipError> {
    let mut outfit = Outfit::new(lot, controllers, in_force);
    for equip in FAMILIES {
        equip(&mut outfit)?;
    }
    Ok(outfit)
}

/// Starts what the drivers need; what they hear goes to `intake`. What comes back is what pushes, to
/// be served.
pub(super) fn run(
    lots: &mut [StartedLot],
    intake: &Arc<Intake>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Pushing {
    let mut pushing = Pushing::default();
    for lot in lots {
        let mut starting = Starting {
            lot: lot.configured.id.clone(),
            intake,
            tasks,
            stop,
            pushing: &mut pushing,
        };
        for start in lot.starts.drain(..) {
            start(&mut starting);
        }
    }
    pushing
}

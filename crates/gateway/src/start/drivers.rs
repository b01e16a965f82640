//! Which driver speaks to which device of a lot.

use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use super::lots::StartedLot;
use crate::config;
use crate::devices::intake::Intake;
use crate::devices::mailbox::Mailboxes;
use crate::devices::modbus::{Module, Worker};
use crate::devices::teller::Teller;
use crate::devices::{Controller, DeviceDriver, Generic};
use crate::reload::InForce;

/// The drivers of a lot.
pub(super) struct Drivers<'a> {
    lot: &'a config::Lot,
    mailboxes: &'a mut Mailboxes,
    in_force: &'a InForce,
    client: reqwest::Client,
    modules: Vec<Module>,
    /// Their tasks, which are yet to run.
    pub(super) workers: Vec<Worker>,
}

impl<'a> Drivers<'a> {
    pub(super) fn new(
        lot: &'a config::Lot,
        mailboxes: &'a mut Mailboxes,
        in_force: &'a InForce,
    ) -> Result<Drivers<'a>, StartError> {
        let modules = lot.modbus.iter();
        let modules = modules.map(|module| Module::new(module, in_force.clone()));
        let (modules, workers) = modules.unzip();
        Ok(Drivers {
            lot,
            mailboxes,
            in_force,
            client: Generic::client()?,
            modules,
            workers,
        })
    }

    /// The devices of a lane, each behind its driver; a driver that only has a contact of the lane
    /// is asked for that.
    pub(super) fn of(&mut self, lane: &config::Lane) -> Controller {
        let mut drivers = Vec::new();
        let devices: Vec<&DeviceNo> = lane.devices().collect();
        for (module, config) in self.modules.iter().zip(&self.lot.modbus) {
            if config.has_fire() || config.touches().any(|it| devices.contains(&it)) {
                let barriers = config.barriers.iter().map(|it| &it.device);
                let own = barriers.filter(|it| devices.contains(it)).cloned();
                drivers.push((DeviceDriver::Modbus(module.clone()), own.collect()));
            }
        }
        if let Some(generic) = self.generic(lane) {
            let left = devices.into_iter().filter(|it| !self.lot.drives(it));
            drivers.push((DeviceDriver::Generic(generic), left.cloned().collect()));
        }
        Controller::new(drivers)
    }

    /// Those that have a connection of their own.
    pub(super) fn shown(&self) -> Vec<DeviceDriver> {
        self.modules
            .iter()
            .cloned()
            .map(DeviceDriver::Modbus)
            .collect()
    }

    fn generic(&mut self, lane: &config::Lane) -> Option<Generic> {
        let (url, key) = (lane.device_url.clone()?, lane.device_key.clone()?);
        Some(if lane.fetches_commands() {
            let mailbox = self.mailboxes.of(&key);
            Generic::that_fetches(mailbox, self.in_force.clone())
        } else {
            Generic::new(self.client.clone(), url, key)
        })
    }
}

/// Runs the drivers' tasks; what they hear goes to `intake`.
pub(super) fn run(
    lots: &mut [StartedLot],
    intake: &Arc<Intake>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) {
    for lot in lots {
        for worker in lot.workers.drain(..) {
            let id = lot.configured.id.clone();
            let (teller, telling) = Teller::new(Arc::clone(intake), id, stop.clone());
            tasks.spawn(telling);
            tasks.spawn(worker.run(teller, stop.clone()));
        }
    }
}

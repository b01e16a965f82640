//! What a lot is equipped with: its drivers, and what has to be started for them.
//!
//! A family is one function that adds its equipment to an [`Outfit`]; `start::drivers` lists them.

use std::sync::Arc;

use boshi_protocol::id::LotId;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::controller::DeviceDriver;
use super::controllers::Controllers;
use super::intake::Intake;
use super::mqtt::Exchange;
use super::push::Pushing;
use super::teller::Teller;
use super::vz::rs485::Rs485;
use crate::config::{self, ConfigError};
use crate::reload::InForce;

/// Starts what a driver needs, once what it hears can be taken in.
pub(crate) type Start = Box<dyn FnOnce(&mut Starting<'_>) + Send>;

/// Why a lot cannot be equipped as configured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EquipError {
    /// No client for a device can be made.
    #[error("devices: {0}")]
    Client(#[from] reqwest::Error),
    /// A file that the configuration names.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// What a lot is equipped with, family by family.
pub(crate) struct Outfit<'a> {
    pub(super) lot: &'a config::Lot,
    pub(super) in_force: &'a InForce,
    pub(super) controllers: &'a mut Controllers,
    /// The way to the lot's broker, if it has one.
    pub(super) exchange: Option<Exchange>,
    /// Every driver.
    pub(crate) drivers: Vec<Arc<dyn DeviceDriver>>,
    /// What they need started.
    pub(crate) starts: Vec<Start>,
}

impl<'a> Outfit<'a> {
    pub(crate) fn new(
        lot: &'a config::Lot,
        controllers: &'a mut Controllers,
        in_force: &'a InForce,
    ) -> Outfit<'a> {
        Outfit {
            lot,
            in_force,
            controllers,
            exchange: (lot.mqtt.as_ref()).map(|config| Exchange::new(&lot.id, config)),
            drivers: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// A driver.
    pub(super) fn has(&mut self, driver: impl DeviceDriver + 'static) {
        self.drivers.push(Arc::new(driver));
    }

    /// Something that has to be started.
    pub(super) fn starts(&mut self, start: impl FnOnce(&mut Starting<'_>) + Send + 'static) {
        self.starts.push(Box::new(start));
    }

    /// The RS485 of a camera whose driver is there already, by its name.
    pub(super) fn rs485(&self, camera: &str, port: u8) -> Option<Rs485> {
        let mut named = self.drivers.iter();
        let camera = named.find_map(|it| {
            let named = it.equipment().name() == camera;
            named.then(|| Arc::clone(it).rs485()).flatten()
        });
        camera.map(|camera| Rs485::of(camera, port))
    }
}

/// What drivers are started with.
pub(crate) struct Starting<'a> {
    pub(crate) lot: LotId,
    pub(crate) intake: &'a Arc<Intake>,
    pub(crate) tasks: &'a TaskTracker,
    pub(crate) stop: &'a CancellationToken,
    /// What pushes is to be served.
    pub(crate) pushing: &'a mut Pushing,
}

impl Starting<'_> {
    /// A way by which what is heard is taken in.
    pub(super) fn teller(&self) -> Teller {
        let (intake, stop) = (Arc::clone(self.intake), self.stop.clone());
        let (teller, telling) = Teller::new(intake, self.lot.clone(), stop);
        self.tasks.spawn(telling);
        teller
    }

    /// A task, which is to end soon after the gateway was told to stop.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }
}

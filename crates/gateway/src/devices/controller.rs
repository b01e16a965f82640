//! The device port: what a lane can want of its devices, whichever driver speaks to each.
//!
//! A command is given once. Whoever did not answer may have acted: that is *unknown*, never tried
//! again, and said to nobody as done (OPEN-7). What devices tell goes the other way, through
//! [`Teller`](super::teller::Teller).

use std::fmt::Debug;
use std::future::ready;
use std::sync::Arc;

use boshi_protocol::endpoint::Line;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::{BoxFuture, join_all};
use serde_json::Value;
use tokio::time::Instant;

use super::event::Event;
use super::health::Health;
use super::olm::Urgency;
use super::vz::rs485::PassesOn;
use crate::config::Equipment;

/// Why a command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    /// Nothing was done: nobody took the command, or the device refused it.
    #[error("{0}")]
    NotDone(String),
    /// Nobody knows whether it was done.
    #[error("{0}")]
    Unknown(String),
    /// The device took the command and can show no more: what else is seen has to confirm it.
    #[error("{0}")]
    Unconfirmed(String),
}

/// What is known of the devices that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Those that answer.
    pub(crate) online: Vec<DeviceNo>,
    /// How their contacts are now.
    pub(crate) state: Vec<Event>,
}

/// Something to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Message<'a> {
    pub(crate) lines: &'a [Line],
    pub(crate) urgency: Urgency,
    /// What is said to it, by a display that can speak.
    pub(crate) spoken: Option<String>,
    /// From then on it is too old.
    pub(crate) until: Instant,
}

/// What speaks to one device of whatever family, and to what hangs on it. What a family cannot do
/// it leaves out.
pub(crate) trait DeviceDriver: Debug + Send + Sync {
    /// What it speaks to, as it is configured.
    fn equipment(&self) -> &dyn Equipment;

    /// How it stands with that.
    fn health(&self) -> &Health;

    /// How it is spoken to, and where it is, for people.
    fn way(&self) -> (&'static str, String);

    /// How its contacts are.
    fn contacts(&self) -> Vec<Event> {
        Vec::new()
    }

    /// Drives a barrier, once.
    fn drive<'a>(
        &'a self,
        _id: &'a str,
        barrier: &'a DeviceNo,
        _motion: Motion,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(ready(Err(no_driver(barrier))))
    }

    /// Shows a message on a display (SHOW-1, SHOW-2).
    fn show<'a>(
        &'a self,
        _id: &'a str,
        display: &'a DeviceNo,
        _message: &'a Message<'_>,
    ) -> BoxFuture<'a, Result<(), CommandError>> {
        Box::pin(ready(Err(no_driver(display))))
    }

    /// Which of these devices, all its own, are there, and how the contacts are (ABN-3).
    fn check<'a>(&'a self, _id: &'a str, devices: &'a [DeviceNo]) -> BoxFuture<'a, Checked> {
        let checked = match self.health().answers() {
            false => Checked::default(),
            true => Checked {
                online: devices.to_vec(),
                state: self.contacts(),
            },
        };
        Box::pin(ready(checked))
    }

    /// What passes bytes on to its RS485, if it has any.
    fn rs485(self: Arc<Self>) -> Option<Arc<dyn PassesOn>> {
        None
    }

    /// How it stands with its device, for people.
    fn shown(&self) -> Value {
        let (way, address) = self.way();
        self.health().shown(way, self.equipment().name(), &address)
    }
}

/// A driver, and which devices of a lane it speaks to.
type Speaks = (Arc<dyn DeviceDriver>, Vec<DeviceNo>);

/// The devices of a lane, each behind its driver.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    drivers: Arc<[Speaks]>,
}

impl Controller {
    /// Those of the drivers that have something of one of these devices, a contact perhaps.
    pub(crate) fn new(drivers: &[Arc<dyn DeviceDriver>], devices: &[&DeviceNo]) -> Controller {
        let touching = drivers.iter();
        let touching = touching.filter(|it| it.equipment().touches(devices));
        let drivers = touching.map(|driver| {
            let own = driver.equipment().drives().into_iter();
            let own = own.filter(|it| devices.contains(it)).cloned().collect();
            (Arc::clone(driver), own)
        });
        Controller {
            drivers: drivers.collect(),
        }
    }

    /// Drives a barrier, once.
    pub(crate) async fn drive(
        &self,
        id: &str,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        let driver = self.driver_of(barrier)?;
        driver.drive(id, barrier, motion).await
    }

    /// Shows a message on a display (SHOW-1, SHOW-2).
    pub(crate) async fn show(
        &self,
        id: &str,
        display: &DeviceNo,
        message: &Message<'_>,
    ) -> Result<(), CommandError> {
        let driver = self.driver_of(display)?;
        driver.show(id, display, message).await
    }

    /// Asks which of these devices answer, and how their contacts are (ABN-3). A driver that
    /// does not answer costs its own devices only.
    pub(crate) async fn check(&self, id: &str, devices: &[DeviceNo]) -> Checked {
        let asked = self.drivers.iter().map(async |(driver, own)| {
            let own = own.iter().filter(|it| devices.contains(it)).cloned();
            let own: Vec<DeviceNo> = own.collect();
            driver.check(id, &own).await
        });
        let mut all = Checked::default();
        for checked in join_all(asked).await {
            all.online.extend(checked.online);
            all.state.extend(checked.state);
        }
        all
    }

    fn driver_of(&self, device: &DeviceNo) -> Result<&dyn DeviceDriver, CommandError> {
        let mut drivers = self.drivers.iter();
        let found = drivers.find(|(_, own)| own.contains(device));
        found
            .map(|(driver, _)| &**driver)
            .ok_or_else(|| no_driver(device))
    }
}

fn no_driver(device: &DeviceNo) -> CommandError {
    CommandError::NotDone(format!("设备 {device} 没有可用的驱动"))
}

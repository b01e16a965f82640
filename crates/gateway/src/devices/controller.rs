//! The device port: what a lane can want of its devices, whichever driver speaks to each.
//!
//! A command is given once. Whoever did not answer may have acted: that is *unknown*, never tried
//! again, and said to nobody as done (OPEN-7). What devices tell goes the other way, through
//! [`Teller`](super::teller::Teller).

use std::sync::Arc;

use boshi_protocol::endpoint::Line;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::Motion;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::dahua;
use super::event::Event;
use super::generic::Generic;
use super::health::Health;
use super::hik;
use super::modbus::Module;
use super::mqtt::Broker;
use super::olm::{Board, Urgency};
use super::spaces::Spaces;
use super::vz::{Camera, mqtt, tcp};

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

/// What speaks to one kind of equipment.
#[derive(Clone, Debug)]
pub(crate) enum DeviceDriver {
    /// A controller over HTTP and JSON.
    Generic(Generic),
    /// A module of relays and contacts.
    Modbus(Module),
    /// A camera of 臻识 and its like.
    Vz(Camera),
    /// A camera of 臻识 that the gateway connects to.
    VzTcp(tcp::Camera),
    /// A gate camera of 海康.
    Hik(hik::Camera),
    /// A gate camera of 大华.
    Dahua(dahua::Camera),
    /// A display board.
    Olm(Board),
    /// A camera of 臻识 that speaks through the lot's MQTT broker.
    VzMqtt(mqtt::Camera),
    /// That broker, which no device of a lane is reached by itself.
    Mqtt(Broker),
    /// A guidance system, which no device of a lane is reached by either.
    Spaces(Spaces),
}

/// The devices of a lane, each behind its driver.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    drivers: Arc<[(DeviceDriver, Vec<DeviceNo>)]>,
}

impl Controller {
    /// Each driver with the devices that it speaks to.
    pub(crate) fn new(drivers: Vec<(DeviceDriver, Vec<DeviceNo>)>) -> Controller {
        let drivers = drivers.into();
        Controller { drivers }
    }

    /// Drives a barrier, once.
    pub(crate) async fn drive(
        &self,
        id: &str,
        barrier: &DeviceNo,
        motion: Motion,
    ) -> Result<(), CommandError> {
        match self.driver_of(barrier)? {
            DeviceDriver::Generic(generic) => generic.drive(id, barrier, motion).await,
            DeviceDriver::Modbus(module) => module.drive(barrier, motion).await,
            DeviceDriver::Vz(camera) => camera.drive(id, barrier, motion).await,
            DeviceDriver::VzTcp(camera) => camera.drive(barrier, motion).await,
            DeviceDriver::Hik(camera) => camera.drive(barrier, motion).await,
            DeviceDriver::Dahua(camera) => camera.drive(barrier, motion).await,
            DeviceDriver::Olm(_) => Err(no_driver(barrier)),
            DeviceDriver::VzMqtt(camera) => camera.drive(barrier, motion).await,
            DeviceDriver::Mqtt(_) | DeviceDriver::Spaces(_) => Err(no_driver(barrier)),
        }
    }

    /// Shows a message on a display (SHOW-1, SHOW-2).
    pub(crate) async fn show(
        &self,
        id: &str,
        display: &DeviceNo,
        message: &Message<'_>,
    ) -> Result<(), CommandError> {
        match self.driver_of(display)? {
            DeviceDriver::Generic(generic) => generic.show(id, display, message.lines).await,
            DeviceDriver::Olm(board) => board.show(message).await,
            DeviceDriver::Modbus(_)
            | DeviceDriver::Vz(_)
            | DeviceDriver::VzTcp(_)
            | DeviceDriver::Hik(_)
            | DeviceDriver::Dahua(_)
            | DeviceDriver::VzMqtt(_)
            | DeviceDriver::Mqtt(_)
            | DeviceDriver::Spaces(_) => Err(no_driver(display)),
        }
    }

    /// Asks which of these devices answer, and how their contacts are (ABN-3). A driver that
    /// does not answer costs its own devices only.
    pub(crate) async fn check(&self, id: &str, devices: &[DeviceNo]) -> Checked {
        let asked = self.drivers.iter().map(async |(driver, own)| {
            let own = own.iter().filter(|it| devices.contains(it)).cloned();
            let own: Vec<DeviceNo> = own.collect();
            let checked = match driver {
                _ if own.is_empty() && driver.is_generic() => return Checked::default(),
                DeviceDriver::Generic(generic) => generic.check(id, &own).await,
                DeviceDriver::Modbus(module) => Ok(module.check(&own)),
                DeviceDriver::Vz(camera) => Ok(camera.check(&own)),
                DeviceDriver::VzTcp(camera) => Ok(camera.check(&own)),
                DeviceDriver::Hik(camera) => Ok(camera.check(&own)),
                DeviceDriver::Dahua(camera) => Ok(camera.check(&own)),
                DeviceDriver::Olm(board) => Ok(board.check(&own)),
                DeviceDriver::VzMqtt(camera) => Ok(camera.check(&own)),
                DeviceDriver::Mqtt(_) | DeviceDriver::Spaces(_) => Ok(Checked::default()),
            };
            checked.unwrap_or_else(|error| {
                tracing::warn!(%error, devices = ?own, "a controller does not answer");
                Checked::default()
            })
        });
        let mut all = Checked::default();
        for checked in join_all(asked).await {
            all.online.extend(checked.online);
            all.state.extend(checked.state);
        }
        all
    }

    fn driver_of(&self, device: &DeviceNo) -> Result<&DeviceDriver, CommandError> {
        let mut drivers = self.drivers.iter();
        let found = drivers.find(|(_, own)| own.contains(device));
        found
            .map(|(driver, _)| driver)
            .ok_or_else(|| no_driver(device))
    }
}

impl DeviceDriver {
    /// How it stands with its device, for people; none when it has no connection of its own.
    pub(crate) fn shown(&self) -> Option<Value> {
        match self {
            DeviceDriver::Generic(_) => None,
            DeviceDriver::Modbus(module) => Some(module.shown()),
            DeviceDriver::Vz(camera) => Some(camera.shown()),
            DeviceDriver::VzTcp(camera) => Some(camera.shown()),
            DeviceDriver::Hik(camera) => Some(camera.shown()),
            DeviceDriver::Dahua(camera) => Some(camera.shown()),
            DeviceDriver::Olm(board) => Some(board.shown()),
            DeviceDriver::VzMqtt(camera) => Some(camera.shown()),
            DeviceDriver::Mqtt(broker) => Some(broker.shown()),
            DeviceDriver::Spaces(spaces) => Some(spaces.shown()),
        }
    }

    /// What its connection is called; none when it has none of its own.
    pub(crate) fn name(&self) -> Option<&str> {
        self.link().map(|(name, _)| name)
    }

    /// The newest `limit` frames between the gateway and the device of that name, before the number
    /// `before`, newest first; none when it is not this driver's.
    pub(crate) fn frames(
        &self,
        name: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Option<Vec<Value>> {
        let (_, health) = self.link().filter(|(own, _)| *own == name)?;
        Some(health.frames(before, limit))
    }

    fn link(&self) -> Option<(&str, &Health)> {
        Some(match self {
            DeviceDriver::Generic(_) => return None,
            DeviceDriver::Modbus(module) => module.link(),
            DeviceDriver::Vz(camera) => camera.link(),
            DeviceDriver::VzTcp(camera) => camera.link(),
            DeviceDriver::Hik(camera) => camera.link(),
            DeviceDriver::Dahua(camera) => camera.link(),
            DeviceDriver::Olm(board) => board.link(),
            DeviceDriver::VzMqtt(camera) => camera.link(),
            DeviceDriver::Mqtt(broker) => broker.link(),
            DeviceDriver::Spaces(spaces) => spaces.link(),
        })
    }

    fn is_generic(&self) -> bool {
        matches!(self, DeviceDriver::Generic(_))
    }
}

fn no_driver(device: &DeviceNo) -> CommandError {
    CommandError::NotDone(format!("设备 {device} 没有可用的驱动"))
}

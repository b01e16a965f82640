//! A lot, started: its task, its displays, and what an earlier run left behind.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::lane::Side;
use boshi_transport::call::{Peer, PeerSettings};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use super::drivers;
use super::recover::{LeftBehind, TakenUp, recover};
use crate::clock::{Clock, SkewWatch, Skews};
use crate::config::{self, Config};
use crate::devices::controllers::Controllers;
use crate::devices::outfit::{Outfit, Start};
use crate::devices::{Controller, DeviceDriver};
use crate::display::{Display, Wording};
use crate::driver::{Driver, Handle, LaneEquipment, Outward};
use crate::journal::{Journal, JournalError};
use crate::local::LocalLot;
use crate::lot::{Input, Lot, Rules};
use crate::monitor::MonitoredLot;
use crate::push::Pusher;
use crate::reload::InForce;

/// Longest that a connection to the platform may take: an attempt has two seconds.
const CONNECT: Duration = Duration::from_secs(2);

/// A lot whose task runs.
pub(super) struct StartedLot {
    pub(super) configured: config::Lot,
    pub(super) driver: Handle,
    pub(super) displays: Vec<Display>,
    pub(super) peer: Peer,
    /// What its run before left behind.
    pub(super) left: LeftBehind,
    pub(super) drivers: Vec<Arc<dyn DeviceDriver>>,
    /// What its drivers are yet to have started.
    pub(super) starts: Vec<Start>,
}

impl StartedLot {
    pub(super) fn monitored(&self) -> MonitoredLot {
        MonitoredLot {
            configured: self.configured.clone(),
            driver: self.driver.clone(),
        }
    }

    pub(super) fn local(&self) -> LocalLot {
        LocalLot {
            configured: self.configured.clone(),
            driver: self.driver.clone(),
            displays: self.displays.clone(),
            drivers: self.drivers.clone(),
        }
    }
}

/// What the lots are started with.
pub(super) struct Surroundings<'a> {
    config: &'a Config,
    journal: &'a Journal,
    stop: &'a CancellationToken,
    tasks: &'a TaskTracker,
    in_force: InForce,
    pub(super) clock: Clock,
    pub(super) skews: Skews,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(
        config: &'a Config,
        in_force: InForce,
        journal: &'a Journal,
        stop: &'a CancellationToken,
        tasks: &'a TaskTracker,
    ) -> Surroundings<'a> {
        let watch = |lot: &config::Lot| {
            let skew = SkewWatch::new(lot.id.clone(), config.clock.window);
            (lot.id.clone(), Arc::new(skew))
        };
        Surroundings {
            config,
            journal,
            stop,
            tasks,
            in_force,
            clock: Clock::start(),
            skews: config.lots.iter().map(watch).collect(),
        }
    }

    /// Starts every lot.
    pub(super) async fn start_lots(
        &self,
        controllers: &mut Controllers,
    ) -> Result<Vec<StartedLot>, StartError> {
        let mut lots = Vec::with_capacity(self.config.lots.len());
        for lot in &self.config.lots {
            lots.push(start_lot(self, lot, controllers).await?);
        }
        Ok(lots)
    }
}

/// Starts the task of a lot, and takes up where an earlier run ended (D-18).
async fn start_lot(
    around: &Surroundings<'_>,
    lot: &config::Lot,
    controllers: &mut Controllers,
) -> Result<StartedLot, StartError> {
    let Surroundings {
        config,
        journal,
        stop,
        ref in_force,
        ..
    } = *around;
    let TakenUp {
        records,
        pressed,
        passing,
        waiting,
        left,
    } = recover(lot, journal, &config.timing.of_lane(), Timestamp::now()).await?;
    let gates = journal.gates(&lot.id).await?;
    let machine = Lot::new(lot, Rules::of(config)?, &gates);
    let outfit = drivers::of(lot, controllers, in_force)?;
    let Outfit {
        drivers, starts, ..
    } = outfit;
    let mut displays = Vec::new();
    let equipment = lot.lanes.iter().map(|lane| {
        let devices: Vec<_> = lane.devices().collect();
        let controller = Controller::new(&drivers, &devices);
        let beside = displays_of(lot, lane, &controller, in_force, stop);
        displays.extend(beside.iter().map(|(_, display)| display.clone()));
        LaneEquipment {
            controller,
            layout: lane.layout(),
            devices: lane.devices().cloned().collect(),
            displays: beside,
        }
    });
    let equipment = equipment.collect();
    let skew = &around.skews[&lot.id];
    let heard = Arc::clone(skew);
    let peer = peer(config, lot)?.watching_clock(move |ahead| heard.dated(ahead));
    let pusher = Pusher {
        lot: lot.id.clone(),
        peer: peer.clone(),
        journal: journal.clone(),
        public_url: config.public_url.clone(),
        clock: Arc::clone(skew),
    };
    let outward = |results| Outward::new(equipment, pusher, results);
    let clock = around.clock.clone();
    let in_force = in_force.clone();
    let (driver, handle) = Driver::new(machine, clock, journal.clone(), in_force, outward);
    skew.told_by(handle.clone());
    around.tasks.spawn(driver.run(stop.clone()));
    handle
        .tell(Input::Recover {
            records,
            pressed,
            passing,
            waiting,
        })
        .await
        .map_err(|_| JournalError::Closed)?;
    Ok(StartedLot {
        configured: lot.clone(),
        driver: handle,
        displays,
        peer,
        left,
        drivers,
        starts,
    })
}

fn displays_of(
    lot: &config::Lot,
    lane: &config::Lane,
    controller: &Controller,
    in_force: &InForce,
    stop: &CancellationToken,
) -> Vec<(Side, Display)> {
    let sides = lane.layout();
    let sides = sides.sides().iter().copied();
    let display = |side: Side| {
        let device = lane.display_of(side)?.clone();
        let wording = Wording::new(lot.id.clone(), side, in_force.clone());
        let display = Display::start(controller.clone(), device, wording, stop.clone());
        Some((side, display))
    };
    sides.filter_map(display).collect()
}

pub(super) fn peer(config: &Config, lot: &config::Lot) -> Result<Peer, StartError> {
    Ok(Peer::new(PeerSettings {
        base_url: config.platform.base_url.clone(),
        lot: lot.id.clone(),
        credentials: config.platform.credentials()?,
        ca_pem: config.platform.authority()?,
        connect_timeout: CONNECT,
    })?)
}

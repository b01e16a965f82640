//! Which driver speaks to which device of a lot.

use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::StartError;
use super::lots::StartedLot;
use crate::config;
use crate::devices::intake::Intake;
use crate::devices::mailbox::Mailboxes;
use crate::devices::modbus::{self, Module};
use crate::devices::olm::{self, Board};
use crate::devices::teller::Teller;
use crate::devices::vz::push::PushingCamera;
use crate::devices::vz::rs485::Rs485;
use crate::devices::vz::{Camera, tcp};
use crate::devices::{Controller, DeviceDriver, Generic};
use crate::reload::InForce;

/// The drivers of a lot.
pub(super) struct Drivers<'a> {
    lot: &'a config::Lot,
    mailboxes: &'a mut Mailboxes,
    in_force: &'a InForce,
    client: reqwest::Client,
    modules: Vec<Module>,
    cameras: Vec<Camera>,
    connected: Vec<tcp::Camera>,
    boards: Vec<Board>,
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
        let (modules, workers): (_, Vec<_>) = modules.unzip();
        let workers = workers.into_iter().map(Worker::Modbus);
        let connected = lot.vz_tcp.iter();
        let connected = connected.map(|camera| tcp::Camera::new(camera, in_force.clone()));
        let (connected, more): (Vec<tcp::Camera>, Vec<_>) = connected.unzip();
        let workers = workers.chain(more.into_iter().map(Worker::VzTcp));
        let cameras = lot.vz.iter();
        let cameras = cameras.map(|camera| Camera::new(camera, in_force.clone()));
        let cameras: Vec<Camera> = cameras.collect();
        let (boards, lines) = Board::all(lot, |name, port| {
            let mut pushing = cameras.iter().zip(&lot.vz);
            let pushing = pushing.find(|(_, it)| it.name == name);
            let mut known = connected.iter().zip(&lot.vz_tcp);
            let known = known.find(|(_, it)| it.name == name);
            let known = known.map(|(it, _)| Rs485::of_connected(it, port));
            pushing.map(|(it, _)| Rs485::of(it, port)).or(known)
        });
        let workers = workers.chain(lines.into_iter().map(Worker::Olm)).collect();
        Ok(Drivers {
            lot,
            mailboxes,
            in_force,
            client: Generic::client()?,
            modules,
            cameras,
            connected,
            boards,
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
        for (camera, config) in self.connected.iter().zip(&self.lot.vz_tcp) {
            if has_fire(&config.inputs) || config.touches().any(|it| devices.contains(&it)) {
                let own = config.drives().filter(|it| devices.contains(it));
                drivers.push((DeviceDriver::VzTcp(camera.clone()), own.cloned().collect()));
            }
        }
        for (camera, config) in self.cameras.iter().zip(&self.lot.vz) {
            if has_fire(&config.inputs) || config.touches().any(|it| devices.contains(&it)) {
                let own = config.drives().filter(|it| devices.contains(it));
                drivers.push((DeviceDriver::Vz(camera.clone()), own.cloned().collect()));
            }
        }
        for board in &self.boards {
            if devices.contains(&board.display()) {
                let own = vec![board.display().clone()];
                drivers.push((DeviceDriver::Olm(board.clone()), own));
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
        let modules = self.modules.iter().cloned().map(DeviceDriver::Modbus);
        let cameras = self.cameras.iter().cloned().map(DeviceDriver::Vz);
        let connected = self.connected.iter().cloned().map(DeviceDriver::VzTcp);
        let boards = self.boards.iter().cloned().map(DeviceDriver::Olm);
        modules
            .chain(cameras)
            .chain(connected)
            .chain(boards)
            .collect()
    }

    /// The cameras that push.
    pub(super) fn cameras(&self) -> Vec<Camera> {
        self.cameras.clone()
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

/// The task of a driver, which is yet to run.
#[derive(Debug)]
pub(super) enum Worker {
    Modbus(modbus::Worker),
    VzTcp(tcp::Worker),
    Olm(olm::Worker),
}

fn has_fire(inputs: &[config::Input]) -> bool {
    inputs.iter().any(|it| it.role == config::Role::Fire)
}

/// Runs the drivers' tasks; what they hear goes to `intake`. What comes back are the cameras that
/// push, to be served.
pub(super) fn run(
    lots: &mut [StartedLot],
    intake: &Arc<Intake>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Vec<PushingCamera> {
    let mut attached = Vec::new();
    for lot in lots {
        let id = &lot.configured.id;
        let teller = || {
            let (teller, telling) = Teller::new(Arc::clone(intake), id.clone(), stop.clone());
            tasks.spawn(telling);
            teller
        };
        let inside = vehicles_inside(&lot.configured, intake, tasks, stop);
        for worker in lot.workers.drain(..) {
            match worker {
                Worker::Modbus(worker) => tasks.spawn(worker.run(teller(), stop.clone())),
                Worker::VzTcp(worker) => tasks.spawn(worker.run(teller(), stop.clone())),
                Worker::Olm(worker) => {
                    tasks.spawn(worker.run(teller(), inside.clone(), stop.clone()))
                }
            };
        }
        for camera in lot.cameras.drain(..) {
            attached.push(PushingCamera::new(camera, teller()));
        }
    }
    attached
}

/// How many vehicles are in a lot, counted when a board shows how many spaces are free.
fn vehicles_inside(
    lot: &config::Lot,
    intake: &Intake,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> watch::Receiver<Option<u64>> {
    let (to, inside) = watch::channel(None);
    if lot.olm.iter().any(|board| board.spaces.is_some()) {
        let counting = olm::spaces::count(intake.journal.clone(), lot.id.clone(), to);
        tasks.spawn(stop.clone().run_until_cancelled_owned(counting));
    }
    inside
}

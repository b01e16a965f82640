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
use crate::devices::mqtt::{self as broker, Broker, Exchange};
use crate::devices::olm::{self, Board};
use crate::devices::spaces::push::PushingSpaces;
use crate::devices::spaces::{self, Spaces};
use crate::devices::teller::Teller;
use crate::devices::vz::push::PushingCamera;
use crate::devices::vz::rs485::Rs485;
use crate::devices::vz::{Camera, mqtt, tcp};
use crate::devices::{Controller, DeviceDriver, Generic};
use crate::devices::{dahua, hik};
use crate::reload::InForce;

/// The drivers of a lot.
pub(super) struct Drivers<'a> {
    lot: &'a config::Lot,
    mailboxes: &'a mut Mailboxes,
    in_force: &'a InForce,
    client: reqwest::Client,
    modules: Vec<Module>,
    cameras: Vec<(Camera, config::Vz)>,
    connected: Vec<tcp::Camera>,
    hik: Vec<hik::Camera>,
    dahua: Vec<dahua::Camera>,
    boards: Vec<Board>,
    broker: Option<Broker>,
    spoken_to: Vec<mqtt::Camera>,
    spaces: Vec<Spaces>,
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
        let hik = lot.hik.iter();
        let hik = hik.map(|camera| hik::Camera::new(camera, in_force.clone()));
        let hik: Vec<_> = hik.collect::<Result<_, _>>()?;
        let (hik, more): (_, Vec<_>) = hik.into_iter().unzip();
        let workers = workers.chain(more.into_iter().map(|it| Worker::Hik(Box::new(it))));
        let dahua = lot.dahua.iter();
        let dahua = dahua.map(|camera| dahua::Camera::new(camera, in_force.clone()));
        let dahua: Vec<_> = dahua.collect::<Result<_, _>>()?;
        let (dahua, more): (_, Vec<_>) = dahua.into_iter().unzip();
        let workers = workers.chain(more.into_iter().map(Worker::Dahua));
        let cameras = lot.vz.iter().cloned();
        let cameras = cameras.chain(lot.hx.iter().map(config::Hx::as_vz));
        let cameras = cameras.map(|config| (Camera::new(&config, in_force.clone()), config));
        let cameras: Vec<_> = cameras.collect();
        let (boards, lines) = Board::all(lot, |name, port| {
            let mut pushing = cameras.iter();
            let pushing = pushing.find(|(_, it)| it.name == name);
            let mut known = connected.iter().zip(&lot.vz_tcp);
            let known = known.find(|(_, it)| it.name == name);
            let known = known.map(|(it, _)| Rs485::of_connected(it, port));
            pushing.map(|(it, _)| Rs485::of(it, port)).or(known)
        });
        let workers = workers.chain(lines.into_iter().map(Worker::Olm));
        let mut workers: Vec<Worker> = workers.collect();
        let mut exchange = (lot.mqtt.as_ref()).map(|config| Exchange::new(&lot.id, config));
        let spoken_to = through_broker(lot, exchange.as_mut(), &mut workers, in_force);
        let spaces = spaces_of(lot, exchange.as_mut(), &mut workers);
        let broker = exchange.map(|exchange| {
            let (broker, worker) = exchange.done();
            workers.push(Worker::Broker(worker));
            broker
        });
        Ok(Drivers {
            lot,
            mailboxes,
            in_force,
            client: Generic::client()?,
            modules,
            cameras,
            connected,
            hik,
            dahua,
            boards,
            broker,
            spoken_to,
            spaces,
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
        for (camera, config) in self.spoken_to.iter().zip(&self.lot.vz_mqtt) {
            if has_fire(&config.inputs) || config.touches().any(|it| devices.contains(&it)) {
                let own = config.drives().filter(|it| devices.contains(it));
                let own = own.cloned().collect();
                drivers.push((DeviceDriver::VzMqtt(camera.clone()), own));
            }
        }
        for (camera, config) in &self.cameras {
            if has_fire(&config.inputs) || config.touches().any(|it| devices.contains(&it)) {
                let own = config.drives().filter(|it| devices.contains(it));
                drivers.push((DeviceDriver::Vz(camera.clone()), own.cloned().collect()));
            }
        }
        for (camera, config) in self.hik.iter().zip(&self.lot.hik) {
            if has_fire(&config.inputs) || config.touches().any(|it| devices.contains(&it)) {
                let own = config.drives().filter(|it| devices.contains(it));
                drivers.push((DeviceDriver::Hik(camera.clone()), own.cloned().collect()));
            }
        }
        for (camera, config) in self.dahua.iter().zip(&self.lot.dahua) {
            let own = config.drives().filter(|it| devices.contains(it));
            let own: Vec<DeviceNo> = own.cloned().collect();
            if !own.is_empty() {
                drivers.push((DeviceDriver::Dahua(camera.clone()), own));
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
        let cameras = self.cameras.iter();
        let cameras = cameras.map(|(camera, _)| DeviceDriver::Vz(camera.clone()));
        let connected = self.connected.iter().cloned().map(DeviceDriver::VzTcp);
        let hik = self.hik.iter().cloned().map(DeviceDriver::Hik);
        let dahua = self.dahua.iter().cloned().map(DeviceDriver::Dahua);
        let boards = self.boards.iter().cloned().map(DeviceDriver::Olm);
        let broker = self.broker.iter().cloned().map(DeviceDriver::Mqtt);
        let spoken_to = self.spoken_to.iter().cloned();
        let through = broker.chain(spoken_to.map(DeviceDriver::VzMqtt));
        let called = connected.chain(hik).chain(dahua).chain(boards);
        modules
            .chain(cameras)
            .chain(called)
            .chain(through)
            .chain(self.spaces.iter().cloned().map(DeviceDriver::Spaces))
            .collect()
    }

    /// The cameras that push.
    pub(super) fn cameras(&self) -> Pushing {
        Pushing {
            vz: self.cameras.iter().map(|(it, _)| it.clone()).collect(),
            hik: self.hik.clone(),
            dahua: self.dahua.clone(),
        }
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
    Hik(Box<hik::Tasks>),
    Dahua(dahua::Worker),
    Olm(olm::Worker),
    VzMqtt(mqtt::Worker),
    Broker(broker::Worker),
    Spaces(spaces::Worker),
}

/// Cameras that may push, which are yet to be served.
#[derive(Debug, Default)]
pub(super) struct Pushing {
    vz: Vec<Camera>,
    hik: Vec<hik::Camera>,
    dahua: Vec<dahua::Camera>,
}

/// What pushes to the gateway, to be served.
#[derive(Debug, Default)]
pub(super) struct Callers {
    pub(super) vz: Vec<PushingCamera>,
    pub(super) hik: Vec<hik::push::PushingCamera>,
    pub(super) dahua: Vec<dahua::push::PushingCamera>,
    pub(super) spaces: Vec<PushingSpaces>,
}

/// The cameras behind a lot's broker.
fn through_broker(
    lot: &config::Lot,
    exchange: Option<&mut Exchange>,
    workers: &mut Vec<Worker>,
    in_force: &InForce,
) -> Vec<mqtt::Camera> {
    let Some(exchange) = exchange else {
        return Vec::new();
    };
    let mut cameras = Vec::new();
    for camera in &lot.vz_mqtt {
        let (camera, worker) = mqtt::Camera::new(camera, exchange, in_force.clone());
        cameras.push(camera);
        workers.push(Worker::VzMqtt(worker));
    }
    cameras
}

/// What tells of a lot's spaces.
fn spaces_of(
    lot: &config::Lot,
    mut exchange: Option<&mut Exchange>,
    workers: &mut Vec<Worker>,
) -> Vec<Spaces> {
    let mut all = Vec::new();
    for system in &lot.spaces {
        let exchange = exchange.as_deref_mut();
        let (spaces, worker) = Spaces::new(&lot.id, &lot.places, system, exchange);
        all.push(spaces);
        workers.push(Worker::Spaces(worker));
    }
    all
}

fn has_fire(inputs: &[config::Input]) -> bool {
    inputs.iter().any(|it| it.role == config::Role::Fire)
}

/// Runs the drivers' tasks; what they hear goes to `intake`. What comes back is what pushes, to be
/// served.
pub(super) fn run(
    lots: &mut [StartedLot],
    intake: &Arc<Intake>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Callers {
    let mut attached = Callers::default();
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
                Worker::Hik(camera) => {
                    let hik::Tasks { worker, listener } = *camera;
                    let teller = teller();
                    if let Some(listener) = listener {
                        tasks.spawn(listener.run(teller.clone(), stop.clone()));
                    }
                    tasks.spawn(worker.run(teller, stop.clone()))
                }
                Worker::Dahua(worker) => tasks.spawn(worker.run(stop.clone())),
                Worker::Olm(worker) => {
                    tasks.spawn(worker.run(teller(), inside.clone(), stop.clone()))
                }
                Worker::VzMqtt(worker) => tasks.spawn(worker.run(teller(), stop.clone())),
                Worker::Broker(worker) => tasks.spawn(worker.run(stop.clone())),
                Worker::Spaces(worker) => {
                    let teller = teller();
                    let pushes = PushingSpaces::new(worker.spaces(), &teller);
                    attached.spaces.extend(pushes);
                    tasks.spawn(worker.run(teller, stop.clone()))
                }
            };
        }
        let Pushing { vz, hik, dahua } = std::mem::take(&mut lot.cameras);
        for camera in vz {
            attached.vz.push(PushingCamera::new(camera, teller()));
        }
        for camera in hik {
            let camera = hik::push::PushingCamera::new(&camera, teller());
            attached.hik.extend(camera);
        }
        for camera in dahua {
            let camera = dahua::push::PushingCamera::new(&camera, teller());
            attached.dahua.push(camera);
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

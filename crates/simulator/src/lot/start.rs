//! Starting a lot: one player and one feed a lane, one office a key, one device URL.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::DeviceNo;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::debug;

use super::clock::Clock;
use super::controller::{Attached, Controller, PATH};
use super::event::heartbeat;
use super::feed::{Ends, Feed};
use super::gateway::{Gateway, GatewayError, Told, client};
use super::places::Places;
use super::plan::{LanePlan, LotPlan, PlanError, Speaks};
use super::player::{Order, Player};
use super::site::Site;
use super::voice::{self, Voice, ask_for_orders, take_orders};
use super::{MAX_VEHICLES, RunningLane, VirtualLot};
use crate::camera::{HikCamera, VzCamera, VzTcpCamera};

/// Most orders that a lane has not begun: vehicles are let in faster than that.
const MAX_ORDERS: usize = 256;

/// Why a lot cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The plan makes no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The gateway cannot be told anything.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The device URL cannot be served.
    #[error("commands cannot be taken: {0}")]
    Listen(#[from] io::Error),
}

impl VirtualLot {
    /// Starts the lot and attaches it to the devices' listener of a gateway, such as
    /// `http://127.0.0.1:8444`, which need not be there yet.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(plan: LotPlan, gateway: &str) -> Result<VirtualLot, StartError> {
        let listener = TcpListener::bind(plan.listen).await?;
        VirtualLot::start_on(listener, plan, gateway)
    }

    /// The same, with the device URL on a listener that exists already: for a gateway that must
    /// be configured with the URL before the lot can know the gateway's address.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start_on(
        listener: TcpListener,
        plan: LotPlan,
        gateway: &str,
    ) -> Result<VirtualLot, StartError> {
        plan.check()?;
        let gateways = Gateways {
            client: client()?,
            base: gateway,
        };
        let device_url = format!("http://{}{PATH}", listener.local_addr()?);
        let site = Arc::new(Site::new(Clock::start(plan.speed), plan.pictures));
        let mut lot = VirtualLot {
            device_url,
            lanes: Vec::new(),
            offices: Vec::new(),
            site,
            places: Places::vacant(&plan.places),
            vehicles: 0.into(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            tellers: TaskTracker::new(),
            ends: Ends::default(),
        };
        let mut attached = Vec::new();
        let mut seeds = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
        for lane in &plan.lanes {
            let voice = gateways.voice(lane)?;
            let seed = seeds.next_u64();
            attached.push(lot.start_lane(lane, seed, voice));
        }
        for (key, devices) in by_key(&plan.lanes) {
            lot.start_office(gateways.with(key)?, devices, plan.heartbeat);
        }
        for place in &plan.places {
            lot.tell_place(place, PlaceStatus::Vacant, None);
        }
        let controller = Controller::new(attached, Arc::clone(&lot.site), lot.stop.clone());
        lot.tasks.spawn(controller.serve(listener));
        Ok(lot)
    }

    fn start_lane(&mut self, plan: &LanePlan, seed: u64, mut voice: Voice) -> Attached {
        let feed = Arc::new(Feed::default());
        let (orders, taken) = mpsc::channel::<Order>(MAX_ORDERS);
        let site = Arc::clone(&self.site);
        let player = Player::new(plan.clone(), seed, site, Arc::clone(&feed));
        self.tasks.spawn(player.run(taken, self.stop.clone()));
        let lane = orders.clone();
        let (site, recognizer) = (Arc::clone(&self.site), plan.recognizer.clone());
        let stop = self.stop.clone();
        let mut camera = None;
        match &mut voice {
            Voice::Generic(_) => {}
            Voice::Vz(camera) => {
                let asking = ask_for_orders(camera.clone(), orders.clone(), site, recognizer);
                self.tasks
                    .spawn(async move { stop.run_until_cancelled_owned(asking).await });
            }
            Voice::VzTcp(connected, ordered) => {
                camera = Some(connected.address);
                if let Some(ordered) = ordered.take() {
                    let obeying = take_orders(ordered, orders.clone(), voice::motion);
                    self.tasks
                        .spawn(async move { stop.run_until_cancelled_owned(obeying).await });
                }
            }
            Voice::Hik(called, ordered, _) => {
                camera = Some(called.address);
                if let Some(ordered) = ordered.take() {
                    let obeying = take_orders(ordered, orders.clone(), voice::hik_motion);
                    self.tasks
                        .spawn(async move { stop.run_until_cancelled_owned(obeying).await });
                }
            }
        }
        self.start_telling(feed, voice, move || {
            // A lane with so many orders tells enough.
            let _ = lane.try_send(Order::TellState);
        });
        let devices: Vec<DeviceNo> = plan.devices().cloned().collect();
        self.lanes.push(RunningLane {
            name: plan.name.as_str().into(),
            devices: devices.clone(),
            orders: orders.clone(),
            room: Arc::new(Semaphore::new(MAX_VEHICLES)),
            camera,
        });
        Attached {
            key: plan.key.clone(),
            barrier: plan.barrier.clone(),
            display: plan.display.clone(),
            devices,
            orders,
        }
    }

    fn start_office(&mut self, gateway: Gateway, devices: Vec<DeviceNo>, pause: Duration) {
        let feed = Arc::new(Feed::default());
        self.offices.push(Arc::clone(&feed));
        let beating = beat(Arc::clone(&self.site), gateway.clone(), devices, pause);
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled_owned(beating).await });
        self.start_telling(feed, Voice::Generic(gateway), || {});
    }

    /// `back` is called when the gateway is there again after it was not.
    fn start_telling(
        &self,
        feed: Arc<Feed>,
        voice: Voice,
        back: impl Fn() + Send + Sync + 'static,
    ) {
        let ends = self.ends.clone();
        let site = Arc::clone(&self.site);
        self.tellers.spawn(async move {
            let give_up = |event: &_, why| site.gave_up(event, why);
            feed.tell(&voice, &ends, back, give_up).await;
        });
    }
}

struct Gateways<'a> {
    client: reqwest::Client,
    base: &'a str,
}

impl Gateways<'_> {
    fn with(&self, key: &SecretString) -> Result<Gateway, GatewayError> {
        Gateway::new(self.client.clone(), self.base, key)
    }

    fn voice(&self, lane: &LanePlan) -> Result<Voice, StartError> {
        let is_qy = match lane.speaks {
            Speaks::Generic => return Ok(Voice::Generic(self.with(&lane.key)?)),
            Speaks::Vz => false,
            Speaks::Qy => true,
            Speaks::Hik | Speaks::HikStream => return self.hik(lane),
            Speaks::VzTcp => {
                let listener = listener(lane)?;
                let started = VzTcpCamera::start(listener, lane.recognizer.as_str())?;
                return Ok(Voice::VzTcp(started.0, Some(started.1)));
            }
        };
        let (base, key) = (self.base.trim_end_matches('/'), lane.key.expose_secret());
        let url = format!("{base}/vz/{key}");
        let mut camera = VzCamera::new(&url, lane.recognizer.as_str())?;
        camera.is_qy = is_qy;
        Ok(Voice::Vz(camera))
    }

    fn hik(&self, lane: &LanePlan) -> Result<Voice, StartError> {
        let (base, key) = (self.base.trim_end_matches('/'), lane.key.expose_secret());
        let (serial, listener) = (lane.recognizer.as_str(), listener(lane)?);
        let (camera, ordered) = HikCamera::start(listener, serial, "gateway", key)?;
        camera.pushes_to(&format!("{base}/hik/{key}"));
        let pushes = lane.speaks == Speaks::Hik;
        Ok(Voice::Hik(camera, Some(ordered), pushes))
    }
}

/// Where the camera of a lane is connected to.
fn listener(lane: &LanePlan) -> std::io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(lane.camera_listen)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// The keys in use, and the devices that each speaks for.
fn by_key(lanes: &[LanePlan]) -> Vec<(&SecretString, Vec<DeviceNo>)> {
    let mut keys: Vec<(&SecretString, Vec<DeviceNo>)> = Vec::new();
    for lane in lanes.iter().filter(|it| it.speaks == Speaks::Generic) {
        let devices = lane.devices().cloned();
        let same = keys
            .iter_mut()
            .find(|(key, _)| key.expose_secret() == lane.key.expose_secret());
        match same {
            Some((_, known)) => known.extend(devices),
            None => keys.push((&lane.key, devices.collect())),
        }
    }
    keys
}

/// Says which devices are alive, at once and then again and again.
async fn beat(site: Arc<Site>, gateway: Gateway, devices: Vec<DeviceNo>, pause: Duration) {
    let mut beats = tokio::time::interval(pause);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let alive = devices.iter().filter(|device| site.is_plugged(device));
        let alive: Vec<DeviceNo> = alive.cloned().collect();
        if alive.is_empty() {
            continue;
        }
        // The next one comes soon: it is not sent again.
        match gateway.tell(heartbeat(&alive)).await {
            Told::Taken => {}
            Told::Busy(why) | Told::Unreachable(why) | Told::Refused(why) => {
                debug!(why, "a heartbeat was not taken");
            }
        }
    }
}

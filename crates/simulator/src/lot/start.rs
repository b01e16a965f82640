//! Starting a lot: one player and one feed a lane, one office a key, one device URL.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::code::{Alignment, PlaceStatus};
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
use super::happening::Line;
use super::places::Places;
use super::plan::{DisplaySpeaks, LanePlan, LotPlan, PlanError, Speaks};
use super::player::{Order, Player};
use super::site::Site;
use super::voice::{self, Voice, ask_for_orders, take_orders};
use super::{LaneBoard, MAX_VEHICLES, RunningLane, VirtualLot};
use crate::board::{OlmBoard, OlmServer};
use crate::broker::Broker;
use crate::camera::{HikCamera, VzCamera, VzMqttCamera, VzTcpCamera};

/// Most orders that a lane has not begun: vehicles are let in faster than that.
const MAX_ORDERS: usize = 256;

/// Lines of a board: four of the larger ones.
const BOARD_ROWS: usize = 4;

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
    /// A camera without a broker.
    #[error("a lane speaks vz-mqtt, and there is no broker")]
    NoBroker,
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
        let own_broker = own_broker(&plan)?;
        let own_address = own_broker.as_ref().map(|it| it.address);
        let gateways = Gateways {
            client: client()?,
            base: gateway,
            broker: plan.broker.or(own_address),
            heartbeat: plan.heartbeat,
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
            broker: gateways.broker,
            _own_broker: own_broker,
            ends: Ends::default(),
        };
        let mut attached = Vec::new();
        let mut seeds = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
        for lane in &plan.lanes {
            let voice = gateways.voice(lane)?;
            let board = lot.start_board(lane)?;
            let seed = seeds.next_u64();
            attached.push(lot.start_lane(lane, seed, voice, board));
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

    /// The board of a lane, if its display is one: what it shows is told like any display's.
    fn start_board(&self, plan: &LanePlan) -> Result<Option<LaneBoard>, StartError> {
        let (Some(display), true) = (
            plan.display.clone(),
            plan.display_speaks != DisplaySpeaks::Generic,
        ) else {
            return Ok(None);
        };
        let board = OlmBoard::new(0, BOARD_ROWS);
        let server = match plan.display_speaks {
            DisplaySpeaks::Olm => {
                let listener = bound(plan.board_listen)?;
                Some(OlmServer::start(listener, vec![board.clone()])?)
            }
            DisplaySpeaks::Generic | DisplaySpeaks::OlmCamera => None,
        };
        let (site, stop) = (Arc::clone(&self.site), self.stop.clone());
        let following = follow(site, display.clone(), board.clone());
        self.tasks
            .spawn(async move { stop.run_until_cancelled_owned(following).await });
        Ok(Some(LaneBoard {
            display,
            board,
            server,
        }))
    }

    fn start_lane(
        &mut self,
        plan: &LanePlan,
        seed: u64,
        mut voice: Voice,
        board: Option<LaneBoard>,
    ) -> Attached {
        let feed = Arc::new(Feed::default());
        let (orders, taken) = mpsc::channel::<Order>(MAX_ORDERS);
        let site = Arc::clone(&self.site);
        let player = Player::new(plan.clone(), seed, site, Arc::clone(&feed));
        self.tasks.spawn(player.run(taken, self.stop.clone()));
        let lane = orders.clone();
        let (site, recognizer) = (Arc::clone(&self.site), plan.recognizer.clone());
        let stop = self.stop.clone();
        let on_camera = board.as_ref().filter(|it| it.server.is_none());
        let on_camera = on_camera.map(|it| it.board.clone());
        let camera = match &voice {
            Voice::VzTcp(camera, _) => Some(camera.address),
            Voice::Hik(camera, ..) => Some(camera.address),
            Voice::Generic(_) | Voice::Vz(_) | Voice::VzMqtt(..) => None,
        };
        match &mut voice {
            Voice::Generic(_) => {}
            Voice::Vz(camera) => {
                let (camera, orders) = (camera.clone(), orders.clone());
                let asking = ask_for_orders(camera, orders, site, recognizer, on_camera);
                self.tasks
                    .spawn(async move { stop.run_until_cancelled_owned(asking).await });
            }
            Voice::VzTcp(_, ordered) => {
                if let Some(ordered) = ordered.take() {
                    // What comes back ends in the camera.
                    let told = move |order: &_| voice::obeyed(order, on_camera.as_ref(), |_| ());
                    let obeying = take_orders(ordered, orders.clone(), told);
                    self.tasks
                        .spawn(async move { stop.run_until_cancelled_owned(obeying).await });
                }
            }
            Voice::VzMqtt(camera, ordered) => {
                if let Some(ordered) = ordered.take() {
                    let camera = camera.clone();
                    let told = move |order: &_| {
                        // What cannot be told is lost, as on the wire.
                        let back = |bytes: &[u8]| _ = camera.serial(0, bytes);
                        voice::obeyed(order, on_camera.as_ref(), back)
                    };
                    let obeying = take_orders(ordered, orders.clone(), told);
                    self.tasks
                        .spawn(async move { stop.run_until_cancelled_owned(obeying).await });
                }
            }
            Voice::Hik(_, ordered, _) => {
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
        let controlled: Vec<DeviceNo> = plan.controlled().cloned().collect();
        self.lanes.push(RunningLane {
            name: plan.name.as_str().into(),
            devices: plan.devices().cloned().collect(),
            orders: orders.clone(),
            room: Arc::new(Semaphore::new(MAX_VEHICLES)),
            camera,
            board,
        });
        Attached {
            key: plan.key.clone(),
            barrier: plan.barrier.clone(),
            display: plan.display.clone().filter(|it| controlled.contains(it)),
            devices: controlled,
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

/// A broker for the lanes that need one, when the plan names none.
fn own_broker(plan: &LotPlan) -> io::Result<Option<Broker>> {
    let needed = plan.lanes.iter().any(|it| it.speaks == Speaks::VzMqtt);
    if !needed || plan.broker.is_some() {
        return Ok(None);
    }
    Broker::start(bound(plan.broker_listen)?).map(Some)
}

fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

struct Gateways<'a> {
    client: reqwest::Client,
    base: &'a str,
    broker: Option<SocketAddr>,
    heartbeat: Duration,
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
            Speaks::VzMqtt => {
                let broker = self.broker.ok_or(StartError::NoBroker)?;
                let serial = lane.recognizer.as_str();
                let (camera, ordered) = VzMqttCamera::start(broker, serial, self.heartbeat);
                return Ok(Voice::VzMqtt(camera, Some(ordered)));
            }
            Speaks::VzTcp => {
                let listener = bound(lane.camera_listen)?;
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
        let (serial, listener) = (lane.recognizer.as_str(), bound(lane.camera_listen)?);
        let (camera, ordered) = HikCamera::start(listener, serial, "gateway", key)?;
        camera.pushes_to(&format!("{base}/hik/{key}"));
        let pushes = lane.speaks == Speaks::Hik;
        Ok(Voice::Hik(camera, Some(ordered), pushes))
    }
}

/// Tells what a board shows whenever that changes.
async fn follow(site: Arc<Site>, display: DeviceNo, board: OlmBoard) {
    let mut changes = board.changes();
    let mut before = Vec::new();
    loop {
        let lines = board.lines();
        if lines != before {
            let line = |text: &String| Line {
                text: text.clone(),
                alignment: Alignment::Left,
            };
            site.show(&display, lines.iter().map(line).collect());
            before = lines;
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// The keys in use, and the devices that each speaks for.
fn by_key(lanes: &[LanePlan]) -> Vec<(&SecretString, Vec<DeviceNo>)> {
    let mut keys: Vec<(&SecretString, Vec<DeviceNo>)> = Vec::new();
    for lane in lanes.iter().filter(|it| it.speaks == Speaks::Generic) {
        let devices = lane.controlled().cloned();
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

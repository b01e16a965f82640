//! Starting a lot: one player and one feed a lane, one office a key, one device URL.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::DeviceNo;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::apparatus::{Apparatus, follow_relays};
use super::clock::Clock;
use super::controller::{Attached, Controller, PATH};
use super::feed::{Ends, Feed};
use super::gateway::{Gateway, GatewayError, client};
use super::gateways::{Gateways, own_broker};
use super::office::{beat, by_key};
use super::places::Places;
use super::plan::{LaneFault, LanePlan, LotPlan, PlanError, Wiring};
use super::player::{Order, Player};
use super::site::Site;
use super::spaces::Spaces;
use super::trouble::{Mischief, Speaker, Trouble};
use super::voice::{self, Asking, Voice, take_orders};
use super::{FULL, MAX_VEHICLES, RunningLane, VirtualLot};
use crate::camera::Silence;

/// Most orders that a lane has not begun: vehicles are let in faster than that.
const MAX_ORDERS: usize = 256;

/// For how many heartbeats a camera speaks at most that falls silent again and again, and for how many
/// it is silent: more than a gateway waits for.
const SPEAKS_FOR: u32 = 20;
const SILENT_FOR: u32 = 5;

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
    /// Something that needs a broker, without one.
    #[error("there is no broker")]
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
            detectors: None,
            heartbeat: plan.heartbeat,
        };
        let mut attached = Vec::new();
        let mut seeds = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
        for lane in &plan.lanes {
            let voice = gateways.voice(lane)?;
            attached.push(lot.start_lane(lane, seeds.next_u64(), voice)?);
        }
        for (key, devices) in by_key(&plan.lanes) {
            lot.start_office(gateways.with(key)?, devices, plan.heartbeat);
        }
        if let Some(detectors) = &plan.detectors {
            let voice = Voice::Spaces(gateways.detectors(detectors)?);
            lot.start_detectors(voice, detectors.period);
        }
        for place in &plan.places {
            lot.tell_place(place, PlaceStatus::Vacant, None);
        }
        let controller = Controller::new(attached, Arc::clone(&lot.site), lot.stop.clone());
        lot.tasks.spawn(controller.serve(listener));
        Ok(lot)
    }

    fn start_lane(
        &mut self,
        plan: &LanePlan,
        seed: u64,
        mut voice: Voice,
    ) -> Result<Attached, StartError> {
        let feed = Arc::new(Feed::default());
        let (orders, taken) = mpsc::channel::<Order>(MAX_ORDERS);
        let (apparatus, relays) = self.start_apparatus(plan, &voice)?;
        let mischief = Mischief::new(plan, seed);
        let trouble = Trouble {
            mischief: mischief.clone(),
            hik: apparatus.hik().cloned(),
            vz_mqtt: apparatus.vz_mqtt().cloned(),
            dahua: apparatus.dahua().cloned(),
            module: apparatus.module().cloned(),
            board: apparatus.board().cloned(),
            is_new: false.into(),
        };
        let player = Player::new(
            plan.clone(),
            seed,
            Arc::clone(&self.site),
            Arc::clone(&feed),
            trouble,
        );
        self.tasks.spawn(player.run(taken, self.stop.clone()));
        if let Some(relays) = relays {
            let site = Arc::clone(&self.site);
            self.until_stop(follow_relays(relays, plan.stays_up, orders.clone(), site));
        }
        self.have_obeyed(plan, &mut voice, &apparatus, &orders);
        if mischief.has(LaneFault::Silence)
            && let Some(is_silent) = voice.silence()
        {
            self.until_stop(fall_silent(is_silent, mischief.clone(), self.heartbeat));
        }
        let lane = orders.clone();
        self.start_telling(feed, Speaker::new(voice, mischief), move || {
            // A lane with so many orders tells enough.
            let _ = lane.try_send(Order::TellState);
        });
        let controlled: Vec<DeviceNo> = plan.controlled().cloned().collect();
        self.lanes.push(RunningLane {
            name: plan.name.as_str().into(),
            devices: plan.devices().cloned().collect(),
            orders: orders.clone(),
            room: Arc::new(Semaphore::new(MAX_VEHICLES)),
            apparatus,
        });
        Ok(Attached {
            key: plan.key.clone(),
            barrier: plan.barrier.clone(),
            display: plan.display.clone().filter(|it| controlled.contains(it)),
            devices: controlled,
            orders,
        })
    }

    /// What the camera of a lane is told is done.
    fn have_obeyed(
        &self,
        plan: &LanePlan,
        voice: &mut Voice,
        apparatus: &Apparatus,
        orders: &mpsc::Sender<Order>,
    ) {
        let board = apparatus.board_on_camera();
        // Nothing hangs on the outputs of a camera beside a module.
        let drives = plan.wiring == Wiring::Camera;
        let orders = orders.clone();
        match voice {
            Voice::Generic(_) | Voice::Spaces(_) => {}
            Voice::Vz(camera) => {
                let (site, recognizer) = (Arc::clone(&self.site), plan.recognizer.clone());
                let asking = Asking {
                    camera: camera.clone(),
                    orders,
                    site,
                    recognizer,
                    board,
                    drives,
                };
                self.until_stop(asking.go_on());
            }
            Voice::VzTcp(_, ordered) => {
                if let Some(ordered) = ordered.take() {
                    // What comes back ends in the camera.
                    let told = move |order: &_| {
                        voice::obeyed(order, board.as_ref(), |_| ()).filter(|_| drives)
                    };
                    self.until_stop(take_orders(ordered, orders, told));
                }
            }
            Voice::VzMqtt(camera, ordered) => {
                if let Some(ordered) = ordered.take() {
                    let camera = camera.clone();
                    let told = move |order: &_| {
                        // What cannot be told is lost, as on the wire.
                        let back = |bytes: &[u8]| _ = camera.serial(0, bytes);
                        voice::obeyed(order, board.as_ref(), back).filter(|_| drives)
                    };
                    self.until_stop(take_orders(ordered, orders, told));
                }
            }
            Voice::Dahua(_, ordered, _) => {
                if let Some(ordered) = ordered.take() {
                    self.until_stop(take_orders(ordered, orders, voice::dahua_motion));
                }
            }
            Voice::Hik(_, ordered, _) => {
                if let Some(ordered) = ordered.take() {
                    let told = move |order: &_| voice::hik_motion(order).filter(|_| drives);
                    self.until_stop(take_orders(ordered, orders, told));
                }
            }
        }
    }

    /// Goes on until the lot is stopped.
    pub(super) fn until_stop(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled_owned(task).await });
    }

    fn start_office(&mut self, gateway: Gateway, devices: Vec<DeviceNo>, pause: Duration) {
        let feed = Arc::new(Feed::default());
        self.offices.push(Arc::clone(&feed));
        let beating = beat(Arc::clone(&self.site), gateway.clone(), devices, pause);
        self.until_stop(beating);
        let speaker = Speaker::new(Voice::Generic(gateway), Mischief::none());
        self.start_telling(feed, speaker, || {});
    }

    fn start_detectors(&mut self, voice: Voice, period: Option<Duration>) {
        let spaces = Spaces::new();
        if let Some(period) = period {
            let site = Arc::clone(&self.site);
            let give_up = move |lost: &_| site.gave_up(lost, FULL.to_owned());
            self.until_stop(spaces.clone().repeat(period, give_up));
        }
        let speaker = Speaker::new(voice, Mischief::none());
        self.start_telling(Arc::clone(&spaces.feed), speaker, || {});
        self.detectors = Some(spaces);
    }

    /// `back` is called when the gateway is there again after it was not.
    fn start_telling(
        &self,
        feed: Arc<Feed>,
        speaker: Speaker,
        back: impl Fn() + Send + Sync + 'static,
    ) {
        let ends = self.ends.clone();
        let site = Arc::clone(&self.site);
        self.tellers.spawn(async move {
            let give_up = |event: &_, why| site.gave_up(event, why);
            feed.tell(&speaker, &ends, back, give_up).await;
        });
    }
}

/// A camera says for a while that it is there no more, again and again.
async fn fall_silent(is_silent: Silence, mischief: Mischief, heartbeat: Duration) {
    loop {
        tokio::time::sleep(heartbeat * mischief.up_to(SPEAKS_FOR)).await;
        is_silent.store(true, Ordering::Relaxed);
        tokio::time::sleep(heartbeat * SILENT_FOR).await;
        is_silent.store(false, Ordering::Relaxed);
    }
}

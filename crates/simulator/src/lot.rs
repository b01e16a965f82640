//! A virtual lot: its lanes played in real time, attached to a gateway as docs/DEVICES.md says.
//!
//! ```text
//! VirtualLot ── drive ──► player of the lane ── signals ──► feed ── POST /v1/events ──► gateway
//!                            ▲     └── facts ──► ledger, happenings
//!                            └── commands ── controller ◄── POST device_url ──────────── gateway
//! ```
//!
//! Events of a lane are told strictly in order, each until the gateway has taken it. What happens
//! meanwhile waits in a bounded memory; what had to be given up stands in the ledger.

mod apparatus;
mod clock;
mod command;
mod controller;
mod event;
mod feed;
mod gateway;
mod gateways;
mod happening;
mod office;
mod passage;
mod places;
mod plan;
mod play;
mod player;
mod site;
mod spaces;
mod start;
mod trouble;
mod voice;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::{DeviceNo, PlaceNo};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::gateway::GatewayError;
pub(crate) use self::gateway::client;
pub use self::happening::{Happening, Line, What};
pub use self::passage::{Driving, Passage, Steps};
pub use self::plan::{
    COMMENTED, DetectorPlan, DetectorsSpeak, DisplaySpeaks, LaneFault, LanePlan, LotPlan,
    MAX_SPEED, PlanError, Speaks, Wiring,
};
pub use self::play::Trip;
pub use self::start::StartError;

use self::apparatus::Apparatus;
use self::event::Event;
use self::feed::{Ends, Feed};
use self::passage::Ticket;
use self::places::Places;
use self::player::Order;
use self::site::Site;
use self::spaces::Spaces;
use crate::board::OlmBoard;
use crate::broker::Broker;
use crate::equipment::{Fault, Vehicle, VehicleId};
use crate::ledger::Ledger;
use crate::module::RelayModule;

/// Most vehicles in a lane and its queue: the street before it has no room for more.
pub const MAX_VEHICLES: usize = 128;

/// Why something was given up that had to make room.
const FULL: &str = "控制器缓存已满";

/// Longest that a lot that stops goes on telling what waits.
const FAREWELL: Duration = Duration::from_secs(2);

/// A lot that runs. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct VirtualLot {
    device_url: String,
    lanes: Vec<RunningLane>,
    /// What concerns no lane, one for each key.
    offices: Vec<Arc<Feed>>,
    site: Arc<Site>,
    /// What tells of the spaces, if not the first office.
    detectors: Option<Spaces>,
    places: Places,
    vehicles: AtomicU64,
    tasks: TaskTracker,
    stop: CancellationToken,
    tellers: TaskTracker,
    ends: Ends,
    /// How often its devices say that they are alive.
    heartbeat: Duration,
    /// The MQTT broker that its cameras are clients of.
    broker: Option<SocketAddr>,
    /// Its own one, if the plan names none.
    _own_broker: Option<Broker>,
}

#[derive(Debug)]
struct RunningLane {
    name: Arc<str>,
    devices: Vec<DeviceNo>,
    orders: mpsc::Sender<Order>,
    room: Arc<Semaphore>,
    apparatus: Apparatus,
}

/// Why a lot does not do what it is asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LotError {
    /// There is no such lane.
    #[error("there is no lane {0:?}")]
    NoLane(String),
    /// There is no such device.
    #[error("there is no device {0}")]
    NoDevice(DeviceNo),
    /// There is no such parking space.
    #[error("there is no parking space {0}")]
    NoPlace(PlaceNo),
    /// More is asked of the lane than it can take in.
    #[error("lane {0:?} has too much to do")]
    Busy(String),
    /// It was stopped.
    #[error("the lot was stopped")]
    Stopped,
}

impl VirtualLot {
    /// Where the gateway's commands go (`device_url` of every lane).
    #[must_use]
    pub fn device_url(&self) -> &str {
        &self.device_url
    }

    /// Where the camera of a lane is connected to; `None` when it pushes.
    #[must_use]
    pub fn camera_address(&self, lane: &str) -> Option<SocketAddr> {
        self.lane(lane).ok()?.apparatus.camera_address()
    }

    /// The module of a lane, if its barrier and loops hang on one.
    #[must_use]
    pub fn module(&self, lane: &str) -> Option<&RelayModule> {
        self.lane(lane).ok()?.apparatus.module()
    }

    /// The board of a lane, if its display is one.
    #[must_use]
    pub fn board(&self, lane: &str) -> Option<&OlmBoard> {
        self.lane(lane).ok()?.apparatus.board()
    }

    /// Where the serial server of that board listens; `None` when it hangs on the camera.
    #[must_use]
    pub fn board_address(&self, lane: &str) -> Option<SocketAddr> {
        self.lane(lane).ok()?.apparatus.board_address()
    }

    /// The MQTT broker that its cameras are clients of; `None` when none of them needs one.
    #[must_use]
    pub fn broker_address(&self) -> Option<SocketAddr> {
        self.broker
    }

    /// Lets a vehicle join the queue of `lane`, at once; the result resolves when it is gone.
    ///
    /// # Errors
    /// [`LotError::NoLane`], [`LotError::Busy`], [`LotError::Stopped`].
    pub fn drive(&self, lane: &str, vehicle: Vehicle) -> Result<Driving, LotError> {
        let lane = self.lane(lane)?;
        let room = Arc::clone(&lane.room).try_acquire_owned();
        let room = room.map_err(|_| LotError::Busy(lane.name.to_string()))?;
        let (end, driving) = oneshot::channel();
        let ticket = Ticket { room, end };
        let id = VehicleId(self.vehicles.fetch_add(1, Ordering::Relaxed) + 1);
        lane.order(Order::Drive(id, vehicle, ticket))?;
        Ok(Driving {
            vehicle: id,
            lane: Arc::clone(&lane.name),
            end: driving,
        })
    }

    /// What has physically happened so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.site.ledger()
    }

    /// What happens from now on. Who lags far behind misses some.
    #[must_use]
    pub fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.site.happenings()
    }

    /// What a display shows.
    #[must_use]
    pub fn shown(&self, display: &DeviceNo) -> Vec<Line> {
        self.site.shown(display)
    }

    /// Switches the contacts of the fire alarm; it is told for every key.
    pub fn set_fire(&self, on: bool) {
        self.site.happened(None, What::Fire(on));
        for office in &self.offices {
            self.tell(office, Event::Fire { on });
        }
        for lane in &self.lanes {
            lane.apparatus.set_fire(on);
        }
    }

    /// A parking space is seen in this state.
    ///
    /// # Errors
    /// [`LotError::NoPlace`].
    pub fn set_place(
        &self,
        number: &PlaceNo,
        status: PlaceStatus,
        plate: Option<Plate>,
    ) -> Result<(), LotError> {
        let known = self.places.set(number, status);
        known
            .then_some(())
            .ok_or_else(|| LotError::NoPlace(number.clone()))?;
        self.tell_place(number, status, plate);
        Ok(())
    }

    /// Pulls a device's cable: it says nothing, does nothing, and is not named by checks. A
    /// recognizer goes on reading and keeps what it read.
    ///
    /// # Errors
    /// [`LotError::NoDevice`].
    pub fn unplug(&self, device: &DeviceNo) -> Result<(), LotError> {
        let lane = self.lane_of(device)?;
        lane.apparatus.unplug(device);
        self.site.unplug(device);
        Ok(())
    }

    /// Plugs it in again: it tells what it kept (`replay`), then the present state of its loops
    /// and of the arm.
    ///
    /// # Errors
    /// [`LotError::NoDevice`], [`LotError::Busy`], [`LotError::Stopped`].
    pub fn plug(&self, device: &DeviceNo) -> Result<(), LotError> {
        let lane = self.lane_of(device)?;
        lane.apparatus.plug(device);
        lane.order(Order::Plug(device.clone()))
    }

    /// Breaks a lane's barrier, or repairs it ([`Fault::None`]).
    ///
    /// # Errors
    /// [`LotError::NoLane`], [`LotError::Busy`], [`LotError::Stopped`].
    pub fn break_barrier(&self, lane: &str, fault: Fault) -> Result<(), LotError> {
        self.lane(lane)?.order(Order::Break(fault))
    }

    /// Somebody presses the button at the barrier.
    ///
    /// # Errors
    /// [`LotError::NoLane`], [`LotError::Busy`], [`LotError::Stopped`].
    pub fn lift_by_hand(&self, lane: &str) -> Result<(), LotError> {
        self.lane(lane)?.order(Order::LiftByHand)
    }

    /// Ends everything. What waits to be told is told for two seconds more, then given up.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.ends.no_more.cancel();
        self.tellers.close();
        let told = tokio::time::timeout(FAREWELL, self.tellers.wait());
        if told.await.is_err() {
            self.ends.at_once.cancel();
            self.tellers.wait().await;
        }
    }

    fn lane(&self, name: &str) -> Result<&RunningLane, LotError> {
        let lane = self.lanes.iter().find(|lane| &*lane.name == name);
        lane.ok_or_else(|| LotError::NoLane(name.to_owned()))
    }

    fn lane_of(&self, device: &DeviceNo) -> Result<&RunningLane, LotError> {
        let mut lanes = self.lanes.iter();
        lanes
            .find(|lane| lane.devices.contains(device))
            .ok_or_else(|| LotError::NoDevice(device.clone()))
    }

    fn tell_place(&self, number: &PlaceNo, status: PlaceStatus, plate: Option<Plate>) {
        let color = plate
            .as_ref()
            .map_or(PlateColor::Other, |plate| plate.kind().usual_color());
        let now = WireTime::from_timestamp(Timestamp::now());
        let shot = self
            .site
            .shot(plate.clone(), color, &format!("{number} {now}"));
        self.site
            .happened(None, What::Place(number.clone(), status));
        let event = Event::Place {
            number: number.clone(),
            status,
            plate,
            shot,
        };
        if let Some(detectors) = &self.detectors {
            if let Some(lost) = detectors.report(number, event) {
                self.site.gave_up(&lost, FULL.to_owned());
            }
        } else if let Some(office) = self.offices.first() {
            self.tell(office, event);
        }
    }

    fn tell(&self, office: &Feed, event: Event) {
        if let Some(lost) = office.push(event) {
            self.site.gave_up(&lost, FULL.to_owned());
        }
    }
}

impl RunningLane {
    fn order(&self, order: Order) -> Result<(), LotError> {
        self.orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => LotError::Busy(self.name.to_string()),
            TrySendError::Closed(_) => LotError::Stopped,
        })
    }
}

impl Drop for VirtualLot {
    fn drop(&mut self) {
        self.stop.cancel();
        self.ends.no_more.cancel();
        self.ends.at_once.cancel();
    }
}

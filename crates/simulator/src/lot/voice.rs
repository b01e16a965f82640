//! How the devices of a lane speak to the gateway.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use super::event::{Event, PlateRead};
use super::gateway::{Gateway, Told};
use super::player::Order;
use super::site::Site;
use super::spaces::reported;
use crate::board::OlmBoard;
use crate::camera::{
    DahuaCamera, DahuaOrder, DahuaPlate, HikCamera, HikGate, HikOrder, HikPlate, PushError,
    Silence, VzAnswer, VzCamera, VzMqttCamera, VzOrder, VzPlate, VzTcpCamera,
};
use crate::detectors::Detectors;
use crate::equipment::Motion;

/// Pause of a camera that was not answered before it asks again.
const AGAIN: Duration = Duration::from_secs(1);

/// Pause of a camera of 芊熠 between two heartbeats, in the lanes' time.
const QY_HEARTBEAT: Duration = Duration::from_secs(1);

/// How events are told.
#[derive(Debug)]
pub(super) enum Voice {
    /// As docs/DEVICES.md says.
    Generic(Gateway),
    /// As a camera of 臻识 or 芊熠 does.
    Vz(VzCamera),
    /// As one of 臻识 does that is connected to; and what it is told, until somebody takes that.
    VzTcp(VzTcpCamera, Option<mpsc::Receiver<VzOrder>>),
    /// The same of one that speaks through a broker.
    VzMqtt(VzMqttCamera, Option<mpsc::Receiver<VzOrder>>),
    /// As one of 海康 does that is called: it, what it is told, until somebody takes that, and whether it
    /// pushes.
    Hik(HikCamera, Option<mpsc::Receiver<HikOrder>>, bool),
    /// As one of 大华 does that is called: it, what it is told, until somebody takes that, and whether it
    /// pushes.
    Dahua(DahuaCamera, Option<mpsc::Receiver<DahuaOrder>>, bool),
    /// As detectors over parking spaces do.
    Spaces(Detectors),
}

impl Voice {
    /// What keeps its signs of life back, if it gives any by itself.
    pub(super) fn silence(&self) -> Option<Silence> {
        match self {
            Voice::Vz(camera) => Some(camera.silence.clone()),
            Voice::VzTcp(camera, _) => Some(camera.silence()),
            Voice::VzMqtt(camera, _) => Some(camera.silence()),
            Voice::Hik(camera, ..) => Some(camera.silence()),
            Voice::Dahua(camera, ..) => Some(camera.silence()),
            Voice::Generic(_) | Voice::Spaces(_) => None,
        }
    }

    /// How many bytes the picture of a reading may have, where a frame has a largest length.
    pub(super) fn room(&self, read: &PlateRead) -> Option<usize> {
        matches!(self, Voice::VzTcp(..)).then(|| VzTcpCamera::room(&plate(read, None)))
    }

    /// One attempt.
    pub(super) async fn tell(&self, event: &Event, picture: Option<&str>) -> Told {
        match self {
            Voice::Generic(gateway) => gateway.tell(event.body(picture)).await,
            Voice::Vz(camera) => told(pushed(camera, event, picture).await),
            Voice::VzTcp(camera, _) => shown(camera, event, picture),
            Voice::Hik(camera, _, pushes) => told_by_hik(camera, *pushes, event, picture).await,
            Voice::VzMqtt(camera, _) => said(camera, event, picture),
            Voice::Dahua(camera, _, pushes) => told_by_dahua(camera, *pushes, event, picture).await,
            Voice::Spaces(detectors) => reported(detectors, event, picture).await,
        }
    }
}

fn told(result: Result<VzAnswer, PushError>) -> Told {
    match result {
        Ok(answer) if answer.stops => Told::Taken,
        Ok(_) => Told::Busy("the answer does not say that it may stop".to_owned()),
        Err(error) => untold(error),
    }
}

fn untold(error: PushError) -> Told {
    match error {
        PushError::Unreachable(why) => Told::Unreachable(why),
        PushError::Refused(status @ (401 | 403 | 404), why) => {
            Told::Refused(format!("HTTP {status} {why}"))
        }
        PushError::Refused(status, why) => Told::Busy(format!("HTTP {status} {why}")),
    }
}

async fn pushed(
    camera: &VzCamera,
    event: &Event,
    picture: Option<&str>,
) -> Result<VzAnswer, PushError> {
    // What is told of an input is answered by nothing that has to be heeded.
    let heard = |answer| VzAnswer {
        stops: true,
        ..answer
    };
    match event {
        // What comes from memory is kept until the answer says that the next one may come.
        Event::Plate(read) if read.replay && !camera.is_qy => {
            let answer = camera.plate(&plate(read, picture)).await?;
            let stops = answer.goes_on;
            Ok(VzAnswer { stops, ..answer })
        }
        Event::Plate(read) => camera.plate(&plate(read, picture)).await,
        Event::TriggerLoop { pressed, .. } => camera.input(0, *pressed).await.map(heard),
        Event::SafetyLoop { pressed, .. } => camera.input(1, *pressed).await.map(heard),
        Event::Arm { up, .. } => {
            camera.input(2, *up).await?;
            camera.input(3, !*up).await.map(heard)
        }
        // Neither hangs on a camera.
        Event::Fire { .. } | Event::Place { .. } => Ok(heard(VzAnswer::default())),
    }
}

/// Inputs are looked at; only readings are told.
fn shown(camera: &VzTcpCamera, event: &Event, picture: Option<&str>) -> Told {
    match event {
        Event::Plate(read) if read.replay => {
            return Told::Refused("the camera keeps what it read before".to_owned());
        }
        Event::Plate(read) if !camera.plate(&plate(read, picture)) => {
            return Told::Unreachable("nobody is connected to the camera".to_owned());
        }
        Event::TriggerLoop { pressed, .. } => camera.input(0, *pressed),
        Event::SafetyLoop { pressed, .. } => camera.input(1, *pressed),
        Event::Plate(_) | Event::Arm { .. } | Event::Fire { .. } | Event::Place { .. } => {}
    }
    Told::Taken
}

/// Inputs and the barrier are looked at; readings are pushed, or told to whoever listens.
async fn told_by_hik(
    camera: &HikCamera,
    pushes: bool,
    event: &Event,
    picture: Option<&str>,
) -> Told {
    match event {
        Event::Plate(read) => {
            let plate = hik_plate(read, picture);
            let is_heard = camera.tell(&plate);
            if pushes {
                return camera
                    .push(&plate)
                    .await
                    .map_or_else(untold, |()| Told::Taken);
            }
            if !is_heard {
                return Told::Unreachable("nobody listens to the camera".to_owned());
            }
        }
        Event::TriggerLoop { pressed, .. } => camera.input(0, *pressed),
        Event::SafetyLoop { pressed, .. } => camera.input(1, *pressed),
        Event::Arm { up: true, .. } => camera.gate(HikGate::Open),
        Event::Arm { up: false, .. } => camera.gate(HikGate::Closed),
        Event::Fire { .. } | Event::Place { .. } => {}
    }
    Told::Taken
}

/// Only readings are told: everything else hangs on a module.
async fn told_by_dahua(
    camera: &DahuaCamera,
    pushes: bool,
    event: &Event,
    picture: Option<&str>,
) -> Told {
    let Event::Plate(read) = event else {
        return Told::Taken;
    };
    let license = read.reading.plate.as_ref().map_or("", Plate::as_str);
    let plate = DahuaPlate {
        license: license.to_owned(),
        color: read.reading.color.as_str().to_owned(),
        confidence: read.reading.reliability,
        at: read.at,
        image: picture.unwrap_or_default().to_owned(),
    };
    if !pushes {
        return match camera.tell(&plate) {
            true => Told::Taken,
            false => Told::Unreachable("nobody listens to the camera".to_owned()),
        };
    }
    match camera.push(&plate).await {
        Ok(true) => Told::Taken,
        Ok(false) => Told::Busy("the answer has no Result".to_owned()),
        Err(error) => untold(error),
    }
}

fn hik_plate(read: &PlateRead, picture: Option<&str>) -> HikPlate {
    let license = read.reading.plate.as_ref().map_or("无车牌", Plate::as_str);
    HikPlate {
        license: license.to_owned(),
        color: read.reading.color.as_str().to_owned(),
        confidence: read.reading.reliability,
        at: read.at,
        is_replay: read.replay,
        image: picture.unwrap_or_default().to_owned(),
    }
}

/// What is said through a broker is answered by nobody.
fn said(camera: &VzMqttCamera, event: &Event, picture: Option<&str>) -> Told {
    let said = match event {
        Event::Plate(read) => camera.plate(&plate(read, picture)),
        Event::TriggerLoop { pressed, .. } => camera.input(0, *pressed),
        Event::SafetyLoop { pressed, .. } => camera.input(1, *pressed),
        Event::Arm { up, .. } => camera.input(2, *up) && camera.input(3, !*up),
        // Neither hangs on a camera.
        Event::Fire { .. } | Event::Place { .. } => true,
    };
    if said {
        Told::Taken
    } else {
        Told::Unreachable("the camera has no connection to its broker".to_owned())
    }
}

/// Has done what a camera is told that does not ask.
pub(super) async fn take_orders<O>(
    mut ordered: mpsc::Receiver<O>,
    orders: mpsc::Sender<Order>,
    motion: impl Fn(&O) -> Option<Motion>,
) {
    while let Some(order) = ordered.recv().await {
        if let Some(motion) = motion(&order) {
            command(&orders, motion).await;
        }
    }
}

/// What the arm does after an order. What the board on the camera's RS485 answers goes `back`.
pub(super) fn obeyed(
    order: &VzOrder,
    board: Option<&OlmBoard>,
    back: impl FnOnce(&[u8]),
) -> Option<Motion> {
    if let (VzOrder::Serial(bytes), Some(board)) = (order, board) {
        let said = board.told(bytes);
        if !said.is_empty() {
            back(&said);
        }
    }
    motion(order)
}

fn plate(read: &PlateRead, picture: Option<&str>) -> VzPlate {
    let color = match read.reading.color {
        PlateColor::Blue => 1,
        PlateColor::Yellow => 2,
        PlateColor::White => 3,
        PlateColor::Black => 4,
        PlateColor::Green => 5,
        PlateColor::Other => 0,
    };
    let license = read.reading.plate.as_ref().map_or("_无_", Plate::as_str);
    let number = read.id.rsplit('-').next();
    VzPlate {
        number: number.and_then(|it| it.parse().ok()).unwrap_or_default(),
        license: license.to_owned(),
        color,
        confidence: read.reading.reliability,
        at: read.at,
        is_offline: read.replay,
        image: picture.unwrap_or_default().to_owned(),
    }
}

/// A camera that asks the gateway again and again what there is to do, and has it done.
pub(super) struct Asking {
    pub(super) camera: VzCamera,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) site: Arc<Site>,
    pub(super) recognizer: DeviceNo,
    /// What hangs on its RS485.
    pub(super) board: Option<OlmBoard>,
    /// Whether the barrier hangs on its outputs.
    pub(super) drives: bool,
}

impl Asking {
    pub(super) async fn go_on(self) {
        loop {
            let is_silent = self.camera.silence.load(Ordering::Relaxed);
            if is_silent || !self.site.is_plugged(&self.recognizer) {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let answer = match self.camera.ask().await {
                Ok(answer) => answer,
                Err(error) => {
                    debug!(%error, "a camera's question was not answered");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            };
            for order in answer.orders {
                self.obey(order).await;
            }
            if self.camera.is_qy {
                tokio::time::sleep(self.site.clock.lasts(QY_HEARTBEAT)).await;
            }
        }
    }

    async fn obey(&self, order: VzOrder) {
        if let (VzOrder::Serial(bytes), Some(board)) = (&order, &self.board) {
            let said = board.told(bytes);
            if !said.is_empty()
                && let Err(error) = self.camera.serial(0, &said).await
            {
                debug!(%error, "what a board answered was not taken");
            }
        }
        if let Some(motion) = motion(&order).filter(|_| self.drives) {
            command(&self.orders, motion).await;
        }
    }
}

/// Has the barrier do something. A device does not look whether its output does anything.
pub(super) async fn command(orders: &mpsc::Sender<Order>, motion: Motion) {
    let (done, _) = oneshot::channel();
    // A lane that has ended does nothing more.
    let _ = orders.send(Order::Command(motion, done)).await;
}

/// What a command to a camera of 海康 does; a lock follows a lift, and an arm that is kept no longer
/// comes down by itself.
pub(super) fn hik_motion(order: &HikOrder) -> Option<Motion> {
    let word = match order {
        HikOrder::Gate(word) | HikOrder::Output(1, word) => word.as_str(),
        HikOrder::Output(..) => return None,
    };
    match word {
        "open" | "pulse" => Some(Motion::Open),
        "lock" | "high" => Some(Motion::Hold),
        "unlock" | "low" => Some(Motion::Restore),
        _ => None,
    }
}

/// What a command to a camera of 大华 does; it has one barrier.
pub(super) fn dahua_motion(order: &DahuaOrder) -> Option<Motion> {
    match order {
        DahuaOrder::Open(1) => Some(Motion::Open),
        DahuaOrder::Hold(1) => Some(Motion::Hold),
        DahuaOrder::Close => Some(Motion::Restore),
        DahuaOrder::Open(_) | DahuaOrder::Hold(_) => None,
    }
}

pub(super) fn motion(order: &VzOrder) -> Option<Motion> {
    match order {
        VzOrder::Open => Some(Motion::Open),
        VzOrder::Output { io: 0, value, .. } => match value {
            0 => Some(Motion::Restore),
            1 => Some(Motion::Hold),
            2 => Some(Motion::Open),
            _ => None,
        },
        VzOrder::Output { .. } | VzOrder::Serial(_) => None,
    }
}

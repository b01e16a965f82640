//! `POST /v1/events`: what the devices tell, taken when it is on disk.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{Input as LaneInput, Reading, Sighting};
use boshi_protocol::moment::Moment;
use boshi_protocol::plate::PlateColor;
use boshi_transport::accept::is_late;
use jiff::Timestamp;

use super::answer::{Answer, MAX_EVENT_BYTES};
use super::attached::{Attached, AttachedLane};
use super::controllers::Controllers;
use super::event::{ArmEvent, Event, LoopEvent, PlaceEvent, PlateEvent, SafetyEvent};
use super::flood::Floods;
use super::parts;
use super::receipt::Receipt;
use super::remembered::Remembered;
use crate::clock::Clock;
use crate::driver::{Busy, Handle};
use crate::journal::{Entry, Journal, Place, ToldAgain};
use crate::lot::Input;
use crate::pictures::Pictures;

/// What people call the devices that tell events.
const RECOGNIZER: &str = "车牌识别器";
const BARRIER: &str = "栏杆机";

/// What the intake works with.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) attached: Attached,
    pub(crate) clock: Clock,
    pub(crate) drivers: HashMap<LotId, Handle>,
    pub(crate) pictures: Pictures,
    pub(crate) journal: Journal,
    pub(crate) remembered: Mutex<Remembered>,
    pub(crate) floods: Floods,
    pub(crate) controllers: Arc<Controllers>,
}

/// Why an event of a driver of this gateway is not taken.
#[derive(Debug)]
pub(crate) enum Untaken {
    /// It makes no sense, and will not.
    Never(String),
    /// The lot is busy, or hears too much of this device.
    Later,
}

/// The routes for the devices.
pub(crate) fn router(intake: Arc<Intake>) -> Router {
    Router::new()
        .route("/v1/events", post(receive))
        .with_state(intake)
}

async fn receive(State(intake): State<Arc<Intake>>, request: Request) -> Response {
    let answer = intake.admit(request).await;
    answer.unwrap_or_else(|answer| answer).into_response()
}

/// The key of a request, if it shows one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

/// The body of an event, whole and in time.
async fn collect(body: Body) -> Result<Bytes, Answer> {
    let body = axum::body::to_bytes(body, MAX_EVENT_BYTES).await;
    body.map_err(|error| match is_late(&error) {
        true => Answer::Slow,
        // A body that was cut off has nobody to hear the answer.
        false => Answer::TooLarge,
    })
}

impl Intake {
    /// Who it comes from is known before anything of it is read.
    async fn admit(self: &Arc<Self>, request: Request) -> Result<Answer, Answer> {
        let key = bearer(request.headers()).ok_or(Answer::Stranger)?;
        let lanes = self.attached.by_key(key);
        let first = *lanes.first().ok_or(Answer::Stranger)?;
        let place = self.floods.enter(first).ok_or(Answer::TooMany)?;
        let key = key.to_owned();
        let form = parts::boundary(request.headers());
        let body = collect(request.into_body()).await?;
        let event = match form {
            None => Event::read(&body),
            Some(boundary) => parts::read(boundary, body.clone()).await,
        };
        self.controllers.heard(&key, &event, &body);
        let event = event.map_err(Answer::Wrong)?;
        let at = self.clock.now();
        let intake = Arc::clone(self);
        // What has arrived is taken, also if who sent it goes away: half a taking would be lost.
        let taking = tokio::spawn(async move {
            let _place = place;
            let lanes = intake.attached.by_key(&key);
            let receipt = intake.take(&lanes, event, at).await?;
            let is_repeated = receipt.is_repeated;
            receipt.written().await.map_err(|Busy| Answer::Busy)?;
            Ok(if is_repeated {
                Answer::Repeated
            } else {
                Answer::Taken
            })
        });
        taking.await.unwrap_or(Err(Answer::Busy))
    }

    /// A driver of this gateway has told something, `at` that moment, of the devices of a lot. Who
    /// tells of a loop need not be who it is named after, so that only a driver's heartbeats say who
    /// answers.
    pub(crate) async fn told(
        &self,
        lot: &LotId,
        event: Event,
        at: Moment,
    ) -> Result<Receipt, Untaken> {
        let lanes = self.attached.of_lot(lot);
        let taken = match &event {
            Event::TriggerLoop(LoopEvent { device, .. })
            | Event::SafetyLoop(SafetyEvent { device, .. })
            | Event::Arm(ArmEvent { device, .. }) => self.contact(&lanes, device, &event, at).await,
            Event::Plate(_) | Event::Fire(_) | Event::Heartbeat(_) | Event::Place(_) => {
                self.take(&lanes, event, at).await
            }
        };
        taken.map_err(|answer| match answer {
            Answer::Wrong(why) => Untaken::Never(why),
            _ => Untaken::Later,
        })
    }

    async fn take(
        &self,
        lanes: &[&AttachedLane],
        event: Event,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        if !self.floods.allow(&self.attached, lanes, &event) {
            return Err(Answer::TooMany);
        }
        match event {
            Event::Plate(event) => self.plate(lanes, event, at).await,
            Event::TriggerLoop(LoopEvent { ref device, .. })
            | Event::SafetyLoop(SafetyEvent { ref device, .. })
            | Event::Arm(ArmEvent { ref device, .. }) => {
                self.heard(lanes, device, at).await?;
                self.contact(lanes, device, &event, at).await
            }
            Event::Fire(event) => {
                let mut receipt = Receipt::default();
                for lane in lanes {
                    let input = Input::Lane(lane.lane, LaneInput::Fire { on: event.on });
                    receipt = receipt.and(self.hand_over(&lane.lot, input, at).await?);
                }
                Ok(receipt)
            }
            Event::Heartbeat(beat) => self.heartbeat(lanes, beat.devices, at).await,
            Event::Place(event) => self.place(lanes, event, at).await,
        }
    }

    async fn plate(
        &self,
        lanes: &[&AttachedLane],
        event: PlateEvent,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        let lane = lane_of(lanes, &event.device)?;
        let side = lane.layout.side_of(&event.device);
        let side = side.ok_or_else(|| wrong_kind(&event.device, RECOGNIZER))?;
        let replayed_at = event
            .replay
            .then(|| event.at.unwrap_or_else(Timestamp::now));
        let key = event.id.map(|id| format!("{}/{id}", event.device));
        let told = key.clone().map(|key| ToldAgain {
            event: key,
            device: event.device.clone(),
            plate: event.plate.clone(),
            at: replayed_at.unwrap_or(at.wall),
        });
        if let Some(told) = told
            && self.is_repeated(&lane.lot, told, event.replay).await?
        {
            // The one before is on disk when the lot has heard what comes behind it.
            let heard = Input::Heard(event.device);
            let behind = self.hand_over(&lane.lot, heard, at).await?;
            return Ok(Receipt::repeated().and(behind));
        }
        let picture = self.keep(event.image).await;
        let sighting = Sighting {
            color: PlateColor::or_guessed_from(event.color, event.plate.as_ref()),
            plate: event.plate,
            reliability: event.reliability,
            picture: picture.map(Into::into),
        };
        let input = Input::Read {
            lane: lane.lane,
            reading: Reading { side, sighting },
            event: key.clone(),
            replayed_at,
        };
        let taken = async {
            self.post(&lane.lot, Input::Heard(event.device), at).await?;
            self.hand_over(&lane.lot, input, at).await
        };
        let taken = taken.await;
        if let (Err(_), Some(key)) = (&taken, &key) {
            self.remembered().forget(key);
        }
        taken
    }

    /// Whether an event was taken before. If it was not, it counts as taken from now on.
    async fn is_repeated(
        &self,
        lot: &LotId,
        told: ToldAgain,
        replay: bool,
    ) -> Result<bool, Answer> {
        if !self.remembered().is_new(&told.event) {
            return Ok(true);
        }
        if !replay {
            return Ok(false);
        }
        let key = told.event.clone();
        self.journal.seen(lot, told).await.map_err(|error| {
            tracing::error!(%error, "the journal cannot be asked for an event");
            self.remembered().forget(&key);
            Answer::Busy
        })
    }

    /// A picture that cannot be kept must not cost the plate.
    async fn keep(&self, jpeg: Option<Vec<u8>>) -> Option<String> {
        match self.pictures.keep(jpeg?).await {
            Ok(Some(name)) => Some(name),
            Ok(None) => {
                tracing::warn!("a picture is no JPEG and is left out");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a picture cannot be kept");
                None
            }
        }
    }

    async fn heartbeat(
        &self,
        lanes: &[&AttachedLane],
        devices: Vec<DeviceNo>,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        for device in &devices {
            lane_of(lanes, device)?;
        }
        let mut receipt = Receipt::default();
        for lane in lanes {
            let here: Vec<DeviceNo> = devices.iter().filter(|it| lane.has(it)).cloned().collect();
            if !here.is_empty() {
                receipt = receipt.and(self.hand_over(&lane.lot, Input::Beat(here), at).await?);
            }
        }
        Ok(receipt)
    }

    async fn place(
        &self,
        lanes: &[&AttachedLane],
        event: PlaceEvent,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        let lot = self
            .attached
            .place(lanes, &event.place)
            .ok_or_else(|| Answer::Wrong(format!("字段 place：没有车位 {}", event.place)))?;
        let place = Place {
            lot: lot.clone(),
            place: event.place,
            status: event.status,
            image: self.keep(event.image).await,
            plate: event.plate,
            at: at.wall,
        };
        self.hand_over(lot, Input::Note(Entry::Place(place)), at)
            .await
    }

    /// Who tells of its contact is there.
    async fn heard(
        &self,
        lanes: &[&AttachedLane],
        device: &DeviceNo,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        let lane = lane_of(lanes, device)?;
        self.post(&lane.lot, Input::Heard(device.clone()), at).await
    }

    /// A loop or a limit switch tells something of its lane. That a trigger loop was let go is on no
    /// disk, so nobody is kept waiting for one: whoever tells one thing after the other tells in time
    /// that it is pressed again.
    async fn contact(
        &self,
        lanes: &[&AttachedLane],
        device: &DeviceNo,
        event: &Event,
        at: Moment,
    ) -> Result<Receipt, Answer> {
        let lane = lane_of(lanes, device)?;
        let expected = match event {
            Event::TriggerLoop(_) => RECOGNIZER,
            _ => BARRIER,
        };
        if !lane.is_wired(event) {
            return Err(wrong_kind(device, expected));
        }
        let Some(input) = lane.input(event) else {
            return Ok(Receipt::default());
        };
        let mut receipt = Receipt::default();
        if let Event::SafetyLoop(SafetyEvent {
            after_ms: Some(millis),
            ..
        }) = event
        {
            let kept = LaneInput::SafetyKept(Duration::from_millis(*millis));
            let kept = Input::Lane(lane.lane, kept);
            receipt = self.hand_over(&lane.lot, kept, at).await?;
        }
        let is_let_go = matches!(event, Event::TriggerLoop(LoopEvent { pressed: false, .. }));
        let input = Input::Lane(lane.lane, input);
        let told = if is_let_go {
            self.post(&lane.lot, input, at).await?
        } else {
            self.hand_over(&lane.lot, input, at).await?
        };
        Ok(receipt.and(told))
    }

    fn driver(&self, lot: &LotId) -> Result<&Handle, Answer> {
        self.drivers.get(lot).ok_or(Answer::Busy)
    }

    /// For nobody who waits.
    async fn post(&self, lot: &LotId, input: Input, at: Moment) -> Result<Receipt, Answer> {
        let posted = self.driver(lot)?.post(input, at).await;
        posted.map_or(Err(Answer::Busy), |()| Ok(Receipt::default()))
    }

    async fn hand_over(&self, lot: &LotId, input: Input, at: Moment) -> Result<Receipt, Answer> {
        let written = self.driver(lot)?.hand_over(input, at).await;
        written.map_or(Err(Answer::Busy), |written| Ok(Receipt::of(written)))
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn lane_of<'a>(lanes: &[&'a AttachedLane], device: &DeviceNo) -> Result<&'a AttachedLane, Answer> {
    let mut found = lanes.iter().copied().filter(|lane| lane.has(device));
    found
        .next()
        .ok_or_else(|| Answer::Wrong(format!("字段 device：此密钥下没有设备 {device}")))
}

fn wrong_kind(device: &DeviceNo, expected: &str) -> Answer {
    Answer::Wrong(format!("字段 device：{device} 不是{expected}"))
}

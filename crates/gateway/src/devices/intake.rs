//! `POST /v1/events`: what the devices tell, taken when it is on disk.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{Input as LaneInput, Reading, Sighting};
use boshi_protocol::plate::PlateColor;
use boshi_transport::accept::is_late;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::attached::{Attached, AttachedLane};
use super::controllers::Controllers;
use super::event::{self, ArmEvent, Event, LoopEvent, PlaceEvent, PlateEvent, SafetyEvent};
use super::flood::Floods;
use super::parts;
use crate::driver::{Busy, Handle};
use crate::journal::{Entry, Journal, Place};
use crate::lot::Input;
use crate::pictures::Pictures;

/// Largest event in bytes: a full picture of a five-megapixel camera, in base64.
const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// How many events' own ids are remembered, to know a repetition: minutes of a busy lot, longer
/// than any controller goes on repeating. History that is older is found in the journal.
const IDS_REMEMBERED: usize = 4096;

/// What people call the devices that tell events.
const RECOGNIZER: &str = "车牌识别器";
const BARRIER: &str = "栏杆机";

/// What the intake works with.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) attached: Attached,
    pub(crate) drivers: HashMap<LotId, Handle>,
    pub(crate) pictures: Pictures,
    pub(crate) journal: Journal,
    pub(crate) remembered: Mutex<Remembered>,
    pub(crate) floods: Floods,
    pub(crate) controllers: Arc<Controllers>,
}

/// The ids of the latest events.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

/// Why an event of a driver of this gateway is not taken.
#[derive(Debug)]
pub(crate) enum Untaken {
    /// It makes no sense, and will not.
    Never(String),
    /// The lot is busy, or hears too much of this device.
    Later,
}

/// How an event is answered.
pub(super) enum Answer {
    Taken,
    Repeated,
    Wrong(String),
    Stranger,
    Slow,
    TooLarge,
    TooMany,
    Busy,
}

/// The routes for the devices.
pub(crate) fn router(intake: Arc<Intake>) -> Router {
    Router::new()
        .route("/v1/events", post(receive))
        .with_state(intake)
}

/// How a device is told that something of its request is wrong.
pub(crate) fn refusal(error: String) -> axum::Json<Value> {
    axum::Json(json!({"ok": false, "error": error}))
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
        let intake = Arc::clone(self);
        // What has arrived is taken, also if who sent it goes away: half a taking would be lost.
        let taking = tokio::spawn(async move {
            let _place = place;
            let lanes = intake.attached.by_key(&key);
            intake.take(&lanes, event).await
        });
        taking.await.unwrap_or(Err(Answer::Busy))
    }

    /// A driver of this gateway tells something of the devices of a lot. Who tells of a loop need
    /// not be who it is named after, so that only a driver's heartbeats say who answers.
    pub(crate) async fn told(&self, lot: &LotId, event: Event) -> Result<(), Untaken> {
        let lanes = self.attached.of_lot(lot);
        let answer = match &event {
            Event::TriggerLoop(LoopEvent { device, .. })
            | Event::SafetyLoop(SafetyEvent { device, .. })
            | Event::Arm(ArmEvent { device, .. }) => self.contact(&lanes, device, &event).await,
            Event::Plate(_) | Event::Fire(_) | Event::Heartbeat(_) | Event::Place(_) => {
                self.take(&lanes, event).await
            }
        };
        match answer {
            Ok(_) => Ok(()),
            Err(Answer::Wrong(why)) => Err(Untaken::Never(why)),
            Err(_) => Err(Untaken::Later),
        }
    }

    async fn take(&self, lanes: &[&AttachedLane], event: Event) -> Result<Answer, Answer> {
        if !self.floods.allow(&self.attached, lanes, &event) {
            return Err(Answer::TooMany);
        }
        match event {
            Event::Plate(event) => self.plate(lanes, event).await,
            Event::TriggerLoop(LoopEvent { ref device, .. })
            | Event::SafetyLoop(SafetyEvent { ref device, .. })
            | Event::Arm(ArmEvent { ref device, .. }) => {
                self.heard(lanes, device).await?;
                self.contact(lanes, device, &event).await
            }
            Event::Fire(event) => {
                for lane in lanes {
                    let input = Input::Lane(lane.lane, LaneInput::Fire { on: event.on });
                    self.hand_over(&lane.lot, input).await?;
                }
                Ok(Answer::Taken)
            }
            Event::Heartbeat(beat) => self.heartbeat(lanes, beat.devices).await,
            Event::Place(event) => self.place(lanes, event).await,
        }
    }

    async fn plate(&self, lanes: &[&AttachedLane], event: PlateEvent) -> Result<Answer, Answer> {
        let lane = lane_of(lanes, &event.device)?;
        let side = lane.layout.side_of(&event.device);
        let side = side.ok_or_else(|| wrong_kind(&event.device, RECOGNIZER))?;
        let replayed_at = event
            .replay
            .then(|| event.at.unwrap_or_else(Timestamp::now));
        let key = event.id.map(|id| format!("{}/{id}", event.device));
        if let Some(key) = &key
            && self.is_repeated(&lane.lot, key, event.replay).await?
        {
            return Ok(Answer::Repeated);
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
            self.hand_over(&lane.lot, Input::Heard(event.device))
                .await?;
            self.hand_over(&lane.lot, input).await
        };
        let taken = taken.await;
        if let (Err(_), Some(key)) = (&taken, &key) {
            self.remembered().forget(key);
        }
        taken
    }

    /// Whether an event was taken before. If it was not, it counts as taken from now on.
    async fn is_repeated(&self, lot: &LotId, key: &str, replay: bool) -> Result<bool, Answer> {
        if !self.remembered().is_new(key) {
            return Ok(true);
        }
        if !replay {
            return Ok(false);
        }
        self.journal.seen(lot, key).await.map_err(|error| {
            tracing::error!(%error, "the journal cannot be asked for an event");
            self.remembered().forget(key);
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
    ) -> Result<Answer, Answer> {
        for device in &devices {
            lane_of(lanes, device)?;
        }
        for lane in lanes {
            let here: Vec<DeviceNo> = devices.iter().filter(|it| lane.has(it)).cloned().collect();
            if !here.is_empty() {
                self.hand_over(&lane.lot, Input::Beat(here)).await?;
            }
        }
        Ok(Answer::Taken)
    }

    async fn place(&self, lanes: &[&AttachedLane], event: PlaceEvent) -> Result<Answer, Answer> {
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
            at: Timestamp::now(),
        };
        self.hand_over(lot, Input::Note(Entry::Place(place))).await
    }

    /// Who tells of its contact is there.
    async fn heard(&self, lanes: &[&AttachedLane], device: &DeviceNo) -> Result<Answer, Answer> {
        let lane = lane_of(lanes, device)?;
        self.hand_over(&lane.lot, Input::Heard(device.clone()))
            .await
    }

    /// A loop or a limit switch tells something of its lane.
    async fn contact(
        &self,
        lanes: &[&AttachedLane],
        device: &DeviceNo,
        event: &Event,
    ) -> Result<Answer, Answer> {
        let lane = lane_of(lanes, device)?;
        let expected = match event {
            Event::TriggerLoop(_) => RECOGNIZER,
            _ => BARRIER,
        };
        let input = event::contact(&lane.layout, event);
        let input = input.ok_or_else(|| wrong_kind(device, expected))?;
        if let Event::SafetyLoop(SafetyEvent {
            after_ms: Some(millis),
            ..
        }) = event
        {
            let kept = LaneInput::SafetyKept(Duration::from_millis(*millis));
            self.hand_over(&lane.lot, Input::Lane(lane.lane, kept))
                .await?;
        }
        self.hand_over(&lane.lot, Input::Lane(lane.lane, input))
            .await
    }

    async fn hand_over(&self, lot: &LotId, input: Input) -> Result<Answer, Answer> {
        let driver = self.drivers.get(lot).ok_or(Answer::Busy)?;
        match driver.tell(input).await {
            Ok(()) => Ok(Answer::Taken),
            Err(Busy) => Err(Answer::Busy),
        }
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Remembered {
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > IDS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    fn forget(&mut self, id: &str) {
        self.ids.remove(id);
        self.order.retain(|known| known != id);
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

impl Answer {
    pub(super) fn into_response(self) -> Response {
        let (status, body) = match self {
            Answer::Taken => (StatusCode::OK, axum::Json(json!({"ok": true}))),
            Answer::Repeated => {
                let again = json!({"ok": true, "repeated": true});
                (StatusCode::OK, axum::Json(again))
            }
            Answer::Wrong(error) => (StatusCode::BAD_REQUEST, refusal(error)),
            Answer::Stranger => (StatusCode::UNAUTHORIZED, refusal("密钥不符".into())),
            Answer::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                refusal("事件未及时收完".into()),
            ),
            Answer::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                refusal(format!("事件超过 {MAX_EVENT_BYTES} 字节")),
            ),
            Answer::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                refusal("事件过多，请稍后重发".into()),
            ),
            Answer::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                refusal("网关忙或正在停止，请重发".into()),
            ),
        };
        (status, body).into_response()
    }
}

//! `POST /v1/events`: what the devices tell, taken when it is on disk.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::lane::{Input as LaneInput, Reading, Side, Sighting};
use boshi_protocol::plate::PlateColor;
use jiff::Timestamp;
use serde_json::json;

use super::attached::{Attached, AttachedLane};
use super::event::{ArmEvent, Event, LoopEvent, PlaceEvent, PlateEvent};
use crate::driver::{Busy, Handle};
use crate::journal::{Journal, Place};
use crate::lot::Input;
use crate::pictures::Pictures;

/// Largest event in bytes: a full picture of a five-megapixel camera, in base64.
pub(crate) const MAX_EVENT_BYTES: usize = 4 * 1024 * 1024;

/// How many events' own ids are remembered, to know a repetition: minutes of a busy lot, longer
/// than any controller goes on repeating. History that is older is found in the journal.
const IDS_REMEMBERED: usize = 4096;

/// What the intake works with.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) attached: Attached,
    pub(crate) drivers: HashMap<LotId, Handle>,
    pub(crate) pictures: Pictures,
    pub(crate) journal: Journal,
    pub(crate) remembered: Mutex<Remembered>,
}

/// The ids of the latest events.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

/// How an event is answered.
enum Answer {
    Taken,
    Repeated,
    Wrong(String),
    Stranger,
    Busy,
}

/// The routes for the devices.
pub(crate) fn router(intake: Arc<Intake>) -> Router {
    Router::new()
        .route("/v1/events", post(receive))
        .layer(DefaultBodyLimit::max(MAX_EVENT_BYTES))
        .with_state(intake)
}

async fn receive(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = match bearer(&headers) {
        Some(key) => {
            let lanes = intake.attached.by_key(key);
            if lanes.is_empty() {
                Answer::Stranger
            } else {
                let taken = intake.take(&lanes, &body).await;
                taken.unwrap_or_else(|answer| answer)
            }
        }
        None => Answer::Stranger,
    };
    answer.into_response()
}

/// The key of a request, if it shows one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

impl Intake {
    async fn take(&self, lanes: &[&AttachedLane], body: &[u8]) -> Result<Answer, Answer> {
        match Event::read(body).map_err(Answer::Wrong)? {
            Event::Plate(event) => self.plate(lanes, event).await,
            Event::TriggerLoop(LoopEvent { device, pressed }) => {
                let (lane, side) = recognizer(lanes, &device)?;
                let input = LaneInput::TriggerLoop { side, pressed };
                self.tell(lane, device, input).await
            }
            Event::SafetyLoop(LoopEvent { device, pressed }) => {
                let lane = barrier(lanes, &device)?;
                self.tell(lane, device, LaneInput::SafetyLoop { pressed })
                    .await
            }
            Event::Arm(ArmEvent { device, position }) => {
                let lane = barrier(lanes, &device)?;
                self.tell(lane, device, LaneInput::BarrierSeen(position))
                    .await
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
        let (lane, side) = recognizer(lanes, &event.device)?;
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
            let here = devices.iter().filter(|device| lane.has(device));
            let beat = Input::Beat(here.cloned().collect());
            self.hand_over(&lane.lot, beat).await?;
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
        self.hand_over(lot, Input::Place(place)).await
    }

    async fn tell(
        &self,
        lane: &AttachedLane,
        device: DeviceNo,
        input: LaneInput,
    ) -> Result<Answer, Answer> {
        self.hand_over(&lane.lot, Input::Heard(device)).await?;
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

fn recognizer<'a>(
    lanes: &[&'a AttachedLane],
    device: &DeviceNo,
) -> Result<(&'a AttachedLane, Side), Answer> {
    let lane = lane_of(lanes, device)?;
    let side = lane.side_of(device);
    let side =
        side.ok_or_else(|| Answer::Wrong(format!("字段 device：{device} 不是车牌识别器")))?;
    Ok((lane, side))
}

fn barrier<'a>(lanes: &[&'a AttachedLane], device: &DeviceNo) -> Result<&'a AttachedLane, Answer> {
    let lane = lane_of(lanes, device)?;
    if lane.layout.barrier == *device {
        Ok(lane)
    } else {
        Err(Answer::Wrong(format!("字段 device：{device} 不是栏杆机")))
    }
}

impl Answer {
    fn into_response(self) -> Response {
        let wrong = |error: String| json!({"ok": false, "error": error});
        let (status, body) = match self {
            Answer::Taken => (StatusCode::OK, json!({"ok": true})),
            Answer::Repeated => (StatusCode::OK, json!({"ok": true, "repeated": true})),
            Answer::Wrong(error) => (StatusCode::BAD_REQUEST, wrong(error)),
            Answer::Stranger => (StatusCode::UNAUTHORIZED, wrong("密钥不符".to_owned())),
            Answer::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                wrong("网关忙或正在停止，请重发".to_owned()),
            ),
        };
        (status, axum::Json(body)).into_response()
    }
}

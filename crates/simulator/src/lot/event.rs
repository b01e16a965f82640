//! What a controller tells the gateway: `POST /v1/events` of docs/DEVICES.md.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::{DeviceNo, PlaceNo};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::equipment::{Reading, VehicleId};
use crate::picture;

/// An event, without its picture, which is drawn when it is sent.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Plate(PlateRead),
    TriggerLoop {
        device: DeviceNo,
        pressed: bool,
    },
    SafetyLoop {
        device: DeviceNo,
        pressed: bool,
        /// How long the contact had kept its state in life's time, if this is a change.
        after: Option<Duration>,
    },
    Arm {
        device: DeviceNo,
        up: bool,
    },
    Fire {
        on: bool,
    },
    Place {
        number: PlaceNo,
        status: PlaceStatus,
        plate: Option<Plate>,
        shot: Option<Shot>,
    },
}

/// A reading as its recognizer tells it.
#[derive(Clone, Debug)]
pub(super) struct PlateRead {
    pub(super) device: DeviceNo,
    pub(super) vehicle: VehicleId,
    pub(super) id: String,
    pub(super) reading: Reading,
    pub(super) at: Timestamp,
    /// Whether it is told when its vehicle was gone already.
    pub(super) replay: bool,
    pub(super) shot: Option<Shot>,
}

/// What is in the picture.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    pub(super) plate: Option<Plate>,
    pub(super) color: PlateColor,
    pub(super) caption: Arc<str>,
}

impl Shot {
    /// The picture in base64; takes some milliseconds.
    pub(super) fn develop(&self) -> String {
        STANDARD.encode(picture::render(
            self.plate.as_ref(),
            self.color,
            &self.caption,
        ))
    }
}

impl Event {
    pub(super) fn shot(&self) -> Option<&Shot> {
        match self {
            Event::Plate(read) => read.shot.as_ref(),
            Event::Place { shot, .. } => shot.as_ref(),
            Event::TriggerLoop { .. }
            | Event::SafetyLoop { .. }
            | Event::Arm { .. }
            | Event::Fire { .. } => None,
        }
    }

    /// The body that is sent.
    pub(super) fn body(&self, picture: Option<&str>) -> String {
        let mut fields = self.fields();
        if let Some(picture) = picture {
            fields.insert("image".to_owned(), picture.into());
        }
        Value::Object(fields).to_string()
    }

    /// Kind and device, for the ledger and the log.
    pub(super) fn name(&self) -> String {
        match self {
            Event::Plate(read) => format!("plate {} {}", read.device, read.id),
            Event::TriggerLoop { device, pressed } => {
                format!("trigger_loop {device} {pressed}")
            }
            Event::SafetyLoop {
                device, pressed, ..
            } => format!("safety_loop {device} {pressed}"),
            Event::Arm { device, up } => format!("arm {device} {}", position(*up)),
            Event::Fire { on } => format!("fire {on}"),
            Event::Place { number, .. } => format!("place {number}"),
        }
    }

    fn fields(&self) -> Map<String, Value> {
        match self {
            Event::Plate(read) => read.fields(),
            Event::TriggerLoop { device, pressed } => fields([
                ("event", "trigger_loop".into()),
                ("device", device.as_str().into()),
                ("pressed", (*pressed).into()),
            ]),
            Event::SafetyLoop {
                device,
                pressed,
                after,
            } => {
                let mut known = fields([
                    ("event", "safety_loop".into()),
                    ("device", device.as_str().into()),
                    ("pressed", (*pressed).into()),
                ]);
                let millis = after.and_then(|after| u64::try_from(after.as_millis()).ok());
                known.extend(millis.map(|millis| ("after_ms".to_owned(), millis.into())));
                known
            }
            Event::Arm { device, up } => fields([
                ("event", "arm".into()),
                ("device", device.as_str().into()),
                ("position", position(*up).into()),
            ]),
            Event::Fire { on } => fields([("event", "fire".into()), ("on", (*on).into())]),
            Event::Place {
                number,
                status,
                plate,
                ..
            } => fields([
                ("event", "place".into()),
                ("place", number.as_str().into()),
                ("status", status.as_str().into()),
                ("plate", plate.as_ref().map_or("", Plate::as_str).into()),
            ]),
        }
    }
}

impl PlateRead {
    /// Whether `older` says nothing that this does not say.
    pub(super) fn replaces(&self, older: &Event) -> bool {
        match older {
            Event::Plate(older) => {
                !older.replay && older.vehicle == self.vehicle && older.device == self.device
            }
            Event::TriggerLoop { .. }
            | Event::SafetyLoop { .. }
            | Event::Arm { .. }
            | Event::Fire { .. }
            | Event::Place { .. } => false,
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let plate = self.reading.plate.as_ref().map_or("", Plate::as_str);
        fields([
            ("event", "plate".into()),
            ("device", self.device.as_str().into()),
            ("id", self.id.as_str().into()),
            ("plate", plate.into()),
            ("color", self.reading.color.as_str().into()),
            ("reliability", self.reading.reliability.into()),
            ("at", self.at.to_string().into()),
            ("replay", self.replay.into()),
        ])
    }
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn position(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// What a heartbeat of these devices says.
pub(super) fn heartbeat(devices: &[DeviceNo]) -> String {
    let devices: Vec<&str> = devices.iter().map(DeviceNo::as_str).collect();
    let fields = fields([("event", "heartbeat".into()), ("devices", devices.into())]);
    Value::Object(fields).to_string()
}

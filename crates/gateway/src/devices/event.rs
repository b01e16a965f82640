//! What a device tells, read from JSON: an error names the field, what came and what was expected.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::{DeviceNo, Id, PlaceNo};
use boshi_protocol::lane::{Input as LaneInput, Layout, Position};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What a device tells.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Plate(PlateEvent),
    TriggerLoop(LoopEvent),
    SafetyLoop(SafetyEvent),
    Arm(ArmEvent),
    Fire(FireEvent),
    Heartbeat(Heartbeat),
    Place(PlaceEvent),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlateEvent {
    #[serde(deserialize_with = "id")]
    pub(super) device: DeviceNo,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "plate")]
    pub(super) plate: Option<Plate>,
    #[serde(default, deserialize_with = "color")]
    pub(super) color: Option<PlateColor>,
    #[serde(default, deserialize_with = "percent")]
    pub(super) reliability: Option<u8>,
    #[serde(default, deserialize_with = "picture")]
    pub(super) image: Option<Vec<u8>>,
    #[serde(default)]
    pub(super) at: Option<Timestamp>,
    #[serde(default)]
    pub(super) replay: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoopEvent {
    #[serde(deserialize_with = "id")]
    pub(super) device: DeviceNo,
    pub(super) pressed: bool,
    /// Whether nothing shows any more how it is.
    #[serde(skip)]
    pub(super) is_unseen: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SafetyEvent {
    #[serde(deserialize_with = "id")]
    pub(super) device: DeviceNo,
    pub(super) pressed: bool,
    /// How many milliseconds the contact had kept its state, by the controller's clock.
    #[serde(default)]
    pub(super) after_ms: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArmEvent {
    #[serde(deserialize_with = "id")]
    pub(super) device: DeviceNo,
    #[serde(deserialize_with = "position")]
    pub(super) position: Position,
    /// Whether it is no longer there.
    #[serde(skip)]
    pub(super) has_left: bool,
    /// Whether nothing shows any more where it is.
    #[serde(skip)]
    pub(super) is_unseen: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FireEvent {
    pub(super) on: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heartbeat {
    #[serde(deserialize_with = "ids")]
    pub(super) devices: Vec<DeviceNo>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceEvent {
    #[serde(deserialize_with = "id")]
    pub(super) place: PlaceNo,
    #[serde(deserialize_with = "status")]
    pub(super) status: PlaceStatus,
    #[serde(default, deserialize_with = "plate")]
    pub(super) plate: Option<Plate>,
    #[serde(default, deserialize_with = "picture")]
    pub(super) image: Option<Vec<u8>>,
}

impl Event {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// A sentence that names the field, what came and what was expected.
    pub(super) fn read(body: &[u8]) -> Result<Event, String> {
        let object = serde_json::from_slice(body)
            .map_err(|error| format!("请求体应为 JSON 对象：{error}"))?;
        Event::of(object)
    }

    /// Reads an object.
    ///
    /// # Errors
    /// As [`Event::read`].
    pub(super) fn of(mut object: Map<String, Value>) -> Result<Event, String> {
        let word = object.remove("event").unwrap_or_default();
        let word = word.as_str().unwrap_or_default();
        Ok(match word {
            "plate" => Event::Plate(fields(object)?),
            "trigger_loop" => Event::TriggerLoop(fields(object)?),
            "safety_loop" => Event::SafetyLoop(fields(object)?),
            "arm" => Event::Arm(fields(object)?),
            "fire" => Event::Fire(fields(object)?),
            "heartbeat" => Event::Heartbeat(fields(object)?),
            "place" => Event::Place(fields(object)?),
            other => {
                return Err(format!(
                    "字段 event 收到 {other:?}，应为 plate、trigger_loop、safety_loop、arm、fire、\
                     heartbeat 或 place"
                ));
            }
        })
    }
}

impl ArmEvent {
    /// The arm is at an end.
    pub(super) fn at(device: DeviceNo, position: Position) -> ArmEvent {
        ArmEvent {
            device,
            position,
            has_left: false,
            is_unseen: false,
        }
    }

    /// The arm was there when it was seen last, and is seen no more.
    pub(super) fn unseen_since(device: DeviceNo, position: Position) -> ArmEvent {
        ArmEvent {
            is_unseen: true,
            ..ArmEvent::at(device, position)
        }
    }
}

/// What an event tells of a contact of a lane, if it does.
pub(crate) fn contact(layout: &Layout, event: &Event) -> Option<LaneInput> {
    match event {
        Event::TriggerLoop(it) => {
            let side = layout.side_of(&it.device)?;
            let pressed = it.pressed;
            Some(match it.is_unseen {
                true => LaneInput::TriggerUnseen { side },
                false => LaneInput::TriggerLoop { side, pressed },
            })
        }
        Event::SafetyLoop(it) if it.device == layout.barrier => {
            let pressed = it.pressed;
            Some(LaneInput::SafetyLoop { pressed })
        }
        Event::Arm(it) if it.device == layout.barrier && it.is_unseen => {
            Some(LaneInput::BarrierUnseen)
        }
        Event::Arm(it) if it.device == layout.barrier && !it.has_left => {
            Some(LaneInput::BarrierSeen(it.position))
        }
        Event::Fire(it) => Some(LaneInput::Fire { on: it.on }),
        Event::SafetyLoop(_) | Event::Arm(_) => None,
        Event::Plate(_) | Event::Heartbeat(_) | Event::Place(_) => None,
    }
}

fn fields<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, String> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let field = error.path().to_string();
        format!("字段 {field}：{}", error.inner())
    })
}

fn id<'de, D: Deserializer<'de>, K>(from: D) -> Result<Id<K>, D::Error> {
    let text = String::deserialize(from)?;
    Id::new(&text).map_err(|error| D::Error::custom(format!("收到 {text:?}，{error}")))
}

fn ids<'de, D: Deserializer<'de>, K>(from: D) -> Result<Vec<Id<K>>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = |text: &String| {
        Id::new(text).map_err(|error| D::Error::custom(format!("收到 {text:?}，{error}")))
    };
    texts.iter().map(read).collect()
}

fn plate<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Plate>, D::Error> {
    let text = Option::<String>::deserialize(from)?.unwrap_or_default();
    Plate::read(&text).map_err(D::Error::custom)
}

fn color<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PlateColor>, D::Error> {
    const EXPECTED: &str = "blue、yellow、black、white、green 或 other";
    word(from, EXPECTED, PlateColor::parse).map(Some)
}

fn position<'de, D: Deserializer<'de>>(from: D) -> Result<Position, D::Error> {
    word(from, "up 或 down", |text| match text {
        "up" => Some(Position::Up),
        "down" => Some(Position::Down),
        _ => None,
    })
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<PlaceStatus, D::Error> {
    word(from, "vacancy、occupy 或 unusual", PlaceStatus::parse)
}

fn word<'de, D: Deserializer<'de>, T>(
    from: D,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(from)?;
    let wrong = || D::Error::custom(format!("收到 {text:?}，应为 {expected}"));
    parse(&text).ok_or_else(wrong)
}

fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    let number = Option::<i64>::deserialize(from)?;
    let read = |number: i64| {
        let percent = u8::try_from(number).ok().filter(|percent| *percent <= 100);
        percent.ok_or_else(|| D::Error::custom(format!("收到 {number}，应为 0 到 100 的整数")))
    };
    number.map(read).transpose()
}

fn picture<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(from)?.filter(|text| !text.is_empty());
    let read = |text: String| {
        let bytes = STANDARD.decode(text.as_bytes());
        bytes.map_err(|_| D::Error::custom("应为 base64 编码的 JPEG"))
    };
    text.map(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_needs_only_what_identifies_it() {
        let read = Event::read(r#"{"event":"plate","device":"CAM-01"}"#.as_bytes()).unwrap();
        let Event::Plate(event) = read else {
            panic!("{read:?}");
        };
        assert_eq!(event.device.as_str(), "CAM-01");
        assert_eq!(event.plate, None);
        assert!(!event.replay);
    }

    #[test]
    fn what_is_wrong_with_an_event_is_said_with_its_field() {
        for (body, words) in [
            ("[]", "JSON"),
            ("{}", "event"),
            (r#"{"event":"door"}"#, "door"),
            (r#"{"event":"plate"}"#, "device"),
            (r#"{"event":"plate","device":""}"#, "device"),
            (r#"{"event":"plate","device":"C","color":"red"}"#, "red"),
            (r#"{"event":"plate","device":"C","reliability":101}"#, "101"),
            (r#"{"event":"plate","device":"C","image":"?"}"#, "image"),
            (r#"{"event":"plate","device":"C","at":"soon"}"#, "at"),
            (r#"{"event":"plate","device":"C","plat":"x"}"#, "plat"),
            (
                r#"{"event":"trigger_loop","device":"C","pressed":1}"#,
                "pressed",
            ),
            (r#"{"event":"arm","device":"B","position":"left"}"#, "left"),
            (r#"{"event":"place","place":"A","status":"free"}"#, "free"),
        ] {
            let error = Event::read(body.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{body}: {error}");
        }
    }
}

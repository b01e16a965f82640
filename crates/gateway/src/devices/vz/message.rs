//! What a camera says: bytes in, one message out. Nothing here stalls or panics, whatever comes.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::config::{CameraClock, VzDialect};

/// Cameras differ in whether they fill up the end of base64.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longest serial number that is looked at: all that are known have 16 or 17 characters.
const MAX_SERIAL_CHARS: usize = 64;

/// Serial ports of a camera.
const MOST_PORTS: u8 = 4;

/// China's clock is that much ahead of UTC.
const CHINA: SignedDuration = SignedDuration::from_hours(8);

/// Kinds of plates that are none: a forged one, a maker's sign, a vehicle without one.
const NO_PLATES: [i64; 3] = [29, 30, 31];

/// Where a picture may be: the whole one, else that of the plate; over HTTP and over MQTT.
const PICTURES: [&str; 4] = [
    "imageFile",
    "full_image_content",
    "imageFragmentFile",
    "small_image_content",
];

/// What a camera said.
#[derive(Debug)]
pub(super) struct Said {
    /// Its own number, if it told it.
    pub(super) serial: Option<String>,
    pub(super) message: Message,
}

/// One message.
#[derive(Debug)]
pub(super) enum Message {
    Plate(Box<Seen>),
    /// An input changed, counted from 1.
    Input {
        number: u16,
        level: bool,
    },
    /// Bytes came in over RS485, at the port of that number, from 0.
    Serial {
        port: u8,
        bytes: Vec<u8>,
    },
    /// It is there, and in the comet way asks what there is to do.
    Beat,
    /// Something that is of no use here; its name.
    Other(String),
}

/// A vehicle as the camera saw it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// What the camera calls this reading, the same whenever it tells it again.
    pub(super) id: Option<String>,
    /// Its number, to be repeated in the answer as it came.
    pub(super) plate_id: Option<Value>,
    pub(super) plate: Option<Plate>,
    pub(super) color: Option<PlateColor>,
    pub(super) reliability: Option<u8>,
    pub(super) image: Option<Vec<u8>>,
    pub(super) at: Option<Timestamp>,
    /// Whether it comes from the camera's memory.
    pub(super) offline: bool,
    /// What could not be read, for the log.
    pub(super) doubts: Vec<String>,
}

/// Why bytes are no message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MessageError {
    #[error("应为 JSON 或表单：{0}")]
    NoJson(String),
    #[error("应为一个 JSON 对象")]
    NoObject,
    #[error("字段 {0} 缺失或不是 {1}")]
    Field(&'static str, &'static str),
}

/// Reads the body of a push.
pub(super) fn read(
    body: &[u8],
    dialect: VzDialect,
    clock: CameraClock,
) -> Result<Said, MessageError> {
    let text = text(body);
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if !trimmed.starts_with('{') {
        let serial = form_field(trimmed, "serialno");
        let beats = serial.is_some() || trimmed.contains("device_name");
        return if beats || trimmed.is_empty() {
            let message = Message::Beat;
            Ok(Said { serial, message })
        } else {
            let start = trimmed.chars().take(24).collect::<String>();
            Err(MessageError::NoJson(format!("{start:?}")))
        };
    }
    let value: Value =
        serde_json::from_str(trimmed).map_err(|error| MessageError::NoJson(error.to_string()))?;
    let Value::Object(object) = value else {
        return Err(MessageError::NoObject);
    };
    of(&object, dialect, clock)
}

/// UTF-8, or what some cameras write instead: GBK.
pub(in crate::devices) fn text(body: &[u8]) -> std::borrow::Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => encoding_rs::GBK.decode_without_bom_handling(body).0,
    }
}

fn of(
    object: &Map<String, Value>,
    dialect: VzDialect,
    clock: CameraClock,
) -> Result<Said, MessageError> {
    if let Some(plate) = object.get("AlarmInfoPlate") {
        let result = &plate["result"]["PlateResult"];
        let result = result
            .as_object()
            .ok_or(MessageError::Field("result.PlateResult", "对象"))?;
        let message = Message::Plate(Box::new(seen(result, dialect, clock)?));
        let serial = serial_of(plate);
        return Ok(Said { serial, message });
    }
    if let Some(input) = object.get("AlarmGioIn") {
        let result = &input["result"]["TriggerResult"];
        let (number, level) = level(result)?;
        let message = Message::Input { number, level };
        let serial = serial_of(input);
        return Ok(Said { serial, message });
    }
    if let Some(uplink) = object.get("SerialData") {
        let serial = serial_of(uplink);
        let (port, bytes) = uplinked(uplink)?;
        let message = Message::Serial { port, bytes };
        return Ok(Said { serial, message });
    }
    if let Some(beat) = object.get("heartbeat") {
        let serial = serial_of(beat);
        let message = Message::Beat;
        return Ok(Said { serial, message });
    }
    let name = object.keys().next().cloned().unwrap_or_default();
    let serial = object.values().find_map(serial_of);
    let message = Message::Other(name.chars().take(40).collect());
    Ok(Said { serial, message })
}

/// Bytes that came in over RS485, and at which port, from 0.
pub(super) fn uplinked(uplink: &Value) -> Result<(u8, Vec<u8>), MessageError> {
    let port = number(&uplink["serialChannel"]).unwrap_or_default();
    let port = u8::try_from(port).ok().filter(|it| *it < MOST_PORTS);
    let port = port.ok_or(MessageError::Field("serialChannel", "串口号"))?;
    let data = uplink["data"].as_str().unwrap_or_default();
    let bytes = decoded(data).ok_or(MessageError::Field("data", "base64"))?;
    Ok((port, bytes))
}

/// How an input is, numbered from 1.
pub(super) fn level(result: &Value) -> Result<(u16, bool), MessageError> {
    let source = number(&result["source"]).and_then(|it| u16::try_from(it).ok());
    let source = source.filter(|it| *it < 16);
    let source = source.ok_or(MessageError::Field("source", "输入号"))?;
    let level = number(&result["value"]).filter(|it| matches!(it, 0 | 1));
    let level = level.ok_or(MessageError::Field("value", "0 或 1"))?;
    Ok((source + 1, level == 1))
}

/// A `PlateResult`, as it is pushed; everything but `license` may be missing.
pub(super) fn seen(
    result: &Map<String, Value>,
    dialect: VzDialect,
    clock: CameraClock,
) -> Result<Seen, MessageError> {
    let license = result.get("license").and_then(Value::as_str);
    let license = license.ok_or(MessageError::Field("license", "文字"))?;
    Ok(seen_as(license, result, dialect, clock))
}

/// The same, of which the plate's text is known.
pub(super) fn seen_as(
    license: &str,
    result: &Map<String, Value>,
    dialect: VzDialect,
    clock: CameraClock,
) -> Seen {
    let license = license.trim_end_matches('\0');
    let mut doubts = Vec::new();
    let kind = result.get("type").and_then(number);
    let none = dialect == VzDialect::Vz && kind.is_some_and(|it| NO_PLATES.contains(&it));
    let plate = Plate::read(license).unwrap_or_else(|error| {
        doubts.push(error.to_string());
        None
    });
    let plate = plate.filter(|_| !none);
    if none && kind != Some(31) {
        doubts.push(format!("类型 {kind:?} 不是车牌：{license:?}"));
    }
    let picture = PICTURES.into_iter().find_map(|key| {
        let text = result.get(key)?.as_str().filter(|it| !it.is_empty())?;
        let bytes = decoded(text);
        if bytes.is_none() {
            doubts.push(format!("{key} 不是 base64"));
        }
        bytes
    });
    let time = result.get("timeStamp").map(|it| &it["Timeval"]);
    let second = time.and_then(|it| number(&it["sec"])).filter(|it| *it > 0);
    let micros = time.and_then(|it| number(&it["usec"])).unwrap_or_default();
    let plate_id = result.get("plateid").filter(|it| !it.is_null()).cloned();
    let id = second.map(|second| match &plate_id {
        Some(id) => format!("{}-{second}", id.to_string().trim_matches('"')),
        None => format!("{second}-{micros}-{license}"),
    });
    Seen {
        id: id.map(|it| it.chars().take(96).collect()),
        plate_id,
        color: color(result.get("colorType").and_then(number), plate.is_some()),
        plate,
        reliability: reliability(result.get("confidence").and_then(number)),
        image: picture,
        at: second.and_then(|second| at(second, clock)),
        offline: result.get("isoffline").is_some_and(is_on),
        doubts,
    }
}

/// Which colour a number means; none when the camera does not know.
pub(super) fn color(number: Option<i64>, is_read: bool) -> Option<PlateColor> {
    if !is_read {
        return None;
    }
    Some(match number? {
        0 => return None,
        1 => PlateColor::Blue,
        2 => PlateColor::Yellow,
        3 => PlateColor::White,
        4 => PlateColor::Black,
        5 | 6 => PlateColor::Green,
        _ => PlateColor::Other,
    })
}

fn reliability(confidence: Option<i64>) -> Option<u8> {
    let confidence = confidence.filter(|it| *it >= 0)?;
    u8::try_from(confidence.min(100)).ok()
}

pub(in crate::devices) fn at(second: i64, clock: CameraClock) -> Option<Timestamp> {
    let at = Timestamp::from_second(second).ok()?;
    match clock {
        CameraClock::Utc => Some(at),
        CameraClock::China => at.checked_sub(CHINA).ok(),
    }
}

/// A number, also one that is written as a text.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(is) => Some(i64::from(*is)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_on(value: &Value) -> bool {
    number(value).is_some_and(|it| it != 0)
}

pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_broken = |byte: u8| byte.is_ascii_whitespace() || byte == 0;
    if text.bytes().any(is_broken) {
        let bytes: Vec<u8> = text.bytes().filter(|it| !is_broken(*it)).collect();
        return BASE64.decode(bytes).ok();
    }
    BASE64.decode(text).ok()
}

pub(super) fn serial_of(value: &Value) -> Option<String> {
    let text = value.get("serialno")?.as_str()?;
    serial(text)
}

pub(super) fn serial(text: &str) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let short = text.chars().take(MAX_SERIAL_CHARS).collect::<String>();
    (!short.is_empty()).then_some(short)
}

/// A field of a form, whichever of the two ways it is written in.
fn form_field(text: &str, name: &str) -> Option<String> {
    let quoted = format!("name=\"{name}\"");
    if let Some(place) = text.find(&quoted) {
        let rest = &text[place + quoted.len()..];
        let value = rest.split_once("\r\n\r\n").or(rest.split_once("\n\n"))?.1;
        return serial(value.lines().next()?);
    }
    let mut pairs = text.split('&').filter_map(|it| it.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    serial(value)
}

#[cfg(test)]
mod tests;

//! What a camera says over MQTT, and what it is told: an envelope with a name and a payload, in which
//! some texts are base64. No I/O; nothing here stalls or panics, whatever comes.

use boshi_protocol::plate::Plate;
use serde_json::{Map, Value, json};

use super::super::message::{
    MessageError, Seen, decoded, level, number, seen_as, serial, serial_of, text, uplinked,
};
use crate::config::{CameraClock, VzDialect};

/// Command that drives an output.
pub(super) const OUTPUT: &str = "gpio_out";

/// Command that has bytes sent over RS485, and what tells of those that came in.
pub(super) const SERIAL: &str = "serial_data";

/// The code of an answer that says that it was done.
const DONE: i64 = 200;

/// What a camera said.
#[derive(Debug, PartialEq)]
pub(super) struct Heard {
    /// Its own number, if it told it.
    pub(super) serial: Option<String>,
    pub(super) word: Word,
}

/// What it was.
#[derive(Debug, PartialEq)]
pub(super) enum Word {
    Plate(Box<Seen>),
    /// How an input is, counted from 1.
    Input {
        number: u16,
        level: bool,
    },
    /// Bytes came in over RS485, at the port of that number, from 0.
    Serial {
        port: u8,
        bytes: Vec<u8>,
    },
    /// Its gate is open or closed.
    Gate {
        open: bool,
    },
    /// An answer to the command of that id: done, or why not.
    Answer {
        id: String,
        refused: Option<String>,
    },
    /// It is there.
    Beat,
    /// Something that is of no use here; its name.
    Other(String),
}

/// Reads a message. The name in its topic counts when it has none of its own.
pub(super) fn read(
    payload: &[u8],
    named: Option<&str>,
    is_reply: bool,
    clock: CameraClock,
) -> Result<Heard, MessageError> {
    let envelope = opened(payload)?;
    let own = envelope.get("sn").and_then(Value::as_str).and_then(serial);
    let name = envelope.get("name").and_then(Value::as_str).or(named);
    let name = name.unwrap_or_default();
    if is_reply {
        let word = answer(&envelope, name)?;
        return Ok(Heard { serial: own, word });
    }
    let (inner, word) = said(&envelope, name, clock)?;
    let serial = own.or(inner);
    Ok(Heard { serial, word })
}

/// The fields of a message.
pub(super) fn opened(payload: &[u8]) -> Result<Map<String, Value>, MessageError> {
    let text = text(payload);
    let text = text.trim_start_matches('\u{feff}');
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let value: Value =
        serde_json::from_str(text).map_err(|error| MessageError::NoJson(error.to_string()))?;
    match value {
        Value::Object(envelope) => Ok(envelope),
        _ => Err(MessageError::NoObject),
    }
}

/// What is said, and who says it, if that stands within.
fn said(
    envelope: &Map<String, Value>,
    name: &str,
    clock: CameraClock,
) -> Result<(Option<String>, Word), MessageError> {
    if let Some(plate) = within(envelope, "AlarmInfoPlate") {
        // A first guess without a picture; the reading itself follows.
        if name == "quick_ivs_result" {
            return Ok((serial_of(plate), Word::Other(name.to_owned())));
        }
        let result = plate["result"]["PlateResult"].as_object();
        let result = result.ok_or(MessageError::Field("result.PlateResult", "对象"))?;
        let license = result.get("license").and_then(Value::as_str);
        let license = license.ok_or(MessageError::Field("license", "文字"))?;
        let seen = seen_as(&license_text(license), result, VzDialect::Vz, clock);
        return Ok((serial_of(plate), Word::Plate(Box::new(seen))));
    }
    if let Some(input) = within(envelope, "AlarmGioIn") {
        let (number, level) = level(&input["result"]["TriggerResult"])?;
        return Ok((serial_of(input), Word::Input { number, level }));
    }
    if name == SERIAL {
        // Where they stand within is not documented: as over HTTP, as in the command, or alone.
        let uplink = within(envelope, "SerialData").or_else(|| within(envelope, "serialData"));
        let uplink = uplink.map(|it| it.get(0).unwrap_or(it));
        let uplink = uplink.or_else(|| {
            envelope
                .get("payload")
                .map(|it| it.get("body").unwrap_or(it))
        });
        let uplink = uplink.ok_or(MessageError::Field("payload", "对象"))?;
        let (port, bytes) = uplinked(uplink)?;
        return Ok((serial_of(uplink), Word::Serial { port, bytes }));
    }
    if name == "barr_gate_status" {
        let status = within(envelope, "gate_status").and_then(number);
        let status = status.ok_or(MessageError::Field("gate_status", "数字"))?;
        let word = match status {
            0 => Word::Gate { open: false },
            1 => Word::Gate { open: true },
            // On its way, or something that is not documented.
            _ => Word::Other(name.to_owned()),
        };
        return Ok((None, word));
    }
    let word = match name {
        "keep_alive" => Word::Beat,
        other => Word::Other(other.chars().take(40).collect()),
    };
    Ok((None, word))
}

fn answer(envelope: &Map<String, Value>, name: &str) -> Result<Word, MessageError> {
    let code = envelope.get("code").and_then(number);
    let id = envelope.get("id").and_then(Value::as_str);
    let id = id.ok_or(MessageError::Field("id", "文字"))?;
    let code = code.ok_or(MessageError::Field("code", "数字"))?;
    let refused = (code != DONE).then(|| format!("相机拒绝 {name}，代码 {code}"));
    let id = id.to_owned();
    Ok(Word::Answer { id, refused })
}

/// A value by its name: in the payload's body, in the payload, or beside it, as firmware differs.
pub(super) fn within<'a>(envelope: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let payload = envelope.get("payload");
    let body = payload.and_then(|it| it.get("body"));
    let places = [body, payload];
    let found = places.into_iter().flatten().find_map(|it| it.get(name));
    found.or_else(|| envelope.get(name))
}

/// The text of a plate: base64 from most cameras, as it is from some, and filled up with zeros.
fn license_text(told: &str) -> String {
    let told = told.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let inner = decoded(told).and_then(|bytes| String::from_utf8(bytes).ok());
    let inner = inner.map(|it| it.trim_end_matches('\0').to_owned());
    match inner {
        Some(inner) if is_plate_text(&inner, told) => inner,
        Some(_) | None => told.to_owned(),
    }
}

/// Whether `inner` is what was meant by `told`: a few plates are base64 by chance.
fn is_plate_text(inner: &str, told: &str) -> bool {
    if inner.is_empty() || Plate::read(inner).is_err() {
        return false;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || " -_.".contains(c);
    let han = |c: char| ('\u{3007}'..='\u{9FFF}').contains(&c) || c == '·';
    if !inner.chars().all(|c| plain(c) || han(c)) {
        return false;
    }
    // No plate is written in small letters, or with an equals sign.
    inner.chars().any(han) || told.contains(|c: char| c.is_ascii_lowercase() || c == '=')
}

/// The message of a command.
pub(super) fn command(id: &str, serial: &str, name: &str, body: &Value, second: i64) -> Value {
    json!({
        "id": id, "sn": serial, "name": name, "version": "1.0", "timestamp": second,
        "payload": {"type": name, "body": body},
    })
}

#[cfg(test)]
mod tests;

//! Frames of the cameras' TCP protocol: bytes in whatever pieces, whole frames out.
//!
//! `V` `Z`, what it is, a number that an answer repeats, the length (big endian), so many bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::message::{MessageError, Seen, number, seen, text};
use crate::config::{CameraClock, VzDialect};

/// Bytes before what a frame holds.
const HEAD: usize = 8;

/// Largest frame, as the maker says.
pub(super) const MOST: usize = 1024 * 1024;

const JSON: u8 = 0;
const HEARTBEAT: u8 = 1;

/// A whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// JSON, and after a zero byte perhaps pictures.
    Json(Vec<u8>),
    Heartbeat,
    /// Something else, which is passed over.
    Other,
}

/// Why bytes are no frames: there is no finding back but by a new connection.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("帧头应为 56 5A，收到 {0:02X} {1:02X}")]
    NoHead(u8, u8),
    #[error("帧长 {0} 字节，最多 {MOST}")]
    TooLong(usize),
}

/// What has come and is not read yet: less than one frame and one piece.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// A piece has come.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole frame, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, FrameError> {
        let [v, z, ..] = self.buffer[..] else {
            return Ok(None);
        };
        if (v, z) != (b'V', b'Z') {
            return Err(FrameError::NoHead(v, z));
        }
        let [_, _, kind, _, a, b, c, d, ..] = self.buffer[..] else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if length > MOST {
            return Err(FrameError::TooLong(length));
        }
        if self.buffer.len() < HEAD + length {
            return Ok(None);
        }
        let rest = self.buffer.split_off(HEAD + length);
        let mut frame = std::mem::replace(&mut self.buffer, rest);
        Ok(Some(match kind {
            JSON => Frame::Json(frame.split_off(HEAD)),
            HEARTBEAT => Frame::Heartbeat,
            _ => Frame::Other,
        }))
    }
}

/// The frame that keeps a connection alive.
pub(super) fn heartbeat() -> Vec<u8> {
    framed(HEARTBEAT, 0, &[])
}

/// The frame of a command.
pub(super) fn command(sequence: u8, command: &Value) -> Vec<u8> {
    framed(JSON, sequence, command.to_string().as_bytes())
}

fn framed(kind: u8, sequence: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a command is far below 1 MiB");
    let mut frame = vec![b'V', b'Z', kind, sequence];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(bytes);
    frame
}

/// Asks for the serial number.
pub(super) fn ask_serial(id: u64) -> Value {
    json!({"cmd": "getsn", "id": id.to_string()})
}

/// Asks how an input is, counted from 1.
pub(super) fn ask_input(input: u16, id: u64) -> Value {
    json!({"cmd": "get_gpio_value", "gpio": input.saturating_sub(1), "id": id.to_string()})
}

/// Has every reading told, with its whole picture.
pub(super) fn subscribe(id: u64) -> Value {
    json!({
        "cmd": "ivsresult", "enable": true, "format": "json", "image": true, "image_type": 0,
        "id": id.to_string(),
    })
}

/// Asks which the newest record of the camera's memory is.
pub(super) fn ask_newest(id: u64) -> Value {
    json!({"cmd": "get_max_rec_id", "id": id.to_string()})
}

/// Asks for a record, with its picture: it is answered as a reading is told.
pub(super) fn ask_record(record: i64) -> Value {
    json!({"cmd": "get_record", "id": record, "format": "json", "image": true})
}

/// Has an output do something; never answered.
pub(super) fn output(output: &Value, id: u64) -> Value {
    json!({
        "cmd": "ioctl", "io": output["io"], "value": output["value"], "delay": output["delay"],
        "id": id.to_string(),
    })
}

/// Makes a port of RS485, from 0, ready.
pub(super) fn make_ready(port: u8, id: u64) -> Value {
    let data = rs485(port);
    json!({"cmd": "ttransmission", "subcmd": "init", "data": data, "id": id.to_string()})
}

/// Bytes for RS485; never answered.
pub(super) fn serial(port: u8, bytes: &[u8], id: u64) -> Value {
    json!({
        "cmd": "ttransmission", "subcmd": "send", "datalen": bytes.len(),
        "data": STANDARD.encode(bytes), "comm": rs485(port), "id": id.to_string(),
    })
}

/// What the camera calls a port.
fn rs485(port: u8) -> String {
    format!("rs485-{}", port + 1)
}

/// What a camera says.
#[derive(Debug)]
pub(super) enum Word {
    Serial(String),
    /// An input as it is, counted from 1.
    Input {
        number: u16,
        level: bool,
    },
    /// A reading, and the number of its record.
    Plate(Option<i64>, Box<Seen>),
    /// The number of its newest record.
    Newest(i64),
    /// It does not do what it was told: which, and the code.
    Refused(String, i64),
    Other,
}

/// Reads what a frame holds.
pub(super) fn word(payload: &[u8]) -> Result<Word, MessageError> {
    let end = payload.iter().position(|byte| *byte == 0);
    let (said, pictures) = match end {
        Some(end) => (&payload[..end], &payload[end + 1..]),
        None => (payload, [].as_slice()),
    };
    let value: Value = serde_json::from_str(&text(said))
        .map_err(|error| MessageError::NoJson(error.to_string()))?;
    let name = value["cmd"].as_str().unwrap_or_default();
    let code = number(&value["state_code"]).filter(|code| *code != 200);
    if let Some(code) = code {
        return Ok(Word::Refused(name.chars().take(40).collect(), code));
    }
    match name {
        "getsn" => {
            let serial = value["value"].as_str().unwrap_or_default();
            Ok(Word::Serial(serial.chars().take(64).collect()))
        }
        "get_gpio_value" => {
            let gpio = number(&value["gpio"]).and_then(|it| u16::try_from(it).ok());
            let gpio = gpio.filter(|it| *it < 16);
            let gpio = gpio.ok_or(MessageError::Field("gpio", "输入号"))?;
            let level = number(&value["value"]).filter(|it| matches!(it, 0 | 1));
            let level = level.ok_or(MessageError::Field("value", "0 或 1"))?;
            Ok(Word::Input {
                number: gpio + 1,
                level: level == 1,
            })
        }
        "ttransmission" if value["response"] == "failed" => {
            Ok(Word::Refused("ttransmission".to_owned(), 0))
        }
        "get_max_rec_id" => {
            let newest = number(&value["max_id"]).filter(|it| *it >= 0);
            newest
                .map(Word::Newest)
                .ok_or(MessageError::Field("max_id", "记录号"))
        }
        "ivs_result" => plate(&value, pictures),
        _ => Ok(Word::Other),
    }
}

fn plate(value: &Value, pictures: &[u8]) -> Result<Word, MessageError> {
    let result = value["PlateResult"].as_object();
    let result = result.ok_or(MessageError::Field("PlateResult", "对象"))?;
    let mut seen = seen(result, VzDialect::Vz, CameraClock::Utc)?;
    let second = &result.get("timeStamp").map(|it| &it["Timeval"]["sec"]);
    let record = number(&value["id"]);
    if let (Some(id), Some(second)) = (record, second.and_then(number)) {
        seen.id = Some(format!("{id}-{second}"));
    }
    let size = |key: &str| {
        let size = number(&value[key]).and_then(|it| usize::try_from(it).ok());
        size.unwrap_or_default()
    };
    let (whole, crop) = (size("fullImgSize"), size("clipImgSize"));
    let picture = match (whole, crop) {
        (0, crop) => pictures.get(..crop),
        (whole, _) => pictures.get(..whole),
    };
    match picture {
        Some([]) => {}
        Some(picture) => seen.image = Some(picture.to_vec()),
        None => seen.doubts.push("图片不完整".to_owned()),
    }
    Ok(Word::Plate(record, Box::new(seen)))
}

#[cfg(test)]
mod tests;

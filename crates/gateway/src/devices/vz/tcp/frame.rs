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
    Plate(Box<Seen>),
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
        "ivs_result" => plate(&value, pictures),
        _ => Ok(Word::Other),
    }
}

fn plate(value: &Value, pictures: &[u8]) -> Result<Word, MessageError> {
    let result = value["PlateResult"].as_object();
    let result = result.ok_or(MessageError::Field("PlateResult", "对象"))?;
    let mut seen = seen(result, VzDialect::Vz, CameraClock::Utc)?;
    let second = &result.get("timeStamp").map(|it| &it["Timeval"]["sec"]);
    if let (Some(id), Some(second)) = (number(&value["id"]), second.and_then(number)) {
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
    Ok(Word::Plate(Box::new(seen)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// [vec] The frames of the maker's document, whose keys are in another order.
    #[test]
    fn commands_have_the_documented_heads() {
        assert_eq!(heartbeat(), [0x56, 0x5A, 1, 0, 0, 0, 0, 0]);
        let length = |value: &Value| command(0, value)[..8].to_vec();
        assert_eq!(length(&ask_serial(1)), [0x56, 0x5A, 0, 0, 0, 0, 0, 0x18]);
        let pulse = json!({"io": 0, "value": 2, "delay": 500});
        assert_eq!(
            length(&output(&pulse, 7)),
            [0x56, 0x5A, 0, 0, 0, 0, 0, 0x35]
        );
        assert_eq!(length(&ask_input(1, 8)), [0x56, 0x5A, 0, 0, 0, 0, 0, 0x2A]);
        let sent = command(9, &ask_serial(1));
        assert_eq!(&sent[8..], br#"{"cmd":"getsn","id":"1"}"#);
    }

    fn result(license: &str) -> Vec<u8> {
        let said = json!({"PlateResult": {"colorType": 1, "confidence": 97, "license": license,
            "timeStamp": {"Timeval": {"sec": 1_763_861_400, "usec": 0}}, "type": 1},
            "active_id": 0, "clipImgSize": 2, "cmd": "ivs_result", "fullImgSize": 4, "id": 311,
            "imageformat": "jpg"});
        let (mut bytes, ..) = {
            let said = said.to_string();
            let (bytes, encoding, unmappable) = encoding_rs::GBK.encode(&said);
            (bytes.into_owned(), encoding, unmappable)
        };
        bytes.extend([0, 0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xD8]);
        bytes
    }

    #[test]
    fn a_result_has_its_pictures_behind_a_zero() {
        let Word::Plate(seen) = word(&result("粤B12345")).unwrap() else {
            panic!()
        };
        assert_eq!(seen.plate.unwrap().as_str(), "粤B12345");
        assert_eq!(seen.image.unwrap(), [0xFF, 0xD8, 0xFF, 0xE0]);
        assert_eq!(seen.id.as_deref(), Some("311-1763861400"));
        let cut = result("粤B12345");
        let Word::Plate(seen) = word(&cut[..cut.len() - 4]).unwrap() else {
            panic!()
        };
        assert_eq!((seen.image, seen.doubts.len()), (None, 1));
    }

    #[test]
    fn answers_and_refusals_are_told_apart() {
        let serial = word(br#"{"cmd":"getsn","value":"a1b2c3d4-0e1f2a3b"}"#).unwrap();
        assert!(matches!(serial, Word::Serial(it) if it == "a1b2c3d4-0e1f2a3b"));
        let input = word(br#"{"cmd":"get_gpio_value","gpio":1,"value":0}"#).unwrap();
        let (number, level) = (2, false);
        assert!(matches!(input, Word::Input { number: n, level: l } if (n, l) == (number, level)));
        let refused = word(br#"{"cmd":"ivsresult","state_code":404}"#).unwrap();
        assert!(matches!(refused, Word::Refused(cmd, 404) if cmd == "ivsresult"));
        assert!(word(br#"{"cmd":"get_gpio_value","gpio":99,"value":0}"#).is_err());
        assert!(word(b"").is_err());
    }

    #[test]
    fn bytes_for_rs485_are_told_as_the_document_says() {
        let told = serial(1, &[0, 0x64, 0xFF], 9);
        let expected = json!({"cmd": "ttransmission", "subcmd": "send", "datalen": 3,
            "data": "AGT/", "comm": "rs485-2", "id": "9"});
        assert_eq!(told, expected);
        assert_eq!(make_ready(0, 1)["data"], "rs485-1");
        let failed = word(br#"{"cmd":"ttransmission","response":"failed"}"#).unwrap();
        assert!(matches!(failed, Word::Refused(..)));
        let ready = word(br#"{"cmd":"ttransmission","response":"ok"}"#).unwrap();
        assert!(matches!(ready, Word::Other));
    }

    #[test]
    fn what_is_no_frame_ends_the_connection() {
        let mut frames = Frames::default();
        frames.push(b"HT");
        assert_eq!(frames.next(), Err(FrameError::NoHead(b'H', b'T')));
        let mut frames = Frames::default();
        frames.push(&[0x56, 0x5A, 0, 0, 0, 0x10, 0, 1]);
        assert_eq!(frames.next(), Err(FrameError::TooLong(MOST + 1)));
    }

    fn all(frames: &mut Frames) -> Vec<Frame> {
        std::iter::from_fn(|| frames.next().unwrap()).collect()
    }

    #[test]
    fn a_frame_is_whole_however_it_is_split() {
        let mut bytes = heartbeat();
        bytes.extend(framed(JSON, 3, &result("粤B12345")));
        bytes.extend(framed(2, 4, b"IR"));
        let expected = [
            Frame::Heartbeat,
            Frame::Json(result("粤B12345")),
            Frame::Other,
        ];
        for split in 0..=bytes.len() {
            let mut frames = Frames::default();
            let mut got = Vec::new();
            for piece in [&bytes[..split], &bytes[split..]] {
                frames.push(piece);
                got.extend(all(&mut frames));
            }
            assert_eq!(got, expected, "split at {split}");
        }
        let mut frames = Frames::default();
        let mut got = Vec::new();
        for byte in &bytes {
            frames.push(&[*byte]);
            got.extend(all(&mut frames));
        }
        assert_eq!(got, expected);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_stall(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..64), 0..20),
            real in any::<bool>()
        ) {
            let mut frames = Frames::default();
            if real {
                frames.push(&heartbeat()[..7]);
            }
            let mut came = 0;
            'all: for piece in pieces {
                came += piece.len();
                frames.push(&piece);
                loop {
                    match frames.next() {
                        Ok(Some(Frame::Json(payload))) => { let _ = word(&payload); }
                        Ok(Some(_)) => {}
                        Ok(None) => break,
                        Err(_) => break 'all,
                    }
                }
                prop_assert!(frames.buffer.len() <= came + HEAD);
            }
        }

        #[test]
        fn no_payload_makes_it_panic(payload in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = word(&payload);
        }

        #[test]
        fn no_size_of_a_picture_makes_it_panic(whole in any::<i64>(), crop in any::<i64>()) {
            let said = json!({"cmd": "ivs_result", "fullImgSize": whole, "clipImgSize": crop,
                "id": whole, "PlateResult": {"license": "粤B12345"}});
            let mut payload = said.to_string().into_bytes();
            payload.extend([0, 1, 2, 3]);
            prop_assert!(word(&payload).is_ok());
        }
    }
}

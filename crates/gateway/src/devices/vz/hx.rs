//! What a camera of 华夏智信 (HX) says over HTTP in its mode 5, and what it is answered: a form in, JSON
//! out. Experimental: it follows what others published of the protocol.

use boshi_protocol::plate::{Plate, PlateColor};
use serde_json::{Value, json};

use super::message::{self, Message, MessageError, Said, Seen};
use crate::config::{CameraClock, Hx};
use crate::devices::outfit::{EquipError, Outfit};

/// Most fields of a form: the protocol has some twenty.
const MAX_FIELDS: usize = 64;

/// The output that opens, as the camera calls it.
const OPENS: &str = "io1";

/// The cameras of a lot: one driver serves them and those of 臻识.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    super::attach("hx", outfit.lot.hx.iter().map(Hx::as_vz), outfit);
    Ok(())
}

/// Reads the form of a push; `surest` is the highest confidence that the camera tells.
pub(super) fn read(body: &[u8], clock: CameraClock, surest: u32) -> Result<Said, MessageError> {
    let form = Form::read(body);
    let serial = form.text("cam_id").and_then(|it| message::serial(&it));
    let kind = form.text("type").unwrap_or_default();
    let message = match kind.to_ascii_lowercase().as_str() {
        "online" | "offline" => Message::Plate(Box::new(seen(&form, clock, surest)?)),
        "heartbeat" => Message::Beat,
        "" => return Err(MessageError::Field("type", "online、offline 或 heartbeat")),
        _ => Message::Other(kind.chars().take(40).collect()),
    };
    Ok(Said { serial, message })
}

fn seen(form: &Form<'_>, clock: CameraClock, surest: u32) -> Result<Seen, MessageError> {
    // The second name is that of its mode 2.
    let license = form.text("plate_num").or_else(|| form.text("car_plate"));
    let license = license.ok_or(MessageError::Field("plate_num", "文字"))?;
    let mut doubts = Vec::new();
    let plate = Plate::read(license.trim()).unwrap_or_else(|error| {
        doubts.push(error.to_string());
        None
    });
    let color = form.text("plate_color").or_else(|| form.text("color"));
    let second = form
        .text("start_time")
        .and_then(|it| it.trim().parse::<i64>().ok());
    let image = ["picture", "closeup_pic"].into_iter().find_map(|name| {
        let text = form.bytes(name).filter(|it| !it.is_empty())?;
        let bytes = picture(&text);
        if bytes.is_none() {
            doubts.push(format!("{name} 不是 base64"));
        }
        bytes
    });
    let confidence = form
        .text("confidence")
        .and_then(|it| it.trim().parse::<f64>().ok());
    let id = second.map(|second| format!("{second}-{license}"));
    Ok(Seen {
        id: id.map(|it| it.chars().take(96).collect()),
        plate_id: None,
        color: plate.as_ref().and(color).and_then(|it| named(&it)),
        plate,
        reliability: confidence.and_then(|it| reliability(it, surest)),
        image,
        at: second.and_then(|second| message::at(second, clock)),
        offline: form
            .text("type")
            .is_some_and(|it| it.eq_ignore_ascii_case("offline")),
        doubts,
    })
}

/// The words for colours; none when the camera does not know.
fn named(word: &str) -> Option<PlateColor> {
    let starts = |with: &str| word.trim().starts_with(with);
    Some(match word.trim() {
        "" | "未知" => return None,
        _ if starts("黄绿") || starts("绿") => PlateColor::Green,
        _ if starts("蓝") => PlateColor::Blue,
        _ if starts("黄") => PlateColor::Yellow,
        _ if starts("白") => PlateColor::White,
        _ if starts("黑") => PlateColor::Black,
        _ => PlateColor::Other,
    })
}

fn reliability(confidence: f64, surest: u32) -> Option<u8> {
    let percent = confidence * 100.0 / f64::from(surest);
    if !percent.is_finite() || percent < 0.0 {
        return None;
    }
    Some(percent.min(100.0).round() as u8)
}

/// Base64 with the characters that a form may hold; its mode 2 has the usual ones, whose plus has
/// become a space.
fn picture(text: &[u8]) -> Option<Vec<u8>> {
    let usual = text.iter().map(|byte| match byte {
        b'-' | b' ' => '+',
        b'_' => '/',
        b'.' => '=',
        other => char::from(*other),
    });
    message::decoded(&usual.collect::<String>())
}

/// The answer to whatever it says; `command` is what there is to do.
pub(super) fn reply(command: Option<&Value>) -> Value {
    let output = command.and_then(|it| it.get("output"));
    let outputs: Vec<Value> = output
        .map(|_| json!({"ionum": OPENS, "action": "on"}))
        .into_iter()
        .collect();
    let bytes = command.and_then(|it| it.get("serial"));
    let bytes: Vec<Value> = bytes
        .map(|it| json!({"encodetype": "base64", "data": it["data"]}))
        .into_iter()
        .collect();
    json!({
        "error_num": 0, "error_str": "noerror", "passwd": "", "gpio_data": outputs,
        "rs485_data": bytes, "triger_data": {"action": "off"}, "whitelist_data": [],
    })
}

/// Reads `bytes` as a form: for `crates/fuzz` alone.
///
/// # Panics
/// When a reading is more certain than certain.
pub fn fuzzed(bytes: &[u8]) {
    if let Ok(Said {
        message: Message::Plate(seen),
        ..
    }) = read(bytes, CameraClock::Utc, 100)
    {
        assert!(seen.reliability.is_none_or(|it| it <= 100));
    }
}

/// Fields of a form that are not decoded yet: its pictures are most of it.
struct Form<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Form<'a> {
    fn read(body: &'a [u8]) -> Form<'a> {
        let fields = body.split(|byte| *byte == b'&').filter_map(|field| {
            let place = field.iter().position(|byte| *byte == b'=')?;
            Some((field[..place].trim_ascii(), &field[place + 1..]))
        });
        Form(fields.take(MAX_FIELDS).collect())
    }

    fn bytes_of(&self, name: &str) -> Option<&'a [u8]> {
        let mut fields = self.0.iter();
        let (_, value) = fields.find(|(known, _)| *known == name.as_bytes())?;
        Some(value)
    }

    fn text(&self, name: &str) -> Option<String> {
        let bytes = unescaped(self.bytes_of(name)?);
        Some(message::text(&bytes).into_owned())
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.bytes_of(name).map(unescaped)
    }
}

/// What `%E7` and `+` stand for.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(match escaped {
            Some((high, low)) => {
                rest = &after[2..];
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            None if *byte == b'+' => b' ',
            None => *byte,
        });
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUSH: &str = "type=online&mode=5&plate_num=%E7%B2%A4B12345&plate_color=%E8%93%9D%E8%89%B2&plate_val=true\
        &confidence=97&car_color=%E7%99%BD&start_time=1763861400&park_id=P001&cam_id=00d05a120001\
        &vdc_type=in&triger_type=video&picture=_9j_4AAQ-A..&closeup_pic=";

    fn plate(form: &str, surest: u32) -> Seen {
        match read(form.as_bytes(), CameraClock::Utc, surest)
            .unwrap()
            .message
        {
            Message::Plate(seen) => *seen,
            other => panic!("{other:?}"),
        }
    }

    /// RECOG-1
    #[test]
    fn a_plate_is_read_from_the_form_that_is_documented() {
        let said = read(PUSH.as_bytes(), CameraClock::Utc, 100).unwrap();
        assert_eq!(said.serial.as_deref(), Some("00d05a120001"));
        let seen = plate(PUSH, 100);
        assert_eq!(seen.plate, Plate::read("粤B12345").unwrap());
        assert_eq!(seen.color, Some(PlateColor::Blue));
        assert_eq!(seen.reliability, Some(97));
        assert_eq!(seen.at, "2025-11-23T01:30:00Z".parse().ok());
        assert_eq!(seen.id.as_deref(), Some("1763861400-粤B12345"));
        assert_eq!(
            seen.image.as_deref(),
            Some([0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10, 0xF8].as_slice())
        );
        assert!(!seen.offline && seen.doubts.is_empty(), "{:?}", seen.doubts);
    }

    #[test]
    fn scales_colours_memory_and_mode_2_are_understood() {
        assert_eq!(
            plate(&PUSH.replace("confidence=97", "confidence=970"), 1000).reliability,
            Some(97)
        );
        assert_eq!(
            plate(&PUSH.replace("confidence=97", "confidence=9999"), 100).reliability,
            Some(100)
        );
        for (word, color) in [
            ("黄绿色", Some(PlateColor::Green)),
            ("黄色", Some(PlateColor::Yellow)),
            ("渐变", Some(PlateColor::Other)),
            ("未知", None),
        ] {
            let seen = plate(&PUSH.replace("%E8%93%9D%E8%89%B2", word), 100);
            assert_eq!(seen.color, color, "{word}");
        }
        let kept = plate(&PUSH.replace("type=online", "type=offline"), 100);
        assert!(kept.offline);
        let usual = PUSH
            .replace("_9j_4AAQ-A..", "/9j/4AAQ+A==")
            .replace("plate_num", "car_plate");
        assert_eq!(plate(&usual, 100).image, kept.image);
        assert_eq!(
            plate(&PUSH.replace("%E7%B2%A4B12345", "_%E6%97%A0_"), 100).plate,
            None
        );
    }

    #[test]
    fn heartbeats_and_what_is_of_no_use_are_told_apart() {
        let message =
            |form: &str| read(form.as_bytes(), CameraClock::Utc, 100).map(|it| it.message);
        assert!(matches!(
            message("type=HeartBeat&cam_id=1"),
            Ok(Message::Beat)
        ));
        assert!(matches!(message("type=io&cam_id=1"), Ok(Message::Other(_))));
        for form in ["", "{}", "type=", "type=online", "%"] {
            assert!(
                matches!(message(form), Err(MessageError::Field(..))),
                "{form}"
            );
        }
    }

    #[test]
    fn a_command_opens_and_nothing_else_does() {
        assert_eq!(reply(None)["gpio_data"], json!([]));
        let command = json!({"output": {"io": 0, "value": 2, "delay": 500}});
        let expected = json!([{"ionum": "io1", "action": "on"}]);
        assert_eq!(reply(Some(&command))["gpio_data"], expected);
    }
}

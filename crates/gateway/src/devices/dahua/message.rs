//! What a camera of 大华 says (ITSAPI, JSON), and what it is answered; without I/O.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Value, json};

use crate::devices::vz::text;

/// The camera tells its confidence up to this.
const SUREST: f64 = 255.0;

/// Longest text of the camera that is repeated, in characters.
const MAX_SHOWN_CHARS: usize = 64;

/// What a camera said.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Plate(Box<Seen>),
    /// It is there, and wants that repeated.
    Beat,
    /// Who it is.
    Introduction,
    /// Something that is of no use here; the names of its fields.
    Other(String),
}

/// A vehicle as the camera saw it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) id: Option<String>,
    /// As it was written, to be repeated in the answer.
    pub(super) number: String,
    pub(super) plate: Option<Plate>,
    pub(super) color: Option<PlateColor>,
    pub(super) reliability: Option<u8>,
    pub(super) at: Option<Timestamp>,
    pub(super) image: Option<Vec<u8>>,
    /// What could not be read, for the log.
    pub(super) doubts: Vec<String>,
}

/// Reads what was pushed, and which camera it came from.
///
/// # Errors
/// What is missing, for people.
pub(super) fn read(body: &[u8]) -> Result<(Said, Option<String>), String> {
    let said: Value =
        serde_json::from_str(&text(body)).map_err(|error| format!("应为 JSON：{error}"))?;
    let fields = said.as_object().ok_or("应为一个 JSON 对象")?;
    let picture = &said["Picture"];
    let device = |value: &Value| value["DeviceID"].as_str().map(shown);
    if picture["Plate"].is_object() || picture["SnapInfo"].is_object() {
        let camera = device(&picture["SnapInfo"]);
        return Ok((Said::Plate(Box::new(seen(picture))), camera));
    }
    let camera = device(&said);
    let kind = if fields.contains_key("Active") {
        Said::Beat
    } else if fields.contains_key("DeviceModel") || fields.contains_key("DeviceName") {
        Said::Introduction
    } else {
        let names: Vec<&str> = fields.keys().map(String::as_str).take(8).collect();
        Said::Other(shown(&names.join(",")))
    };
    Ok((kind, camera))
}

fn seen(picture: &Value) -> Seen {
    let (plate, snap) = (&picture["Plate"], &picture["SnapInfo"]);
    let mut doubts = Vec::new();
    let number = plate["PlateNumber"].as_str().unwrap_or_default();
    let is_read = plate["IsExist"].as_bool().unwrap_or(true);
    let read = read_number(number, &mut doubts).filter(|_| is_read);
    let time = ["AccurateTime", "SnapTime"]
        .iter()
        .find_map(|name| snap[*name].as_str());
    let at = time.and_then(|time| at(time, snap["TimeZone"].as_i64()));
    if at.is_none() {
        doubts.push(format!("SnapTime 收到 {time:?}，应为 2025-11-23 09:30:00"));
    }
    let image = ["NormalPic", "CutoutPic"].into_iter().find_map(|name| {
        let content = picture[name]["Content"]
            .as_str()
            .filter(|it| !it.is_empty())?;
        let bytes = STANDARD.decode(content).ok();
        if bytes.is_none() {
            doubts.push(format!("{name} 不是 base64"));
        }
        bytes
    });
    Seen {
        id: time.map(|time| shown(&format!("{time}-{number}"))),
        number: shown(number),
        color: read.as_ref().and(color(plate["PlateColor"].as_str())),
        plate: read,
        reliability: plate["Confidence"].as_f64().and_then(reliability),
        at,
        image,
        doubts,
    }
}

/// The plate that a number is, if it is one.
pub(super) fn read_number(number: &str, doubts: &mut Vec<String>) -> Option<Plate> {
    Plate::read(number).unwrap_or_else(|error| {
        doubts.push(error.to_string());
        None
    })
}

/// Its words are known for the usual colours only.
pub(super) fn color(word: Option<&str>) -> Option<PlateColor> {
    let word = word?.to_ascii_lowercase();
    match word.as_str() {
        "" | "unknown" => None,
        word => Some(PlateColor::parse(word).unwrap_or(PlateColor::Other)),
    }
}

fn reliability(confidence: f64) -> Option<u8> {
    let percent = confidence * 100.0 / SUREST;
    if !percent.is_finite() || percent < 0.0 {
        return None;
    }
    Some(percent.min(100.0).round() as u8)
}

/// A wall clock so many hours ahead of UTC; China's, when the camera does not say.
fn at(time: &str, zone: Option<i64>) -> Option<Timestamp> {
    let wall: DateTime = time.trim().replacen(' ', "T", 1).parse().ok()?;
    let hours = i8::try_from(zone.unwrap_or(8))
        .ok()
        .filter(|it| (-14..=14).contains(it))?;
    Offset::constant(hours).to_timestamp(wall).ok()
}

/// The answer to what a camera said: that it need not come again, and opens nothing.
pub(super) fn reply(said: &Said, camera: Option<&str>) -> Value {
    match said {
        Said::Plate(seen) => json!({
            "Result": true, "DeviceID": camera, "PlateNumber": seen.number,
            "AllowUser": false, "BlockUser": false, "OpenStrobe": false,
        }),
        Said::Beat => json!({"Active": true, "DeviceID": camera}),
        Said::Introduction | Said::Other(_) => json!({"Result": true, "DeviceID": camera}),
    }
}

/// Where the camera tells what happens, and every so many seconds, 1 to 60, that it is there.
pub(super) fn events_path(channel: u16, seconds: u64) -> String {
    format!(
        "/cgi-bin/snapManager.cgi?action=attachFileProc&Flags[0]=Event&Events=[TrafficJunction]\
         &channel={channel}&heartbeat={seconds}"
    )
}

/// How a barrier is opened.
pub(super) fn open_path(channel: u16) -> String {
    strobe_path(channel, "Normal")
}

/// How it is kept open, so it is said.
pub(super) fn hold_path(channel: u16) -> String {
    strobe_path(channel, "Always")
}

fn strobe_path(channel: u16, kind: &str) -> String {
    format!(
        "/cgi-bin/trafficSnap.cgi?action=openStrobe&channel={channel}&info.openType={kind}&info.plateNumber="
    )
}

/// How a barrier is closed, which ends that.
pub(super) const CLOSE_PATH: &str = "/cgi-bin/api/trafficSnap/closeStrobe";

/// Which one: the first.
pub(super) const CLOSE_BODY: &str = r#"{"info":{"location":0}}"#;

/// Whether a command was taken.
///
/// # Errors
/// Why not, for people.
pub(super) fn taken(status: u16, body: &[u8]) -> Result<(), String> {
    let said = text(body);
    let said = said.trim();
    if status == 200 && said.eq_ignore_ascii_case("OK") {
        return Ok(());
    }
    Err(format!("相机拒绝：HTTP {status} {:?}", shown(said)))
}

/// Whether the command to close was taken. How that is answered is documented nowhere: `OK` as the others
/// are, or an object that tells of no error.
///
/// # Errors
/// Why not, for people.
pub(super) fn closed(status: u16, body: &[u8]) -> Result<(), String> {
    let said: Option<Value> = serde_json::from_str(&text(body)).ok();
    let is_well = said.is_some_and(|said| {
        let is_error = ["error", "Error"].iter().any(|name| !said[*name].is_null());
        let is_refusal = ["result", "Result"].iter().any(|name| said[*name] == false);
        said.is_object() && !is_error && !is_refusal
    });
    if status == 200 && is_well {
        return Ok(());
    }
    taken(status, body)
}

pub(super) fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(MAX_SHOWN_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLLGATE: &str = r#"{"Picture":{"NormalPic":{"PicName":"a.jpg","Content":"/9j/4AAQ"},
        "CutoutPic":{"PicName":"p.jpg","Content":""},
        "Plate":{"IsExist":true,"PlateNumber":"粤B12345","PlateColor":"Blue","PlateType":"Normal","Confidence":247,"Channel":0},
        "SnapInfo":{"TriggerSource":"Video","SnapTime":"2025-11-23 09:30:00","AccurateTime":"2025-11-23 09:30:00.218",
        "TimeZone":8,"DSTTune":0,"OpenStrobe":false,"DeviceID":"6F03A11PAG00001"}}}"#;

    fn plate(body: &str) -> Seen {
        match read(body.as_bytes()).unwrap().0 {
            Said::Plate(seen) => *seen,
            other => panic!("{other:?}"),
        }
    }

    /// RECOG-1
    #[test]
    fn a_plate_is_read_as_documented_and_answered_so_that_it_need_not_come_again() {
        let (said, camera) = read(TOLLGATE.as_bytes()).unwrap();
        assert_eq!(camera.as_deref(), Some("6F03A11PAG00001"));
        let answer = reply(&said, camera.as_deref());
        assert_eq!(
            (&answer["Result"], &answer["OpenStrobe"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(answer["PlateNumber"], "粤B12345");
        let seen = plate(TOLLGATE);
        assert_eq!(seen.plate, Plate::read("粤B12345").unwrap());
        assert_eq!(
            (seen.color, seen.reliability),
            (Some(PlateColor::Blue), Some(97))
        );
        assert_eq!(seen.at, "2025-11-23T01:30:00.218Z".parse().ok());
        assert_eq!(seen.id.as_deref(), Some("2025-11-23 09:30:00.218-粤B12345"));
        assert!(
            seen.image.is_some() && seen.doubts.is_empty(),
            "{:?}",
            seen.doubts
        );
    }

    #[test]
    fn an_unread_plate_is_none_and_words_that_nobody_knows_are_another_colour() {
        for (from, to) in [
            ("true,\"PlateNumber", "false,\"PlateNumber"),
            ("粤B12345", ""),
            ("粤B12345", "Unknown"),
        ] {
            assert_eq!(plate(&TOLLGATE.replacen(from, to, 1)).plate, None, "{to}");
        }
        let seen = plate(&TOLLGATE.replacen("\"Blue\"", "\"YellowGreen\"", 1));
        assert_eq!(seen.color, Some(PlateColor::Other));
        let seen = plate(&TOLLGATE.replace("2025-11-23 09:30:00", "soon"));
        assert_eq!((seen.at, seen.doubts.len()), (None, 1));
        let empty = plate("{\"Picture\":{\"Plate\":{}}}");
        assert_eq!((empty.plate, empty.reliability), (None, None));
    }

    #[test]
    fn heartbeats_introductions_and_what_is_of_no_use_are_told_apart() {
        let said = |body: &str| read(body.as_bytes()).unwrap().0;
        let beat = r#"{"Active":"keepAlive","DeviceID":"6F"}"#;
        assert_eq!(said(beat), Said::Beat);
        assert_eq!(
            reply(&Said::Beat, Some("6F")),
            json!({"Active": true, "DeviceID": "6F"})
        );
        assert_eq!(
            said(r#"{"DeviceName":"IN-01","DeviceModel":"ITC215"}"#),
            Said::Introduction
        );
        assert!(matches!(
            said(r#"{"Picture":{"ParkingInfo":{}}}"#),
            Said::Other(_)
        ));
        for body in ["", "[]", "1", "{"] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    /// OPEN-7
    #[test]
    fn only_ok_is_taken() {
        assert_eq!(taken(200, b"OK\r\n"), Ok(()));
        for (status, body) in [
            (200, "Error"),
            (200, ""),
            (400, "OK"),
            (501, "Not Implemented!"),
        ] {
            assert!(taken(status, body.as_bytes()).is_err(), "{status} {body}");
            assert!(closed(status, body.as_bytes()).is_err(), "{status} {body}");
        }
    }

    /// OPEN-2, OPEN-7
    #[test]
    fn a_barrier_that_is_closed_is_answered_by_ok_or_by_an_object_without_an_error() {
        for body in ["OK", "{}", "{\"Result\":true}", "{\"error\":null}"] {
            assert_eq!(closed(200, body.as_bytes()), Ok(()), "{body}");
        }
        for (status, body) in [
            (200, "{\"error\":{\"code\":268632064}}"),
            (200, "{\"result\":false}"),
            (200, "[]"),
            (200, "null"),
            (404, "{}"),
        ] {
            assert!(closed(status, body.as_bytes()).is_err(), "{status} {body}");
        }
    }
}

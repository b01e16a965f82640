//! The messages as the cameras' makers and users document them.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn vz(body: &str) -> Result<Said, MessageError> {
    read(body.as_bytes(), VzDialect::Vz, CameraClock::Utc)
}

fn plate(result: &Value) -> Seen {
    let body = json!({"AlarmInfoPlate": {"serialno": "a1b2c3d4-0e1f2a3b",
        "result": {"PlateResult": result}}});
    match vz(&body.to_string()).unwrap().message {
        Message::Plate(seen) => *seen,
        other => panic!("{other:?}"),
    }
}

fn documented() -> Value {
    json!({"bright":0,"carBright":0,"carColor":0,
        "colorType":1,"colorValue":0,"confidence":97,"direction":4,"feature_code":true,
        "gioouts":[{"ctrltype":0,"ionum":0}],"imageFile":"/9j/4AAQ","imageFileLen":65536,
        "imageFragmentFile":"AAAA","imagePath":"","is_fake_plate":0,"isoffline":0,
        "license":"粤B12345","location":{"RECT":{"left":612,"top":401,"right":771,"bottom":446}},
        "plateid":10452,"timeStamp":{"Timeval":{"sec":1763861400,"usec":218000,"decyear":2025}},
        "timeUsed":148210,"triggerType":8,"type":1})
}

#[test]
fn the_documented_push_is_read() {
    let seen = plate(&documented());
    assert_eq!(seen.plate.unwrap().as_str(), "粤B12345");
    assert_eq!(seen.color, Some(PlateColor::Blue));
    assert_eq!(seen.reliability, Some(97));
    assert_eq!(seen.image.unwrap(), [0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10]);
    assert_eq!(seen.id.as_deref(), Some("10452-1763861400"));
    assert_eq!(seen.at.unwrap().to_string(), "2025-11-23T01:30:00Z");
    assert!(!seen.offline);
    assert!(seen.doubts.is_empty(), "{:?}", seen.doubts);
}

/// The reduced level of a push has nothing else.
#[test]
fn everything_but_the_license_may_be_missing() {
    let seen = plate(&json!({"license": "粤BD12345"}));
    assert_eq!(seen.plate.unwrap().as_str(), "粤BD12345");
    assert_eq!(
        (seen.id, seen.color, seen.image, seen.at),
        (None, None, None, None)
    );
    let body = json!({"AlarmInfoPlate": {"result": {"PlateResult": {"type": 1}}}});
    let error = vz(&body.to_string()).unwrap_err();
    assert!(error.to_string().contains("license"), "{error}");
}

#[test]
fn a_vehicle_without_a_plate_has_none() {
    for (license, kind) in [
        ("_无_", 0),
        ("粤B12345", 31),
        ("粤B12345", 29),
        ("奔驰", 30),
        ("", 0),
    ] {
        let seen = plate(&json!({"license": license, "type": kind, "colorType": 0}));
        assert_eq!((seen.plate, seen.color), (None, None), "{license} {kind}");
    }
}

/// QY numbers its kinds of plates otherwise; its texts may be GBK.
#[test]
fn the_dialect_of_qy_has_its_own_kinds_and_charset() {
    let body = r#"{"AlarmInfoPlate":{"serialno":"e0fade1163f0fe93","result":{"PlateResult":
        {"license":"粤BD12345","colorType":5,"type":31,"confidence":95}}}}"#;
    let (bytes, _, _) = encoding_rs::GBK.encode(body);
    let said = read(&bytes, VzDialect::Qy, CameraClock::Utc).unwrap();
    assert_eq!(said.serial.as_deref(), Some("e0fade1163f0fe93"));
    let Message::Plate(seen) = said.message else {
        panic!()
    };
    assert_eq!(seen.plate.unwrap().as_str(), "粤BD12345");
    assert_eq!(seen.color, Some(PlateColor::Green));
}

#[test]
fn colours_are_those_of_the_table() {
    use PlateColor::{Black, Blue, Green, Other, White, Yellow};
    for (number, color) in [
        (1, Blue),
        (2, Yellow),
        (3, White),
        (4, Black),
        (5, Green),
        (6, Green),
        (7, Other),
    ] {
        assert_eq!(super::color(Some(number), true), Some(color));
    }
    assert_eq!(super::color(Some(0), true), None);
}

#[test]
fn a_clock_eight_hours_ahead_is_put_right_where_that_is_configured() {
    let body = json!({"AlarmInfoPlate": {"result": {"PlateResult": documented()}}}).to_string();
    let said = read(body.as_bytes(), VzDialect::Vz, CameraClock::China).unwrap();
    let Message::Plate(seen) = said.message else {
        panic!()
    };
    assert_eq!(seen.at.unwrap().to_string(), "2025-11-22T17:30:00Z");
}

#[test]
fn base64_may_have_breaks_and_no_filling() {
    let mut result = documented();
    result["imageFile"] = "/9j/\r\n4AA\u{0}Q".into();
    assert_eq!(plate(&result).image.unwrap().len(), 6);
    result["imageFile"] = "/9j/4A".into();
    assert_eq!(plate(&result).image.unwrap(), [0xFF, 0xD8, 0xFF, 0xE0]);
    result["imageFile"] = "?".into();
    let seen = plate(&result);
    assert_eq!(seen.image.unwrap(), [0, 0, 0], "the crop stands in");
    assert_eq!(seen.doubts, ["imageFile 不是 base64"]);
}

#[test]
fn inputs_serial_bytes_and_heartbeats_are_told_apart() {
    let said =
        vz(r#"{"AlarmGioIn":{"serialno":"s","result":{"TriggerResult":{"source":1,"value":0}}}}"#);
    let said = said.unwrap();
    assert!(matches!(
        said.message,
        Message::Input {
            number: 2,
            level: false
        }
    ));
    let said = vz(
        r#"{"SerialData":{"serialChannel":0,"serialno":"s","data":"AGT//zABADa7","dataLen":9}}"#,
    );
    assert!(matches!(
        said.unwrap().message,
        Message::Serial { port: 0, .. }
    ));
    let said = vz(r#"{"heartbeat":{"serialno":"e0fade1163f0fe93"}}"#).unwrap();
    assert!(matches!(said.message, Message::Beat));
    let said = vz(r#"{"TriggerImage":{"imageFile":""},"ipaddr":"1.2.3.4"}"#).unwrap();
    assert!(matches!(said.message, Message::Other(name) if name == "TriggerImage"));
    for broken in [
        r#"{"AlarmGioIn":{"result":{"TriggerResult":{"source":0,"value":2}}}}"#,
        r#"{"AlarmGioIn":{"result":{"TriggerResult":{"source":-1,"value":1}}}}"#,
        r#"{"AlarmInfoPlate":[]}"#,
        r#"{"AlarmInfoPlate":"#,
        "hello",
    ] {
        assert!(vz(broken).is_err(), "{broken}");
    }
}

/// The same address receives what is no JSON.
#[test]
fn a_registration_is_a_form_of_either_kind() {
    let form = "--X\r\nContent-Disposition: form-data; name=\"device_name\"\r\n\r\nEAST\r\n--X\r\n\
        Content-Disposition: form-data; name=\"serialno\"\r\n\r\na1b2c3d4-0e1f2a3b\r\n--X--\r\n";
    for body in [
        form,
        "device_name=EAST&pass_wd=x&serialno=a1b2c3d4-0e1f2a3b&port=80",
    ] {
        let said = vz(body).unwrap();
        assert!(matches!(said.message, Message::Beat));
        assert_eq!(said.serial.as_deref(), Some("a1b2c3d4-0e1f2a3b"));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for dialect in [VzDialect::Vz, VzDialect::Qy] {
            let _ = read(&body, dialect, CameraClock::China);
        }
    }

    /// A push that is cut anywhere, or has a byte changed, is read or refused.
    #[test]
    fn no_cut_and_no_changed_byte_makes_it_panic(cut in 0..900_usize, byte in any::<u8>()) {
        let body = json!({"AlarmInfoPlate": {"result": {"PlateResult": documented()}}});
        let mut body = body.to_string().into_bytes();
        let place = cut % body.len();
        let _ = read(&body[..place], VzDialect::Vz, CameraClock::Utc);
        body[place] = byte;
        let _ = read(&body, VzDialect::Vz, CameraClock::China);
    }

    /// Numbers of any size, as numbers and as texts.
    #[test]
    fn no_number_makes_it_panic(number in any::<i64>()) {
        let result = json!({"license": "粤B12345", "confidence": number, "colorType": number,
            "type": number.to_string(), "plateid": number, "isoffline": number,
            "timeStamp": {"Timeval": {"sec": number, "usec": number}}});
        let seen = plate(&result);
        prop_assert!(seen.reliability.is_none_or(|it| it <= 100));
    }
}

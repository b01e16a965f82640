use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::plate::PlateColor;
use proptest::prelude::*;

use super::*;

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

fn heard(message: &Value) -> Heard {
    read(
        message.to_string().as_bytes(),
        None,
        false,
        CameraClock::Utc,
    )
    .unwrap()
}

fn envelope(name: &str, payload: &Value) -> Value {
    json!({
        "id": "p1", "bv": 16771, "sn": SERIAL, "name": name, "version": "1.0",
        "timestamp": 1_763_861_401, "payload": payload,
    })
}

fn reading(license: &str) -> Value {
    let result = json!({
        "license": license, "colorType": 1, "type": 1, "confidence": 97, "isoffline": 0,
        "plateid": 10452, "full_image_content": "/9j/4AAQ", "small_image_content": "",
        "timeStamp": {"Timeval": {"sec": 1_763_861_400, "usec": 218_000}},
    });
    let plate = json!({"serialno": SERIAL, "result": {"PlateResult": result}});
    envelope("ivs_result", &json!({"AlarmInfoPlate": plate}))
}

fn seen(message: &Value) -> Seen {
    match heard(message).word {
        Word::Plate(seen) => *seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reading_has_its_plate_in_base64_and_its_picture() {
    let seen = seen(&reading("57KkQjEyMzQ1"));
    assert_eq!(seen.plate.unwrap().as_str(), "粤B12345");
    assert_eq!(seen.color, Some(PlateColor::Blue));
    assert_eq!(
        seen.image.as_deref(),
        Some(b"\xFF\xD8\xFF\xE0\0\x10".as_slice())
    );
    assert_eq!(seen.id.as_deref(), Some("10452-1763861400"));
    assert_eq!(seen.at.unwrap().as_second(), 1_763_861_400);
    assert!(!seen.offline);
}

/// The same word whichever way it is written, and nothing made of what is no base64.
#[test]
fn the_text_of_a_plate_is_read_however_it_is_written() {
    for (told, expected) in [
        ("57KkQjEyMzQ1", "粤B12345"),
        ("57KkQjEyMzQ1AAAAAA==", "粤B12345"),
        ("57KkQjEyMzQ1\0\0", "粤B12345"),
        ("粤B12345", "粤B12345"),
        ("粤B12345\0\0", "粤B12345"),
        ("VkExMjM0NQ==", "VA12345"),
        ("VA12345", "VA12345"),
        ("QUJD", "QUJD"),
        ("dW5rbm93bg==", "unknown"),
        ("X+aXoF8=", "_无_"),
        ("_无_", "_无_"),
        ("", ""),
    ] {
        assert_eq!(license_text(told), expected, "{told:?}");
    }
    assert_eq!(seen(&reading("X+aXoF8=")).plate, None);
}

#[test]
fn a_loop_a_gate_and_a_sign_of_life_are_told_apart() {
    let input = |value| {
        let result = json!({"TriggerResult": {"source": 1, "value": value}});
        let input = json!({"AlarmGioIn": {"serialno": SERIAL, "result": result}});
        heard(&envelope("gpio_in", &json!({"body": input}))).word
    };
    let level = true;
    assert_eq!(input(1), Word::Input { number: 2, level });
    let gate = |status: i64| {
        let body = json!({"gate_ctrl_id": 1, "gate_status": status, "connect_status": 1});
        heard(&envelope("barr_gate_status", &json!({"body": body}))).word
    };
    assert_eq!(gate(1), Word::Gate { open: true });
    assert_eq!(gate(0), Word::Gate { open: false });
    assert_eq!(gate(2), Word::Other("barr_gate_status".to_owned()));
    let beat = heard(&envelope("keep_alive", &json!({"body": {"timestamp": 1}})));
    assert_eq!(beat.word, Word::Beat);
    assert_eq!(beat.serial.as_deref(), Some(SERIAL));
}

#[test]
fn bytes_from_rs485_are_read_in_each_form_that_they_may_have() {
    let said = json!({"serialChannel": 1, "data": "AGT//zABADa7", "dataLen": 9});
    let bytes = vec![0, 0x64, 0xFF, 0xFF, 0x30, 1, 0, 0x36, 0xBB];
    for payload in [
        json!({"body": {"SerialData": said}}),
        json!({"SerialData": said}),
        json!({"body": {"interval": 0, "serialData": [said]}}),
        json!({"body": said}),
        said.clone(),
    ] {
        let port = 1;
        let expected = Word::Serial {
            port,
            bytes: bytes.clone(),
        };
        assert_eq!(heard(&envelope("serial_data", &payload)).word, expected);
    }
    let none = envelope("serial_data", &json!({"body": {"data": "?"}}));
    let none = none.to_string();
    assert!(read(none.as_bytes(), None, false, CameraClock::Utc).is_err());
}

#[test]
fn a_first_guess_without_a_picture_is_no_reading() {
    let mut guess = reading("57KkQjEyMzQ1");
    guess["name"] = "quick_ivs_result".into();
    assert_eq!(
        heard(&guess).word,
        Word::Other("quick_ivs_result".to_owned())
    );
}

#[test]
fn the_name_in_the_topic_counts_when_there_is_no_other() {
    let read = |named| read(br#"{"payload":{}}"#, named, false, CameraClock::Utc);
    assert_eq!(read(Some("keep_alive")).unwrap().word, Word::Beat);
    assert_eq!(read(None).unwrap().word, Word::Other(String::new()));
}

#[test]
fn an_answer_is_known_by_its_id_and_says_whether_it_was_done() {
    let answer = |answer: Value| {
        let answer = read(answer.to_string().as_bytes(), None, true, CameraClock::Utc);
        answer.map(|it| it.word)
    };
    let mut told =
        json!({"id": "c-17", "sn": SERIAL, "name": OUTPUT, "code": 200, "payload": null});
    let expected = |refused| Word::Answer {
        id: "c-17".to_owned(),
        refused,
    };
    assert_eq!(answer(told.clone()), Ok(expected(None)));
    told["code"] = 400.into();
    let why = Some("相机拒绝 gpio_out，代码 400".to_owned());
    assert_eq!(answer(told.clone()), Ok(expected(why)));
    told["code"] = Value::Null;
    assert_eq!(answer(told), Err(MessageError::Field("code", "数字")));
}

#[test]
fn what_is_no_message_is_said_with_its_field() {
    let plate = |result: &Value| json!({"AlarmInfoPlate": {"result": {"PlateResult": result}}});
    for (payload, words) in [
        (plate(&json!(null)), "PlateResult"),
        (plate(&json!({})), "license"),
        (json!({"body": {"AlarmGioIn": {}}}), "source"),
    ] {
        let message = envelope("x", &payload).to_string();
        let error = read(message.as_bytes(), None, false, CameraClock::Utc).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    for bytes in [b"".as_slice(), b"\xFF", b"[]", b"null", b"{"] {
        assert!(read(bytes, None, false, CameraClock::Utc).is_err());
    }
}

/// As the maker's manual shows it.
#[test]
fn a_command_is_told_as_the_manual_says() {
    let body = json!({"io": 0, "value": 2, "delay": 1500});
    let told = command("c-000017", SERIAL, OUTPUT, &body, 1_763_861_405);
    let expected = json!({
        "id": "c-000017", "sn": "a1b2c3d4-0e1f2a3b", "name": "gpio_out", "version": "1.0",
        "timestamp": 1_763_861_405,
        "payload": {"type": "gpio_out", "body": {"io": 0, "value": 2, "delay": 1500}},
    });
    assert_eq!(told, expected);
}

proptest! {
    #[test]
    fn a_plate_in_base64_is_read_as_it_was_written(
        plate in "[京粤][A-HJ-NP-Z][A-HJ-NP-Z0-9]{5}", zeros in 0_usize..20
    ) {
        let padded = format!("{plate}{}", "\0".repeat(zeros));
        prop_assert_eq!(license_text(&STANDARD.encode(padded)), plate);
    }

    #[test]
    fn noise_is_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), is_reply in any::<bool>()
    ) {
        let _ = read(&bytes, Some("ivs_result"), is_reply, CameraClock::China);
    }
}

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
    let Word::Plate(Some(311), seen) = word(&result("粤B12345")).unwrap() else {
        panic!()
    };
    assert_eq!(seen.plate.unwrap().as_str(), "粤B12345");
    assert_eq!(seen.image.unwrap(), [0xFF, 0xD8, 0xFF, 0xE0]);
    assert_eq!(seen.id.as_deref(), Some("311-1763861400"));
    let cut = result("粤B12345");
    let Word::Plate(Some(311), seen) = word(&cut[..cut.len() - 4]).unwrap() else {
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
fn records_are_asked_for_by_their_number() {
    assert_eq!(ask_newest(3), json!({"cmd": "get_max_rec_id", "id": "3"}));
    let record = json!({"cmd": "get_record", "id": 311, "format": "json", "image": true});
    assert_eq!(ask_record(311), record);
    let newest = word(br#"{"cmd":"get_max_rec_id","id":"3","state_code":200,"max_id":311}"#);
    assert!(matches!(newest, Ok(Word::Newest(311))), "{newest:?}");
    for wrong in ["\"max_id\":-1", "\"max\":3"] {
        let said = format!("{{\"cmd\":\"get_max_rec_id\",{wrong}}}");
        assert!(word(said.as_bytes()).is_err(), "{wrong}");
    }
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

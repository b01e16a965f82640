use boshi_protocol::plate::{Plate, PlateColor};
use proptest::prelude::*;

use super::*;
use crate::devices::dahua::fuzzed::{Text, stream};
use crate::devices::multipart::{MAX_PART_BYTES, PartsError};

/// With everything that is documented and of use, and something that is not.
const LINES: [&str; 8] = [
    "Events[0].Code=TrafficJunction",
    "Events[0].EventBaseInfo.Action=Pulse",
    "Events[0].UTC=1763861400",
    "Events[0].UTCMS=218",
    "Events[0].TrafficCar.PlateNumber=粤B12345",
    "Events[0].TrafficCar.PlateColor=Blue",
    "Events[0].TrafficCar.PlateType=Normal",
    "Events[0].CommInfo.ParkType=1",
];

fn text() -> String {
    LINES.join("\r\n") + "\r\n"
}

fn only(text: &str) -> Result<Told, TrafficError> {
    let mut told = read(text.as_bytes(), CameraClock::Utc);
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

fn vehicle(text: &str) -> Seen {
    match only(text) {
        Ok(Told::Vehicle(seen)) => *seen,
        other => panic!("{other:?}"),
    }
}

fn part(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "--myboundary\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body, b"\r\n"].concat()
}

/// A sign of life, a vehicle with two pictures, of which the first looks like what is between parts, an
/// event of no use, and a text that is none.
fn recorded() -> Vec<u8> {
    [
        part("text/plain", b"Heartbeat"),
        part("text/plain", text().as_bytes()),
        part(
            "image/jpeg",
            b"\xFF\xD8\xFF\xE0\r\n--mybound\r\nEvents[0].Code=\xFF\xD9",
        ),
        part("image/jpeg", b"\xFF\xD8\xFF\xD9"),
        part("text/plain", b"Events[0].Code=TrafficParking\r\n"),
        part("text/plain", b"no event\r\n"),
        part("text/plain", b"Heartbeat"),
    ]
    .concat()
}

/// RECOG-1: as what is pushed is read.
#[test]
fn a_vehicle_is_read_as_documented() {
    let seen = vehicle(&text());
    assert_eq!(seen.plate, Plate::read("粤B12345").unwrap());
    assert_eq!(
        (seen.color, seen.reliability),
        (Some(PlateColor::Blue), None)
    );
    assert_eq!(seen.at, "2025-11-23T01:30:00Z".parse().ok());
    assert_eq!(seen.id.as_deref(), Some("1763861400-粤B12345"));
    assert!(seen.doubts.is_empty(), "{:?}", seen.doubts);
    let other = text().replace("].Code=", "].EventBaseInfo.Code=");
    assert_eq!(vehicle(&other), seen);
    let gbk = encoding_rs::GBK.encode(&text()).0.into_owned();
    let told = read(&gbk, CameraClock::Utc);
    assert_eq!(told, [Ok(Told::Vehicle(Box::new(seen)))]);
}

#[test]
fn an_unread_plate_is_none_and_words_that_nobody_knows_are_another_colour() {
    for number in ["", "Unknown", "无牌车"] {
        let seen = vehicle(&text().replace("粤B12345", number));
        assert_eq!((seen.plate, seen.color), (None, None), "{number}");
        assert!(seen.doubts.is_empty(), "{:?}", seen.doubts);
    }
    let seen = vehicle(&text().replace("Blue", "YellowGreen"));
    assert_eq!(seen.color, Some(PlateColor::Other));
    let seen = vehicle(&text().replace("TrafficCar.PlateNumber", "TrafficCar.RoadwayNo"));
    assert_eq!(seen.plate, None);
    let [doubt] = seen.doubts.as_slice() else {
        panic!("{:?}", seen.doubts);
    };
    assert!(doubt.contains("TrafficCar.PlateNumber"), "{doubt}");
}

/// What has no time, or one that makes no sense, has no name by which another might be taken for it.
#[test]
fn a_time_that_makes_no_sense_is_said_and_none() {
    for time in ["0", "-5", "soon", "", "99999999999999999999"] {
        let seen = vehicle(&text().replace("1763861400", time));
        assert_eq!((seen.at, seen.id.as_deref()), (None, None), "{time}");
        let [doubt] = seen.doubts.as_slice() else {
            panic!("{time}: {:?}", seen.doubts);
        };
        assert!(doubt.contains("UTC") && doubt.contains(time), "{doubt}");
    }
    let none = vehicle(&text().replace(LINES[2], ""));
    assert_eq!((none.at, none.doubts.len()), (None, 0));
    assert!(
        vehicle(&text().replace("1763861400", "1763861400.0"))
            .at
            .is_some()
    );
    // A wall clock that is written as if it were UTC.
    let ahead = text().replace("1763861400", "1763890200");
    let told = read(ahead.as_bytes(), CameraClock::China);
    let [Ok(Told::Vehicle(seen))] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(seen.at, "2025-11-23T01:30:00Z".parse().ok());
}

#[test]
fn each_event_of_a_text_is_read_for_itself() {
    let second = text()
        .replace("Events[0]", "Events[1]")
        .replace("12345", "54321");
    let third =
        "Events[2].Code=TrafficJunction\nEvents[3].Code=TrafficParking\nEvents[16].Code=x\n";
    let all = format!("Events\n{}{second}{third}Events[x].Code=y", text());
    let told = read(all.as_bytes(), CameraClock::Utc);
    let [
        Ok(Told::Vehicle(one)),
        Ok(Told::Vehicle(two)),
        Err(third),
        Ok(other),
        Err(number),
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert_eq!(
        (one.number.as_str(), two.number.as_str()),
        ("粤B12345", "粤B54321")
    );
    assert!(
        third
            .to_string()
            .contains("Events[2].TrafficCar.PlateNumber"),
        "{third}"
    );
    assert_eq!(*other, Told::Other("TrafficParking".to_owned()));
    assert_eq!(*number, TrafficError::Number("16".to_owned()));
}

#[test]
fn what_is_no_event_is_said_with_what_came_and_what_was_expected() {
    for beat in ["Heartbeat", "heartbeat\r\n", "", "\r\n"] {
        assert_eq!(read(beat.as_bytes(), CameraClock::Utc), [], "{beat:?}");
    }
    for (text, words) in [
        ("Error", ["Error", "Heartbeat"]),
        ("<html></html>", ["html", "Events[0]"]),
        (
            "Events[0].TrafficCar.PlateNumber=粤B12345",
            ["Events[0].Code", "TrafficJunction"],
        ),
        (
            "Events[0]Code=TrafficJunction",
            ["Events[0]Code", "Heartbeat"],
        ),
        ("Events[-1].Code=TrafficJunction", ["\"-1\"", "15"]),
    ] {
        let error = only(text).unwrap_err().to_string();
        assert!(words.iter().all(|it| error.contains(it)), "{text}: {error}");
    }
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    assert_eq!(only(&long), Err(TrafficError::TooLong(long.len())));
}

/// What a stream tells that comes in these pieces; none of it is broken.
fn told(pieces: &[&[u8]]) -> Vec<Text> {
    let (told, error) = stream("myboundary", pieces);
    assert_eq!(error, None);
    told
}

#[test]
fn a_stream_may_be_cut_at_every_byte() {
    let bytes = recorded();
    let whole = told(&[&bytes]);
    let seen = Ok(Told::Vehicle(Box::new(vehicle(&text()))));
    let useless = Ok(Told::Other("TrafficParking".to_owned()));
    let wrong = Err(TrafficError::NoEvent("no event".to_owned()));
    let expected = [vec![], vec![seen], vec![useless], vec![wrong], vec![]];
    assert_eq!(whole, expected);
    for cut in 0..bytes.len() {
        let (one, other) = bytes.split_at(cut);
        assert_eq!(told(&[one, other]), whole, "at {cut}");
    }
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(told(&pieces), whole);
}

/// A vehicle waits: it is told with the last byte of its text, before anything of its picture has come.
#[test]
fn a_vehicle_does_not_wait_for_its_picture() {
    let bytes = part("text/plain", text().as_bytes());
    let text_ends = bytes.len() - "\r\n".len();
    assert_eq!(told(&[&bytes[..text_ends - 1]]), Vec::<Text>::new());
    assert_eq!(told(&[&bytes[..text_ends]]).len(), 1);
    // Without a length, when the picture begins.
    let bare = String::from_utf8(bytes).unwrap();
    let bare = bare.replace("Content-Length", "X-Length") + "--myboundary\r\n";
    assert_eq!(told(&[bare.as_bytes()]).len(), 1);
}

/// A picture that is none ends the stream at most, which is then opened anew.
#[test]
fn a_picture_of_any_length_keeps_no_vehicle_behind_it_waiting_for_ever() {
    let behind = part("text/plain", text().as_bytes());
    for length in ["1", "40", "many", "-1", ""] {
        let picture = format!(
            "--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\nshort\r\n"
        );
        let bytes = [picture.as_bytes(), &behind].concat();
        assert_eq!(told(&[&bytes]).len(), 1, "{length}");
    }
    let claims = format!(
        "--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        MAX_PART_BYTES + 1
    );
    let (_, error) = stream("myboundary", &[claims.as_bytes()]);
    assert_eq!(error, Some(PartsError::TooLong));
}

proptest! {
    /// However its lines are ordered, and whatever stands between them, the event is the same.
    #[test]
    fn the_order_of_lines_says_nothing(
        lines in Just(LINES.to_vec()).prop_shuffle(),
        between in proptest::collection::vec("[ -~]{0,12}", LINES.len())
    ) {
        let mixed: String = lines
            .iter()
            .zip(between)
            .map(|(line, other)| format!("{line}\n#{other}\n"))
            .collect();
        prop_assert_eq!(vehicle(&mixed), vehicle(&text()));
    }

    /// Whatever the bytes are, each event is told once or said to be wrong.
    #[test]
    fn whatever_comes_is_read_without_harm(
        words in proptest::collection::vec(0_usize..11, 0..40)
    ) {
        let made: [&[u8]; 11] = [
            b"Events[", b"0", b"].", b"Code", b"=", b"TrafficJunction", b"\n", b"TrafficCar.PlateNumber",
            "粤B12345".as_bytes(), b"\xFF\xD8", b"UTC",
        ];
        let bytes: Vec<u8> = words.iter().flat_map(|it| made[*it]).copied().collect();
        prop_assert!(read(&bytes, CameraClock::China).len() <= MAX_EVENTS + 1);
    }
}

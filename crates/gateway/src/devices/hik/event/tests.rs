use proptest::prelude::*;

use super::*;

/// As it was captured from a camera, with an invented plate and address.
const ANPR: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema">
<ipAddress>192.168.1.131</ipAddress><protocol>HTTP</protocol><portNo>80</portNo><macAddress>98:df:82:00:12:34</macAddress>
<channelID>1</channelID><dateTime>2025-11-23T09:30:00+08:00</dateTime><activePostCount>1</activePostCount>
<eventType>ANPR</eventType><eventState>active</eventState><eventDescription>ANPR</eventDescription>
<ANPR><licensePlate>粤B12345</licensePlate><line>1</line><direction>forward</direction><confidenceLevel>96</confidenceLevel>
<plateType>92TypeCivil</plateType><plateColor>blue</plateColor><licenseBright>0</licenseBright>
<vehicleInfo><index>4411</index><color>white</color></vehicleInfo>
<originalLicensePlate>粤B12345</originalLicensePlate><alarmDataType>0</alarmDataType>
</ANPR><UUID>0f9b2c4e-7d51-4b7e-9a55-3f0e7a6c1d20</UUID></EventNotificationAlert>"#;

fn plate(document: &str) -> Seen {
    match read(document.as_bytes()) {
        Ok(Said::Plate(seen)) => *seen,
        other => panic!("{document}: {other:?}"),
    }
}

/// RECOG-1
#[test]
fn a_plate_is_read_with_its_colour_certainty_and_time() {
    let seen = plate(ANPR);
    assert_eq!(seen.plate, Plate::read("粤B12345").unwrap());
    assert_eq!(seen.color, Some(PlateColor::Blue));
    assert_eq!(seen.reliability, Some(96));
    assert_eq!(seen.at, "2025-11-23T01:30:00Z".parse().ok());
    assert_eq!(
        seen.id.as_deref(),
        Some("2025-11-23T09:30:00+08:00-粤B12345")
    );
    assert!(!seen.replay && seen.doubts.is_empty());
}

#[test]
fn namespaces_prefixes_and_what_is_not_whole_do_not_matter() {
    let plain = plate(ANPR);
    let prefixed = ANPR.replace("</", "</h:").replace('<', "<h:");
    let prefixed = prefixed
        .replace("<h:/", "</")
        .replace("<h:?", "<?")
        .replace("</h:h:", "</h:");
    for document in [
        ANPR.replace("isapi.org/ver20", "hikvision.com/ver20"),
        ANPR.replace(
            "www.isapi.org/ver20/XMLSchema",
            "www.std-cgi.com/ver10/XMLSchema",
        ),
        ANPR.replace(" xmlns=\"http://www.isapi.org/ver20/XMLSchema\"", ""),
        ANPR.replace("<UUID>0f9b2c4e-7d51-4b7e-9a55-3f0e7a6c1d20</UUID>", ""),
        ANPR.replace("<eventType>ANPR", "<eventType>anpr"),
        prefixed,
    ] {
        assert_eq!(plate(&document), plain, "{document}");
    }
}

/// RECOG-1: an unread plate is an empty one.
#[test]
fn what_is_no_plate_is_none() {
    for word in ["unknown", "无车牌", "无牌车", ""] {
        let seen = plate(&ANPR.replace("<licensePlate>粤B12345", &format!("<licensePlate>{word}")));
        assert_eq!((seen.plate, seen.color), (None, None), "{word}");
    }
    let seen = plate(&ANPR.replace("<licensePlate>粤B12345</licensePlate>", ""));
    assert_eq!(seen.plate, None);
}

#[test]
fn a_certainty_may_be_a_fraction_and_a_colour_a_word_that_nobody_knows() {
    for (level, expected) in [
        ("96.4", Some(96)),
        ("99.6", Some(100)),
        ("250", Some(100)),
        ("-1", None),
        ("much", None),
        ("NaN", None),
    ] {
        let seen =
            plate(&ANPR.replace("<confidenceLevel>96", &format!("<confidenceLevel>{level}")));
        assert_eq!(seen.reliability, expected, "{level}");
    }
    for (word, expected) in [
        ("Green", Some(PlateColor::Green)),
        ("yellowGreen", Some(PlateColor::Other)),
        ("unknown", None),
    ] {
        let seen = plate(&ANPR.replace("<plateColor>blue", &format!("<plateColor>{word}")));
        assert_eq!(seen.color, expected, "{word}");
    }
}

#[test]
fn a_time_without_an_offset_is_chinas() {
    let seen = plate(&ANPR.replace("09:30:00+08:00", "09:30:00"));
    assert_eq!(seen.at, "2025-11-23T01:30:00Z".parse().ok());
    let seen = plate(&ANPR.replace("2025-11-23T09:30:00+08:00", "yesterday"));
    assert_eq!((seen.at, seen.doubts.len()), (None, 1));
}

#[test]
fn a_record_from_memory_says_so() {
    let seen = plate(&ANPR.replace("<alarmDataType>0", "<alarmDataType>1"));
    assert!(seen.replay);
}

#[test]
fn inputs_heartbeats_and_what_is_of_no_use_are_told_apart() {
    let event = |kind: &str, state: &str, more: &str| {
        format!(
            "<EventNotificationAlert><eventType>{kind}</eventType><eventState>{state}</eventState>{more}</EventNotificationAlert>"
        )
    };
    for (document, expected) in [
        (
            event("IO", "active", "<inputIOPortID>2</inputIOPortID>"),
            Said::Input(2),
        ),
        (
            event("IO", "inactive", "<inputIOPortID>2</inputIOPortID>"),
            Said::Input(2),
        ),
        (
            event("IO", "active", "<inputIOPortID>two</inputIOPortID>"),
            Said::Beat,
        ),
        (event("videoloss", "inactive", ""), Said::Beat),
        (event("heartBeat", "active", ""), Said::Beat),
        (event("VMD", "active", ""), Said::Other("VMD".to_owned())),
    ] {
        assert_eq!(read(document.as_bytes()), Ok(expected), "{document}");
    }
}

#[test]
fn what_is_no_event_is_said() {
    let missing = |field| Err(EventError::Missing(field));
    assert_eq!(read(b"<EventNotificationAlert/>"), missing("eventType"));
    assert_eq!(
        read(b"<EventNotificationAlert><eventType>ANPR</eventType></EventNotificationAlert>"),
        missing("ANPR")
    );
    assert_eq!(read(b"<a/>"), Err(EventError::Root("a".to_owned())));
    assert!(matches!(read(b"{\"ANPR\":1}"), Err(EventError::Xml(_))));
}

proptest! {
    #[test]
    fn an_event_that_is_cut_is_no_event(end in 0_usize..1000) {
        let mut end = end.min(ANPR.len() - 1);
        while !ANPR.is_char_boundary(end) {
            end -= 1;
        }
        prop_assert!(read(&ANPR.as_bytes()[..end]).is_err());
    }
}

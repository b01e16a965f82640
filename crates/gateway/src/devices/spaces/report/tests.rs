use proptest::prelude::*;
use serde_json::json;

use super::*;

fn config(text: &str) -> Spaces {
    toml::from_str(&format!("name = \"B1\"\nkey = \"a-long-word\"\n{text}")).unwrap()
}

fn reports(config: &Spaces, body: &Value) -> Vec<Report> {
    let read = read(config, body.to_string().as_bytes(), None, None).unwrap();
    read.into_iter().map(Result::unwrap).collect()
}

fn error(config: &Spaces, body: &Value, in_topic: Option<&str>) -> String {
    match read(config, body.to_string().as_bytes(), in_topic, None) {
        Err(error) => error.to_string(),
        Ok(reports) => reports[0].clone().unwrap_err().to_string(),
    }
}

fn space(number: &str, status: PlaceStatus) -> Report {
    Report {
        place: PlaceNo::new(number).unwrap(),
        status,
        plate: None,
        image: None,
    }
}

/// PLACE-2
#[test]
fn our_own_form_needs_no_mapping() {
    let body = json!({
        "placeNo": "B1-A-017", "status": "occupy", "plate": "粤b·12345", "ts": 1_763_861_400,
        "image": "/9j/4AAQ",
    });
    let expected = Report {
        plate: Plate::read("粤B12345").unwrap(),
        image: Some(b"\xFF\xD8\xFF\xE0\0\x10".to_vec()),
        ..space("B1-A-017", PlaceStatus::Occupied)
    };
    assert_eq!(reports(&config(""), &body), [expected]);
}

/// PLACE-1
#[test]
fn the_form_of_anybody_is_mapped() {
    let config = config(
        r#"
[fields]
list = "/data/spaces"
place = "/info/id"
status = "occupied"
[words]
vacancy = ["false", "0"]
occupy = ["true", "1"]
[numbers]
17 = "A-017"
"#,
    );
    let body = json!({"data": {"spaces": [
        {"info": {"id": 17}, "occupied": true},
        {"info": {"id": "A-018"}, "occupied": 0},
    ]}});
    let expected = [
        space("A-017", PlaceStatus::Occupied),
        space("A-018", PlaceStatus::Vacant),
    ];
    assert_eq!(reports(&config, &body), expected);
}

/// One space that makes no sense costs none of the others.
#[test]
fn each_space_of_a_list_is_taken_by_itself() {
    let body = json!([
        {"placeNo": "A-1", "status": "vacancy"},
        {"placeNo": "A-2", "status": "free"},
        {"placeNo": "A-3", "status": "unusual"},
    ]);
    let read = read(&config(""), body.to_string().as_bytes(), None, None).unwrap();
    assert_eq!(read[0], Ok(space("A-1", PlaceStatus::Vacant)));
    assert_eq!(read[2], Ok(space("A-3", PlaceStatus::Unusual)));
    let error = read[1].clone().unwrap_err().to_string();
    assert!(
        error.contains("status") && error.contains("free"),
        "{error}"
    );
    assert!(error.contains("vacancy、occupy、unusual"), "{error}");
}

#[test]
fn the_topic_tells_which_space_when_the_report_does_not() {
    let expected = [Ok(space("A-7", PlaceStatus::Occupied))];
    for body in [r#"{"status":"occupy"}"#, "occupy", " \"occupy\"\n"] {
        let read = read(&config(""), body.as_bytes(), Some("A-7"), None).unwrap();
        assert_eq!(read, expected, "{body}");
    }
}

#[test]
fn what_is_wrong_with_a_report_is_said_with_its_field() {
    let plain = config("");
    for (body, in_topic, words) in [
        (json!({"status": "occupy"}), None, "placeNo"),
        (json!({"placeNo": "A"}), None, "status"),
        (
            json!({"placeNo": ["A"], "status": "occupy"}),
            None,
            "placeNo",
        ),
        (json!({"placeNo": "A", "status": "busy"}), None, "busy"),
        (json!("busy"), Some("A"), "busy"),
        (json!("busy"), None, "placeNo"),
    ] {
        let error = error(&plain, &body, in_topic);
        assert!(error.contains(words), "{body}: {error}");
    }
    assert!(matches!(
        read(&plain, b"\xFF", None, None),
        Err(ReportError::NoJson(_))
    ));
    let list = config("[fields]\nlist = \"data\"");
    assert!(error(&list, &json!({"list": []}), None).contains("data"));
}

/// As the maker documents it, with what its numbers mean from the configuration.
#[test]
fn a_camera_of_dahua_is_read_with_plate_and_picture() {
    let config = config("speaks = \"dahua\"\n[words]\nvacancy = [\"0\"]\noccupy = [\"1\"]");
    let body = |status: i64| {
        json!({"Picture": {
            "NormalPic": {"PicName": "a.jpg", "Content": "/9j/4AAQ", "Content_2nd": ""},
            "Plate": {"IsExist": true, "PlateNumber": "粤B12345"},
            "ParkingInfo": {
                "SnapTime": "2025-11-23 09:30:00", "Channel": 0, "DetectRegionName": "B1-A",
                "ParkingStallsNo": "B1-A-017", "ParkingStatus": status, "DeviceID": "7A0",
            },
        }})
    };
    let expected = Report {
        plate: Plate::read("粤B12345").unwrap(),
        image: Some(b"\xFF\xD8\xFF\xE0\0\x10".to_vec()),
        ..space("B1-A-017", PlaceStatus::Occupied)
    };
    assert_eq!(reports(&config, &body(1)), [expected]);
    let error = error(&config, &body(3), None);
    assert!(
        error.contains("ParkingStatus") && error.contains('3'),
        "{error}"
    );
    let alive = json!({"Active": "keepAlive", "DeviceID": "7A0"});
    assert!(reports(&config, &alive).is_empty());
}

/// As the maker documents it, misspelt.
#[test]
fn a_camera_of_hikvision_tells_of_every_space_it_sees() {
    let config = config("speaks = \"hikvision\"");
    let body = |kind: &str| {
        json!({"eventType": "PackingSpaceRecognition", "PackingSpaceRecognition": [{
            "channelID": 1,
            "RegionInfo": [{"regionalID": 1, "PackingSpace": [
                {"absoulteParkingNum": "B1-017", "virtualParkingNum": 17, "isParked": "yes"},
                {"absoulteParkingNum": "", "virtualParkingNum": 18, "isParked": "no"},
            ]}],
            "PicResources": {"resourcesContentType": kind, "resourcesContent": "/9j/4AAQ"},
        }]})
    };
    let picture = Some(b"\xFF\xD8\xFF\xE0\0\x10".to_vec());
    let expected = |image: Option<Vec<u8>>| {
        let space = |number, status| Report {
            image: image.clone(),
            ..space(number, status)
        };
        [
            space("B1-017", PlaceStatus::Occupied),
            space("18", PlaceStatus::Vacant),
        ]
    };
    assert_eq!(reports(&config, &body("base64")), expected(picture));
    assert_eq!(reports(&config, &body("url")), expected(None));
    let beside = read(
        &config,
        body("binary").to_string().as_bytes(),
        None,
        Some(b"jpeg"),
    );
    assert_eq!(
        beside.unwrap()[0],
        Ok(expected(Some(b"jpeg".to_vec()))[0].clone())
    );
    let other = json!({"eventType": "videoloss"});
    assert!(reports(&config, &other).is_empty());
}

proptest! {
    #[test]
    fn noise_is_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        in_topic in proptest::option::of("[A-Z0-9/]{0,10}"),
    ) {
        let words = "[words]\nvacancy = [\"0\"]";
        for speaks in ["json", "dahua", "hikvision"] {
            let config = config(&format!("speaks = \"{speaks}\"\n{words}"));
            let _ = read(&config, &bytes, in_topic.as_deref(), None);
        }
    }
}

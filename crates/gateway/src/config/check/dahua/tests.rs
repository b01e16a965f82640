use crate::config::{COMMENTED, Config, DahuaHold};

/// What would do nothing is said, and so is what would be missing.
#[test]
fn a_camera_of_dahua_that_is_listened_to_is_told_from_one_that_pushes() {
    let camera = |own: &str, barrier: &str| {
        format!(
            "{COMMENTED}\n[[lot.dahua]]\nname = \"A\"\nexperimental = true\naddress = \"192.168.1.108:80\"\n\
             user = \"gateway\"\npassword = \"Demo#2026\"\nrecognizer = \"CAM-01\"\n{own}\n{barrier}"
        )
    };
    let barrier = "[lot.dahua.barrier]\ndevice = \"BAR-01\"\nchannel = 2\n";
    let read = |own: &str, barrier: &str| {
        let mut config = Config::parse(&camera(own, barrier)).unwrap();
        config.lots[0].dahua.remove(0)
    };
    let stream = "events = \"stream\"\n";
    let listened = read(stream, barrier);
    assert_eq!(
        (listened.beats_every().as_secs(), listened.heard_channel()),
        (5, 2)
    );
    assert_eq!(read(stream, "").heard_channel(), 1);
    let own = format!("{stream}channel = 3\nclock = \"china\"\nheartbeat = \"60s\"");
    let listened = read(&own, barrier);
    assert_eq!(
        (listened.patience().as_secs(), listened.heard_channel()),
        (180, 3)
    );
    let pushing = "key = \"camera-key\"\n";
    assert_eq!(read(pushing, barrier).beats_every().as_secs(), 30);
    for (own, more, words) in [
        ("", "", ["dahua[0].key", "missing", "stream"]),
        (pushing, "channel = 1", ["dahua[0].channel", "1", "push"]),
        (
            pushing,
            "clock = \"utc\"",
            ["dahua[0].clock", "utc", "push"],
        ),
        (pushing, "events = \"both\"", ["events", "both", "stream"]),
        (stream, pushing, ["dahua[0].key", "a key", "stream"]),
        (
            stream,
            "serial = \"6F\"",
            ["dahua[0].serial", "6F", "stream"],
        ),
        (stream, "channel = 0", ["dahua[0].channel", "0", "1 to 16"]),
        (
            stream,
            "heartbeat = \"1500ms\"",
            ["dahua[0].heartbeat", "1.5s", "whole"],
        ),
        (
            stream,
            "heartbeat = \"61s\"",
            ["dahua[0].heartbeat", "61s", "60s"],
        ),
    ] {
        let error = Config::parse(&camera(&format!("{own}{more}"), barrier));
        let error = error.unwrap_err().to_string();
        assert!(
            words.iter().all(|it| error.contains(it)),
            "{own}{more}: {error}"
        );
    }
}

/// A camera that takes the word and lifts once must not be believed.
#[test]
fn a_hold_needs_an_arm_that_shows_it_and_the_first_channel() {
    let camera = |barrier: &str| {
        let text = format!(
            "{COMMENTED}\n[[lot.dahua]]\nname = \"A\"\nexperimental = true\naddress = \"192.168.1.108:80\"\n\
             user = \"gateway\"\npassword = \"Demo#2026\"\nrecognizer = \"CAM-01\"\nevents = \"stream\"\n\
             [lot.dahua.barrier]\ndevice = \"BAR-01\"\nhold = \"always\"\n{barrier}"
        );
        Config::parse(&text).map_err(|error| error.to_string())
    };
    let config = camera("").unwrap();
    let barrier = config.lots[0].dahua[0].barrier.as_ref().unwrap();
    assert_eq!(barrier.hold, Some(DahuaHold::Always));
    for (wrong, words) in [
        ("confirm = \"taken\"", ["barrier.hold", "always", "taken"]),
        ("channel = 2", ["barrier.hold", "always", "channel"]),
    ] {
        let error = camera(wrong).unwrap_err();
        assert!(words.iter().all(|it| error.contains(it)), "{error}");
    }
}

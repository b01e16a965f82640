mod lines;

use super::*;

#[test]
fn the_commented_file_parses_and_shows_the_defaults() {
    let config = Config::parse(COMMENTED).unwrap();
    assert_eq!(config.data, default_data());
    assert_eq!(config.listen, Listen::default());
    assert_eq!(config.tls, Tls::default());
    assert_eq!(config.push, Push::default());
    assert_eq!(config.timing, Timing::default());
    assert_eq!(config.supervision, Supervision::default());
    assert_eq!(config.retention, Retention::default());
    assert_eq!(config.clock, Clock::default());
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = COMMENTED.replace("attempts = 5", "atempts = 5");
    let line = 1 + text.lines().position(|line| line == "atempts = 5").unwrap();
    let error = Config::parse(&text).unwrap_err().to_string();
    assert!(error.contains("`atempts`"), "{error}");
    assert!(error.contains(&format!("line {line},")), "{error}");
}

/// D-7
#[test]
fn no_secret_is_shown_by_debug() {
    let shown = format!("{:?}", Config::parse(COMMENTED).unwrap());
    assert!(!shown.contains("change-this-key"), "{shown}");
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for (right, wrong) in [
        ("attempts = 5", "attempts = 0"),
        ("127.0.0.1:8445", "127.0.0.1:8444"),
        ("pictures = \"20GB\"", "pictures = \"much\""),
        ("budget = \"10s\"", "budget = \"0s\""),
        ("budget = \"10s\"", "budget = \"soon\""),
        ("direction = \"entry\"", "direction = \"mixed\""),
        (
            "# [abnormal_texts]\n# 1401 = \"{gate}",
            "[abnormal_texts]\n1401 = \"{who}",
        ),
        ("direction = \"entry\"", "direction = \"up\""),
        ("\"BAR-01\"", "\"CAM-01\""),
        ("https://127.0.0.1:9443", "platform"),
        ("ca_file =", "# ca_file ="),
    ] {
        let text = COMMENTED.replace(right, wrong);
        assert_ne!(text, COMMENTED, "{right} is not in the file");
        assert!(Config::parse(&text).is_err(), "{wrong}");
    }
}

/// A key that two lots share names each device once.
#[test]
fn one_key_and_one_number_are_one_device() {
    let (before, lot) = COMMENTED.split_once("[[lot]]").unwrap();
    let other = lot.replace("LOT-1", "LOT-2");
    let two = |other: &str| Config::parse(&format!("{before}[[lot]]{lot}\n[[lot]]{other}"));
    let error = two(&other).unwrap_err().to_string();
    assert!(error.contains("device_key"), "{error}");
    assert!(!error.contains("change-this-key"), "D-7: {error}");
    two(&other.replace("change-this-key", "another-key")).unwrap();
}

#[test]
fn a_size_is_a_number_with_its_unit() {
    let read = |size: &str| {
        let text = COMMENTED.replace("pictures = \"20GB\"", &format!("pictures = {size:?}"));
        assert!(text.contains(&format!("{size:?}")));
        Config::parse(&text).map(|config| config.retention.pictures)
    };
    for (size, bytes) in [
        ("1MB", 1_000_000),
        ("20 GB", 20_000_000_000),
        ("2TB", 2_000_000_000_000),
    ] {
        assert_eq!(read(size), Ok(bytes), "{size}");
    }
    for size in [
        "",
        "20",
        "GB",
        "0GB",
        "-1GB",
        "1.5GB",
        "20gb",
        "99999999999TB",
    ] {
        let error = read(size).unwrap_err().to_string();
        assert!(
            error.contains("is no size") && error.contains("pictures"),
            "{error}"
        );
    }
}

/// A lane whose barrier hangs on a module of relays, in place of the example's controller.
const MODULE: &str = r#"
[[lot.modbus]]
name = "IO-01"
address = "192.168.1.254:502"
module = "waveshare"
[[lot.modbus.barrier]]
device = "BAR-01"
open = 1
pulse = "500ms"
[[lot.modbus.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
"#;

#[test]
fn what_is_wrong_with_a_module_is_said_with_its_key() {
    let whole = format!("{COMMENTED}{MODULE}");
    Config::parse(&whole).unwrap();
    for (right, wrong, words) in [
        ("\"waveshare\"", "\"wave\"", "wave"),
        ("254:502", "254", "address"),
        ("open = 1", "open = 0", "open"),
        ("open = 1", "open = 1\nhold = 1", "hold"),
        ("open = 1", "open = 1\nclose = 1", "close"),
        ("open = 1", "open = 1\nclose = 2", "safety_loop"),
        ("open = 1", "open = 65", "open"),
        ("\"BAR-01\"\nopen", "\"BAR-09\"\nopen", "BAR-09"),
        (
            "\"500ms\"\n[[lot.modbus.input",
            "\"450ms\"\n[[lot.modbus.input",
            "pulse",
        ),
        (
            "\"500ms\"\n[[lot.modbus.input",
            "\"11s\"\n[[lot.modbus.input",
            "pulse",
        ),
        ("number = 1\n", "number = 0\n", "number"),
        ("\"trigger_loop\"", "\"safety_loop\"", "CAM-01"),
        ("\"trigger_loop\"", "\"fire\"", "CAM-01"),
        ("\"trigger_loop\"", "\"door\"", "door"),
        (
            "\"waveshare\"",
            "\"plain\"\npulse_by = \"module\"",
            "pulse_by",
        ),
        ("\"waveshare\"", "\"plain\"\nlooks = 0", "looks"),
        ("\"waveshare\"", "\"plain\"\nanswer = \"4s\"", "answer"),
        ("\"waveshare\"", "\"plain\"\nport = 502", "port"),
    ] {
        let module = MODULE.replacen(right, wrong, 1);
        assert_ne!(module, MODULE, "{right} is not there");
        let error = Config::parse(&format!("{COMMENTED}{module}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
}

/// A camera that has everything of a lane but its display.
const CAMERA: &str = r#"
[[lot.vz]]
name = "IN-01"
key = "camera-key"
recognizer = "CAM-01"
[lot.vz.barrier]
device = "BAR-01"
[[lot.vz.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
"#;

#[test]
fn what_is_wrong_with_a_camera_is_said_with_its_key() {
    Config::parse(&format!("{COMMENTED}{CAMERA}")).unwrap();
    let unseen = COMMENTED.replacen("limit_switch = true", "limit_switch = false", 1);
    let error = Config::parse(&format!("{unseen}{CAMERA}")).unwrap_err();
    assert!(error.to_string().contains("confirm"), "{error}");
    let key = "\"camera-key\"";
    for (right, wrong, words) in [
        (key, "\"short\"", "8 letters"),
        (key, "\"with/a/slash\"", "8 letters"),
        (key, "\"camera-key\"\ndialect = \"hik\"", "hik"),
        (key, "\"camera-key\"\nwait = \"31s\"", "wait"),
        (key, "\"camera-key\"\nwait = \"0s\"", "wait"),
        (key, "\"camera-key\"\nreply_wait = \"4s\"", "reply_wait"),
        (key, "\"camera-key\"\ncomet = false", "comet"),
        (key, "\"camera-key\"\nport = 80", "port"),
        ("\"CAM-01\"", "\"CAM-09\"", "CAM-09"),
        ("\"CAM-01\"", "\"BAR-01\"", "recognizer"),
        ("\"BAR-01\"\n", "\"BAR-01\"\nopen = 5\n", "from 1 to 4"),
        ("number = 2", "number = 5", "from 1 to 4"),
        ("\"safety_loop\"", "\"trigger_loop\"", "BAR-01"),
    ] {
        let camera = CAMERA.replacen(right, wrong, 1);
        assert_ne!(camera, CAMERA, "{right} is not there");
        let error = Config::parse(&format!("{COMMENTED}{camera}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{wrong}: {error}");
        assert!(!error.contains("camera-key"), "D-7: {error}");
    }
    let both = format!("{COMMENTED}{MODULE}{CAMERA}");
    let error = Config::parse(&both).unwrap_err().to_string();
    assert!(
        error.contains("BAR-01") && error.contains("only once"),
        "{error}"
    );
    let twice = CAMERA
        .replacen("IN-01", "IN-02", 1)
        .replacen("CAM-01", "CAM-02", 1);
    let lane = "[[lot.lane]]\nname = \"02\"\ngate = \"东二\"\ndirection = \"exit\"\nrecognizer = \"CAM-02\"\nbarrier = \"BAR-02\"\n";
    let twice = twice.replace("BAR-01", "BAR-02");
    let before = COMMENTED.replacen("[[lot.place]]", &format!("{lane}[[lot.place]]"), 1);
    let error = Config::parse(&format!("{before}{CAMERA}{twice}"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("vz[1].key"), "{error}");
}

#[test]
fn what_is_wrong_with_a_camera_over_tcp_is_said_with_its_key() {
    let camera = CAMERA.replace("lot.vz", "lot.vz_tcp");
    let camera = camera.replace("key = \"camera-key\"", "address = \"192.168.1.101:8131\"");
    Config::parse(&format!("{COMMENTED}{camera}")).unwrap();
    for (right, wrong, words) in [
        ("101:8131", "101", "address"),
        ("number = 2", "number = 3", "from 1 to 2"),
        ("\"BAR-01\"\n", "\"BAR-01\"\nopen = 3\n", "from 1 to 2"),
        ("\"CAM-01\"", "\"CAM-01\"\nanswer = \"4s\"", "answer"),
        ("\"CAM-01\"", "\"CAM-01\"\nlooks = 0", "looks"),
        ("\"CAM-01\"", "\"CAM-01\"\ncomet = true", "comet"),
    ] {
        let camera = camera.replacen(right, wrong, 1);
        let error = Config::parse(&format!("{COMMENTED}{camera}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
    let both = format!("{COMMENTED}{CAMERA}{camera}");
    let error = Config::parse(&both).unwrap_err().to_string();
    assert!(error.contains("CAM-01"), "{error}");
}

/// A camera of 海康 that has everything of a lane but its display.
const HIK: &str = r#"
[[lot.hik]]
name = "IN-01"
address = "192.168.1.64:80"
user = "gateway"
password = "Demo#2026"
recognizer = "CAM-01"
key = "camera-key"
[lot.hik.barrier]
device = "BAR-01"
[[lot.hik.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
"#;

#[test]
fn what_is_wrong_with_a_camera_of_hik_is_said_with_its_key() {
    Config::parse(&format!("{COMMENTED}{HIK}")).unwrap();
    let unseen = COMMENTED.replacen("limit_switch = true", "limit_switch = false", 1);
    let error = Config::parse(&format!("{unseen}{HIK}")).unwrap_err();
    assert!(error.to_string().contains("status"), "{error}");
    let without = HIK.replacen("\"BAR-01\"\n", "\"BAR-01\"\nstatus = false\n", 1);
    let error = Config::parse(&format!("{unseen}{without}")).unwrap_err();
    assert!(error.to_string().contains("confirm"), "{error}");
    let (key, barrier) = ("key = \"camera-key\"", "\"BAR-01\"\n");
    for (right, wrong, words) in [
        ("64:80", "64", "address"),
        (key, "key = \"short\"", "8 letters"),
        (key, "", "alert_stream"),
        (key, "key = \"camera-key\"\npoll = \"1ms\"", "poll"),
        (key, "key = \"camera-key\"\nlooks = 0", "looks"),
        (key, "key = \"camera-key\"\nanswer = \"4s\"", "answer"),
        (key, "key = \"camera-key\"\ncomet = true", "comet"),
        ("\"gateway\"", "\"\"", "user"),
        ("\"gateway\"", "\"网关\"", "user"),
        ("\"Demo#2026\"", "\"\"", "password"),
        ("\"Demo#2026\"", "2026", "password"),
        ("\"CAM-01\"", "\"CAM-09\"", "CAM-09"),
        ("number = 2", "number = 5", "from 1 to 4"),
        (barrier, "\"BAR-01\"\nchannel = 0\n", "channel"),
        (barrier, "\"BAR-01\"\noutput = 5\n", "output"),
        (barrier, "\"BAR-01\"\nhold = []\n", "hold"),
        (barrier, "\"BAR-01\"\nhold = [\"close\"]\n", "hold"),
        (barrier, "\"BAR-01\"\nrelease = [\"open\"]\n", "release"),
        (barrier, "\"BAR-01\"\nhold = [\"lift\"]\n", "lift"),
        ("\"safety_loop\"", "\"arm_up\"", "status"),
    ] {
        let camera = HIK.replacen(right, wrong, 1);
        assert_ne!(camera, HIK, "{right} is not there");
        let error = Config::parse(&format!("{COMMENTED}{camera}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{wrong}: {error}");
        let secret = error.contains("camera-key") || error.contains("Demo#2026");
        assert!(!secret, "D-7: {error}");
    }
    let both = format!("{COMMENTED}{CAMERA}{HIK}");
    let error = Config::parse(&both).unwrap_err().to_string();
    assert!(error.contains("only once"), "{error}");
    let shown = format!("{:?}", Config::parse(&format!("{COMMENTED}{HIK}")).unwrap());
    assert!(
        !shown.contains("Demo#2026") && !shown.contains("camera-key"),
        "D-7"
    );
}

/// What others published may be wrong, which whoever relies on it is to know.
#[test]
fn what_nobody_has_tried_must_be_wanted_expressly() {
    let hx = "\n[[lot.hx]]\nname = \"A\"\nexperimental = true\nkey = \"camera-key\"\nrecognizer = \"CAM-01\"\n\
              [lot.hx.barrier]\ndevice = \"BAR-01\"\n";
    let dahua = "\n[[lot.dahua]]\nname = \"A\"\nexperimental = true\naddress = \"192.168.1.108:80\"\nuser = \"gateway\"\n\
                 password = \"Demo#2026\"\nkey = \"camera-key\"\nrecognizer = \"CAM-01\"\n[lot.dahua.barrier]\ndevice = \"BAR-01\"\n";
    for (camera, wrongs) in [
        (
            hx,
            &[
                ("true", "true\nsurest = 0", "surest"),
                ("true", "true\nreply_wait = \"4s\"", "reply_wait"),
                ("\"BAR-01\"", "\"BAR-01\"\nopen = 2", "from 1 to 1"),
                ("CAM-01", "CAM-09", "CAM-09"),
            ],
        ),
        (
            dahua,
            &[
                ("108:80", "108", "address"),
                ("\"gateway\"", "\"\"", "user"),
                ("\"BAR-01\"", "\"BAR-01\"\nchannel = 17", "channel"),
                ("\"BAR-01\"", "\"BAR-01\"\nhold = [\"lock\"]", "hold"),
            ],
        ),
    ] {
        Config::parse(&format!("{COMMENTED}{camera}")).unwrap();
        let unwanted = ("experimental = true\n", "", "experimental");
        for (right, wrong, words) in wrongs.iter().chain([&unwanted]) {
            let camera = camera.replacen(right, wrong, 1);
            let error = Config::parse(&format!("{COMMENTED}{camera}"));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(words), "{wrong}: {error}");
        }
    }
}

/// A controller is needed exactly for what no driver speaks to.
#[test]
fn a_device_without_driver_and_controller_is_named() {
    let without: String = (COMMENTED.lines())
        .filter(|line| !line.starts_with("device_url") && !line.starts_with("device_key"))
        .map(|line| format!("{line}\n"))
        .collect();
    let error = Config::parse(&format!("{without}{MODULE}"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("device_url") && error.contains("CAM-01"),
        "{error}"
    );
    let keyless = COMMENTED.replace("device_key = \"change-this-key\"", "");
    let error = Config::parse(&keyless).unwrap_err().to_string();
    assert!(error.contains("device_key"), "{error}");
}

/// A lane whose display is a board of its own.
const BOARD: &str = r#"
[[lot.olm]]
name = "B-01"
display = "LED-01"
address = "192.168.1.200:4001"
columns = 8
rows = 2
"#;

#[test]
fn what_is_wrong_with_a_board_is_said_with_its_key() {
    let whole = format!("{COMMENTED}{BOARD}");
    Config::parse(&whole).unwrap();
    let twice = BOARD.replace("B-01", "B-02").replace("LED-01", "LED-02");
    for (right, wrong, words) in [
        (
            "\"LED-01\"\naddress",
            "\"BAR-01\"\naddress",
            "olm[0].display",
        ),
        ("200:4001", "200", "olm[0].address"),
        (
            "\"192.168.1.200:4001\"",
            "\"/dev/ttyS0\"\nbaud = 9601",
            "baud",
        ),
        (
            "\"192.168.1.200:4001\"",
            "\"/dev/ttyS0\"\nparity = \"mark\"",
            "parity",
        ),
        (
            "\"192.168.1.200:4001\"",
            "\"/dev/ttyS0\"\nstop_bits = 3",
            "stop",
        ),
        ("columns = 8", "columns = 33", "olm[0].columns"),
        ("columns = 8", "columns = 8\ncolors = []", "olm[0].colors"),
        ("columns = 8", "columns = 8\ncolors = [\"pink\"]", "pink"),
        ("columns = 8", "columns = 8\nmultiline = \"62\"", "62"),
        (
            "columns = 8",
            "columns = 8\npassword = \"1\"",
            "olm[0].password",
        ),
        (
            "columns = 8",
            "columns = 8\nanswer = \"4s\"",
            "olm[0].answer",
        ),
        (
            "columns = 8",
            "columns = 8\ncamera = \"IN-01\"",
            "olm[0].address",
        ),
        ("rows = 2", "rows = 5", "olm[0].rows"),
    ] {
        let board = BOARD.replace(right, wrong);
        assert_ne!(board, BOARD, "{right}");
        let error = Config::parse(&format!("{COMMENTED}{board}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
    let lane = "[[lot.lane]]\nname = \"02\"\ngate = \"东二\"\ndirection = \"exit\"\nrecognizer = \
        \"CAM-02\"\nbarrier = \"BAR-02\"\ndisplay = \"LED-02\"\ndevice_url = \"poll\"\ndevice_key = \"k\"";
    let error = Config::parse(&format!("{whole}{lane}{twice}")).unwrap_err();
    assert!(error.to_string().contains("olm[1].unit"), "{error}");
    Config::parse(&format!("{whole}{lane}{twice}unit = 1\n")).unwrap();
}

#[test]
fn a_board_behind_a_camera_needs_one_that_can_be_given_something() {
    let board = |more: &str| BOARD.replace("address = \"192.168.1.200:4001\"", more);
    let whole = |board: &str, cameras: &str| Config::parse(&format!("{COMMENTED}{cameras}{board}"));
    let name = "camera = \"IN-01\"";
    let config = whole(&board(name), CAMERA).unwrap();
    let lot = &config.lots[0];
    assert!(lot.answers(&lot.olm[0]));
    for (more, words) in [
        ("camera = \"IN-09\"", "olm[0].camera"),
        ("camera = \"IN-01\"\nport = 3", "olm[0].port"),
        ("", "olm[0].address"),
    ] {
        let error = whole(&board(more), CAMERA).unwrap_err().to_string();
        assert!(error.contains(words), "{more}: {error}");
    }
    let address = "\"IN-01\"\naddress = \"192.168.1.101:8131\"";
    let connected = CAMERA.replace("lot.vz", "lot.vz_tcp");
    let connected = connected.replace("key = \"camera-key\"\n", "");
    let connected = connected.replacen("\"IN-01\"", address, 1);
    let config = whole(&board(name), &connected).unwrap();
    let lot = &config.lots[0];
    assert!(!lot.answers(&lot.olm[0]), "nothing is known to come back");
    let asks = format!("{name}\nexpect_ack = true");
    let error = whole(&board(&asks), &connected).unwrap_err().to_string();
    assert!(error.contains("olm[0].expect_ack"), "{error}");
}

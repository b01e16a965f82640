//! `boshi gateway probe`: a device is tried with the binary, as an engineer does at the lot.

use std::net::TcpListener as Free;
use std::process::{Command, Output};

use boshi_simulator::board::{OlmBoard, OlmServer};
use boshi_simulator::broker::Broker;
use boshi_simulator::camera::{
    DahuaCamera, DahuaOrder, HikCamera, HikGate, HikOrder, VzMqttCamera, VzOrder, VzPlate,
    VzTcpCamera,
};
use boshi_simulator::module::{Framing, RelayModule};
use jiff::Timestamp;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::process::{PATIENCE, until};

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

/// What a camera of 海康 or 大华 is logged in to with.
const PASSWORD: &str = "Demo#2026";

/// The beginning of a JPEG: all that the simulated cameras see.
const PICTURE: [u8; 6] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 0x10];

fn probe_with(password: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boshi"));
    command.args(["gateway", "probe"]).args(arguments);
    command.env("BOSHI_LOG", "warn");
    match password {
        Some(password) => command.env("BOSHI_PROBE_PASSWORD", password),
        None => command.env_remove("BOSHI_PROBE_PASSWORD"),
    };
    command.output().unwrap()
}

fn probe(arguments: &[&str]) -> Output {
    probe_with(None, arguments)
}

fn printed(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (said, error) = (text(&output.stdout), text(&output.stderr));
    assert!(
        !error.contains("panicked") && !error.contains("backtrace"),
        "{error}"
    );
    (output.status.code(), said, error)
}

/// What is printed when everything was found.
fn well(output: &Output) -> String {
    let (code, said, error) = printed(output);
    assert_eq!(code, Some(0), "{said}{error}");
    assert!(!said.contains("失败"), "{said}");
    said
}

/// What is printed when something was not.
fn not_well(output: &Output) -> String {
    let (code, said, error) = printed(output);
    assert_eq!(code, Some(1), "{said}{error}");
    assert!(error.contains("设备没有答出全部问题"), "{error}");
    said
}

/// Whether there is a row with all these words.
fn has_row(said: &str, words: &[&str]) {
    let found = said
        .lines()
        .any(|row| words.iter().all(|it| row.contains(it)));
    assert!(found, "{words:?}\n{said}");
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_tried_and_its_relay_moves_only_when_that_is_really_wanted() {
    let (module, _) = RelayModule::start(listener().await, Framing::Tcp).unwrap();
    module.input(3, true);
    let address = module.address.to_string();
    let said = well(&probe(&["modbus", &address, "--output", "2"]));
    has_row(&said, &["输入", "正常", "2:0  3:1  4:0"]);
    has_row(&said, &["继电器", "正常", "1:0  2:0"]);
    assert!(module.writes().is_empty(), "an output alone moves nothing");

    let open = ["--really-open", "--output", "2", "--pulse", "100"];
    let said = well(&probe(&[&["modbus", &address][..], &open].concat()));
    has_row(&said, &["开闸脉冲", "正常", "继电器 2 已吸合 100 毫秒"]);
    assert_eq!(module.writes(), [(1, 0xFF00), (1, 0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_vz_over_tcp_is_tried_and_its_picture_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("seen.jpg");
    let path = picture.to_str().unwrap();
    let (camera, mut orders) = VzTcpCamera::start(listener().await, SERIAL).unwrap();
    let address = camera.address.to_string();

    // It has seen nothing yet: what was found is printed all the same, and no file is made.
    let (code, said, error) = printed(&probe(&["vz-tcp", &address, "--picture", path]));
    assert_eq!(code, Some(1));
    has_row(&said, &["序列号", "正常", SERIAL]);
    has_row(&said, &["抓拍", "失败", "代码 500"]);
    assert!(error.contains(path) && !picture.exists(), "{error}");

    let _ = camera.plate(&VzPlate {
        number: 1,
        license: "粤B12345".to_owned(),
        color: 1,
        confidence: 97,
        at: Timestamp::now(),
        is_offline: false,
        image: "/9j/4AAQ".to_owned(),
    });
    let said = well(&probe(&["vz-tcp", &address, "--picture", path]));
    has_row(&said, &["抓拍", "正常", "6 字节"]);
    assert_eq!(std::fs::read(&picture).unwrap(), PICTURE);
    assert!(
        orders.try_recv().is_err(),
        "nothing moves unless it is wanted"
    );

    let said = well(&probe(&["vz-tcp", &address, "--really-open"]));
    has_row(&said, &["开闸脉冲", "正常", "输出 1 的 500 毫秒脉冲"]);
    let (io, value, delay) = (0, 2, 500);
    assert_eq!(orders.try_recv(), Ok(VzOrder::Output { io, value, delay }));
    assert!(orders.try_recv().is_err(), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_vz_is_tried_through_its_broker_and_what_cannot_be_asked_is_said() {
    let broker = Broker::start(listener().await).unwrap();
    let (camera, mut orders) = VzMqttCamera::start(broker.address, SERIAL, PATIENCE / 100);
    until("the camera is there", || camera.is_connected());
    let address = broker.address.to_string();
    let arguments = ["vz-mqtt", &address, "--serial", SERIAL];
    let said = well(&probe(&arguments));
    has_row(&said, &["连接", "正常", "MQTT"]);
    has_row(&said, &["上报", "正常", SERIAL, "16771", "keep_alive"]);
    has_row(&said, &["时钟", "正常", "与本机相差"]);
    has_row(&said, &["应答", "正常", "200"]);
    has_row(&said, &["抓拍", "正常", "6 字节"]);
    has_row(&said, &["输入", "未查询", "MQTT 不能查询"]);
    has_row(&said, &["道闸状态", "未查询", "MQTT 不能查询"]);
    assert!(
        orders.try_recv().is_err(),
        "nothing moves unless it is wanted"
    );

    let open = ["--really-open", "--output", "3", "--json"];
    let said = well(&probe(&[&arguments[..], &open].concat()));
    let told: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told["picture_bytes"], 6, "{told}");
    assert_eq!(told["unasked"][0]["what"], "输入", "{told}");
    let (io, value, delay) = (2, 2, 500);
    assert_eq!(orders.try_recv(), Ok(VzOrder::Output { io, value, delay }));
    assert!(orders.try_recv().is_err(), "once");

    let nobody = ["vz-mqtt", &address, "--serial", "another", "--wait", "1"];
    let said = not_well(&probe(&[&nobody[..], &["--really-open"]].concat()));
    has_row(&said, &["上报", "失败", "device/another/message/up/+"]);
    assert!(!said.contains("开闸脉冲"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_hikvision_is_tried_and_a_wrong_password_is_shown_once_and_printed_never() {
    let started = HikCamera::start(listener().await, "DS-A1", "gateway", PASSWORD);
    let (camera, mut orders) = started.unwrap();
    camera.gate(HikGate::Closed);
    let address = camera.address.to_string();
    let arguments = ["hik", &address, "--user", "gateway"];
    let said = well(&probe_with(Some(PASSWORD), &arguments));
    has_row(&said, &["登录与身份", "正常", "DS-A1"]);
    has_row(&said, &["输入 2", "正常", "0"]);
    has_row(&said, &["道闸状态", "正常", "关到位"]);
    assert!(
        orders.try_recv().is_err(),
        "nothing moves unless it is wanted"
    );

    let open = [&arguments[..], &["--really-open"]].concat();
    let said = well(&probe_with(Some(PASSWORD), &open));
    has_row(&said, &["开闸", "正常", "相机已执行"]);
    assert_eq!(orders.try_recv(), Ok(HikOrder::Gate("open".to_owned())));

    let wrong = probe_with(Some("not-this-one"), &open);
    let said = not_well(&wrong);
    has_row(&said, &["登录与身份", "失败", "密码不符"]);
    let (_, said, error) = printed(&wrong);
    assert!(!said.contains("not-this-one") && !error.contains("not-this-one"));
    assert_eq!(camera.refusals(), 1);
    assert!(orders.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_of_dahua_is_tried_as_far_as_it_can_be_asked() {
    let started = DahuaCamera::start(listener().await, "gateway", PASSWORD);
    let (camera, mut opened) = started.unwrap();
    let address = camera.address.to_string();
    let arguments = ["dahua", &address, "--user", "gateway", "--channel", "2"];
    let said = well(&probe_with(Some(PASSWORD), &arguments));
    has_row(&said, &["登录与事件流", "正常"]);
    has_row(&said, &["心跳", "正常"]);
    for what in ["身份", "输入", "抓拍"] {
        has_row(&said, &[what, "未查询", "没有可查询的文档"]);
    }
    assert!(
        opened.try_recv().is_err(),
        "nothing moves unless it is wanted"
    );

    let open = [&arguments[..], &["--really-open"]].concat();
    let said = well(&probe_with(Some(PASSWORD), &open));
    has_row(&said, &["开闸", "正常", "相机已接受"]);
    assert_eq!(opened.try_recv(), Ok(DahuaOrder::Open(2)));

    let said = not_well(&probe_with(Some("not-this-one"), &open));
    has_row(&said, &["登录与事件流", "失败", "密码不符"]);
    assert_eq!(camera.refusals(), 1);
    assert!(opened.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_shows_the_text_that_it_is_tried_with() {
    let board = OlmBoard::new(0, 2);
    let server = OlmServer::start(listener().await, vec![board.clone()]).unwrap();
    let address = server.address.to_string();
    let said = well(&probe(&[
        "olm",
        &address,
        "--text",
        "试",
        "--text",
        "粤B12345",
    ]));
    has_row(&said, &["应答", "正常", "版本"]);
    has_row(&said, &["显示", "正常", "已收下"]);
    assert_eq!(board.lines(), ["试", "粤B12345"]);
}

#[test]
fn where_nobody_listens_every_driver_says_so_and_the_exit_status_too() {
    let free = Free::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    for (driver, row) in [
        ("modbus", "连接"),
        ("vz-tcp", "连接"),
        ("vz-mqtt", "连接"),
        ("hik", "登录与身份"),
        ("dahua", "登录与事件流"),
        ("olm", "连接"),
    ] {
        let arguments: &[&str] = match driver {
            "vz-mqtt" => &["--serial", SERIAL, "--really-open"],
            "olm" => &[],
            _ => &["--really-open"],
        };
        let tried = [&[driver, &address][..], arguments].concat();
        let said = not_well(&probe_with(Some(PASSWORD), &tried));
        has_row(&said, &[row, "失败"]);
        assert!(!said.contains("开闸"), "{driver}: {said}");
    }
}

/// Where nothing is connected to.
const AT: &str = "127.0.0.1:1";

/// Arguments, and what the complaint about them has to name.
type Cases<'a> = &'a [(&'a [&'a str], &'a [&'a str])];

/// What a driver cannot be tried with.
const NONSENSE: Cases<'_> = &[
    (
        &["modbus", "nowhere"],
        &["ADDRESS", "nowhere", "主机:端口", "/dev/ttyS0"],
    ),
    (
        &["vz-tcp", "/dev/ttyS0"],
        &["ADDRESS", "/dev/ttyS0", "主机:端口"],
    ),
    (
        &["vz-mqtt", "mqtt://a", "--serial", "a"],
        &["ADDRESS", "主机:端口"],
    ),
    (
        &["modbus", AT, "--baud", "9601"],
        &["--baud", "9601", "9600"],
    ),
    (
        &["hik", AT],
        &["--password", "admin", "BOSHI_PROBE_PASSWORD"],
    ),
    (
        &["dahua", AT, "--user", "gw"],
        &["--password", "gw", "BOSHI_PROBE_PASSWORD"],
    ),
    (&["dahua", AT, "--output", "1"], &["--output", "大华"]),
    (&["dahua", AT, "--ca", "ca.pem"], &["--ca", "hik"]),
    (&["vz-mqtt", AT], &["--serial", "a1b2c3d4-0e1f2a3b"]),
    (&["vz-mqtt", AT, "--serial", "a/#"], &["--serial", "a/#"]),
    (
        &["vz-mqtt", AT, "--serial", "a", "--up", "a/+"],
        &["--up", "a/+", "{sn}"],
    ),
    (
        &["vz-mqtt", AT, "--serial", "a", "--down", "{x}"],
        &["--down", "{x}", "{name}"],
    ),
    (
        &["vz-mqtt", AT, "--serial", "a", "--up", "x", "--reply", "x"],
        &["--up", "--reply"],
    ),
    (
        &[
            "vz-mqtt",
            AT,
            "--serial",
            "a",
            "--really-open",
            "--pulse",
            "100",
        ],
        &["--pulse", "100", "500", "5000"],
    ),
    (
        &[
            "vz-mqtt",
            AT,
            "--serial",
            "a",
            "--really-open",
            "--output",
            "5",
        ],
        &["--output", "5", "1 到 4"],
    ),
    (&["olm", AT, "--really-open"], &["--really-open", "olm"]),
    (
        &[
            "olm", AT, "--text", "1", "--text", "2", "--text", "3", "--text", "4", "--text", "5",
        ],
        &["--text", "5", "1 到 4"],
    ),
];

/// What is not even an argument.
const NO_ARGUMENT: Cases<'_> = &[
    (&["modbus"], &["ADDRESS"]),
    (&["vz-udp", AT], &["vz-udp", "vz-tcp", "vz-mqtt", "dahua"]),
    (&["modbus", AT, "--pulse", "99"], &["--pulse", "99", "100"]),
    (&["modbus", AT, "--output", "0"], &["--output", "0", "1"]),
    (&["hik", AT, "--channel", "17"], &["--channel", "17", "16"]),
    (
        &["hik", AT, "--ca", "a", "--certificate", "b"],
        &["--ca", "--certificate"],
    ),
    (&["vz-mqtt", AT, "--wait", "0"], &["--wait", "0", "120"]),
];

#[test]
fn nonsense_is_refused_with_the_name_of_the_field_and_what_was_expected() {
    for (status, cases) in [(1, NONSENSE), (2, NO_ARGUMENT)] {
        for (arguments, words) in cases {
            let (code, said, error) = printed(&probe(arguments));
            let ended = (code, said.as_str());
            assert_eq!(ended, (Some(status), ""), "{arguments:?} {error}");
            let are_named = words.iter().all(|it| error.contains(it));
            assert!(are_named, "{arguments:?} {error}");
        }
    }
}

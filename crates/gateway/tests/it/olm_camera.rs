//! A board behind the RS485 of a camera of 臻识, over HTTP and over TCP.

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::board::{OlmBoard, OlmFault};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{DisplaySpeaks, LanePlan, LotPlan, Speaks, VirtualLot};
use serde_json::{Value, json};

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{Gateway, Site};
use crate::wire::eventually;

const KEY: &str = "a-long-random-word";

struct World {
    platform: Platform,
    _controller: Controller,
    gateway: Gateway,
    lot: VirtualLot,
    board: OlmBoard,
}

/// A lane with a camera, its barrier, its loops, and a board behind it.
async fn world(speaks: Speaks, more: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    // The camera that pushes has to know where to before the gateway is there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let devices = free.local_addr().unwrap();
    drop(free);
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, KEY.into());
    lane.speaks = speaks;
    lane.display = Some(device("LED-01"));
    lane.display_speaks = DisplaySpeaks::OlmCamera;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    let lot = VirtualLot::start(plan, &format!("http://{devices}")).await;
    let lot = lot.unwrap();
    let camera = match speaks {
        Speaks::VzTcp => format!(
            "[[lot.vz_tcp]]\nname = \"IN-01\"\naddress = \"{}\"\npoll = \"20ms\"\n\
             recognizer = \"CAM-01\"\n[lot.vz_tcp.barrier]\ndevice = \"BAR-01\"\nconfirm = \
             \"taken\"\n{}",
            lot.camera_address("01").unwrap(),
            inputs("vz_tcp"),
        ),
        Speaks::Vz | Speaks::Qy | Speaks::Generic => format!(
            "[[lot.vz]]\nname = \"IN-01\"\nkey = \"{KEY}\"\nrecognizer = \"CAM-01\"\n\
             [lot.vz.barrier]\ndevice = \"BAR-01\"\nconfirm = \"taken\"\n{}",
            inputs("vz"),
        ),
        Speaks::VzMqtt => format!(
            "[lot.mqtt]\naddress = \"{}\"\n[[lot.vz_mqtt]]\nname = \"IN-01\"\nserial = \
             \"CAM-01\"\nrecognizer = \"CAM-01\"\n[lot.vz_mqtt.barrier]\ndevice = \
             \"BAR-01\"\nconfirm = \"taken\"\n{}",
            lot.broker_address().unwrap(),
            inputs("vz_mqtt"),
        ),
        other => panic!("no RS485 is played of {other:?}"),
    };
    let board = format!(
        "\n{camera}\n[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\ncamera = \
         \"IN-01\"\nvoice = true\n{more}\n[[lot.place]]\nnumber = \"A-001\""
    );
    // As long as in life, so that a busy machine keeps up.
    let gateway = Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &board)
        .with(
            "devices = \"127.0.0.1:0\"",
            &format!("devices = \"{devices}\""),
        )
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .with("act = \"500ms\"", "act = \"3s\"")
        .start()
        .await;
    let board = lot.board("01").unwrap().clone();
    World {
        platform,
        _controller: controller,
        gateway,
        lot,
        board,
    }
}

fn inputs(family: &str) -> String {
    let input = |number: u8, role: &str, device: &str| {
        format!(
            "[[lot.{family}.input]]\nnumber = {number}\nis = \"{role}\"\ndevice = \"{device}\"\n"
        )
    };
    input(1, "trigger_loop", "CAM-01") + &input(2, "safety_loop", "BAR-01")
}

impl World {
    async fn shows(&self, lines: [&str; 2]) {
        let shown = || (self.board.lines()[..2] == lines).then_some(());
        eventually(&format!("it shows {lines:?}"), shown).await;
    }

    async fn told(&self, text: &str) -> Value {
        let own = json!({"deviceNo": "LED-01", "msg": [{"text": text}]});
        self.gateway.call("/receiveShowMsg", own).await
    }

    async fn a_vehicle_passes(&self) {
        let vehicle = Vehicle::new(Plate::read("粤B12345").unwrap(), PlateColor::Blue);
        let driving = self.lot.drive("01", vehicle).unwrap();
        self.shows(["粤B12345", " 请通行"]).await;
        assert_eq!(driving.await.outcome, Outcome::Crossed);
        assert_eq!(self.board.said(), ["粤B12345,请通行"]);
        self.shows(["欢迎光临", ""]).await;
        self.platform.hears("/receiveCrossGate", 1).await;
    }
}

/// SHOW-1, SHOW-2, CROSS-1: what the board answers comes back through the camera.
#[tokio::test]
async fn a_vehicle_passes_before_a_board_behind_a_camera_over_http() {
    let world = world(Speaks::Vz, "").await;
    world.shows(["欢迎光临", ""]).await;
    assert_eq!(world.told("请缴费").await["respCode"], "0");
    assert_eq!(world.board.lines()[0], "请缴费");
    world.shows(["欢迎光临", ""]).await;
    world.a_vehicle_passes().await;
    world.board.fails(OlmFault::Dead);
    let silent = world.told("请倒车").await;
    assert_eq!(silent["respCode"], "1", "{silent}");
    let why = silent["respDesc"].as_str().unwrap();
    assert!(why.starts_with("DISPLAY_SILENT"), "{why}");
    world.lot.stop().await;
}

/// SHOW-2: nothing is known to come back there, so that nobody says it is shown.
#[tokio::test]
async fn a_vehicle_passes_before_a_board_behind_a_camera_over_tcp() {
    let world = world(Speaks::VzTcp, "").await;
    world.shows(["欢迎光临", ""]).await;
    let unknown = world.told("请缴费").await;
    assert_eq!(unknown["respCode"], "1", "{unknown}");
    assert!(unknown["respDesc"].as_str().unwrap().contains("未知"));
    assert_eq!(world.board.lines()[0], "请缴费");
    world.shows(["欢迎光临", ""]).await;
    world.a_vehicle_passes().await;
    let drivers = world.gateway.status().await["drivers"].clone();
    let board = drivers
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["driver"] == "olm");
    let board = board.unwrap();
    let shown = (&board["state"], &board["address"]);
    assert_eq!(shown, (&json!("unknown"), &json!("IN-01 485-1")));
    world.lot.stop().await;
}

/// SHOW-1, SHOW-2, CROSS-1: through a broker a board counts as one that answers only where somebody has
/// said that it does.
#[tokio::test]
async fn a_vehicle_passes_before_a_board_behind_a_camera_over_mqtt() {
    for (more, code) in [("", "1"), ("expect_ack = true", "0")] {
        let world = world(Speaks::VzMqtt, more).await;
        world.shows(["欢迎光临", ""]).await;
        let told = world.told("请缴费").await;
        assert_eq!(told["respCode"], code, "{told}");
        assert_eq!(world.board.lines()[0], "请缴费");
        world.shows(["欢迎光临", ""]).await;
        world.a_vehicle_passes().await;
        world.lot.stop().await;
    }
}

/// ABN-1, SHOW-2: of a board without answers nobody knows whether it is there; its camera is what is
/// missed.
#[tokio::test]
async fn a_board_of_which_nothing_is_known_is_not_reported() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let equipment = "\n[[lot.vz]]\nname = \"IN-01\"\nkey = \"a-long-random-word\"\n\
        recognizer = \"CAM-01\"\n[[lot.olm]]\nname = \"屏\"\ndisplay = \"LED-01\"\n\
        camera = \"IN-01\"\nexpect_ack = false\n[[lot.place]]\nnumber = \"A-001\"";
    let gateway = Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", equipment)
        .with("[[lot]]", "[supervision]\ncheck = \"50ms\"\n[[lot]]")
        .start()
        .await;
    let found = "SELECT count(*) FROM device_state WHERE online AND device = 'LED-01'";
    gateway.counts(found, 1).await;
    let camera = "SELECT count(*) FROM device_state WHERE online AND device = 'CAM-01'";
    assert_eq!(gateway.count(camera), 0);
    let own = json!({"deviceNo": "LED-01", "msg": [{"text": "请缴费"}]});
    let reply = gateway.call("/receiveShowMsg", own).await;
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.starts_with("DISPLAY_FAILED"), "{why}");
}

//! A lane whose camera is one of 臻识 or 芊熠 over HTTP: the loops and the arm on its inputs, the
//! barrier on its output. The camera is the simulator's, or raw bytes as the maker documents them.

use std::sync::Arc;
use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::camera::{PushError, VzAnswer, VzCamera, VzOrder, VzPlate};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{LanePlan, LotPlan, Speaks, VirtualLot};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::controller::Controller;
use crate::platform::{NO, Platform, Reply};
use crate::site::{Gateway, Site};
use crate::wire::PATIENCE;

const KEY: &str = "camera-key-one";
const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

const PULSE: VzOrder = VzOrder::Output {
    io: 0,
    value: 2,
    delay: 500,
};

pub(crate) struct World {
    platform: Platform,
    _controller: Controller,
    pub(crate) gateway: Gateway,
    pub(crate) camera: VzCamera,
}

/// `said` is what is said of the camera beside its wiring.
pub(crate) async fn world(said: &str, barrier: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let gateway = site(&platform, &controller, said, barrier).start().await;
    let url = format!("http://{}/vz/{KEY}", gateway.devices);
    let mut camera = VzCamera::new(&url, SERIAL).unwrap();
    camera.is_qy = said.contains("\"qy\"");
    World {
        platform,
        _controller: controller,
        gateway,
        camera,
    }
}

fn site(platform: &Platform, controller: &Controller, said: &str, barrier: &str) -> Site {
    let camera = format!(
        r#"
[[lot.vz]]
name = "IN-01"
key = "{KEY}"
recognizer = "CAM-01"
{said}
[lot.vz.barrier]
device = "BAR-01"
{barrier}
[[lot.vz.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.vz.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
[[lot.vz.input]]
number = 3
is = "arm_up"
device = "BAR-01"
[[lot.vz.input]]
number = 4
is = "arm_down"
device = "BAR-01"
[[lot.place]]
number = "A-001""#
    );
    Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &camera)
        .with("act = \"500ms\"", "act = \"3s\"")
}

pub(crate) fn plate(number: u64, license: &str) -> VzPlate {
    VzPlate {
        number,
        license: license.to_owned(),
        color: 1,
        confidence: 97,
        at: Timestamp::from_second(1_763_861_400).unwrap(),
        is_offline: false,
        image: String::new(),
    }
}

impl World {
    /// What the camera is told next, however often it has to ask.
    pub(crate) async fn told(&self) -> Vec<VzOrder> {
        let end = Instant::now() + PATIENCE;
        loop {
            let orders = self.camera.ask().await.unwrap().orders;
            if !orders.is_empty() {
                return orders;
            }
            assert!(Instant::now() < end, "the camera is told nothing");
        }
    }

    fn asks(&self) -> JoinHandle<VzAnswer> {
        let camera = self.camera.clone();
        tokio::spawn(async move { camera.ask().await.unwrap() })
    }

    async fn arrives(&self, license: &str) {
        self.camera.input(0, true).await.unwrap();
        let what = "the loop counts as pressed";
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until(what, pressed).await;
        self.camera.plate(&plate(10452, license)).await.unwrap();
    }

    async fn open(&self) -> Value {
        let own = json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": ""});
        self.gateway.call("/receiveOpenGate", own).await
    }

    pub(crate) async fn driver(&self) -> Value {
        self.gateway.status().await["drivers"][0].clone()
    }
}

/// RECOG-1, RECOG-3, CROSS-1: pushed at once, opened later over comet, shown by the arm.
#[tokio::test]
async fn a_vehicle_passes_a_lane_whose_only_device_is_a_camera() {
    let world = world("serial = \"A1B2C3D4-0e1f2a3b\"\nwait = \"100ms\"", "").await;
    world.arrives("粤B12345").await;
    assert_eq!(world.told().await, [PULSE]);
    world.camera.input(2, true).await.unwrap();
    let up = |lane: &Value| lane["arm"] == "up";
    world.gateway.until("the arm is up", up).await;
    // It has what it was told, and is told nothing twice.
    assert!(world.camera.ask().await.unwrap().orders.is_empty());
    world.camera.input(1, true).await.unwrap();
    let pressed = |lane: &Value| lane["safety_loop"] == true;
    world.gateway.until("the vehicle crosses", pressed).await;
    world.camera.input(0, false).await.unwrap();
    world.camera.input(1, false).await.unwrap();
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    assert_eq!(read[0]["color"], "blue");
    assert_eq!(read[0]["reliability"], 97);
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["plateNumber"], "粤B12345");
    assert_eq!(crossed[0]["uuid"], read[0]["uuid"]);
    let driver = world.driver().await;
    assert_eq!(driver["state"], "online");
    assert_eq!(driver["driver"], "vz http");
}

/// RECOG-1: a camera that is kept waiting sends again; the platform's answer is not its affair.
#[tokio::test]
async fn a_push_is_answered_before_the_platform_has_decided() {
    let world = world("wait = \"100ms\"", "").await;
    let permits = Arc::new(Semaphore::new(0));
    let when = Arc::clone(&permits);
    world
        .platform
        .answers(move |_, _| Reply::When(Arc::clone(&when)));
    world.arrives("粤B12345").await;
    world.platform.hears("/receivePlateNumber", 1).await;
    assert!(world.camera.ask().await.unwrap().orders.is_empty());
    permits.add_permits(100);
    assert_eq!(world.told().await, [PULSE]);
}

/// OPEN-7: the camera took the command, which proves nothing; the arm does.
#[tokio::test]
async fn a_command_counts_as_done_only_when_the_arm_is_up() {
    let world = world("wait = \"100ms\"", "").await;
    let (reply, orders) = tokio::join!(world.open(), async {
        let orders = world.told().await;
        world.camera.ask().await.unwrap();
        orders
    });
    assert_eq!(orders, [PULSE]);
    assert_eq!(reply["respCode"], "1", "{reply}");
    let travelled = |lane: &Value| lane["arm"].is_null();
    world
        .gateway
        .until("nobody has seen the arm", travelled)
        .await;
    let (reply, _) = tokio::join!(world.open(), async {
        assert_eq!(world.told().await, [PULSE]);
        world.camera.ask().await.unwrap();
        world.camera.input(2, true).await.unwrap();
    });
    assert_eq!(reply["respCode"], "0", "{reply}");
}

/// OPEN-7: where no limit switch is, the configuration says what counts.
#[tokio::test]
async fn a_command_that_the_camera_took_counts_where_that_is_configured() {
    let world = world("wait = \"100ms\"", "confirm = \"taken\"").await;
    let (reply, _) = tokio::join!(world.open(), async {
        assert_eq!(world.told().await, [PULSE]);
        world.camera.ask().await.unwrap();
    });
    assert_eq!(reply["respCode"], "0", "{reply}");
}

/// OPEN-7: what nobody fetched is withdrawn, and never carried out later.
#[tokio::test]
async fn a_command_that_the_camera_does_not_fetch_is_not_done() {
    let world = world("wait = \"100ms\"", "").await;
    let reply = world.open().await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.contains("未取走"), "{why}");
    assert!(world.camera.ask().await.unwrap().orders.is_empty());
}

/// RECOG-1: what a camera sends again, since it missed the answer, is one vehicle.
#[tokio::test]
async fn a_push_that_comes_again_is_one_recognition() {
    let world = world("wait = \"100ms\"", "").await;
    world.platform.answers(|_, _| NO);
    world.arrives("粤B12345").await;
    for _ in 0..3 {
        world.camera.plate(&plate(10452, "粤B12345")).await.unwrap();
    }
    let count = "SELECT count(*) FROM recognition";
    world.gateway.counts(count, 1).await;
}

/// What was read while the gateway was away is recorded with its own time, once, and opens nothing.
#[tokio::test]
async fn a_record_from_the_cameras_memory_never_opens_and_is_known_again() {
    let world = world("wait = \"100ms\"", "").await;
    world.camera.input(0, true).await.unwrap();
    let kept = VzPlate {
        is_offline: true,
        ..plate(7, "粤B12345")
    };
    for _ in 0..2 {
        let answer = world.camera.plate(&kept).await.unwrap();
        assert!(answer.goes_on, "the camera may send the next one");
        assert!(answer.orders.is_empty());
    }
    let heard = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(heard[0]["recognitionTime"], "20251123 09:30:00");
    assert!(world.camera.ask().await.unwrap().orders.is_empty());
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
}

/// A camera of 芊熠 sends for ever what it is not told to stop, also what cannot be read.
#[tokio::test]
async fn the_dialect_of_qy_is_told_to_stop_and_opens_by_its_heartbeat() {
    let world = world("dialect = \"qy\"", "confirm = \"taken\"").await;
    world.camera.input(0, true).await.unwrap();
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    world.gateway.until("the loop is pressed", pressed).await;
    let answer = world.camera.plate(&plate(0, "粤B12345")).await.unwrap();
    assert!(answer.stops && answer.orders.is_empty());
    assert_eq!(world.told().await, [VzOrder::Open]);
    let answer = world
        .camera
        .push("{\"AlarmInfoPlate\":", "application/json");
    assert!(answer.await.unwrap().stops);
    assert_eq!(world.driver().await["faults"], 1);
    let other = world.camera.push("{\"Quick\":{}}", "application/json");
    assert!(other.await.unwrap().stops, "nor may this come again");
    let input = r#"{"AlarmGioIn":{"result":{"TriggerResult":{"source":0,"value":0}}}}"#;
    let url = format!("http://{}/vz/{KEY}", world.gateway.devices);
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    let request = client.build().unwrap().post(url).body(input);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.text().await.unwrap(), "", "as the servers in use do");
}

/// The only way to be told of a camera that does not ask: in the answer to its plate.
#[tokio::test]
async fn a_camera_that_does_not_ask_is_told_in_the_answer_to_its_plate() {
    let said = "comet = false\nreply_wait = \"2s\"";
    let world = world(said, "confirm = \"taken\"").await;
    world.camera.input(0, true).await.unwrap();
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    world.gateway.until("the loop is pressed", pressed).await;
    let answer = world.camera.plate(&plate(1, "粤B12345")).await.unwrap();
    assert_eq!(answer.orders, [PULSE]);
    assert!(world.camera.ask().await.unwrap().orders.is_empty());
}

/// D-7
#[tokio::test]
async fn strangers_and_what_cannot_be_read_are_told_so() {
    let world = world("serial = \"a1b2c3d4-0e1f2a3b\"", "").await;
    let refused = |result: Result<VzAnswer, PushError>| match result {
        Err(PushError::Refused(status, why)) => (status, why),
        other => panic!("{other:?}"),
    };
    let url = format!("http://{}/vz/another-key", world.gateway.devices);
    let stranger = VzCamera::new(&url, SERIAL).unwrap();
    let (status, _) = refused(stranger.plate(&plate(1, "粤B12345")).await);
    assert_eq!(status, 401);
    let url = format!("http://{}/vz/{KEY}/plateresult.php", world.gateway.devices);
    let other = VzCamera::new(&url, "ffffffff-00000000").unwrap();
    let (status, why) = refused(other.plate(&plate(1, "粤B12345")).await);
    assert_eq!(status, 403);
    assert!(why.contains("ffffffff"), "{why}");
    for garbage in [
        "",
        "hello",
        "[]",
        "{\"AlarmInfoPlate\":1}",
        "{\"AlarmGioIn\":{}}",
    ] {
        let pushed = world.camera.push(garbage, "application/json").await;
        if garbage.is_empty() {
            pushed.unwrap();
            continue;
        }
        let (status, why) = refused(pushed);
        assert_eq!(status, 400, "{garbage}: {why}");
    }
    assert!(world.platform.heard("/receivePlateNumber").is_empty());
    assert_eq!(world.driver().await["faults"], 5);
}

/// ABN-3: three heartbeats that do not come.
#[tokio::test]
async fn a_camera_that_falls_silent_is_offline_and_its_barrier_with_it() {
    let said = "comet = false\nheartbeat = \"50ms\"\nreply_wait = \"10ms\"";
    let world = world(said, "").await;
    assert_eq!(world.driver().await["state"], "offline");
    world.camera.ask().await.unwrap();
    let end = Instant::now() + PATIENCE;
    while world.driver().await["state"] != "offline" {
        assert!(Instant::now() < end, "it is missed");
    }
    world.camera.ask().await.unwrap();
    assert_eq!(world.driver().await["connections"], 2);
}

/// A question for commands does not keep the gateway from stopping.
#[tokio::test]
async fn a_gateway_that_stops_answers_who_waits() {
    let world = world("wait = \"30s\"", "").await;
    let asking = world.asks();
    let there = || async { world.driver().await["received"].as_u64() > Some(0) };
    while !there().await {}
    world.gateway.stop_within(PATIENCE).await;
    assert!(asking.await.unwrap().orders.is_empty());
}

/// CROSS-1: a whole lot, nearly as slow as life, told by the camera.
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_speaks_as_vz() {
    drive_through(Speaks::Vz, "").await;
}

/// CROSS-1
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_speaks_as_qy() {
    drive_through(Speaks::Qy, "dialect = \"qy\"").await;
}

async fn drive_through(speaks: Speaks, said: &str) {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    // As long as in life, so that a busy machine keeps up.
    let site = site(&platform, &controller, said, "")
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"");
    let gateway = site.start().await;
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, KEY.into());
    lane.speaks = speaks;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    let url = format!("http://{}", gateway.devices);
    let lot = VirtualLot::start(plan, &url).await.unwrap();
    for license in ["粤B12345", "粤BD12345"] {
        let vehicle = Vehicle::new(Plate::read(license).unwrap(), PlateColor::Blue);
        let passage = lot.drive("01", vehicle).unwrap().await;
        assert_eq!(passage.outcome, Outcome::Crossed, "{license}");
    }
    let crossed = platform.hears("/receiveCrossGate", 2).await;
    let plates = [&crossed[0]["plateNumber"], &crossed[1]["plateNumber"]];
    assert_eq!(plates, ["粤B12345", "粤BD12345"]);
    assert_eq!(lot.ledger().idle_lifts().count(), 0);
    let read = platform.hears("/receivePlateNumber", 2).await;
    let image = read[0]["image"].as_str().unwrap();
    assert!(image.starts_with("https://lot.example/"), "{image}");
    lot.stop().await;
}

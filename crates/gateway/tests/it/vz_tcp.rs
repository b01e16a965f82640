//! A lane whose camera is one of 臻识 over TCP: loops on its inputs, the barrier on its output.

use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::camera::{VzOrder, VzPlate, VzTcpCamera, VzTcpFault};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{LanePlan, LotPlan, Speaks, VirtualLot};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{Gateway, Site};
use crate::wire::{PATIENCE, eventually};

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

const PULSE: VzOrder = VzOrder::Output {
    io: 0,
    value: 2,
    delay: 500,
};

struct World {
    platform: Platform,
    controller: Controller,
    gateway: Gateway,
    camera: VzTcpCamera,
    orders: mpsc::Receiver<VzOrder>,
}

async fn world(confirm: &str, fault: VzTcpFault) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, orders) = VzTcpCamera::start(listener, SERIAL).unwrap();
    camera.fails(fault);
    let site = site(&platform, &controller, &camera.address.to_string(), confirm);
    let gateway = site.start().await;
    World {
        platform,
        controller,
        gateway,
        camera,
        orders,
    }
}

fn site(platform: &Platform, controller: &Controller, address: &str, confirm: &str) -> Site {
    let camera = format!(
        r#"
[[lot.vz_tcp]]
name = "IN-01"
address = "{address}"
recognizer = "CAM-01"
poll = "20ms"
[lot.vz_tcp.barrier]
device = "BAR-01"
confirm = "{confirm}"
[[lot.vz_tcp.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.vz_tcp.input]]
number = 2
is = "safety_loop"
device = "BAR-01"
[[lot.place]]
number = "A-001""#
    );
    Site::new(&platform.url(), &controller.url())
        .with("\n[[lot.place]]\nnumber = \"A-001\"", &camera)
        .with("act = \"500ms\"", "act = \"3s\"")
}

fn plate(number: u64, license: &str) -> VzPlate {
    VzPlate {
        number,
        license: license.to_owned(),
        color: 1,
        confidence: 97,
        at: Timestamp::now(),
        is_offline: false,
        image: "/9j/4AAQ".to_owned(),
    }
}

impl World {
    async fn is_there(&self) {
        eventually("the gateway listens", || {
            self.camera.is_heard().then_some(())
        })
        .await;
    }

    async fn arrives(&self, license: &str) {
        self.is_there().await;
        self.camera.input(0, true);
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until("the loop is pressed", pressed).await;
        assert!(self.camera.plate(&plate(311, license)));
    }

    async fn told(&mut self) -> VzOrder {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv());
        order.await.unwrap().unwrap()
    }

    async fn command(&self, mode: &str) -> Value {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": ""});
        self.gateway.call("/receiveOpenGate", own).await
    }

    async fn driver(&self) -> Value {
        self.gateway.status().await["drivers"][0].clone()
    }

    async fn is(&self, state: &str) {
        let end = Instant::now() + PATIENCE * 2;
        while self.driver().await["state"] != state {
            assert!(Instant::now() < end, "it is {state}");
        }
    }
}

/// RECOG-1, RECOG-3, CROSS-1: also of a camera whose every byte comes alone.
#[tokio::test]
async fn a_vehicle_passes_however_the_frames_are_cut() {
    let mut world = world("taken", VzTcpFault::Dribbles).await;
    world.arrives("粤B12345").await;
    assert_eq!(world.told().await, PULSE);
    world
        .controller
        .shows("LED-01", &["粤B12345", "请通行"])
        .await;
    world.camera.input(1, true);
    let pressed = |lane: &Value| lane["safety_loop"] == true;
    world.gateway.until("the vehicle crosses", pressed).await;
    world.camera.input(0, false);
    world.camera.input(1, false);
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    assert!(read[0]["image"].as_str().unwrap().starts_with("https://"));
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], read[0]["uuid"]);
    assert!(world.orders.is_empty(), "it is told nothing twice");
}

/// RECOG-1: the picture comes behind the words, in a frame of several hundred kilobytes.
#[tokio::test]
async fn a_whole_picture_comes_with_the_plate() {
    let mut world = world("taken", VzTcpFault::None).await;
    world.is_there().await;
    world.camera.input(0, true);
    let large = VzPlate {
        image: format!("/9j/{}", "AAAA".repeat(100_000)),
        ..plate(1, "粤B12345")
    };
    assert!(world.camera.plate(&large));
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    let url = read[0]["image"].as_str().unwrap();
    let path = url.strip_prefix("https://lot.example").unwrap();
    let picture = world.gateway.get(path).await.bytes().await.unwrap();
    assert_eq!(picture.len(), 300_003);
    assert_eq!(world.told().await, PULSE);
}

/// OPEN-7: what the camera took is done where that is configured, and else when the arm shows it.
#[tokio::test]
async fn a_command_that_only_the_camera_confirms_is_worth_what_is_configured() {
    for (confirm, code) in [("taken", "0"), ("arm", "1")] {
        let mut world = world(confirm, VzTcpFault::None).await;
        world.is_there().await;
        let reply = world.command("3").await;
        assert_eq!(reply["respCode"], code, "{confirm}: {reply}");
        assert_eq!(world.told().await, PULSE);
        assert!(world.orders.is_empty());
    }
}

/// OPEN-7: nobody knows, so that nobody is told it was done, and nothing is sent again.
#[tokio::test]
async fn a_command_that_nothing_confirms_is_unknown_and_not_sent_again() {
    let mut world = world("taken", VzTcpFault::None).await;
    world.is_there().await;
    world.camera.fails(VzTcpFault::Mute);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert_eq!(world.told().await, PULSE);
    world.camera.cut();
    world.camera.fails(VzTcpFault::None);
    world.is_there().await;
    assert!(world.orders.is_empty());
}

/// OPEN-1, OPEN-2: a camera that comes back may have lost its power, and is told to hold again.
#[tokio::test]
async fn a_hold_outlives_the_connection() {
    let mut world = world("taken", VzTcpFault::None).await;
    world.is_there().await;
    assert_eq!(world.command("0").await["respCode"], "0");
    let output = |value| VzOrder::Output {
        io: 0,
        value,
        delay: 0,
    };
    assert_eq!(world.told().await, output(1));
    world.camera.cut();
    assert_eq!(world.told().await, output(1));
    world.is_there().await;
    assert_eq!(world.command("1").await["respCode"], "0");
    assert_eq!(world.told().await, output(0));
    world.camera.cut();
    world.is_there().await;
    assert_eq!(world.camera.connections(), 3);
    assert!(world.orders.is_empty());
}

/// ABN-3: a camera that hangs keeps its connection, and says nothing.
#[tokio::test]
async fn a_camera_that_hangs_is_offline_and_comes_back() {
    let world = world("taken", VzTcpFault::None).await;
    world.is("online").await;
    world.camera.fails(VzTcpFault::Dead);
    world.is("offline").await;
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.camera.fails(VzTcpFault::None);
    world.is("online").await;
    assert!(world.driver().await["faults"].as_u64() >= Some(1));
}

/// A camera that was put in another's place.
#[tokio::test]
async fn another_camera_is_not_listened_to() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, _orders) = VzTcpCamera::start(listener, SERIAL).unwrap();
    let gateway = site(&platform, &controller, &camera.address.to_string(), "taken")
        .with("poll = \"20ms\"", "serial = \"ffffffff-00000000\"")
        .start()
        .await;
    let fault = async || gateway.status().await["drivers"][0]["last_fault"].clone();
    let end = Instant::now() + PATIENCE;
    while fault().await.is_null() {
        assert!(Instant::now() < end, "it is refused");
    }
    let why = fault().await;
    let why = why.as_str().unwrap();
    assert!(why.contains(SERIAL) && why.contains("ffffffff"), "{why}");
    assert!(!camera.is_heard());
}

/// CROSS-1: a whole lot, nearly as slow as life.
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_speaks_as_vz_over_tcp() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, "unused".into());
    lane.speaks = Speaks::VzTcp;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    let lot = VirtualLot::start(plan, "http://127.0.0.1:1").await.unwrap();
    let address = lot.camera_address("01").unwrap().to_string();
    // As long as in life, so that a busy machine keeps up.
    let _gateway = site(&platform, &controller, &address, "taken")
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .start()
        .await;
    for license in ["粤B12345", "粤BD12345"] {
        let vehicle = Vehicle::new(Plate::read(license).unwrap(), PlateColor::Blue);
        let passage = lot.drive("01", vehicle).unwrap().await;
        assert_eq!(passage.outcome, Outcome::Crossed, "{license}");
    }
    let crossed = platform.hears("/receiveCrossGate", 2).await;
    let plates = [&crossed[0]["plateNumber"], &crossed[1]["plateNumber"]];
    assert_eq!(plates, ["粤B12345", "粤BD12345"]);
    assert_eq!(lot.ledger().idle_lifts().count(), 0);
    lot.stop().await;
}

#[tokio::test]
async fn the_last_frames_of_a_camera_can_be_looked_at_without_its_pictures() {
    let mut world = world("taken", VzTcpFault::None).await;
    world.arrives("粤B12345").await;
    assert_eq!(world.told().await, PULSE);
    let path = "/lots/L1/frames?device=IN-01&limit=200";
    let (_, frames) = world.gateway.booth(Method::GET, path, Value::Null).await;
    let frames = frames["items"].as_array().unwrap();
    let has = |way: &str, words: &str| {
        let text = |it: &Value| it["text"].as_str().unwrap().contains(words);
        frames.iter().any(|it| it["way"] == way && text(it))
    };
    assert!(has("heard", "粤B12345"), "{frames:?}");
    assert!(has("sent", "\"cmd\":\"ioctl\""), "{frames:?}");
    assert!(has("heard", "get_gpio_value"), "{frames:?}");
    assert!(
        frames.len() < 12,
        "an input that is as it was is not kept: {frames:?}"
    );
}

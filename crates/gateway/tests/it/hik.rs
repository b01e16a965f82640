//! A lane whose camera is one of 海康: it pushes, and is called for its inputs, its barrier and the
//! state of that. The camera is the simulator's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::camera::{
    HikCamera, HikFault, HikGate, HikNamespace, HikOrder, HikPlate, PushError,
};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{LanePlan, LotPlan, Speaks, VirtualLot};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use crate::controller::Controller;
use crate::platform::{NO, Platform, Reply};
use crate::site::{Gateway, SETTLED, Site};
use crate::wire::PATIENCE;

const KEY: &str = "camera-key-one";
const SERIAL: &str = "DS-TCG000-SIM-0001";
/// Looks at two inputs and the gate, and one that was under way.
const LOOKS: u64 = 4;

pub(crate) const PASSWORD: &str = "Demo#2026";

pub(crate) struct World {
    pub(crate) platform: Platform,
    _controller: Controller,
    pub(crate) gateway: Gateway,
    pub(crate) camera: HikCamera,
    pub(crate) orders: mpsc::Receiver<HikOrder>,
}

/// A gateway with a camera; `said` is what is said of it beside its wiring.
pub(crate) async fn world(said: &str, barrier: &str) -> World {
    world_with(said, barrier, &[]).await
}

pub(crate) async fn world_with(said: &str, barrier: &str, replaced: &[(&str, &str)]) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let started = HikCamera::start(listener, SERIAL, "gateway", PASSWORD);
    let (camera, orders) = started.unwrap();
    camera.gate(HikGate::Closed);
    let address = camera.address.to_string();
    let mut site = site(&platform, &controller, &address, said, barrier);
    for (old, new) in replaced {
        site = site.with(old, new);
    }
    let gateway = site.start().await;
    camera.pushes_to(&format!("http://{}/hik/{KEY}", gateway.devices));
    World {
        platform,
        _controller: controller,
        gateway,
        camera,
        orders,
    }
}

pub(crate) fn site(
    platform: &Platform,
    controller: &Controller,
    address: &str,
    said: &str,
    barrier: &str,
) -> Site {
    let camera = format!(
        r#"
[[lot.hik]]
name = "IN-01"
address = "{address}"
user = "gateway"
password = "{PASSWORD}"
recognizer = "CAM-01"
{said}
[lot.hik.barrier]
device = "BAR-01"
{barrier}
[[lot.hik.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.hik.input]]
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

/// One that pushes.
pub(crate) fn pushing() -> String {
    format!("key = \"{KEY}\"\npoll = \"60ms\"")
}

pub(crate) fn plate(license: &str) -> HikPlate {
    HikPlate {
        license: license.to_owned(),
        color: "blue".to_owned(),
        confidence: 97,
        at: Timestamp::from_second(1_763_861_400).unwrap(),
        is_replay: false,
        image: String::new(),
    }
}

/// A command of its own: one that comes again byte for byte is answered as it was (D-5).
pub(crate) fn order(mode: &str) -> Value {
    static ORDERS: AtomicU16 = AtomicU16::new(0);
    let number = ORDERS.fetch_add(1, Ordering::Relaxed);
    let plate = format!("粤B{number:05}");
    json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": plate})
}

pub(crate) fn gate(word: &str) -> HikOrder {
    HikOrder::Gate(word.to_owned())
}

impl World {
    pub(crate) async fn loop_is_pressed(&self) {
        self.camera.input(0, true);
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until("the loop is pressed", pressed).await;
    }

    /// What the camera is told next.
    pub(crate) async fn told(&mut self) -> HikOrder {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv());
        order.await.unwrap().unwrap()
    }

    /// The vehicle that was let through drives on and away.
    pub(crate) async fn crosses(&self) {
        self.camera.input(1, true);
        let pressed = |lane: &Value| lane["safety_loop"] == true;
        self.gateway.until("the vehicle crosses", pressed).await;
        self.camera.input(0, false);
        self.camera.input(1, false);
    }

    pub(crate) async fn command(&self, mode: &str) -> Value {
        self.gateway.call("/receiveOpenGate", order(mode)).await
    }

    pub(crate) async fn driver(&self) -> Value {
        self.gateway.status().await["drivers"][0].clone()
    }

    /// What the lot has decided by now would have been told: the gateway tells before it looks, and
    /// has looked at everything once more.
    pub(crate) async fn has_had_time_for_an_order(&self) {
        let sent = async || self.driver().await["sent"].as_u64().unwrap();
        let (before, end) = (sent().await, Instant::now() + PATIENCE);
        while sent().await < before + LOOKS {
            assert!(Instant::now() < end, "it looks at its camera");
        }
    }

    pub(crate) async fn is(&self, state: &str) {
        let end = Instant::now() + PATIENCE * 2;
        while self.driver().await["state"] != state {
            assert!(Instant::now() < end, "it is {state}");
        }
    }

    pub(crate) async fn has_fault(&self, words: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let fault = self.driver().await["last_fault"].clone();
            if fault.as_str().is_some_and(|it| it.contains(words)) {
                return;
            }
            assert!(Instant::now() < end, "{words} is not in {fault}");
        }
    }
}

/// RECOG-1, RECOG-3, CROSS-1: pushed with its picture, opened by a call, shown by the gate's state.
#[tokio::test]
async fn a_vehicle_passes_a_lane_whose_only_device_is_a_camera() {
    let said = pushing() + &format!("\nserial = \"{}\"", SERIAL.to_lowercase());
    let mut world = world(&said, "").await;
    world.camera.writes(HikNamespace::Prefixed);
    world.loop_is_pressed().await;
    let seen = HikPlate {
        image: format!("/9j/{}", "AAAA".repeat(100_000)),
        ..plate("粤B12345")
    };
    world.camera.push(&seen).await.unwrap();
    assert_eq!(world.told().await, gate("open"));
    world.camera.gate(HikGate::Open);
    let up = |lane: &Value| lane["arm"] == "up";
    world.gateway.until("the arm is up", up).await;
    world.crosses().await;
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    assert_eq!(read[0]["color"], "blue");
    assert_eq!(read[0]["reliability"], 97);
    let url = read[0]["image"].as_str().unwrap();
    let path = url.strip_prefix("https://lot.example").unwrap();
    let picture = world.gateway.get(path).await.bytes().await.unwrap();
    assert_eq!(picture.len(), 300_003);
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], read[0]["uuid"]);
    assert!(world.orders.is_empty(), "it is told nothing twice");
    let driver = world.driver().await;
    assert_eq!(
        (&driver["state"], &driver["driver"]),
        (&json!("online"), &json!("hik"))
    );
}

/// RECOG-1: a camera that is kept waiting sends again; the platform's answer is not its affair.
#[tokio::test]
async fn a_push_is_answered_before_the_platform_has_decided() {
    let mut world = world(&pushing(), "").await;
    let permits = Arc::new(Semaphore::new(0));
    let when = Arc::clone(&permits);
    world
        .platform
        .answers(move |_, _| Reply::When(Arc::clone(&when)));
    world.loop_is_pressed().await;
    world.camera.push(&plate("粤B12345")).await.unwrap();
    world.platform.hears("/receivePlateNumber", 1).await;
    world.has_had_time_for_an_order().await;
    assert!(world.orders.is_empty());
    permits.add_permits(100);
    assert_eq!(world.told().await, gate("open"));
}

/// RECOG-1: what a camera sends again, since it missed the answer, is one vehicle.
#[tokio::test]
async fn a_push_that_comes_again_is_one_recognition() {
    let world = world(&pushing(), "").await;
    world.platform.answers(|_, _| NO);
    world.loop_is_pressed().await;
    for _ in 0..3 {
        world.camera.push(&plate("粤B12345")).await.unwrap();
    }
    let count = "SELECT count(*) FROM recognition";
    world.gateway.counts(count, 1).await;
}

/// What was read while the gateway was away is recorded with its own time, once, and opens nothing.
#[tokio::test]
async fn a_record_from_the_cameras_memory_never_opens_and_is_known_again() {
    let world = world(&pushing(), "").await;
    world.loop_is_pressed().await;
    let kept = HikPlate {
        is_replay: true,
        ..plate("粤B12345")
    };
    for _ in 0..2 {
        world.camera.push(&kept).await.unwrap();
    }
    let heard = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(heard[0]["recognitionTime"], "20251123 09:30:00");
    world.gateway.counts(SETTLED, 1).await;
    world.has_had_time_for_an_order().await;
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
    assert!(world.orders.is_empty());
}

/// D-7; whatever else is not answered with 200 comes again for ever.
#[tokio::test]
async fn strangers_are_refused_and_what_cannot_be_read_is_a_fault_that_need_not_come_again() {
    let world = world(&pushing(), "").await;
    world.is("online").await;
    for (body, words) in [
        ("hello", "XML"),
        ("<ResponseStatus/>", "EventNotificationAlert"),
        ("<EventNotificationAlert/>", "eventType"),
    ] {
        world
            .camera
            .push_raw(body, "application/xml")
            .await
            .unwrap();
        world.has_fault(words).await;
    }
    let form = "--x\r\nContent-Disposition: form-data; name=\"anpr.json\"\r\n\r\n{}\r\n--x--";
    let pushed = world
        .camera
        .push_raw(form, "multipart/form-data; boundary=x");
    pushed.await.unwrap();
    world.has_fault("JSON").await;
    let other = "<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>";
    let pushed = world.camera.push_raw(other, "application/xml");
    pushed.await.unwrap();
    let stranger = format!("http://{}/hik/another-key", world.gateway.devices);
    world.camera.pushes_to(&stranger);
    let pushed = world.camera.push(&plate("粤B12345")).await;
    assert!(
        matches!(pushed, Err(PushError::Refused(401, _))),
        "{pushed:?}"
    );
    let ours = format!("http://{}/hik/{KEY}/any/end", world.gateway.devices);
    world.camera.pushes_to(&ours);
    let nonsense = world.camera.push_raw("x", "application/xml").await;
    nonsense.unwrap();
    assert!(world.platform.heard("/receivePlateNumber").is_empty());
}

/// ABN-3: a camera that hangs keeps its connection, and says nothing.
#[tokio::test]
async fn a_camera_that_hangs_is_offline_and_comes_back() {
    let world = world(&(pushing() + "\nanswer = \"200ms\""), "").await;
    world.is("online").await;
    world.camera.fails(HikFault::Dead);
    world.is("offline").await;
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.camera.fails(HikFault::None);
    world.is("online").await;
}

/// A camera that was put in another's place; and one that has no signal of its barrier.
#[tokio::test]
async fn another_camera_and_a_missing_signal_are_said() {
    let other = world(&(pushing() + "\nserial = \"OTHER-1\""), "").await;
    other.has_fault(SERIAL).await;
    assert_eq!(other.driver().await["state"], "offline");
    let world = world(&pushing(), "").await;
    world.camera.gate(HikGate::NoSignal);
    world.has_fault("到位信号").await;
}

/// CROSS-1: a whole lot, nearly as slow as life.
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_speaks_as_hik() {
    drive_through(Speaks::Hik, &format!("key = \"{PASSWORD}\"")).await;
}

pub(crate) async fn drive_through(speaks: Speaks, said: &str) {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let at = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = at.local_addr().unwrap();
    drop(at);
    let said = said.replace('#', "-");
    // As long as in life, so that a busy machine keeps up.
    let gateway = site(&platform, &controller, &address.to_string(), &said, "")
        .with(PASSWORD, "Demo-2026")
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .start()
        .await;
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device("CAM-01"), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, "Demo-2026".into());
    lane.speaks = speaks;
    lane.camera_listen = address;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    let url = format!("http://{}", gateway.devices);
    let lot = VirtualLot::start(plan, &url).await.unwrap();
    let end = Instant::now() + PATIENCE;
    while gateway.status().await["drivers"][0]["state"] != "online" {
        assert!(Instant::now() < end, "the camera is there");
    }
    for license in ["粤B12345", "粤BD12345"] {
        let vehicle = Vehicle::new(Plate::read(license).unwrap(), PlateColor::Blue);
        let passage = lot.drive("01", vehicle).unwrap().await;
        assert_eq!(passage.outcome, Outcome::Crossed, "{license}");
    }
    let crossed = platform.hears("/receiveCrossGate", 2).await;
    let plates = [&crossed[0]["plateNumber"], &crossed[1]["plateNumber"]];
    assert_eq!(plates, ["粤B12345", "粤BD12345"]);
    assert_eq!(lot.ledger().idle_lifts().count(), 0);
    if speaks == Speaks::Hik {
        let read = platform.hears("/receivePlateNumber", 2).await;
        let image = read[0]["image"].as_str().unwrap();
        assert!(image.starts_with("https://lot.example/"), "{image}");
    }
    lot.stop().await;
}

//! A lane whose camera is one of 臻识 over MQTT: loops on its inputs, the barrier on its output, and a
//! broker between it and the gateway.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::broker::Broker;
use boshi_simulator::camera::{VzMqttCamera, VzMqttFault, VzOrder, VzPlate};
use boshi_simulator::equipment::{Direction, Outcome, Vehicle};
use boshi_simulator::lot::{LanePlan, LotPlan, Speaks, VirtualLot};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::controller::Controller;
use crate::mosquitto::Mosquitto;
use crate::platform::Platform;
use crate::site::{Gateway, LET_THROUGH, SETTLED, Site};
use crate::wire::{PATIENCE, eventually};

const SERIAL: &str = "a1b2c3d4-0e1f2a3b";
const READINGS: &str = "device/a1b2c3d4-0e1f2a3b/message/up/ivs_result";
const COMMANDS: &str = "device/a1b2c3d4-0e1f2a3b/message/down/gpio_out";

const HEARTBEAT: Duration = Duration::from_millis(100);

const PULSE: VzOrder = VzOrder::Output {
    io: 0,
    value: 2,
    delay: 500,
};

struct World {
    platform: Platform,
    controller: Controller,
    gateway: Gateway,
    broker: Broker,
    camera: VzMqttCamera,
    orders: mpsc::Receiver<VzOrder>,
}

async fn broker() -> Broker {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Broker::start(listener).unwrap()
}

async fn world(confirm: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let broker = broker().await;
    let (camera, orders) = VzMqttCamera::start(broker.address, SERIAL, HEARTBEAT);
    let site = site(&platform, &controller, broker.address, confirm);
    let gateway = site.start().await;
    World {
        platform,
        controller,
        gateway,
        broker,
        camera,
        orders,
    }
}

fn site(platform: &Platform, controller: &Controller, broker: SocketAddr, confirm: &str) -> Site {
    let camera = format!(
        r#"
[lot.mqtt]
address = "{broker}"
[[lot.vz_mqtt]]
name = "IN-01"
serial = "{SERIAL}"
recognizer = "CAM-01"
heartbeat = "1s"
[lot.vz_mqtt.barrier]
device = "BAR-01"
confirm = "{confirm}"
[[lot.vz_mqtt.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
[[lot.vz_mqtt.input]]
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

/// The entry of a driver in what the gateway tells of its devices.
async fn driver(gateway: &Gateway, kind: &str) -> Value {
    let status = gateway.status().await;
    let mut drivers = status["drivers"].as_array().unwrap().iter();
    drivers.find(|it| it["driver"] == kind).unwrap().clone()
}

async fn is(gateway: &Gateway, kind: &str, state: &str) {
    let end = Instant::now() + PATIENCE * 2;
    while driver(gateway, kind).await["state"] != state {
        assert!(Instant::now() < end, "{kind} is {state}");
    }
}

impl World {
    async fn is(&self, state: &str) {
        is(&self.gateway, "vz mqtt", state).await;
    }

    async fn presses(&self, loop_: u8, level: bool) {
        eventually("the camera has its broker", || {
            self.camera.input(loop_, level).then_some(())
        })
        .await;
    }

    async fn arrives(&self, plate: &VzPlate) {
        self.is("online").await;
        self.presses(0, true).await;
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until("the loop is pressed", pressed).await;
        assert!(self.camera.plate(plate));
    }

    async fn crosses(&self) {
        self.presses(1, true).await;
        let pressed = |lane: &Value| lane["safety_loop"] == true;
        self.gateway.until("the vehicle crosses", pressed).await;
        self.presses(0, false).await;
        self.presses(1, false).await;
    }

    async fn told(&mut self) -> VzOrder {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv());
        order.await.unwrap().unwrap()
    }

    async fn command(&self, mode: &str) -> Value {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": ""});
        self.gateway.call("/receiveOpenGate", own).await
    }
}

/// RECOG-1, RECOG-3, CROSS-1
#[tokio::test]
async fn a_vehicle_passes_whose_camera_speaks_through_a_broker() {
    let mut world = world("taken").await;
    world.arrives(&plate(311, "粤B12345")).await;
    assert_eq!(world.told().await, PULSE);
    world
        .controller
        .shows("LED-01", &["粤B12345", "请通行"])
        .await;
    world.crosses().await;
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤B12345");
    assert_eq!(read[0]["color"], "blue");
    let url = read[0]["image"].as_str().unwrap();
    let path = url.strip_prefix("https://lot.example").unwrap();
    let picture = world.gateway.get(path).await.bytes().await.unwrap();
    assert_eq!(&picture[..], b"\xFF\xD8\xFF\xE0\0\x10");
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], read[0]["uuid"]);
    assert_eq!(world.broker.heard(COMMANDS), 1, "it is told nothing twice");
}

/// OPEN-7: what the camera took is done where that is configured, and else when the arm shows it.
#[tokio::test]
async fn a_command_that_only_the_camera_confirms_is_worth_what_is_configured() {
    for (confirm, code) in [("taken", "0"), ("arm", "1")] {
        let mut world = world(confirm).await;
        world.is("online").await;
        let reply = world.command("3").await;
        assert_eq!(reply["respCode"], code, "{confirm}: {reply}");
        assert_eq!(world.told().await, PULSE);
        assert_eq!(world.broker.heard(COMMANDS), 1);
    }
}

/// OPEN-7
#[tokio::test]
async fn a_command_that_the_camera_refuses_is_not_done_and_may_be_given_again() {
    let mut world = world("taken").await;
    world.is("online").await;
    world.camera.fails(VzMqttFault::Refuses);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert!(
        reply["respDesc"].as_str().unwrap().contains("400"),
        "{reply}"
    );
    world.camera.fails(VzMqttFault::None);
    // Another one, or the first answer would come again (D-5); within `travel` the lane takes it for
    // the same.
    let end = Instant::now() + PATIENCE;
    for number in 10_000.. {
        let plate = format!("粤B{number}");
        let own = json!({"deviceNo": "CAM-01", "openMode": "3", "plateNumber": plate});
        if world.gateway.call("/receiveOpenGate", own).await["respCode"] == "0" {
            break;
        }
        assert!(Instant::now() < end, "it is done");
    }
    assert_eq!(world.told().await, PULSE);
    assert!(world.orders.is_empty());
}

/// OPEN-7: nobody knows, so that nobody is told it was done, and nothing is sent again.
#[tokio::test]
async fn a_command_that_nothing_confirms_is_unknown_and_not_sent_again() {
    let mut world = world("taken").await;
    world.is("online").await;
    world.camera.fails(VzMqttFault::Mute);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert_eq!(world.told().await, PULSE);
    world.camera.fails(VzMqttFault::None);
    world.broker.cut();
    world.is("degraded").await;
    world.is("online").await;
    assert_eq!(world.broker.heard(COMMANDS), 1);
}

/// OPEN-7: an answer that comes twice is none to the next command.
#[tokio::test]
async fn an_answer_that_comes_again_is_not_taken_for_that_to_another_command() {
    let mut world = world("taken").await;
    world.is("online").await;
    world.camera.fails(VzMqttFault::Stutters);
    assert_eq!(world.command("0").await["respCode"], "0");
    world.told().await;
    world.camera.fails(VzMqttFault::Mute);
    let reply = world.command("1").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
}

/// OPEN-7: what could not be sent is not sent later, when nobody waits for it.
#[tokio::test]
async fn a_command_without_a_broker_is_not_done_and_never_sent() {
    let world = world("taken").await;
    world.is("online").await;
    world.broker.is_away(true);
    is(&world.gateway, "mqtt", "offline").await;
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.broker.is_away(false);
    is(&world.gateway, "mqtt", "online").await;
    world.is("online").await;
    assert_eq!(world.broker.heard(COMMANDS), 0);
}

/// RECOG-3: a reading that is delivered again, or that the broker kept, opens no second time.
#[tokio::test]
async fn a_reading_that_comes_again_or_was_kept_opens_once() {
    let mut world = world("taken").await;
    let reading = plate(311, "粤B12345");
    world.arrives(&reading).await;
    assert_eq!(world.told().await, PULSE);
    let message = world.camera.message(&reading);
    for _ in 0..3 {
        world.broker.publish(READINGS, &message, true);
    }
    world.crosses().await;
    world.platform.hears("/receiveCrossGate", 1).await;
    // The next vehicle is there when the gateway connects again, and is told the kept reading.
    world.presses(0, true).await;
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    world.gateway.until("the next is there", pressed).await;
    world.broker.cut();
    world.is("degraded").await;
    world.is("online").await;
    assert!(world.camera.plate(&plate(312, "粤BD12345")));
    assert_eq!(world.told().await, PULSE);
    let read = world.platform.hears("/receivePlateNumber", 2).await;
    assert_eq!(read[1]["plateNumber"], "粤BD12345");
    assert_eq!(world.broker.heard(COMMANDS), 2);
}

/// RECOG-3, UNPUSH-1: history is recorded with its own time, once, and opens nothing.
#[tokio::test]
async fn a_reading_from_the_memory_of_the_camera_opens_nothing() {
    let world = world("taken").await;
    world.is("online").await;
    let before = Timestamp::now() - SignedDuration::from_hours(1);
    let old = VzPlate {
        at: before,
        is_offline: true,
        ..plate(7, "粤A00007")
    };
    world.presses(0, true).await;
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    world.gateway.until("somebody is there", pressed).await;
    assert!(world.camera.plate(&old));
    assert!(world.camera.plate(&old));
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "粤A00007");
    let china = (before + SignedDuration::from_hours(8)).to_string();
    let told = read[0]["recognitionTime"].as_str().unwrap();
    assert_eq!(told[9..], china[11..19], "{told}");
    // What the camera is told next is the first that it is told.
    world.gateway.counts(SETTLED, 1).await;
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(world.gateway.count(LET_THROUGH), 0);
    assert_eq!(world.broker.heard(COMMANDS), 1);
}

/// OPEN-1, OPEN-2: a camera that comes back may have lost its power, and is told to hold again.
#[tokio::test]
async fn a_hold_outlives_the_connection() {
    let mut world = world("taken").await;
    world.is("online").await;
    assert_eq!(world.command("0").await["respCode"], "0");
    let output = |value| VzOrder::Output {
        io: 0,
        value,
        delay: 0,
    };
    assert_eq!(world.told().await, output(1));
    world.broker.cut();
    assert_eq!(world.told().await, output(1));
    world.is("online").await;
    assert_eq!(world.command("1").await["respCode"], "0");
    assert_eq!(world.told().await, output(0));
    world.broker.cut();
    world.is("degraded").await;
    world.is("online").await;
    assert_eq!(world.broker.heard(COMMANDS), 3);
}

/// ABN-3: a camera that hangs says nothing, while its broker is there.
#[tokio::test]
async fn a_camera_that_says_nothing_is_offline_and_comes_back() {
    let world = world("taken").await;
    world.is("online").await;
    world.camera.fails(VzMqttFault::Dead);
    world.is("offline").await;
    assert_eq!(driver(&world.gateway, "mqtt").await["state"], "online");
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert_eq!(world.broker.heard(COMMANDS), 0);
    world.camera.fails(VzMqttFault::None);
    world.is("online").await;
}

/// What another camera says under this one's topics, and what nobody can read, is left out and said.
#[tokio::test]
async fn what_is_of_another_camera_or_cannot_be_read_is_not_listened_to() {
    let world = world("taken").await;
    world.is("online").await;
    for (said, expected) in [
        (
            br#"{"sn":"ffffffff-00000000","name":"keep_alive"}"#.as_slice(),
            "ffffffff-00000000",
        ),
        (b"\xFF\xFE", "JSON"),
        (
            br#"{"name":"ivs_result","payload":{"AlarmInfoPlate":{}}}"#,
            "PlateResult",
        ),
    ] {
        world.broker.publish(READINGS, said, false);
        let end = Instant::now() + PATIENCE;
        loop {
            let told = driver(&world.gateway, "vz mqtt").await;
            let why = told["last_fault"].as_str().unwrap_or_default().to_owned();
            if why.contains(expected) {
                assert!(why.contains(READINGS), "{why}");
                break;
            }
            assert!(Instant::now() < end, "{expected}: {told}");
        }
    }
    world
        .broker
        .publish(READINGS, &vec![0; 17 * 1024 * 1024], false);
    let end = Instant::now() + PATIENCE;
    while driver(&world.gateway, "mqtt").await["last_fault"].is_null() {
        assert!(Instant::now() < end, "a message that is too large is said");
    }
    let broker = driver(&world.gateway, "mqtt").await;
    assert_eq!(broker["connections"], 1, "it costs nobody the connection");
}

/// Vehicles drive through a whole lot, nearly as slow as life, behind a broker.
async fn vehicles_drive_through(broker: Option<SocketAddr>) {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let device = |number: &str| DeviceNo::new(number).unwrap();
    let (camera, barrier) = (device(SERIAL), device("BAR-01"));
    let mut lane = LanePlan::new("01", Direction::Entry, camera, barrier, "unused".into());
    lane.speaks = Speaks::VzMqtt;
    let mut plan = LotPlan::new(vec![lane]);
    plan.speed = 2.0;
    plan.broker = broker;
    let lot = VirtualLot::start(plan, "http://127.0.0.1:1").await.unwrap();
    let address = lot.broker_address().unwrap();
    // As long as in life, so that a busy machine keeps up.
    let gateway = site(&platform, &controller, address, "taken")
        .with("heartbeat = \"1s\"", "heartbeat = \"10s\"")
        .with("read_grace = \"500ms\"", "read_grace = \"5s\"")
        .with("approach_window = \"500ms\"", "approach_window = \"3s\"")
        .with("travel = \"100ms\"", "travel = \"1s\"")
        .with("follow_wait = \"100ms\"", "follow_wait = \"3s\"")
        .with("leave_grace = \"100ms\"", "leave_grace = \"3s\"")
        .start()
        .await;
    is(&gateway, "vz mqtt", "online").await;
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

/// CROSS-1
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_speaks_as_vz_over_mqtt() {
    vehicles_drive_through(None).await;
}

/// CROSS-1: through a broker that is not ours.
#[tokio::test]
async fn vehicles_drive_through_behind_mosquitto() {
    let Some(mosquitto) = Mosquitto::start().await else {
        return;
    };
    vehicles_drive_through(Some(mosquitto.address)).await;
}

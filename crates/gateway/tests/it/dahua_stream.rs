//! A camera of 大华 whose readings are taken from its stream of events. The camera is the simulator's.

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_simulator::camera::{DahuaCamera, DahuaOrder, DahuaPlate};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::controller::Controller;
use crate::experimental::gateway;
use crate::platform::{NO, Platform};
use crate::site::{Gateway, LET_THROUGH, SETTLED};
use crate::wire::{PATIENCE, eventually};

const PASSWORD: &str = "Demo#2026";

const READ: &str = "SELECT count(*) FROM recognition";

pub(crate) struct World {
    platform: Platform,
    _controller: Controller,
    pub(crate) gateway: Gateway,
    pub(crate) camera: DahuaCamera,
    pub(crate) orders: mpsc::Receiver<DahuaOrder>,
}

/// A gateway that listens to a camera, which says each second that it is there; the loops are told by a
/// controller.
async fn world(dribbles: bool) -> World {
    world_of(dribbles, "confirm = \"taken\"").await
}

/// The same with a barrier of which this is said.
pub(crate) async fn world_of(dribbles: bool, barrier: &str) -> World {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, orders) = DahuaCamera::start(listener, "gateway", PASSWORD).unwrap();
    camera.dribbles(dribbles);
    let address = camera.address;
    let said = format!(
        "[[lot.dahua]]\nname = \"IN-01\"\nexperimental = true\naddress = \"{address}\"\nuser = \"gateway\"\n\
         password = \"{PASSWORD}\"\nevents = \"stream\"\nheartbeat = \"1s\"\nrecognizer = \"CAM-01\"\n\
         [lot.dahua.barrier]\ndevice = \"BAR-01\"\n{barrier}"
    );
    let gateway = gateway(&platform, &controller, &said).await;
    let world = World {
        platform,
        _controller: controller,
        gateway,
        camera,
        orders,
    };
    world.is_heard(1).await;
    world
}

fn plate_at(license: &str, at: Timestamp) -> DahuaPlate {
    let picture = [b"\xFF\xD8\xFF\xE0".as_slice(), &[0x55; 4_000], b"\xFF\xD9"].concat();
    DahuaPlate {
        license: license.to_owned(),
        color: "Blue".to_owned(),
        confidence: 97,
        at,
        image: STANDARD.encode(picture),
    }
}

fn plate(license: &str) -> DahuaPlate {
    plate_at(license, Timestamp::now())
}

impl World {
    async fn is_heard(&self, streams: u64) {
        eventually("the gateway listens", || {
            (self.camera.is_heard() && self.camera.streams() >= streams).then_some(())
        })
        .await;
    }

    async fn loop_is_pressed(&self) {
        self.gateway.trigger(true).await;
        let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
        self.gateway.until("the loop is pressed", pressed).await;
    }

    /// What the camera is told next.
    pub(crate) async fn told(&mut self) -> DahuaOrder {
        let order = tokio::time::timeout(PATIENCE, self.orders.recv());
        order.await.unwrap().unwrap()
    }

    /// The barrier is opened.
    async fn lets_through(&mut self) {
        assert_eq!(self.told().await, DahuaOrder::Open(1));
    }

    async fn driver(&self) -> Value {
        self.gateway.status().await["drivers"][0].clone()
    }
}

/// RECOG-1, RECOG-3, CROSS-1: also of a stream whose every byte comes alone, and told twice.
#[tokio::test]
async fn a_vehicle_that_is_told_in_the_stream_is_let_through_and_crosses() {
    for dribbles in [false, true] {
        let mut world = world(dribbles).await;
        world.loop_is_pressed().await;
        let seen = plate("粤B12345");
        assert!(world.camera.tell(&seen) && world.camera.tell(&seen));
        world.lets_through().await;
        world.gateway.crosses().await;
        let crossed = world.platform.hears("/receiveCrossGate", 1).await;
        assert_eq!(crossed[0]["plateNumber"], "粤B12345");
        let read = world.platform.hears("/receivePlateNumber", 1).await;
        assert_eq!(
            (&read[0]["color"], &read[0]["image"]),
            (&"blue".into(), &"".into())
        );
        assert_eq!(world.gateway.count(READ), 1);
        assert!(world.orders.is_empty(), "it is lifted once");
        let driver = world.driver().await;
        assert_eq!(
            (&driver["state"], &driver["faults"]),
            (&"online".into(), &0.into())
        );
    }
}

/// RECOG-3: a vehicle waits for no picture, and one that never ends costs only its stream.
#[tokio::test]
async fn a_stream_that_is_cut_within_a_picture_has_told_its_vehicle_and_is_opened_again() {
    let mut world = world(false).await;
    world.loop_is_pressed().await;
    assert!(world.camera.tell_half(&plate("粤B12345")));
    world.lets_through().await;
    world.camera.cut();
    world.gateway.crosses().await;
    world.platform.hears("/receiveCrossGate", 1).await;
    world.is_heard(2).await;
    world.loop_is_pressed().await;
    assert!(world.camera.tell(&plate("粤B54321")));
    world.lets_through().await;
    world.gateway.crosses().await;
    let crossed = world.platform.hears("/receiveCrossGate", 2).await;
    assert_eq!(crossed[1]["plateNumber"], "粤B54321");
    let driver = world.driver().await;
    assert!(driver["faults"].as_u64() > Some(0), "{driver}");
}

/// A stream without a word for three signs of life is none; who comes then is told in the next one.
#[tokio::test]
async fn a_silent_stream_is_opened_again() {
    let mut world = world(false).await;
    let silence = world.camera.silence();
    silence.store(true, Ordering::Relaxed);
    world.is_heard(2).await;
    let fault = world.driver().await["last_fault"].to_string();
    assert!(fault.contains("没有任何内容"), "{fault}");
    silence.store(false, Ordering::Relaxed);
    let end = std::time::Instant::now() + PATIENCE;
    while world.driver().await["state"] != "online" {
        assert!(std::time::Instant::now() < end, "the camera is there again");
    }
    world.loop_is_pressed().await;
    eventually("it is told", || {
        world.camera.tell(&plate("粤B12345")).then_some(())
    })
    .await;
    world.lets_through().await;
}

/// What cannot be read is a fault that says what is wrong with it, and costs nothing that comes behind it.
#[tokio::test]
async fn a_text_that_makes_no_sense_is_a_fault_and_costs_nobody_anything() {
    let mut world = world(false).await;
    world.loop_is_pressed().await;
    for (text, words) in [
        ("Error\r\n", ["Error", "Heartbeat"]),
        (
            "Events[0].Code=TrafficJunction\r\n",
            ["TrafficCar.PlateNumber", "车牌号"],
        ),
        ("Events[99].Code=TrafficJunction\r\n", ["99", "15"]),
    ] {
        assert!(world.camera.say_text(text));
        let end = std::time::Instant::now() + PATIENCE;
        loop {
            let fault = world.driver().await["last_fault"].to_string();
            if words.iter().all(|it| fault.contains(it)) {
                break;
            }
            assert!(std::time::Instant::now() < end, "{text}: {fault}");
        }
    }
    assert!(world.camera.tell(&plate("粤B12345")));
    world.lets_through().await;
    assert_eq!(world.camera.streams(), 1);
    assert_eq!(world.driver().await["faults"], 3);
}

/// RECOG-3: what is told long after it was read opens nothing.
#[tokio::test]
async fn a_reading_that_is_too_old_opens_nothing() {
    let world = world(false).await;
    world.loop_is_pressed().await;
    let old = Timestamp::now() - SignedDuration::from_mins(10);
    assert!(world.camera.tell(&plate_at("粤B12345", old)));
    world.gateway.counts(SETTLED, 1).await;
    assert_eq!(world.gateway.count(LET_THROUGH), 0);
    assert!(world.orders.is_empty());
}

/// RECOG-1: an unread vehicle is told as one without a plate, and stays one however often it is told.
#[tokio::test]
async fn an_unread_vehicle_is_told_once() {
    let world = world(false).await;
    world.platform.answers(|_, _| NO);
    world.loop_is_pressed().await;
    let seen = plate("");
    for _ in 0..3 {
        assert!(world.camera.tell(&seen));
    }
    let read = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(read[0]["plateNumber"], "");
    assert_eq!(world.gateway.count(READ), 1);
}

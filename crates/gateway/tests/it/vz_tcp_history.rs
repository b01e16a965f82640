//! What a camera of 臻识 over TCP has read while the gateway was not connected.

use boshi_simulator::camera::{VzOrder, VzPlate, VzTcpCamera};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{LET_THROUGH, SETTLED, Site};
use crate::wire::{PATIENCE, eventually};

const RECOGNITIONS: &str = "SELECT count(*) FROM recognition";

fn site(platform: &Platform, controller: &Controller, camera: &VzTcpCamera) -> Site {
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    let equipment = format!(
        r#"
[[lot.vz_tcp]]
name = "IN-01"
address = "{}"
recognizer = "CAM-01"
poll = "20ms"
history = "1h"
[lot.vz_tcp.barrier]
device = "BAR-01"
confirm = "taken"
[[lot.vz_tcp.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"{place}"#,
        camera.address
    );
    Site::new(&platform.url(), &controller.url())
        .with(place, &equipment)
        .with("act = \"500ms\"", "act = \"3s\"")
        // Who stands there unread is not taken to be without a plate.
        .with("read_grace = \"500ms\"", "read_grace = \"60s\"")
}

fn plate(number: u64, minutes_ago: i64) -> VzPlate {
    VzPlate {
        number,
        license: format!("粤A{number:05}"),
        color: 1,
        confidence: 97,
        at: Timestamp::now() - SignedDuration::from_mins(minutes_ago),
        is_offline: false,
        image: "/9j/4AAQ".to_owned(),
    }
}

/// RECOG-3, UNPUSH-1: history is recorded with its own time, once, also by the next run of the gateway,
/// and opens nothing for whoever stands there; what is read meanwhile does.
#[tokio::test]
async fn what_a_camera_remembers_is_recorded_once_and_opens_nothing() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (camera, mut orders) = VzTcpCamera::start(listener, "a1b2c3d4-0e1f2a3b").unwrap();
    for (number, minutes_ago) in [(4, 90), (5, 80), (7, 10), (8, 5)] {
        camera.remembers(&plate(number, minutes_ago));
    }
    camera.input(0, true);
    let site = site(&platform, &controller, &camera);
    let gateway = site.start().await;
    let pressed = |lane: &Value| lane["sides"][0]["trigger_loop"] == true;
    gateway.until("somebody is there", pressed).await;
    let read = platform.hears("/receivePlateNumber", 2).await;
    let plates = [&read[0]["plateNumber"], &read[1]["plateNumber"]];
    assert_eq!(plates, ["粤A00008", "粤A00007"]);
    let ended = || (camera.fetched() == [8, 7, 6, 5]).then_some(());
    eventually("it is fetched until it is too old", ended).await;
    gateway.counts(SETTLED, 2).await;
    assert_eq!(gateway.count(LET_THROUGH), 0);
    assert!(orders.is_empty());
    // The vehicle that stands there is read at last.
    assert!(camera.plate(&plate(9, 0)));
    let order = tokio::time::timeout(PATIENCE, orders.recv()).await;
    let pulse = VzOrder::Output {
        io: 0,
        value: 2,
        delay: 500,
    };
    assert_eq!(order.unwrap().unwrap(), pulse);
    // A connection that was lost for a moment has missed nothing.
    camera.cut();
    let again = || (camera.connections() == 2 && camera.is_heard()).then_some(());
    eventually("it is connected again", again).await;
    gateway.stop().await;
    let gateway = site.start().await;
    let ended = || (camera.fetched()[4..] == [9, 8, 7, 6, 5]).then_some(());
    eventually("the next run asks for everything", ended).await;
    // What comes now is taken after those.
    assert!(camera.plate(&plate(10, 0)));
    let read = platform.hears("/receivePlateNumber", 4).await;
    assert_eq!(read[3]["plateNumber"], "粤A00010");
    assert_eq!(gateway.count(RECOGNITIONS), 4);
}

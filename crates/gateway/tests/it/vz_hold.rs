//! What a camera of 臻识 over HTTP is told to hold its barrier open.

use std::time::Instant;

use boshi_simulator::camera::VzOrder;
use serde_json::{Value, json};

use crate::vz::{World, plate, world};
use crate::wire::PATIENCE;

/// The lane has heard of the camera: a barrier that it only then hears of is told again to hold.
async fn is_known(world: &World) {
    world.camera.ask().await.unwrap();
    let end = Instant::now() + PATIENCE;
    let online = |status: Value| {
        let devices = status["devices"].as_array().unwrap().clone();
        let mut devices = devices.into_iter();
        devices.any(|it| it["device"] == "BAR-01" && it["online"] == true)
    };
    while !online(world.gateway.status().await) {
        assert!(Instant::now() < end, "the barrier is known");
    }
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn a_hold_closes_the_output_and_a_restore_opens_it() {
    let world = world("wait = \"100ms\"", "confirm = \"taken\"\nhold = 2").await;
    is_known(&world).await;
    for (mode, value) in [("0", 1), ("1", 0)] {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": ""});
        let (reply, orders) = tokio::join!(world.gateway.call("/receiveOpenGate", own), async {
            let orders = world.told().await;
            world.camera.ask().await.unwrap();
            orders
        });
        assert_eq!(reply["respCode"], "0", "{reply}");
        let (io, delay) = (1, 0);
        assert_eq!(orders, [VzOrder::Output { io, value, delay }]);
    }
}

/// OPEN-1: a camera that was away may have lost its power, and with it what it holds.
#[tokio::test]
async fn a_hold_is_asserted_again_when_the_camera_is_back() {
    let said = "comet = false\nheartbeat = \"50ms\"\nreply_wait = \"2s\"";
    let world = world(said, "confirm = \"taken\"").await;
    is_known(&world).await;
    let own = json!({"deviceNo": "CAM-01", "openMode": "0", "plateNumber": ""});
    let (io, value, delay) = (0, 1, 0);
    let closed = [VzOrder::Output { io, value, delay }];
    let (reply, orders) = tokio::join!(world.gateway.call("/receiveOpenGate", own), async {
        let answer = world.camera.plate(&plate(1, "粤B12345")).await.unwrap();
        world.camera.ask().await.unwrap();
        answer.orders
    });
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(orders, closed);
    let end = Instant::now() + PATIENCE;
    while world.driver().await["state"] != "offline" {
        assert!(Instant::now() < end, "it is missed");
    }
    let answer = world.camera.plate(&plate(2, "粤B12346")).await.unwrap();
    assert_eq!(answer.orders, closed);
}

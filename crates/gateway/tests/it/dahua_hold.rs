//! A camera of 大华 that is told to keep its barrier open, in words that are not documented: only the limit
//! switch of the arm, which a controller tells of, is believed.

use boshi_simulator::camera::{DahuaFault, DahuaOrder};
use serde_json::{Value, json};

use crate::dahua_stream::{World, world_of};

/// Whoever restores the lane needs words of his own (D-5).
fn order(mode: &str) -> Value {
    json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": ""})
}

impl World {
    async fn arm(&self, position: &str) {
        let told = json!({"event": "arm", "device": "BAR-01", "position": position});
        self.gateway.event(told).await;
    }

    /// Orders, and has the arm go there when the camera was told; the answer, and what it was told.
    async fn ordered(&mut self, mode: &str, arm: &str) -> (Value, DahuaOrder) {
        let (gateway, orders) = (&self.gateway, &mut self.orders);
        let told = async {
            let told = orders.recv().await.unwrap();
            let arm = json!({"event": "arm", "device": "BAR-01", "position": arm});
            gateway.event(arm).await;
            told
        };
        tokio::join!(gateway.call("/receiveOpenGate", order(mode)), told)
    }
}

async fn world() -> World {
    let world = world_of(false, "hold = \"always\"").await;
    world.arm("down").await;
    world
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn a_hold_is_believed_when_the_arm_is_up_and_ended_by_closing() {
    let mut world = world().await;
    let (reply, told) = world.ordered("0", "up").await;
    assert_eq!(
        (&reply["respCode"], told),
        (&json!("0"), DahuaOrder::Hold(1))
    );
    let held = |lane: &Value| lane["hold_confirmed"] == true;
    world.gateway.until("it is held", held).await;
    let (reply, told) = world.ordered("1", "down").await;
    assert_eq!((&reply["respCode"], told), (&json!("0"), DahuaOrder::Close));
    let normal = |lane: &Value| lane["state"] == "normal";
    world
        .gateway
        .until("vehicles are asked for again", normal)
        .await;
}

/// OPEN-2: the arm may be up for a vehicle that is about to pass.
#[tokio::test]
async fn an_arm_that_nobody_held_is_not_closed() {
    let mut world = world().await;
    let (reply, told) = world.ordered("3", "up").await;
    assert_eq!(
        (&reply["respCode"], told),
        (&json!("0"), DahuaOrder::Open(1))
    );
    let reply = world.gateway.call("/receiveOpenGate", order("1")).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert!(world.orders.is_empty());
}

/// OPEN-7: a camera that took the word and lifted once is believed only until the arm comes down.
#[tokio::test]
async fn an_arm_that_comes_down_again_is_lifted_and_counts_as_held_no_more() {
    let mut world = world().await;
    let (reply, _) = world.ordered("0", "up").await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    world.arm("down").await;
    assert_eq!(world.told().await, DahuaOrder::Open(1));
    let loose = |lane: &Value| lane["hold_confirmed"] == false;
    world.gateway.until("it is not held", loose).await;
}

/// OPEN-1: people may depend on it, in a fire: a camera that takes the word and does nothing lifts all the
/// same, again and again.
#[tokio::test]
async fn a_camera_that_takes_the_word_for_nothing_lifts_while_it_burns() {
    let mut world = world().await;
    world.camera.fails(DahuaFault::NoHold);
    let fire = json!({"event": "fire", "on": true});
    world.gateway.event(fire).await;
    for _ in 0..2 {
        assert_eq!(world.told().await, DahuaOrder::Open(1));
    }
    let status = world.gateway.status().await;
    assert_eq!(status["lanes"][0]["hold_confirmed"], false, "{status}");
}

/// OPEN-7: a camera that takes the word and does nothing is not believed.
#[tokio::test]
async fn a_hold_that_no_arm_shows_is_none() {
    let world = world().await;
    world.camera.fails(DahuaFault::Idle);
    let reply = world.gateway.call("/receiveOpenGate", order("0")).await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let status = world.gateway.status().await;
    assert_eq!(status["lanes"][0]["hold_confirmed"], false, "{status}");
}

/// OPEN-1, OPEN-7: people may depend on it, in a fire: a camera that knows no such word lifts.
#[tokio::test]
async fn a_camera_that_refuses_to_hold_lifts_at_least_and_is_quoted() {
    let mut world = world().await;
    world.camera.fails_once(DahuaFault::Refuses);
    let (reply, told) = world.ordered("0", "up").await;
    assert_eq!(
        (&reply["respCode"], told),
        (&json!("1"), DahuaOrder::Open(1))
    );
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.contains("Error") && why.contains("已抬杆一次"), "{why}");
    assert!(world.orders.is_empty());
}

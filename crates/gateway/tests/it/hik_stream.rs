//! A camera of 海康 whose readings are taken from its alert stream.

use boshi_simulator::camera::{HikGate, HikNamespace, HikOrder};
use boshi_simulator::lot::Speaks;
use serde_json::Value;

use crate::hik::{World, drive_through, plate, world};
use crate::wire::eventually;

const STREAM: &str = "alert_stream = true\npoll = \"60ms\"";

impl World {
    async fn is_heard(&self, streams: u64) {
        eventually("the gateway listens", || {
            (self.camera.is_heard() && self.camera.streams() >= streams).then_some(())
        })
        .await;
    }
}

/// RECOG-1, CROSS-1: also of a stream whose every byte comes alone.
#[tokio::test]
async fn a_vehicle_passes_however_the_stream_is_cut() {
    for namespace in [HikNamespace::StdCgi, HikNamespace::Prefixed] {
        let mut world = world(STREAM, "").await;
        world.camera.writes(namespace);
        world.camera.dribbles(true);
        // One that was opened before has less room for words.
        world.camera.cut();
        world.is_heard(1).await;
        world.loop_is_pressed().await;
        eventually("it is told", || {
            world.camera.tell(&plate("粤B12345")).then_some(())
        })
        .await;
        assert_eq!(world.told().await, HikOrder::Gate("open".to_owned()));
        world.camera.gate(HikGate::Open);
        world.crosses().await;
        let crossed = world.platform.hears("/receiveCrossGate", 1).await;
        assert_eq!(crossed[0]["plateNumber"], "粤B12345");
    }
}

/// A stream that breaks is opened again, and a reading that comes both ways is one.
#[tokio::test]
async fn a_broken_stream_is_opened_again_and_a_reading_is_taken_once() {
    let said = format!("{STREAM}\nkey = \"camera-key-one\"");
    let world = world(&said, "").await;
    world.platform.answers(|_, _| crate::platform::NO);
    world.is_heard(1).await;
    world.camera.cut();
    world.is_heard(2).await;
    world.loop_is_pressed().await;
    assert!(world.camera.tell(&plate("粤B12345")));
    world.platform.hears("/receivePlateNumber", 1).await;
    world.camera.push(&plate("粤B12345")).await.unwrap();
    assert!(world.camera.tell(&plate("粤B12345")));
    world.camera.push(&plate("粤B12346")).await.unwrap();
    let count = "SELECT count(*) FROM recognition";
    world.gateway.counts(count, 1).await;
    let driver = world.driver().await;
    assert_eq!(driver["state"], "online", "{driver}");
}

/// A stream without a word is none.
#[tokio::test]
async fn a_silent_stream_is_opened_again() {
    let said = format!("{STREAM}\nalert_silence = \"300ms\"");
    let world = world(&said, "").await;
    world.is_heard(3).await;
}

/// What the camera tells of an input is looked at at once, however seldom inputs are asked for.
#[tokio::test]
async fn an_input_that_is_said_to_have_changed_is_looked_at() {
    let said = "alert_stream = true\npoll = \"600s\"\nlooks = 1";
    let world = world(said, "").await;
    world.is_heard(1).await;
    world.is("online").await;
    for level in [true, false] {
        world.camera.input(0, level);
        let so = |lane: &Value| lane["sides"][0]["trigger_loop"] == level;
        world.gateway.until("the loop is as told", so).await;
    }
}

/// CROSS-1
#[tokio::test]
async fn vehicles_drive_through_a_simulated_lane_that_tells_them_in_a_stream() {
    drive_through(Speaks::HikStream, "alert_stream = true").await;
}

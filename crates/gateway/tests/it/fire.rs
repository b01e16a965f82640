//! The fire alarm: it opens and holds, and outranks everybody.

use serde_json::json;

use crate::site::World;

/// Restores the first lane; `plate`, which means nothing here, tells one such command from another
/// of the same second (D-5).
async fn restore(world: &World, plate: &str) -> serde_json::Value {
    let own = json!({"deviceNo": "CAM-01", "openMode": "1", "plateNumber": plate});
    world.gateway.call("/receiveOpenGate", own).await
}

/// OPEN-2
#[tokio::test]
async fn fire_holds_every_lane_of_the_key_and_nobody_may_restore_it_while_it_lasts() {
    // Both lanes have the same controller.
    let world = World::with(&[("device_key = \"key-two\"", "device_key = \"key-one\"")]).await;
    world
        .gateway
        .event(json!({"event": "fire", "on": true}))
        .await;
    world.controller.hears("hold", "BAR-01", 1).await;
    world.controller.hears("hold", "BAR-02", 1).await;
    let refused = restore(&world, "粤B00001").await;
    assert_eq!(refused["respCode"], "1");
    let why = refused["respDesc"].as_str().unwrap();
    assert!(why.starts_with("FIRE_ALARM"), "{why}");
    assert!(world.controller.told("restore", "BAR-01").is_empty());
    world
        .gateway
        .until("on fire", |lane| lane["state"] == "fire")
        .await;

    world
        .gateway
        .event(json!({"event": "fire", "on": false}))
        .await;
    world
        .gateway
        .until("held", |lane| lane["state"] == "held_after_fire")
        .await;
    let restored = restore(&world, "粤B00002").await;
    assert_eq!(restored["respCode"], "0", "{restored}");
    assert_eq!(world.controller.told("restore", "BAR-01").len(), 1);
}

/// A lane whose controller has another key does not burn.
#[tokio::test]
async fn a_lane_of_another_key_is_not_held() {
    let world = World::new().await;
    world
        .gateway
        .event(json!({"event": "fire", "on": true}))
        .await;
    world.controller.hears("hold", "BAR-01", 1).await;
    assert!(world.controller.told("hold", "BAR-02").is_empty());
    assert_eq!(world.gateway.status().await["lanes"][1]["state"], "normal");
}

/// An alarm that ended while the gateway was down does not hold for ever.
#[tokio::test]
async fn after_a_restart_the_contact_is_asked_whether_it_still_burns() {
    let mut world = World::new().await;
    world
        .gateway
        .event(json!({"event": "fire", "on": true}))
        .await;
    world.controller.hears("hold", "BAR-01", 1).await;
    world
        .controller
        .has_state(json!([{"event": "fire", "on": false}]));
    world.power_cut().await;
    let what = "held until somebody has looked";
    world
        .gateway
        .until(what, |lane| lane["state"] == "held_after_fire")
        .await;
    assert_eq!(restore(&world, "粤B00002").await["respCode"], "0");
}

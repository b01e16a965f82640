//! The gateway ends while a press of the anti-smash loop is acknowledged and does not count yet.

use serde_json::json;

use crate::site::World;

const CROSSINGS: &str = "SELECT count(*) FROM crossing";
const PRESSES: &str = "SELECT count(*) FROM press";

/// A lane whose loop counts so late that whatever happens is before.
async fn slow() -> World {
    World::with(&[
        (
            "debounce = \"10ms\"",
            "debounce = \"60s\"\npassage = \"10m\"",
        ),
        (
            "recognizer = \"CAM-01\"",
            "recognizer = \"CAM-01\"\ntrigger_loop = false",
        ),
    ])
    .await
}

/// The same with loops as quick as ever, which take over from it.
async fn quick(mut world: World) -> World {
    world.gateway.kill();
    world.site = world.site.with("debounce = \"60s\"", "debounce = \"10ms\"");
    world.gateway = world.site.start().await;
    world
}

/// CROSS-1, CROSS-2, D-18: it is the crossing of the vehicle that was let through, once, and at the
/// time of the press, also if the press is told again and the release only afterwards.
#[tokio::test]
async fn a_press_that_was_acknowledged_is_a_crossing_after_a_power_cut() {
    let world = slow().await;
    world.gateway.reads("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    world.gateway.safety(true).await;
    let pressed = world.gateway.count("SELECT at FROM press");
    assert_eq!(world.gateway.count(CROSSINGS), 0);

    let world = quick(world).await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], asked[0]["uuid"]);
    assert_eq!(crossed[0]["plateNumber"], "粤B12345");
    assert_eq!(world.gateway.count("SELECT at FROM crossing"), pressed);
    let outcomes = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    assert_eq!(world.gateway.count(outcomes), 1);
    assert_eq!(world.gateway.count(PRESSES), 0);

    world.gateway.safety(true).await;
    world.gateway.safety(false).await;
    let free = |lane: &serde_json::Value| lane["safety_loop"] == false;
    world.gateway.until("free again", free).await;
    assert_eq!(world.gateway.count(CROSSINGS), 1);
    world.gateway.safety(true).await;
    world.gateway.counts(CROSSINGS, 2).await;
}

/// CROSS-1, D-18: the answer to a press may get lost with the program, or a long vehicle may stand on the
/// loop while that starts: told again, it is no second crossing. The next vehicle's is one.
#[tokio::test]
async fn a_press_that_counted_is_told_again_after_a_power_cut_and_is_one_crossing() {
    let mut world = World::with(&[]).await;
    for crossings in 1..=2 {
        world.gateway.safety(true).await;
        world.gateway.counts(CROSSINGS, crossings).await;
        for _ in 0..2 {
            world.gateway.kill();
            world.gateway = world.site.start().await;
            world.gateway.safety(true).await;
        }
        world.gateway.safety(false).await;
        let free = |lane: &serde_json::Value| lane["safety_loop"] == false;
        world.gateway.until("free again", free).await;
        assert_eq!(world.gateway.count(CROSSINGS), crossings);
        assert_eq!(world.gateway.count("SELECT count(*) FROM pressed"), 0);
    }
}

/// CROSS-1: a release that was acknowledged is not forgotten with the program.
#[tokio::test]
async fn a_vehicle_after_a_power_cut_crosses_although_one_was_on_the_loop_before() {
    let mut world = World::with(&[("debounce = \"10ms\"", "debounce = \"500ms\"")]).await;
    world.gateway.safety(true).await;
    world.gateway.counts(CROSSINGS, 1).await;
    world.gateway.safety(false).await;
    world.gateway.kill();
    world.gateway = world.site.start().await;
    world.gateway.safety(true).await;
    world.gateway.counts(CROSSINGS, 2).await;
}

/// D-14, D-15: who was not recognized is given a recognition, and it is reported.
#[tokio::test]
async fn nobodys_press_that_was_acknowledged_is_a_crossing_that_nothing_explains() {
    let world = slow().await;
    world.gateway.safety(true).await;
    let world = quick(world).await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    let failed = world
        .gateway
        .call(
            "/queryUnPushRecognitionInfo",
            json!({"beginTime": "20170101 00:00:00"}),
        )
        .await;
    assert_eq!(failed["data"][0]["uuid"], crossed[0]["uuid"]);
    assert_eq!(failed["data"][0]["plateNumber"], "");
    let told = world.platform.hears("/receiveAbnormal", 1).await;
    assert_eq!(told[0]["abnormalCode"], "1501");
    assert_eq!(told[0]["msg"], "东二门01道车辆未识别过闸！");
    let outcomes = "SELECT count(*) FROM recognition WHERE outcome = 'unexplained'";
    assert_eq!(world.gateway.count(outcomes), 1);
}

/// A contact that let go before it counted was no crossing, whenever the power goes.
#[tokio::test]
async fn a_bounce_that_was_acknowledged_is_none_after_a_power_cut() {
    let world = slow().await;
    world.gateway.safety(true).await;
    assert_eq!(world.gateway.count(PRESSES), 1);
    world.gateway.safety(false).await;
    assert_eq!(world.gateway.count(PRESSES), 0);
    let world = quick(world).await;
    world.gateway.safety(false).await;
    assert_eq!(world.gateway.count(CROSSINGS), 0);
}

/// A stop in good order ends in the same while.
#[tokio::test]
async fn a_press_is_a_crossing_after_a_stop_too() {
    let World {
        gateway,
        site,
        controller: _controller,
        platform,
    } = slow().await;
    gateway.safety(true).await;
    gateway.stop().await;
    let gateway = site.start().await;
    gateway.counts(CROSSINGS, 1).await;
    platform.hears("/receiveCrossGate", 1).await;
}

/// CROSS-1: whoever tells late tells all at once; what lasted by his clock counts, a bounce does not.
#[tokio::test]
async fn a_press_that_is_told_with_its_release_counts_if_it_lasted() {
    let world = World::with(&[("debounce = \"10ms\"", "debounce = \"60s\"")]).await;
    let told = async |pressed: bool, after: serde_json::Value| {
        let event = json!({
            "event": "safety_loop", "device": "BAR-01", "pressed": pressed, "after_ms": after
        });
        world.gateway.event(event).await;
    };
    told(true, json!(600_000)).await;
    told(false, json!(59_999)).await;
    assert_eq!(world.gateway.count(CROSSINGS), 0, "it bounced");
    for crossings in 1..=3 {
        told(true, json!(70_000)).await;
        told(false, json!(60_000)).await;
        assert_eq!(world.gateway.count(CROSSINGS), crossings);
    }
    assert_eq!(world.gateway.count(PRESSES), 0);
    let wrong =
        json!({"event": "safety_loop", "device": "BAR-01", "pressed": true, "after_ms": -1});
    let (status, reply) = world.gateway.event_of("key-one", &wrong.to_string()).await;
    assert_eq!(status, 400);
    assert!(
        reply["error"].as_str().unwrap().contains("after_ms"),
        "{reply}"
    );
}

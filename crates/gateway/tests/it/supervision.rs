//! Devices that are lost, and are back (ABN-1, ABN-2, ABN-3).

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::World;

/// ABN-1, ABN-2, ABN-3, D-15
#[tokio::test]
async fn devices_that_do_not_answer_are_reported_in_the_standards_words() {
    let often = "[supervision]\ncheck = \"50ms\"\n[[lot]]";
    let world = World::with(&[("[[lot]]", often)]).await;
    let online = |world: &World| {
        let devices = ["CAM-01", "BAR-01", "LED-01", "CAM-02", "BAR-02", "LED-02"];
        world.controller.has_online(&devices);
    };
    world.gateway.finds_every_device().await;
    world.controller.has_online(&["CAM-02", "BAR-02", "LED-02"]);
    let told = world.platform.hears("/receiveAbnormal", 3).await;
    let mut told: Vec<(&str, &str, &str)> = told
        .iter()
        .map(|it| {
            let word = |field: &str| it[field].as_str().unwrap();
            (word("abnormalCode"), word("deviceNo"), word("msg"))
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("1101", "LED-01", "东二门01道的显示屏【LED-01】连接异常！"),
            (
                "1201",
                "CAM-01",
                "东二门01道的车牌识别器【CAM-01】连接异常！"
            ),
            ("1301", "BAR-01", "东二门01道的栏杆机【BAR-01】连接异常！"),
        ]
    );
    online(&world);
    let open = "SELECT count(*) FROM abnormality WHERE cleared_at IS NULL";
    world.gateway.counts(open, 0).await;
    assert_eq!(world.platform.heard("/receiveAbnormal").len(), 3);
}

/// ABN-3: how each device is and since when, and how it has been.
#[tokio::test]
async fn how_devices_are_and_have_been_is_shown() {
    let often = "[supervision]\ncheck = \"50ms\"\n[[lot]]";
    let world = World::with(&[("[[lot]]", often)]).await;
    let camera = async || {
        let status = world.gateway.status().await;
        let devices = status["devices"].as_array().unwrap().clone();
        let mut devices = devices.into_iter();
        devices.find(|it| it["device"] == "CAM-01").unwrap()
    };
    let changes = async |query: &str| {
        let path = format!("/lots/L1/device-changes?{query}");
        let asked = world.gateway.booth(Method::GET, &path, Value::Null).await;
        assert_eq!(asked.0, 200, "{}", asked.1);
        asked.1["items"].as_array().unwrap().clone()
    };
    let count = "SELECT count(*) FROM device_state WHERE device = 'CAM-01'";
    world.gateway.counts(count, 1).await;
    let first = camera().await;
    assert_eq!(first["online"], true);
    world
        .controller
        .has_online(&["BAR-01", "LED-01", "CAM-02", "BAR-02", "LED-02"]);
    world.gateway.counts(count, 2).await;
    let lost = camera().await;
    assert_eq!(lost["online"], false);
    assert_ne!(lost["since"], first["since"]);
    let told = changes("device=CAM-01").await;
    assert_eq!(told.len(), 2);
    let seen = |at: usize| (&told[at]["online"], &told[at]["at"], &told[at]["lane"]);
    assert_eq!(seen(0), (&json!(false), &lost["since"], &json!("01")));
    assert_eq!(seen(1), (&json!(true), &first["since"], &json!("01")));
    assert_eq!(changes("device=CAM-01&limit=1").await, told[..1]);
    assert!(changes("").await.len() >= 7);
    assert!(changes("device=none").await.is_empty());
    let (status, wrong) = world
        .gateway
        .booth(Method::GET, "/lots/L1/device-changes?limit=0", Value::Null)
        .await;
    assert_eq!(status, 400);
    assert!(wrong["error"].as_str().unwrap().contains("limit"));
}

/// A device whose heartbeats stop is asked for at once, not at the next interval.
#[tokio::test]
async fn a_heartbeat_that_stops_brings_a_check() {
    let quick = "[supervision]\ncheck = \"1h\"\nsilence = \"100ms\"\n[[lot]]";
    let world = World::with(&[("[[lot]]", quick)]).await;
    world
        .gateway
        .event(json!({"event": "heartbeat", "devices": ["CAM-01", "BAR-01"]}))
        .await;
    world.controller.has_online(&["BAR-01", "LED-01"]);
    let told = world.platform.hears("/receiveAbnormal", 1).await;
    assert_eq!(told[0]["abnormalCode"], "1201");
    world
        .gateway
        .event(json!({"event": "heartbeat", "devices": ["CAM-01"]}))
        .await;
    let open = "SELECT count(*) FROM abnormality WHERE cleared_at IS NULL";
    world.gateway.counts(open, 0).await;
}

//! `POST /v1/events`: what is taken from the devices, and what is not.

use std::io::Write as _;
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::controller::KEYS;
use crate::site::World;
use crate::wire::time;

#[tokio::test]
async fn an_event_that_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let [one, two] = KEYS;
    let press = |device: &str| {
        json!({"event": "trigger_loop", "device": device, "pressed": true}).to_string()
    };
    for (key, body, status, words) in [
        ("", press("CAM-01"), 401, "密钥"),
        ("key-three", press("CAM-01"), 401, "密钥"),
        (two, press("CAM-01"), 400, "CAM-01"),
        (one, press("CAM-99"), 400, "CAM-99"),
        (one, press("BAR-01"), 400, "车牌识别器"),
        (
            one,
            json!({"event": "arm", "device": "CAM-01", "position": "up"}).to_string(),
            400,
            "栏杆机",
        ),
        (
            one,
            json!({"event": "plate", "device": "BAR-01"}).to_string(),
            400,
            "车牌识别器",
        ),
        (
            one,
            json!({"event": "place", "place": "Z", "status": "occupy"}).to_string(),
            400,
            "车位",
        ),
        (
            one,
            json!({"event": "heartbeat", "devices": ["CAM-02"]}).to_string(),
            400,
            "CAM-02",
        ),
        (one, json!({"event": "door"}).to_string(), 400, "door"),
        (one, "{".to_owned(), 400, "JSON"),
        (one, "x".repeat(5_000_000), 413, "字节"),
    ] {
        let (got, reply) = world.gateway.event_of(key, &body).await;
        let shown: String = body.chars().take(100).collect();
        assert_eq!(
            (got, &reply["ok"]),
            (status, &json!(false)),
            "{shown}: {reply}"
        );
        assert!(
            reply["error"].as_str().unwrap().contains(words),
            "{shown}: {reply}"
        );
    }
    assert!(world.platform.heard("/receivePlateNumber").is_empty());
}

#[tokio::test]
async fn an_event_with_an_id_that_was_taken_before_changes_nothing() {
    let world = World::new().await;
    let event = json!({"event": "plate", "device": "CAM-01", "plate": "粤B12345", "id": "17"});
    let [key, _] = KEYS;
    let first = world.gateway.event_of(key, &event.to_string()).await;
    assert_eq!(first, (200, json!({"ok": true})));
    let again = world.gateway.event_of(key, &event.to_string()).await;
    assert_eq!(again, (200, json!({"ok": true, "repeated": true})));
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
    // Another recognizer has numbers of its own.
    let other = json!({"event": "plate", "device": "CAM-02", "plate": "粤B54321", "id": "17"});
    let other = world.gateway.event_of(KEYS[1], &other.to_string()).await;
    assert_eq!(other, (200, json!({"ok": true})));
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 2);
}

/// CROSS-2: what a camera read while nobody listened has its own time, and opens nothing.
#[tokio::test]
async fn a_reading_of_the_past_is_recorded_with_its_own_time_and_never_opens() {
    let mut world = World::new().await;
    world.gateway.trigger(true).await;
    let at = Timestamp::now() - SignedDuration::from_hours(3);
    let event = json!({
        "event": "plate", "device": "CAM-01", "plate": "粤B12345", "id": "h1",
        "replay": true, "at": at.to_string()
    });
    world.gateway.event(event.clone()).await;
    let pushed = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(pushed[0]["plateNumber"], "粤B12345");
    assert_eq!(pushed[0]["recognitionTime"], time(at));
    let delivered = "SELECT count(*) FROM outbox WHERE state = 'delivered'";
    world.gateway.counts(delivered, 1).await;
    assert_eq!(world.gateway.count("SELECT count(*) FROM lift"), 0);
    let replayed = "SELECT count(*) FROM recognition WHERE replayed AND outcome = 'replayed'";
    assert_eq!(world.gateway.count(replayed), 1);

    // It is known again, also after a restart.
    world.power_cut().await;
    let [key, _] = KEYS;
    let (_, reply): (u16, Value) = world.gateway.event_of(key, &event.to_string()).await;
    assert_eq!(reply["repeated"], json!(true));
    assert_eq!(
        world
            .gateway
            .count("SELECT count(*) FROM recognition WHERE replayed"),
        1
    );
}

/// A loop that bounces is no second vehicle.
#[tokio::test]
async fn readings_of_one_stay_are_one_recognition() {
    let world = World::with(&[("debounce = \"10ms\"", "debounce = \"1s\"")]).await;
    world.gateway.arrives("粤B12345").await;
    world.gateway.reads("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.trigger(false).await;
    world.gateway.trigger(true).await;
    world.gateway.reads("粤B12345").await;
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
}

/// An event that has arrived is taken, also when who sent it goes away before the answer: sent
/// again it is a repetition, and not lost.
#[tokio::test]
async fn an_event_whose_sender_went_away_is_taken_once() {
    let world = World::new().await;
    for number in 0..10 {
        let mut picture = vec![0xff, 0xd8, number];
        picture.resize(1_000_000, number);
        let event = json!({
            "event": "plate", "device": "CAM-01", "plate": format!("粤B{number:05}"),
            "id": number.to_string(), "replay": true, "image": STANDARD.encode(picture)
        });
        let body = event.to_string();
        let mut gone = TcpStream::connect(world.gateway.devices).unwrap();
        let head = format!(
            "POST /v1/events HTTP/1.1\r\nHost: lot\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\n\r\n",
            KEYS[0],
            body.len()
        );
        gone.write_all(head.as_bytes()).unwrap();
        gone.write_all(body.as_bytes()).unwrap();
        drop(gone);
        world.gateway.event(event).await;
        let recognized = "SELECT count(*) FROM recognition";
        world
            .gateway
            .counts(recognized, i64::from(number) + 1)
            .await;
    }
}

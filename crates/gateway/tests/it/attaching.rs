//! Controllers that fetch their commands, and events that come as forms.

use std::time::Instant;

use serde_json::{Value, json};

use crate::controller::{Controller, KEYS};
use crate::platform::Platform;
use crate::site::{Site, World};
use crate::wire::PATIENCE;

/// A world whose lanes fetch their commands, and which waits `act` for what becomes of one.
async fn polled_world(act: &str) -> World {
    let platform = Platform::start().await;
    let controller = Controller::start().await;
    let site = Site::new(&platform.url(), "poll");
    let site = site.with("act = \"500ms\"", &format!("act = {act:?}"));
    let gateway = site.start().await;
    World {
        platform,
        controller,
        site,
        gateway,
    }
}

async fn poll(world: &World, key: &str) -> (u16, Value) {
    let url = format!("http://{}/v1/commands?wait=5", world.gateway.devices);
    let request = reqwest::Client::new().get(url).bearer_auth(key);
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    (
        status,
        serde_json::from_str(&reply.text().await.unwrap()).unwrap(),
    )
}

async fn answer(world: &World, body: &Value) -> u16 {
    let url = format!("http://{}/v1/answers", world.gateway.devices);
    let request = reqwest::Client::new().post(url).bearer_auth(KEYS[0]);
    let request = request.body(body.to_string());
    request.send().await.unwrap().status().as_u16()
}

/// Fetches commands, answering every other at once, until one is `wanted`.
async fn fetch(world: &World, wanted: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < end, "no command to {wanted} came");
        let (status, reply) = poll(world, KEYS[0]).await;
        assert_eq!(status, 200, "{reply}");
        for command in reply["commands"].as_array().unwrap() {
            if command["command"] == wanted {
                return command.clone();
            }
            let online = json!({"id": command["id"], "ok": true, "online": ["CAM-01", "BAR-01"]});
            assert_eq!(answer(world, &online).await, 200);
        }
    }
}

/// OPEN-7
#[tokio::test]
async fn a_controller_that_cannot_be_called_fetches_its_commands_and_answers_them() {
    let world = polled_world("10s").await;
    let order = json!({"deviceNo": "CAM-01", "openMode": "3"});
    let (reply, ()) = tokio::join!(world.gateway.call("/receiveOpenGate", order), async {
        let command = fetch(&world, "open").await;
        assert_eq!(command["device"], "BAR-01");
        let done = json!({"id": command["id"], "ok": true});
        assert_eq!(answer(&world, &done).await, 200);
        assert_eq!(answer(&world, &done).await, 404, "answered twice");
    });
    assert_eq!(reply["respCode"], "0", "{reply}");
}

/// OPEN-7
#[tokio::test]
async fn a_command_that_nobody_fetches_is_not_done_and_is_not_kept_for_later() {
    let world = polled_world("500ms").await;
    let order = json!({"deviceNo": "CAM-01", "openMode": "3"});
    let reply = world.gateway.call("/receiveOpenGate", order).await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let (_, later) = poll(&world, KEYS[0]).await;
    let commands = later["commands"].as_array().unwrap();
    assert!(
        commands.iter().all(|command| command["command"] != "open"),
        "{later}"
    );
}

#[tokio::test]
async fn only_who_has_the_key_of_a_polled_lane_fetches_its_commands() {
    let world = polled_world("500ms").await;
    assert_eq!(poll(&world, "key-three").await.0, 401);
    let called = World::new().await;
    assert_eq!(poll(&called, KEYS[0]).await.0, 401);
}

/// RECOG-4
#[tokio::test]
async fn an_event_may_come_as_a_form_with_its_picture_beside_it() {
    let world = World::new().await;
    world.gateway.trigger(true).await;
    let event = json!({"event": "plate", "device": "CAM-01", "plate": "粤B12345"});
    let body = [
        b"--X\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n".as_slice(),
        event.to_string().as_bytes(),
        b"\r\n--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"1.jpg\"\r\n",
        b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0picture\r\n--X--\r\n",
    ]
    .concat();
    let url = format!("http://{}/v1/events", world.gateway.devices);
    let request = reqwest::Client::new()
        .post(url)
        .header("Content-Type", "multipart/form-data; boundary=X")
        .bearer_auth(KEYS[0])
        .body(body);
    let reply = request.send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 200);
    let pushed = world.platform.hears("/receivePlateNumber", 1).await;
    let image = pushed[0]["image"].as_str().unwrap();
    let path = image.strip_prefix("https://lot.example").unwrap();
    let picture = world.gateway.get(path).await.bytes().await.unwrap();
    assert_eq!(picture.as_ref(), b"\xff\xd8\xff\xe0picture");
}

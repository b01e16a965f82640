//! Parking spaces as guidance systems and cameras tell of them, over HTTP and MQTT.

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_protocol::code::PlaceStatus;
use boshi_simulator::broker::Broker;
use boshi_simulator::detectors::{Detectors, Form, Seen};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::pictures::JPEG;
use crate::site::World;
use crate::wire::PATIENCE;

const KEY: &str = "a-long-word";

async fn world(system: &str) -> World {
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    let system = format!("\n[[lot.spaces]]\nname = \"B1\"\nkey = \"{KEY}\"\n{system}{place}");
    World::with(&[(place, system.as_str())]).await
}

fn detectors(world: &World, form: Form) -> Detectors {
    let url = format!("http://{}/spaces/{KEY}", world.gateway.devices);
    Detectors::over_http(&url, form).unwrap()
}

fn seen(place: &str, status: PlaceStatus) -> Seen {
    Seen {
        place: place.to_owned(),
        status,
        plate: None,
        picture: None,
    }
}

/// The spaces of that state, once they are `expected`.
async fn are(world: &World, status: &str, expected: &[&str]) {
    let end = Instant::now() + PATIENCE;
    loop {
        let own = json!({"placeStatus": status});
        let reply = world.gateway.call("/queryPlaceStatus", own).await;
        let rows = reply["data"].as_array().unwrap().iter();
        let numbers: Vec<&str> = rows.map(|row| row["placeNo"].as_str().unwrap()).collect();
        if numbers == expected {
            return;
        }
        assert!(Instant::now() < end, "{status} are {expected:?}: {reply}");
    }
}

async fn one(world: &World, place: &str) -> Value {
    let own = json!({"placeNo": place});
    let reply = world.gateway.call("/queryPlaceStatus", own).await;
    reply["data"][0].clone()
}

/// The system as the gateway tells of it.
async fn system(world: &World) -> Value {
    let status = world.gateway.status().await;
    let mut drivers = status["drivers"].as_array().unwrap().iter();
    let is = |it: &&Value| it["name"] == "B1";
    drivers.find(is).unwrap().clone()
}

/// PLACE-1, PLACE-2: each form that is spoken, with its plate and its picture where it has them.
#[tokio::test]
async fn a_space_is_known_whichever_form_it_is_told_in() {
    for (form, mapping, plate, image) in [
        (Form::Json, "", true, true),
        (
            Form::Dahua,
            "speaks = \"dahua\"\n[lot.spaces.words]\nvacancy = [\"0\"]\noccupy = [\"1\"]\n",
            true,
            true,
        ),
        (Form::Hikvision, "speaks = \"hikvision\"\n", false, true),
    ] {
        let world = world(mapping).await;
        let detectors = detectors(&world, form);
        let picture = STANDARD.encode(JPEG);
        let taken = Seen {
            plate: Some("粤B12345".to_owned()),
            picture: Some(picture.clone()),
            ..seen("A-002", PlaceStatus::Occupied)
        };
        detectors.tell(&taken).await.unwrap();
        let free = seen("A-001", PlaceStatus::Vacant);
        detectors.tell(&free).await.unwrap();
        are(&world, "occupy", &["A-002"]).await;
        are(&world, "vacancy", &["A-001"]).await;
        let space = one(&world, "A-002").await;
        let expected = if plate { "粤B12345" } else { "" };
        assert_eq!(space["plateNumber"], expected, "{form:?}");
        let expected = if image { picture.as_str() } else { "" };
        assert_eq!(space["image"], expected, "{form:?}");
        assert_eq!(system(&world).await["state"], "online");
    }
}

/// PLACE-1: one that nobody reports for three periods is neither free nor taken.
#[tokio::test]
async fn a_space_that_is_not_reported_any_more_is_unusual_until_it_is() {
    let world = world("period = \"1s\"\n").await;
    let detectors = detectors(&world, Form::Json);
    let taken = seen("A-002", PlaceStatus::Occupied);
    detectors.tell(&taken).await.unwrap();
    are(&world, "unusual", &["A-001", "A-002", "A-003"]).await;
    let why = system(&world).await["last_fault"].clone();
    assert!(why.as_str().unwrap().contains("三个周期"), "{why}");
    detectors.tell(&taken).await.unwrap();
    are(&world, "occupy", &["A-002"]).await;
}

/// What is wrong with one space is said, and costs none of the others.
#[tokio::test]
async fn a_report_that_cannot_be_taken_is_answered_with_its_field() {
    let world = world("").await;
    let url = format!("http://{}/spaces/{KEY}", world.gateway.devices);
    let client = reqwest::Client::builder().build().unwrap();
    let post = async |url: &str, body: &Value| {
        let body = body.to_string();
        let response = client.post(url).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let reply = response.text().await.unwrap();
        (status, serde_json::from_str::<Value>(&reply).unwrap())
    };
    let body = json!([
        {"placeNo": "Z-1", "status": "occupy"},
        {"placeNo": "A-001", "status": "free"},
        {"placeNo": "A-002", "status": "occupy"},
    ]);
    let (status, reply) = post(&url, &body).await;
    assert_eq!((status, &reply["taken"]), (400, &json!(1)), "{reply}");
    let why = reply["error"].as_str().unwrap();
    assert!(
        why.contains("Z-1") && why.contains("[[lot.place]]"),
        "{why}"
    );
    are(&world, "occupy", &["A-002"]).await;
    let wrong = format!("http://{}/spaces/another-word", world.gateway.devices);
    assert_eq!(post(&wrong, &body).await.0, 401);
    let (status, reply) = post(&url, &json!("nonsense")).await;
    assert_eq!(status, 400);
    assert!(
        reply["error"].as_str().unwrap().contains("placeNo"),
        "{reply}"
    );
}

/// PLACE-1, PLACE-2: also of what the broker had kept, which tells how a space was and not that its
/// detector is there.
#[tokio::test]
async fn spaces_are_told_through_a_broker() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let broker = Broker::start(listener).unwrap();
    let topic = |place: &str| format!("parking/L1/space/{place}/state");
    broker.publish(&topic("A-001"), br#"{"status":"vacancy"}"#, true);
    let place = "\n[[lot.place]]\nnumber = \"A-001\"";
    let system_ = format!(
        "\n[lot.mqtt]\naddress = \"{}\"\n[[lot.spaces]]\nname = \"B1\"\n\
         topic = \"parking/{{lot}}/space/{{place}}/state\"{place}",
        broker.address
    );
    let world = World::with(&[(place, system_.as_str())]).await;
    are(&world, "vacancy", &["A-001"]).await;
    assert_eq!(system(&world).await["state"], "offline");
    let detectors = Detectors::over_mqtt(broker.address, "L1");
    let taken = Seen {
        plate: Some("粤B12345".to_owned()),
        ..seen("A-002", PlaceStatus::Occupied)
    };
    detectors.tell(&taken).await.unwrap();
    are(&world, "occupy", &["A-002"]).await;
    assert_eq!(one(&world, "A-002").await["plateNumber"], "粤B12345");
    assert_eq!(system(&world).await["state"], "online");
    // A sensor that says nothing but a word.
    broker.publish(&topic("A-003"), b"unusual", false);
    are(&world, "unusual", &["A-003"]).await;
}

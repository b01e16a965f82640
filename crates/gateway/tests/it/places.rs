//! `queryPlaceStatus`: parking spaces as last seen.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pictures::JPEG;
use crate::site::World;

fn numbers(reply: &Value) -> Vec<&str> {
    assert_eq!(reply["respCode"], "0", "{reply}");
    let data = reply["data"].as_array().unwrap().iter();
    data.map(|row| row["placeNo"].as_str().unwrap()).collect()
}

/// PLACE-1, PLACE-2, PAGE-1
#[tokio::test]
async fn spaces_are_found_by_state_and_number_with_picture_and_plate() {
    let world = World::new().await;
    let picture = STANDARD.encode(JPEG);
    for event in [
        json!({"event": "place", "place": "A-001", "status": "vacancy"}),
        json!({
            "event": "place", "place": "A-002", "status": "occupy", "plate": "粤B12345",
            "image": picture
        }),
        json!({"event": "place", "place": "A-003", "status": "unusual"}),
        json!({"event": "place", "place": "A-003", "status": "occupy"}),
    ] {
        world.gateway.event(event).await;
    }
    let ask = async |own: Value| world.gateway.call("/queryPlaceStatus", own).await;
    let all = ask(json!({})).await;
    assert_eq!(numbers(&all), ["A-001", "A-002", "A-003"]);
    assert_eq!(all["total"], json!(3));
    let expected = json!({
        "placeNo": "A-002", "placeStatus": "occupy", "image": picture, "plateNumber": "粤B12345"
    });
    assert_eq!(all["data"][1], expected);
    assert_eq!(all["data"][0]["image"], "");
    assert_eq!(all["data"][0]["plateNumber"], "");

    let occupied = json!({"placeStatus": "occupy"});
    assert_eq!(numbers(&ask(occupied).await), ["A-002", "A-003"]);
    let one = json!({"placeNo": "A-001"});
    assert_eq!(numbers(&ask(one).await), ["A-001"]);
    let both = json!({"placeNo": "A-001", "placeStatus": "occupy"});
    assert!(numbers(&ask(both).await).is_empty());
    let second = json!({"pageSize": 2, "currentPage": 2});
    assert_eq!(numbers(&ask(second).await), ["A-003"]);
    let unusual = ask(json!({"placeStatus": "free"})).await;
    assert_eq!(unusual["respCode"], "1");
}

/// A space that nobody has seen yet is none that is free.
#[tokio::test]
async fn a_space_that_was_not_seen_yet_is_not_reported() {
    let world = World::new().await;
    let reply = world.gateway.call("/queryPlaceStatus", json!({})).await;
    assert!(numbers(&reply).is_empty());
}

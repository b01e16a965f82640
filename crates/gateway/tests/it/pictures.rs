//! Pictures: kept, named, and opened by a browser (RECOG-4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::site::World;

/// As much of a JPEG as anybody looks at.
pub(crate) const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F'];

/// RECOG-4
#[tokio::test]
async fn the_url_of_a_picture_opens_in_a_browser_and_nothing_else_does() {
    let world = World::new().await;
    world.gateway.trigger(true).await;
    let event = json!({
        "event": "plate", "device": "CAM-01", "plate": "粤B12345",
        "image": STANDARD.encode(JPEG)
    });
    world.gateway.event(event).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    let url = asked[0]["image"].as_str().unwrap();
    let path = url.strip_prefix("https://lot.example").unwrap();
    assert!(
        path.starts_with("/pictures/") && path.ends_with(".jpg"),
        "{path}"
    );

    let response = world.gateway.get(path).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.headers().contains_key("cache-control"));
    assert_eq!(response.bytes().await.unwrap(), JPEG);

    let unknown = format!("/pictures/{}.jpg", "0".repeat(32));
    let outside = "/pictures/..%2Fjournal.db.jpg";
    for path in [
        &unknown,
        "/pictures/",
        "/pictures",
        "/pictures/names.key",
        outside,
    ] {
        assert_eq!(world.gateway.get(path).await.status(), 404, "{path}");
    }
}

/// A picture that is none costs the picture, never the vehicle.
#[tokio::test]
async fn a_picture_that_is_no_jpeg_is_left_out_of_the_push() {
    let world = World::new().await;
    world.gateway.trigger(true).await;
    let event = json!({
        "event": "plate", "device": "CAM-01", "plate": "粤B12345",
        "image": STANDARD.encode("<html>")
    });
    world.gateway.event(event).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(asked[0]["image"], "");
    world.controller.hears("open", "BAR-01", 1).await;
}

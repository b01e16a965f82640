//! Who is let in, and how everybody else is refused (D-1, D-4, T-6).

use boshi_transport::certificate::LocalAuthority;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::controller::Controller;
use crate::platform::Platform;
use crate::site::{Site, World};
use crate::wire::{request, request_at, time};

const PATH: &str = "/checkConnect";

/// BEAT-1, D-1, D-4: each refusal is HTTP 200 with a reason.
#[tokio::test]
async fn a_heartbeat_is_answered_only_for_the_right_token_lot_and_time() {
    let world = World::new().await;
    let ask = async |body: Value| {
        let (status, reply) = world.gateway.post(PATH, "application/json", &body).await;
        assert_eq!(status, 200, "{body}");
        reply
    };
    let done = ask(request(&json!({}))).await;
    assert_eq!(done["respCode"], "0");
    assert!(done["respDesc"].is_string());

    let now = Timestamp::now();
    let later = |seconds: i64| request_at(now + SignedDuration::from_secs(seconds), &json!({}));
    assert_eq!(ask(later(-290)).await["respCode"], "0");
    assert_eq!(ask(later(290)).await["respCode"], "0");
    let stranger = json!({"token": "0".repeat(32)});
    let other_lot = json!({"parkingLotId": "L2"});
    let other_app = json!({"appId": "1"});
    for (body, words) in [
        (request(&stranger), "BAD_TOKEN"),
        (request(&other_lot), "UNKNOWN_LOT"),
        (request(&other_app), "WRONG_APP"),
        (later(-400), "400 秒"),
        (later(400), "允许 300 秒"),
        (json!({"time": time(now)}), "token"),
        (Value::String("{".into()), "JSON"),
        (Value::String(String::new()), "JSON"),
    ] {
        let reply = ask(body.clone()).await;
        assert_eq!(reply["respCode"], "1", "{body}");
        let why = reply["respDesc"].as_str().unwrap();
        // A second may pass between here and there.
        let why = why.replace("399 秒", "400 秒").replace("401 秒", "400 秒");
        assert!(why.contains(words), "{body}: {why}");
    }
    let (status, reply) = world
        .gateway
        .post(PATH, "text/plain", &request(&json!({})))
        .await;
    assert_eq!((status, &reply["respCode"]), (200, &json!("1")));
}

/// D-1: limits of the transport keep their status, with the same body.
#[tokio::test]
async fn an_unknown_path_a_wrong_method_and_a_huge_body_keep_their_status() {
    let world = World::new().await;
    let (status, reply) = world
        .gateway
        .post("/nowhere", "application/json", &request(&json!({})))
        .await;
    assert_eq!((status, &reply["respCode"]), (404, &json!("1")));
    assert_eq!(world.gateway.get(PATH).await.status(), 405);
    let huge = request(&json!({"padding": "x".repeat(100_000)}));
    let (status, reply) = world.gateway.post(PATH, "application/json", &huge).await;
    assert_eq!((status, &reply["respCode"]), (413, &json!("1")));
}

/// D-6: two secrets are valid while one is introduced.
#[tokio::test]
async fn the_previous_secret_counts_while_a_new_one_is_introduced() {
    let both = "secret = \"new\"\nprevious_secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let old = "secret = \"eV7spoA0rr7EyjGuJxQFOa3Vs5wvcRUo\"";
    let world = World::with(&[(old, both)]).await;
    assert_eq!(world.gateway.call(PATH, json!({})).await["respCode"], "0");
    let only_new = World::with(&[(old, "secret = \"new\"")]).await;
    assert_eq!(
        only_new.gateway.call(PATH, json!({})).await["respCode"],
        "1"
    );
}

/// T-1: HTTPS from the first start, with a certificate of the gateway's own.
#[tokio::test]
async fn the_standards_endpoints_are_served_over_https() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let site = Site::new(&platform.url(), &controller.url()).with("plain = true", "plain = false");
    let gateway = site.start().await;
    assert_eq!(gateway.call(PATH, json!({})).await["respCode"], "0");
    drop(gateway);
    // The authority outlives a restart: whoever trusts it goes on doing so.
    let before = site.authority();
    let gateway = site.start().await;
    assert_eq!(site.authority(), before);
    assert_eq!(gateway.call(PATH, json!({})).await["respCode"], "0");
}

/// T-1: with a certificate that somebody else made.
#[tokio::test]
async fn a_certificate_that_cannot_be_read_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    LocalAuthority::open_or_create(folder.path()).unwrap();
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let missing = "certificate = \"/nowhere/lot.crt\"\nkey = \"/nowhere/lot.key\"";
    let site = Site::new(&platform.url(), &controller.url()).with("plain = true", missing);
    let error = site.try_start().await.err().unwrap();
    assert!(error.to_string().contains("/nowhere/lot.crt"), "{error}");
}

//! A vehicle comes, is asked about, and crosses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use boshi_transport::certificate::{LocalAuthority, install_crypto};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::controller::Controller;
use crate::platform::{NO, Platform, Reply, YES};
use crate::site::{Site, World};
use crate::wire::{assert_time, eventually};

/// T-2, T-3, T-5, T-6, RECOG-1, CROSS-1, CROSS-2: every documented field has its documented type.
#[tokio::test]
async fn a_vehicle_is_pushed_let_in_once_and_its_crossing_pushed_under_its_id() {
    let world = World::new().await;
    let World {
        platform,
        controller,
        gateway,
        ..
    } = &world;
    gateway.arrives("粤B12345").await;
    let asked = platform.hears("/receivePlateNumber", 1).await;
    let recognition = &asked[0];
    assert_eq!(recognition["deviceNo"], "CAM-01");
    assert_eq!(recognition["plateNumber"], "粤B12345");
    assert_eq!(recognition["color"], "blue");
    assert_eq!(recognition["reliability"], json!(96));
    assert_eq!(recognition["image"], "");
    assert_time(recognition["recognitionTime"].as_str().unwrap());
    let uuid = recognition["uuid"].as_str().unwrap();
    assert_eq!(uuid.len(), 36);

    controller.hears("open", "BAR-01", 1).await;
    controller.shows("LED-01", &["粤B12345", "请通行"]).await;
    gateway.crosses().await;
    let crossed = platform.hears("/receiveCrossGate", 1).await;
    let crossing = &crossed[0];
    assert_eq!(crossing["uuid"], uuid);
    assert_eq!(crossing["deviceNo"], "CAM-01");
    assert_eq!(crossing["plateNumber"], "粤B12345");
    assert_eq!(crossing["color"], "blue");
    assert_time(crossing["crossTime"].as_str().unwrap());

    gateway
        .counts("SELECT count(*) FROM outbox WHERE state = 'delivered'", 2)
        .await;
    assert_eq!(controller.told("open", "BAR-01").len(), 1);
    assert_eq!(gateway.count("SELECT count(*) FROM lift"), 1);
    let outcome = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    assert_eq!(gateway.count(outcome), 1);
    assert_eq!(platform.heard("/receivePlateNumber").len(), 1);
    assert_eq!(platform.heard("/receiveCrossGate").len(), 1);
    let content_type = &platform.heard("/receiveCrossGate")[0].content_type;
    assert_eq!(content_type, "application/json");
}

/// T-1: the same over HTTPS, with an authority that the gateway is told of.
#[tokio::test]
async fn a_platform_with_a_certificate_of_a_known_authority_is_pushed_to() {
    install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let tls = authority.server_config(&["127.0.0.1".to_owned()]).unwrap();
    let platform = Platform::start_with(Some(tls)).await;
    let controller = Controller::start().await;
    let https = format!("https://{}", platform.address);
    let ca_file = format!(
        "app_id = \"99848791\"\nca_file = {:?}",
        folder.path().join("ca.pem")
    );
    let site = Site::new(&https, &controller.url()).with("app_id = \"99848791\"", &ca_file);
    let gateway = site.start().await;
    gateway.arrives("粤B12345").await;
    platform.hears("/receivePlateNumber", 1).await;
    controller.hears("open", "BAR-01", 1).await;
}

/// RECOG-2, D-13, D-17: the same recognition, in a fresh request each time.
#[tokio::test]
async fn a_refused_vehicle_is_asked_about_again_until_it_may_pass() {
    let world = World::new().await;
    let refusals = Arc::new(AtomicUsize::new(3));
    let left = Arc::clone(&refusals);
    let fewer = |left: usize| left.checked_sub(1);
    world.platform.answers(move |_, _| {
        match left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer) {
            Ok(_) => NO,
            Err(_) => YES,
        }
    });
    world.gateway.arrives("粤B12345").await;
    world
        .controller
        .shows("LED-01", &["粤B12345", "余位已满"])
        .await;
    world.controller.hears("open", "BAR-01", 1).await;
    let heard = world.platform.heard("/receivePlateNumber");
    assert_eq!(heard.len(), 4);
    for pair in heard.windows(2) {
        let pause = pair[1].at - pair[0].at;
        assert!(pause >= Duration::from_millis(90), "{pause:?}");
        for field in ["uuid", "recognitionTime", "plateNumber", "deviceNo"] {
            assert_eq!(pair[0].body[field], pair[1].body[field], "{field}");
        }
    }
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
}

/// D-17: the time and the token of a request are those of its own second.
#[tokio::test]
async fn a_request_of_the_next_second_has_a_time_and_a_token_of_its_own() {
    let world = World::new().await;
    world.platform.answers(|_, _| NO);
    world.gateway.arrives("粤B12345").await;
    let differs = |heard: Vec<Value>| {
        let first = heard.first()?.clone();
        let other = heard.into_iter().find(|it| it["time"] != first["time"])?;
        Some((first, other))
    };
    let (first, other) = eventually("a later request", || {
        let heard = world.platform.heard("/receivePlateNumber");
        differs(heard.into_iter().map(|it| it.body).collect())
    })
    .await;
    assert_ne!(first["token"], other["token"]);
    assert_eq!(first["uuid"], other["uuid"]);
    assert_eq!(first["recognitionTime"], other["recognitionTime"]);
}

/// RECOG-3
#[tokio::test]
async fn a_reply_that_comes_after_the_vehicle_has_left_opens_nothing() {
    let world = World::with(&[("budget = \"500ms\"", "budget = \"60s\"")]).await;
    let permits = Arc::new(Semaphore::new(0));
    let awaited = Arc::clone(&permits);
    world
        .platform
        .answers(move |_, _| Reply::When(Arc::clone(&awaited)));
    world.gateway.arrives("粤B12345").await;
    world.platform.hears("/receivePlateNumber", 1).await;
    world.gateway.trigger(false).await;
    let backed_out = "SELECT count(*) FROM recognition WHERE outcome = 'backed_out'";
    world.gateway.counts(backed_out, 1).await;
    permits.add_permits(1);
    let delivered = "SELECT count(*) FROM outbox WHERE state = 'delivered'";
    world.gateway.counts(delivered, 1).await;
    assert_eq!(world.gateway.count("SELECT count(*) FROM lift"), 0);
    assert!(world.controller.told("open", "BAR-01").is_empty());
}

/// An unreadable plate is pushed as an empty one, of the colour that the camera saw.
#[tokio::test]
async fn a_vehicle_without_a_readable_plate_is_pushed_with_an_empty_one() {
    let world = World::new().await;
    world.gateway.trigger(true).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(asked[0]["plateNumber"], "");
    assert_eq!(asked[0]["color"], "other");
    assert!(asked[0].get("reliability").is_none_or(Value::is_number));
}

/// T-4: an answer without a description, or with a number for a code, is an answer (D-3).
#[tokio::test]
async fn an_answer_with_a_number_for_its_code_opens_too() {
    let world = World::new().await;
    world
        .platform
        .answers(|_, _| Reply::Text(r#"{"respCode":0}"#));
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
}

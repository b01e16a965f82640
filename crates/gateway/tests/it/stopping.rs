//! A stop while nobody around the gateway answers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::controller::{KEYS, Mood};
use crate::local::watch;
use crate::platform::{Reply, YES};
use crate::site::World;
use crate::wire::request;

/// What the lots and the listeners may take one after the other, and a little for the machine.
const BOUND: Duration = Duration::from_secs(5 + 10 + 2);

/// D-18, OPEN-7: within its bound, and nothing that was taken in is lost.
#[tokio::test]
async fn a_stop_is_bounded_whoever_hangs_and_loses_nothing() {
    let world = World::with(&[
        ("act = \"500ms\"", "act = \"60s\""),
        ("budget = \"500ms\"", "budget = \"60s\""),
    ]);
    let World {
        platform,
        controller,
        site,
        gateway,
    } = world.await;
    platform.answers(|_, _| Reply::Hang);
    controller.is(Mood::Mute);
    // A vehicle waits for a platform that hangs, a command for a controller that does.
    gateway.arrives("粤B12345").await;
    platform.hears("/receivePlateNumber", 1).await;
    let own = json!({"deviceNo": "CAM-02", "openMode": "3"});
    let body = request(&own);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    let commanding = client
        .build()
        .unwrap()
        .post(format!("http://{}/receiveOpenGate", gateway.standard))
        .header("Content-Type", "application/json")
        .body(body.to_string());
    let commanded = tokio::spawn(commanding.send());
    controller.hears("open", "BAR-02", 1).await;
    // Somebody watches, and somebody else sends half a request and sleeps.
    let watcher = watch(&gateway);
    let mut sleeper = TcpStream::connect(gateway.devices).await.unwrap();
    let half = format!(
        "POST /v1/events HTTP/1.1\r\nHost: lot\r\nAuthorization: Bearer {}\r\n\
         Content-Length: 500\r\n\r\n{{",
        KEYS[0]
    );
    sleeper.write_all(half.as_bytes()).await.unwrap();

    let told = Instant::now();
    gateway.stop_within(BOUND).await;
    assert!(told.elapsed() < BOUND, "{:?}", told.elapsed());
    drop((watcher, sleeper));
    let _ = commanded.await.unwrap();

    platform.answers(|_, _| YES);
    controller.is(Mood::Obeys);
    let gateway = site.start().await;
    let pending = "SELECT count(*) FROM outbox WHERE state = 'pending'";
    gateway.counts(pending, 0).await;
    // It still waits, so it is asked for again, as the same recognition.
    let heard = platform.heard("/receivePlateNumber");
    let uuids: BTreeSet<_> = heard.iter().map(|it| it.body["uuid"].to_string()).collect();
    assert!(heard.len() > 1);
    assert_eq!(uuids.len(), 1, "{uuids:?}");
    // The command may have been carried out: it is not carried out again.
    let (_, again) = gateway
        .post("/receiveOpenGate", "application/json", &body)
        .await;
    let why = again["respDesc"].as_str().unwrap();
    assert!(why.starts_with("OUTCOME_UNKNOWN "), "{again}");
    assert_eq!(controller.told("open", "BAR-02").len(), 1);
}

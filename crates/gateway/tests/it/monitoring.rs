//! What machines that watch the gateway are told.

use rusqlite::TransactionBehavior;
use serde_json::Value;

use crate::platform::Reply;
use crate::site::World;
use crate::wire::{PATIENCE, SECRET};

const LISTEN: (&str, &str) = (
    "local = \"127.0.0.1:0\"",
    "local = \"127.0.0.1:0\"\nmonitoring = \"127.0.0.1:0\"",
);

fn watcher() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    client.build().unwrap()
}

async fn get(world: &World, path: &str) -> (u16, String) {
    let address = world.gateway.monitoring.unwrap();
    let asked = watcher().get(format!("http://{address}{path}")).send();
    let answer = asked.await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until a page is as wanted.
async fn until(world: &World, path: &str, wanted: impl Fn(u16, &str) -> bool) -> String {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let (status, page) = get(world, path).await;
        if wanted(status, &page) {
            return page;
        }
        assert!(std::time::Instant::now() < end, "{status} {page}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn nobody_watches_unless_an_address_is_configured() {
    let world = World::new().await;
    assert_eq!(world.gateway.monitoring, None);
}

#[tokio::test]
async fn a_gateway_that_cannot_write_lives_but_is_not_ready_and_says_why() {
    let world = World::with(&[LISTEN]).await;
    assert_eq!(get(&world, "/livez").await, (200, "ok\n".to_owned()));
    until(&world, "/readyz", |status, _| status == 200).await;
    let mut other = world.gateway.journal();
    let lock = other
        .transaction_with_behavior(TransactionBehavior::Exclusive)
        .unwrap();
    world.gateway.trigger(true).await;
    world.gateway.reads("粤B12345").await;
    // Gates go on.
    world.controller.hears("open", "BAR-01", 1).await;
    let page = until(&world, "/readyz", |status, page| {
        status == 503 && page.contains("L1") && page.contains("未能写入磁盘")
    });
    let reply: Value = serde_json::from_str(&page.await).unwrap();
    assert_eq!(reply["ready"], false);
    assert_eq!(get(&world, "/livez").await.0, 200);
    drop(lock);
    until(&world, "/readyz", |status, _| status == 200).await;
}

/// PUSH-2, PUSH-3, D-7
#[tokio::test]
async fn what_happens_is_counted_without_a_plate_or_a_secret() {
    let world = World::with(&[LISTEN]).await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    world.platform.answers(|_, _| Reply::Status(500));
    world.gateway.arrives("粤B54321").await;
    world.controller.hears("open", "BAR-01", 2).await;
    let wanted = [
        r#"boshi_gateway_lot_up{lot="L1"} 1"#,
        r#"boshi_gateway_platform_up{lot="L1"} 0"#,
        r#"boshi_gateway_gate{lot="L1",lane="01",state="normal"} 1"#,
        r#"boshi_gateway_vehicles_present{lot="L1",lane="01"} 1"#,
        r#"boshi_gateway_vehicles_passing{lot="L1",lane="01"} 1"#,
        r#"boshi_gateway_vehicles_present{lot="L1",lane="02"} 0"#,
        r#"boshi_gateway_lifts_total{lot="L1",cause="may_pass"} 1"#,
        r#"boshi_gateway_lifts_total{lot="L1",cause="blind"} 1"#,
        r#"boshi_gateway_acts_total{lot="L1",result="done"} 2"#,
        r#"boshi_gateway_recognitions_ended_total{lot="L1",outcome="crossed"} 1"#,
        r#"boshi_gateway_recognitions_total{lot="L1"} 2"#,
        r#"boshi_gateway_crossings_total{lot="L1"} 1"#,
        r#"boshi_gateway_attempts_total{lot="L1",kind="recognition",outcome="accepted"} 1"#,
        r#"boshi_gateway_attempts_total{lot="L1",kind="recognition",outcome="fault"} 5"#,
        r#"boshi_gateway_settled_total{lot="L1",kind="recognition",state="failed"} 1"#,
        r#"boshi_gateway_reply_seconds_bucket{lot="L1",le="+Inf"} 2"#,
        r#"boshi_gateway_reply_seconds_count{lot="L1"} 2"#,
        r#"boshi_gateway_outbox_records{lot="L1",state="backlog"} 0"#,
        r#"boshi_gateway_outbox_oldest_seconds{lot="L1"} 0"#,
        r#"boshi_gateway_device_up{lot="L1",lane="01",device="CAM-01",kind="recognizer"} 1"#,
        r#"boshi_gateway_unwritten_entries{lot="L1"} 0"#,
        r#"boshi_gateway_clock_skew_seconds{lot="L1"} 0"#,
        r#"boshi_gateway_connections_turned_away_total{listener="devices"} 0"#,
    ];
    let whole = |page: &str| {
        let missing = wanted
            .iter()
            .find(|line| !page.lines().any(|it| it == **line));
        missing.copied()
    };
    let end = std::time::Instant::now() + PATIENCE;
    let page = loop {
        let (_, page) = get(&world, "/metrics").await;
        match whole(&page) {
            None => break page,
            Some(line) => assert!(std::time::Instant::now() < end, "{line}\n{page}"),
        }
    };
    for hidden in ["粤", "12345", SECRET, "key-one", &world.gateway.key] {
        assert!(!page.contains(hidden), "{hidden} is in\n{page}");
    }
}

/// However many ask, the lots have the time of one look.
#[tokio::test]
async fn a_crowd_of_watchers_takes_no_time_of_the_gates() {
    let world = World::with(&[LISTEN]).await;
    let address = world.gateway.monitoring.unwrap();
    let client = watcher();
    let asking = (0..200).map(|_| client.get(format!("http://{address}/metrics")).send());
    let crowd = tokio::spawn(futures_util::future::join_all(asking.collect::<Vec<_>>()));
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    for answer in crowd.await.unwrap() {
        assert_eq!(answer.unwrap().status(), 200);
    }
}

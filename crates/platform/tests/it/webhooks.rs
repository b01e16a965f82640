//! Events that are sent to other systems: signed, at least once, and never in anybody's way.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::receiver::{Does, Receiver};
use crate::site::{Platform, Site, eventually};
use crate::users::key;

const NOBODY: &str = "http://127.0.0.1:1";

/// A platform that tries four times in short order and gives nobody up.
fn hasty() -> Site {
    let hasty = "interval = \"1h\"\n[webhooks]\ndeadline = \"300ms\"\n\
                 retry = [\"20ms\", \"20ms\", \"20ms\"]\ngive_up = \"1h\"";
    Site::new(NOBODY)
        .with("interval = \"20ms\"", "interval = \"1h\"")
        .with(
            "[command]",
            &format!(
                "[webhooks]{}\n[command]",
                hasty.split("[webhooks]").nth(1).unwrap()
            ),
        )
}

async fn put(platform: &Platform, name: &str, body: Value) -> Value {
    let path = format!("/webhooks/{name}");
    let (status, webhook) = platform.send(Method::PUT, &path, body).await;
    assert_eq!(status, 200, "{webhook}");
    webhook
}

/// An endpoint for everything; its secret.
async fn add(platform: &Platform, name: &str, receiver: &Receiver) -> String {
    let webhook = put(
        platform,
        name,
        json!({"url": receiver.url(), "plain": true}),
    )
    .await;
    webhook["secret"].as_str().unwrap().to_owned()
}

async fn block(platform: &Platform, number: usize) {
    let body = json!({"plate": format!("粤B{number:05}"), "reason": "欠费"});
    assert_eq!(platform.post("/blocks", body).await.0, 201);
}

/// D-7: an address may hold a secret, and everybody may read who did what.
#[tokio::test]
async fn of_the_address_of_a_webhook_only_its_owner_stands_in_the_audit() {
    let platform = Site::new(NOBODY).start().await;
    let url = "http://127.0.0.1:1/hooks/T0K3N?key=hush";
    put(&platform, "billing", json!({"url": url, "plain": true})).await;
    let audit = platform.get("/audit").await;
    assert_eq!(audit["items"][0]["act"], "webhook.put");
    assert_eq!(audit["items"][0]["reason"], "http://127.0.0.1:1");
    let body = json!({"url": "http://li:hush@127.0.0.1:1/x", "plain": true});
    let (status, error) = platform.send(Method::PUT, "/webhooks/other", body).await;
    assert_eq!((status, &error["field"]), (400, &json!("url")), "{error}");
    assert!(!error.to_string().contains("hush"), "{error}");
}

/// D-7: how deep, how old, how often tried and how often in vain, for machines that watch.
#[tokio::test]
async fn what_waits_for_a_webhook_and_what_came_of_attempts_is_measured() {
    let receiver = Receiver::start().await;
    receiver.does(|_| Does::Says(500, String::new()));
    let (from, to) = crate::monitoring::LISTEN;
    let platform = hasty().with(from, to).start().await;
    let secret = add(&platform, "billing", &receiver).await;
    block(&platform, 1).await;
    becomes(&platform, "billing", |webhook| webhook["given_up"] == 1).await;
    let failed = [
        "boshi_platform_webhooks{state=\"enabled\"} 1",
        "boshi_platform_webhook_attempts_total{result=\"refused\"} 4",
        "boshi_platform_webhook_given_up{webhook=\"billing\"} 1",
        "boshi_platform_webhook_waiting{webhook=\"billing\"} 0",
        "boshi_platform_webhook_behind{webhook=\"billing\"} 0",
        "boshi_platform_events_total 1",
        "boshi_platform_events_kept 1",
        "boshi_platform_event_streams 0",
    ];
    let page = crate::monitoring::page_with(&platform, &failed).await;
    for begun in [
        "boshi_platform_webhook_failing_seconds{webhook=\"billing\"} ",
        "boshi_platform_webhook_oldest_undelivered_seconds{webhook=\"billing\"} 0",
        "boshi_platform_events_oldest_seconds ",
    ] {
        assert!(
            page.lines().any(|line| line.starts_with(begun)),
            "{begun}\n{page}"
        );
    }
    assert!(!page.contains(&secret) && !page.contains("粤B"), "{page}");
    receiver.does(|_| Does::Says(200, String::new()));
    block(&platform, 2).await;
    let taken = ["boshi_platform_webhook_attempts_total{result=\"taken\"} 1"];
    crate::monitoring::page_with(&platform, &taken).await;
}

async fn webhook(platform: &Platform, name: &str) -> Value {
    let all = platform.get("/webhooks").await;
    let mut all = all["items"].as_array().unwrap().iter();
    all.find(|webhook| webhook["name"] == name).unwrap().clone()
}

async fn becomes(platform: &Platform, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(async || Some(webhook(platform, name).await).filter(&wanted)).await
}

/// Waits until `receiver` was sent `plates`, each at least once.
async fn told(receiver: &Receiver, plates: std::ops::Range<usize>) {
    let wanted: BTreeSet<String> = plates.map(|number| format!("粤B{number:05}")).collect();
    eventually(async || {
        let received = receiver.received();
        let told: BTreeSet<String> = received
            .iter()
            .filter_map(|message| message.event()["data"]["plate"].as_str().map(str::to_owned))
            .collect();
        told.is_superset(&wanted).then_some(())
    })
    .await;
}

/// D-6, D-7
#[tokio::test]
async fn an_event_is_sent_signed_with_both_secrets_while_one_is_being_changed() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    let first = add(&platform, "billing", &receiver).await;
    block(&platform, 1).await;
    told(&receiver, 1..2).await;
    let message = receiver.received().remove(0);
    assert!(message.is_signed_with(&first) && message.signatures() == 1);
    let event = message.event();
    assert_eq!(
        (&event["kind"], &event["id"]),
        (&json!("block.added"), &json!(message.id))
    );
    let rotated = put(&platform, "billing", json!({"secret": "generate"})).await;
    let second = rotated["secret"].as_str().unwrap();
    assert_eq!(rotated["rotating"], true);
    block(&platform, 2).await;
    told(&receiver, 2..3).await;
    let message = receiver.received().pop().unwrap();
    assert!(message.is_signed_with(&first) && message.is_signed_with(second));
    put(&platform, "billing", json!({"forget_previous": true})).await;
    block(&platform, 3).await;
    told(&receiver, 3..4).await;
    let message = receiver.received().pop().unwrap();
    assert!(!message.is_signed_with(&first) && message.is_signed_with(second));
    for shown in [
        platform.get("/webhooks").await,
        platform.get("/audit").await,
    ] {
        let shown = shown.to_string();
        assert!(
            !shown.contains("whsec_") && !shown.contains(second),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn an_event_that_is_not_taken_is_sent_again_under_its_id_and_every_attempt_is_kept() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    add(&platform, "billing", &receiver).await;
    let mut failures = 0;
    receiver.does(move |_| {
        failures += 1;
        match failures {
            1 => Does::Says(500, format!("维护中\n{}", "x".repeat(100_000))),
            2 => Does::Hangs,
            _ => Does::Says(200, "ok".to_owned()),
        }
    });
    block(&platform, 1).await;
    let found = eventually(async || {
        let found = platform.get("/webhooks/billing/attempts").await["items"].clone();
        (found.as_array().unwrap().len() == 3).then_some(found)
    })
    .await;
    let statuses: Vec<&Value> = (0..3).map(|place| &found[place]["status"]).collect();
    assert_eq!(statuses, [&json!(200), &Value::Null, &json!(500)]);
    assert_eq!(
        (&found[1]["said"], &found[0]["attempt"]),
        (&json!("超时"), &json!(3))
    );
    let said = found[2]["said"].as_str().unwrap();
    assert!(said.starts_with("维护中 x") && said.len() <= 256, "{said}");
    let ids: BTreeSet<String> = receiver
        .received()
        .iter()
        .map(|one| one.id.clone())
        .collect();
    assert_eq!(ids.len(), 1, "one id");
    let delivered = platform
        .get("/webhooks/billing/attempts?delivered=true")
        .await;
    assert_eq!(delivered["items"].as_array().unwrap().len(), 1);
    let after = webhook(&platform, "billing").await;
    assert_eq!(
        (&after["waiting"], &after["failing_since"]),
        (&json!(0), &Value::Null)
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let platform = hasty().start().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    add(&platform, "billing", &receiver).await;
    let to = elsewhere.url();
    receiver.does(move |_| Does::Redirects(to.clone()));
    block(&platform, 1).await;
    becomes(&platform, "billing", |webhook| webhook["given_up"] == 1).await;
    assert_eq!(receiver.received().len(), 4, "the first and three more");
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_hangs_or_is_not_there_holds_up_no_other_and_no_supplier() {
    let platform = hasty().start().await;
    let (hanging, sound) = (Receiver::start().await, Receiver::start().await);
    hanging.does(|_| Does::Hangs);
    add(&platform, "hanging", &hanging).await;
    put(
        &platform,
        "nobody",
        json!({"url": "http://127.0.0.1:1/", "plain": true}),
    )
    .await;
    add(&platform, "sound", &sound).await;
    for number in 0..30 {
        block(&platform, number).await;
    }
    told(&sound, 0..30).await;
    assert_eq!(platform.push(1, "CAM-01").await.1["respCode"], "0");
    let behind = webhook(&platform, "hanging").await;
    assert!(behind["waiting"].as_i64().unwrap() + behind["given_up"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn an_event_that_is_always_refused_holds_up_none_behind_it_and_can_be_sent_again_by_hand() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    add(&platform, "billing", &receiver).await;
    receiver.does(
        |message| match message.event()["data"]["plate"] == "粤B00003" {
            true => Does::Says(400, String::new()),
            false => Does::Says(200, String::new()),
        },
    );
    for number in 0..10 {
        block(&platform, number).await;
    }
    told(&receiver, 0..10).await;
    let given_up = |webhook: &Value| webhook["given_up"] == 1 && webhook["waiting"] == 0;
    becomes(&platform, "billing", given_up).await;
    let poison = receiver.received().into_iter();
    let mut poison = poison.filter(|one| one.event()["data"]["plate"] == "粤B00003");
    let id = poison.next().unwrap().id;
    receiver.does(|_| Does::Says(200, String::new()));
    let again = json!({"event": id});
    let (status, told) = platform.post("/webhooks/billing/resend", again).await;
    assert_eq!((status, &told["resent"]), (200, &json!(1)));
    becomes(&platform, "billing", |webhook| webhook["given_up"] == 0).await;
    assert_eq!(receiver.received().last().unwrap().id, id);
}

#[tokio::test]
async fn the_events_of_a_time_are_sent_again_as_far_as_they_are_wanted() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    let body = json!({"url": receiver.url(), "plain": true, "kinds": "block"});
    put(&platform, "billing", body).await;
    for number in 0..5 {
        block(&platform, number).await;
    }
    platform.push(1, "CAM-01").await;
    told(&receiver, 0..5).await;
    becomes(&platform, "billing", |webhook| webhook["waiting"] == 0).await;
    assert_eq!(receiver.received().len(), 5, "and not the recognition");
    for (window, resent) in [
        (json!({"from": "2020-01-01", "to": "2020-01-02"}), 0),
        (json!({"from": "2099-01-01"}), 0),
        (json!({"from": "2020-01-01"}), 5),
    ] {
        let (status, told) = platform.post("/webhooks/billing/resend", window).await;
        assert_eq!((status, &told["resent"]), (200, &json!(resent)));
    }
    eventually(async || (receiver.received().len() == 10).then_some(())).await;
}

#[tokio::test]
async fn an_endpoint_that_fails_for_long_is_sent_nothing_more_and_that_is_told_and_written_down() {
    let site = hasty().with("give_up = \"1h\"", "give_up = \"1ms\"");
    let platform = site.start().await;
    let (dead, watching) = (Receiver::start().await, Receiver::start().await);
    let body = json!({"url": watching.url(), "plain": true, "kinds": "webhook"});
    put(&platform, "watching", body).await;
    add(&platform, "dead", &dead).await;
    dead.does(|_| Does::Says(503, String::new()));
    block(&platform, 1).await;
    let disabled = becomes(&platform, "dead", |webhook| webhook["enabled"] == false).await;
    assert!(
        disabled["why"].as_str().unwrap().contains("没有一次送达"),
        "{disabled}"
    );
    let message = eventually(async || watching.received().pop()).await;
    assert_eq!(message.event()["kind"], "webhook.disabled");
    assert_eq!(message.event()["data"]["webhook"], "dead");
    let audited = platform.get("/audit?act=webhook.disable").await["items"][0].clone();
    assert_eq!(
        (&audited["by"], &audited["target"]),
        (&json!("platform"), &json!("dead"))
    );
    // What was missed meanwhile is sent once somebody says that it works again.
    block(&platform, 2).await;
    dead.does(|_| Does::Says(200, String::new()));
    put(&platform, "dead", json!({"enabled": true})).await;
    told(&dead, 1..3).await;
}

#[tokio::test]
async fn a_receiver_that_says_it_is_gone_is_sent_nothing_more() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    add(&platform, "gone", &receiver).await;
    receiver.does(|_| Does::Says(410, String::new()));
    block(&platform, 1).await;
    let disabled = becomes(&platform, "gone", |webhook| webhook["enabled"] == false).await;
    assert!(
        disabled["why"].as_str().unwrap().contains("410"),
        "{disabled}"
    );
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn what_happened_while_the_platform_or_the_receiver_was_away_is_sent_afterwards() {
    let site = hasty();
    let receiver = Receiver::start().await;
    receiver.does(|_| Does::Says(500, String::new()));
    let mut platform = site.start().await;
    add(&platform, "billing", &receiver).await;
    for number in 0..20 {
        block(&platform, number).await;
        if number % 7 == 6 {
            platform.stop().await;
            platform = site.start().await;
        }
        if number == 10 {
            receiver.does(|_| Does::Says(200, String::new()));
        }
    }
    told(&receiver, 11..20).await;
    let (_, again) = platform
        .post("/webhooks/billing/resend", json!({"from": "2020-01-01"}))
        .await;
    assert_eq!(again["resent"], 20);
    told(&receiver, 0..20).await;
}

#[tokio::test]
async fn an_endpoint_is_tried_by_hand_and_is_told_what_was_answered() {
    let platform = hasty().start().await;
    let receiver = Receiver::start().await;
    let secret = add(&platform, "billing", &receiver).await;
    let (status, tried) = platform.post("/webhooks/billing/test", json!({})).await;
    assert_eq!(
        (status, &tried["delivered"], &tried["status"]),
        (200, &json!(true), &json!(204))
    );
    let message = receiver.received().remove(0);
    assert!(message.is_signed_with(&secret));
    assert_eq!(message.event()["kind"], "webhook.test");
    put(
        &platform,
        "nobody",
        json!({"url": "http://127.0.0.1:1/", "plain": true}),
    )
    .await;
    let (_, tried) = platform.post("/webhooks/nobody/test", json!({})).await;
    assert_eq!(
        (&tried["delivered"], &tried["said"]),
        (&json!(false), &json!("网络故障"))
    );
}

#[tokio::test]
async fn a_field_of_an_endpoint_that_makes_no_sense_is_named() {
    let platform = hasty().start().await;
    let url = "https://127.0.0.1/events";
    for (name, body, field) in [
        ("x", json!({}), "url"),
        ("x", json!({"url": "ftp://x"}), "url"),
        ("x", json!({"url": "http://x"}), "url"),
        ("x", json!({"url": url}), "ca_pem"),
        ("x", json!({"url": url, "ca_pem": "x"}), "ca_pem"),
        (
            "x",
            json!({"url": "http://x", "plain": true, "kinds": "nonsense"}),
            "kinds",
        ),
        ("x", json!({"url": "http://x", "plain": "yes"}), "plain"),
        (
            "x",
            json!({"url": "http://x", "plain": true, "secret": "hush"}),
            "secret",
        ),
        (
            "x",
            json!({"url": "http://x", "plain": true, "secret": "whsec_aGk="}),
            "secret",
        ),
        (
            "x",
            json!({"url": "http://x", "plain": true, "enabled": 1}),
            "enabled",
        ),
        ("%20", json!({"url": "http://x", "plain": true}), "name"),
    ] {
        let path = format!("/webhooks/{name}");
        let (status, error) = platform.send(Method::PUT, &path, body.clone()).await;
        assert_eq!(
            (status, &error["field"]),
            (400, &json!(field)),
            "{body}: {error}"
        );
    }
    let unknown = json!({"url": "http://x", "plain": true, "lots": "L9"});
    let (status, error) = platform.send(Method::PUT, "/webhooks/x", unknown).await;
    assert_eq!((status, &error["field"]), (404, &json!("lot")));
    assert_eq!(platform.get("/webhooks").await["items"], json!([]));
    put(&platform, "x", json!({"url": "http://x", "plain": true})).await;
    for (body, status, field) in [
        (json!({}), 400, "event"),
        (json!({"event": "1", "from": "2020-01-01"}), 400, "event"),
        (json!({"event": "x"}), 400, "event"),
        (json!({"from": "never"}), 400, "from"),
        (json!({"event": "999"}), 404, "event"),
    ] {
        let (found, error) = platform.post("/webhooks/x/resend", body.clone()).await;
        assert_eq!(
            (found, &error["field"]),
            (status, &json!(field)),
            "{body}: {error}"
        );
    }
    let removed = platform
        .send(Method::DELETE, "/webhooks/x", json!({}))
        .await;
    assert_eq!(removed.0, 200);
    for path in ["/webhooks/x/test", "/webhooks/x/resend"] {
        let (status, _) = platform.post(path, json!({"event": "1"})).await;
        assert_eq!(status, 404, "{path}");
    }
}

#[tokio::test]
async fn only_an_administrator_may_make_the_platform_call_other_systems() {
    let platform = hasty().start().await;
    let operator = key(&platform, "wang", "operator", None).await;
    let body = Some(json!({"url": "http://x", "plain": true}).to_string());
    for (method, path) in [
        (Method::PUT, "/api/v1/webhooks/x"),
        (Method::GET, "/api/v1/webhooks"),
    ] {
        let found = platform.with_key(Some(&operator), method, path, body.clone());
        assert_eq!(found.await.0, 403, "{path}");
    }
}

//! Clocks and time zones: of this machine, and of the platform.

use std::process::Command;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::local::watch;
use crate::platform::{Reply, YES};
use crate::site::{Gateway, World};
use crate::wire::{PATIENCE, request_at, time};

/// What those who watch are told of the platform's clock, `count` times.
async fn told_of_clock(
    lines: impl Iterator<Item = Value> + Send + 'static,
    count: usize,
) -> Vec<Value> {
    let told = move || {
        let clock = |it: &Value| it["what"].as_str().unwrap().starts_with("clock_");
        lines.filter(clock).take(count).collect()
    };
    tokio::task::spawn_blocking(told).await.unwrap()
}

async fn beat(gateway: &Gateway, ahead: i64) {
    let at = Timestamp::now() + SignedDuration::from_secs(ahead);
    let body = request_at(at, &json!({}));
    let (status, _) = gateway
        .post("/checkConnect", "application/json", &body)
        .await;
    assert_eq!(status, 200);
}

/// D-4: whoever calls us; once when it begins and once when it is over.
#[tokio::test]
async fn a_platform_whose_clock_is_off_is_told_of_once() {
    let world = World::new().await;
    let lines = watch(&world.gateway);
    for ahead in [0, 200, 210, 140, 400, 0, 0] {
        beat(&world.gateway, ahead).await;
    }
    let told = told_of_clock(lines, 2).await;
    let word = |it: &Value| it["what"].as_str().unwrap().to_owned();
    let words: Vec<String> = told.iter().map(word).collect();
    assert_eq!(words, ["clock_skewed", "clock_agrees"]);
    assert!(
        (195..=200).contains(&told[0]["seconds"].as_i64().unwrap()),
        "{told:?}"
    );
    let (_, status) = world
        .gateway
        .booth(Method::GET, "/status", Value::Null)
        .await;
    assert!(status["lots"][0]["skew_seconds"].as_i64().unwrap().abs() <= 5);
}

/// D-4: also when it only ever replies, and whatever it replies.
#[tokio::test]
async fn the_clock_of_a_platform_is_read_from_its_replies() {
    let world = World::new().await;
    let lines = watch(&world.gateway);
    world
        .platform
        .answers(|_, _| Reply::Dated("Thu, 01 Jan 2026 00:00:00 GMT"));
    world.gateway.arrives("粤B12345").await;
    let told = told_of_clock(lines, 1).await;
    assert_eq!(told[0]["what"], "clock_skewed");
    let then: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let off = then.duration_since(Timestamp::now()).as_secs();
    assert!(
        (told[0]["seconds"].as_i64().unwrap() - off).abs() <= 10,
        "{told:?}"
    );
}

/// D-4, RECOG-1: a platform that refuses every request for its time has said nothing about vehicles.
#[tokio::test]
async fn a_clock_that_is_two_hours_off_keeps_no_vehicle_waiting() {
    const TOO_OLD: &str = r#"{"respCode":"1","respDesc":"TIME_SKEW 请求时间比本机慢 7200 秒"}"#;
    const SUCCESS: &str = r#"{"respCode":"0","respDesc":"成功"}"#;
    let ahead = SignedDuration::from_hours(2);
    let world = World::new().await;
    world.platform.answers(move |_, body| {
        let its = Timestamp::now() + ahead;
        let moment = SignedDuration::from_secs(60);
        let fresh = time(its - moment)..=time(its + moment);
        let date = its.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let taken = fresh.contains(&body["time"].as_str().unwrap().to_owned());
        Reply::DatedText(date, if taken { SUCCESS } else { TOO_OLD })
    });
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let asked = world.platform.hears("/receivePlateNumber", 2).await;
    let recognized = asked[1]["recognitionTime"].as_str().unwrap();
    let latest = time(Timestamp::now());
    assert!(
        recognized <= latest.as_str(),
        "records keep this clock's time"
    );
    // What such a platform commands is as fresh as its own time says.
    let command = async |at: Timestamp| {
        let own = json!({"deviceNo": "CAM-01", "openMode": "3"});
        let body = request_at(at, &own);
        let path = "/receiveOpenGate";
        world.gateway.post(path, "application/json", &body).await.1
    };
    let reply = command(Timestamp::now() + ahead).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    let reply = command(Timestamp::now()).await;
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.starts_with("TIME_SKEW"), "{reply}");
    // Once the clocks agree, requests carry this one's time again.
    world.platform.answers(|_, _| YES);
    world.gateway.crosses().await;
    world.platform.hears("/receiveCrossGate", 1).await;
    let end = Instant::now() + PATIENCE;
    while (world.gateway.status().await["skew_seconds"].as_i64()).is_none_or(|off| off.abs() > 5) {
        assert!(Instant::now() < end, "the clocks do not agree");
    }
    world.gateway.arrives("粤B54321").await;
    let asked = world.platform.hears("/receivePlateNumber", 3).await;
    let signed = asked.last().unwrap()["time"].as_str().unwrap();
    assert!(signed <= time(Timestamp::now()).as_str(), "{signed}");
}

/// The child of the test below; by itself it shows the same in the zone of this machine.
///
/// T-5, CROSS-2
#[tokio::test]
async fn the_times_of_records_are_chinas() {
    let world = World::new().await;
    let before = time(Timestamp::now());
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    let recognized = world.platform.hears("/receivePlateNumber", 1).await;
    let after = time(Timestamp::now());
    let within = |at: &Value| (before.as_str()..=&after).contains(&at.as_str().unwrap());
    for at in [
        &recognized[0]["recognitionTime"],
        &recognized[0]["time"],
        &crossed[0]["crossTime"],
        &crossed[0]["time"],
    ] {
        assert!(within(at), "{at} is not from {before} to {after}");
    }
    // The platform's times are read as such too.
    beat(&world.gateway, 0).await;
    assert!(
        world.gateway.status().await["skew_seconds"]
            .as_i64()
            .unwrap()
            .abs()
            <= 5
    );
}

/// T-5
#[test]
fn the_gateway_runs_in_any_time_zone() {
    let zones = [
        None,
        Some(""),
        Some("America/St_Johns"),
        Some("Pacific/Apia"),
        Some("UTC+25"),
        Some(":/nowhere/at/all"),
        Some("北京"),
    ];
    for zone in zones {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "clocks::the_times_of_records_are_chinas"]);
        match zone {
            Some(zone) => child.env("TZ", zone),
            None => child.env_remove("TZ"),
        };
        let ended = child.output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success(), "{zone:?}: {said}");
        assert!(said.contains("1 passed"), "{zone:?}: {said}");
    }
}

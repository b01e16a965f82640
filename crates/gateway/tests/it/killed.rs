//! The gateway is killed again and again, at whatever instant.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::platform::{NO, Reply, YES};
use crate::site::World;

/// How often the gateway is killed.
const ROUNDS: u32 = 24;

/// By how much later each round ends than the one before: together they reach from before the
/// first request to after the crossing.
const STEP: Duration = Duration::from_micros(700);

/// D-18, UNPUSH-1: whatever was taken is delivered, or there to be fetched, under one id.
#[tokio::test]
async fn nothing_that_was_taken_is_lost_and_nothing_is_pushed_under_a_second_id() {
    let mut world = World::new().await;
    let mut requests = 0;
    world.platform.answers(move |_, _| {
        requests += 1;
        match requests % 5 {
            0 => Reply::Status(500),
            1 => Reply::Hang,
            2 => NO,
            _ => YES,
        }
    });
    let mut taken = Vec::new();
    for round in 0..ROUNDS {
        let plate = format!("粤B{round:05}");
        world.gateway.arrives(&plate).await;
        taken.push(plate);
        let kill = tokio::time::sleep(STEP * round);
        tokio::select! {
            () = kill => {}
            () = world.gateway.crosses() => {}
        }
        world.power_cut().await;
    }
    world.platform.answers(|_, _| YES);
    let pending = "SELECT count(*) FROM outbox WHERE state = 'pending'";
    world.gateway.counts(pending, 0).await;

    let journal = world.gateway.journal();
    let records = |sql: &str| -> BTreeSet<String> {
        let mut query = journal.prepare(sql).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for plate in &taken {
        let once = format!("SELECT count(*) FROM recognition WHERE plate = '{plate}'");
        assert_eq!(world.gateway.count(&once), 1, "{plate}");
    }
    for (kind, path, fetch) in [
        (
            "recognition",
            "/receivePlateNumber",
            "/queryUnPushRecognitionInfo",
        ),
        ("crossing", "/receiveCrossGate", "/queryUnPushCrossInfo"),
    ] {
        let all = records(&format!("SELECT record FROM {kind}"));
        let of_state = |state: &str| {
            let of = format!("WHERE kind = '{kind}' AND state = '{state}'");
            records(&format!("SELECT key FROM outbox {of}"))
        };
        let (delivered, failed) = (of_state("delivered"), of_state("failed"));
        assert!(!delivered.is_empty(), "{kind}");
        assert_eq!(&delivered | &failed, all, "{kind}");
        let uuid = |body: &serde_json::Value| body["uuid"].as_str().unwrap().to_owned();
        let heard: BTreeSet<String> = world
            .platform
            .heard(path)
            .iter()
            .map(|it| uuid(&it.body))
            .collect();
        assert!(delivered.is_subset(&heard), "{kind}");
        assert!(heard.is_subset(&all), "{kind}");
        let own = json!({"beginTime": "20170101 00:00:00", "pageSize": 100});
        let reply = world.gateway.call(fetch, own).await;
        let rows = reply["data"].as_array().unwrap();
        let fetched: BTreeSet<String> = rows.iter().map(uuid).collect();
        assert_eq!(fetched, failed, "{kind}");
    }
    let orphans = "SELECT count(*) FROM crossing WHERE record NOT IN \
                   (SELECT record FROM recognition)";
    assert_eq!(world.gateway.count(orphans), 0, "D-14");
}

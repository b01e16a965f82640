//! Asking for what could not be pushed: periods, pages, refusals.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::platform::Reply;
use crate::site::World;
use crate::wire::time;

const RECOGNITIONS: &str = "/queryUnPushRecognitionInfo";

/// A world in which twelve recognitions have failed, a second apart, from `first` on.
async fn twelve(first: Timestamp) -> World {
    let world = World::new().await;
    world.platform.answers(|_, _| Reply::Status(500));
    for number in 0..12_i64 {
        // Each in the middle of its second.
        let at = first + SignedDuration::from_millis(1000 * number + 500);
        let event = json!({
            "event": "plate", "device": "CAM-01", "plate": format!("粤B{number:05}"),
            "id": format!("h{number}"), "replay": true, "at": at.to_string()
        });
        world.gateway.event(event).await;
    }
    let failed = "SELECT count(*) FROM outbox WHERE state = 'failed'";
    world.gateway.counts(failed, 12).await;
    world
}

fn plates(reply: &Value) -> Vec<&str> {
    let data = reply["data"].as_array().unwrap().iter();
    data.map(|row| row["plateNumber"].as_str().unwrap())
        .collect()
}

/// UNPUSH-1, PAGE-1, D-10, D-11
#[tokio::test]
async fn records_are_selected_by_their_own_second_and_paged() {
    let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let world = twelve(first).await;
    let at = |second: i64| time(first + SignedDuration::from_secs(second));
    let ask = async |own: Value| world.gateway.call(RECOGNITIONS, own).await;

    // Both bounds are included, to the second.
    let reply = ask(json!({"beginTime": at(2), "endTime": at(4)})).await;
    assert_eq!(reply["total"], json!(3));
    assert_eq!(plates(&reply), ["粤B00002", "粤B00003", "粤B00004"]);

    // Ten on a page unless said otherwise; the end is now unless said otherwise.
    let reply = ask(json!({"beginTime": at(0)})).await;
    assert_eq!(
        (&reply["total"], &reply["pageSize"]),
        (&json!(12), &json!(10))
    );
    assert_eq!(plates(&reply).len(), 10);

    // Every record is on one page, in a stable order, and a page past the end is empty.
    let mut all = Vec::new();
    for page in 1..=4 {
        let own = json!({"beginTime": at(0), "pageSize": 5, "currentPage": page});
        let reply = ask(own).await;
        assert_eq!(
            (&reply["total"], &reply["currentPage"]),
            (&json!(12), &json!(page))
        );
        all.extend(plates(&reply).into_iter().map(str::to_owned));
        if page == 4 {
            assert!(plates(&reply).is_empty());
            assert_eq!(reply["respCode"], "0");
        }
    }
    let expected: Vec<String> = (0..12).map(|number| format!("粤B{number:05}")).collect();
    assert_eq!(all, expected);

    // More than a hundred are a hundred, and the reply says so.
    let reply = ask(json!({"beginTime": at(0), "pageSize": 101})).await;
    assert_eq!(
        (&reply["respCode"], &reply["pageSize"]),
        (&json!("0"), &json!(100))
    );
    assert!(reply["respDesc"].as_str().unwrap().contains("100"));

    // What makes no sense is refused, by name.
    for (own, named) in [
        (json!({"beginTime": at(0), "pageSize": 0}), "pageSize"),
        (json!({"beginTime": at(0), "currentPage": 0}), "currentPage"),
        (json!({"beginTime": at(4), "endTime": at(2)}), "beginTime"),
        (
            json!({"beginTime": time(Timestamp::now() + SignedDuration::from_hours(1))}),
            "beginTime",
        ),
        (json!({}), "beginTime"),
        (json!({"beginTime": "2026-01-01 00:00:00"}), "beginTime"),
    ] {
        let reply = ask(own.clone()).await;
        assert_eq!(reply["respCode"], "1", "{own}");
        assert!(
            reply["respDesc"].as_str().unwrap().contains(named),
            "{own}: {reply}"
        );
    }

    // Nothing of it is a crossing.
    let own = json!({"beginTime": at(0)});
    let none = world.gateway.call("/queryUnPushCrossInfo", own).await;
    assert_eq!((&none["total"], &none["data"]), (&json!(0), &json!([])));
}

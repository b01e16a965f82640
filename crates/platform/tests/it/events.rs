//! The stream of events: what is told, to whom, and that nothing is skipped or told twice.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::follow::{Event, Stream};
use crate::site::{Platform, Site};
use crate::users::key;

const NOBODY: &str = "http://127.0.0.1:1";

fn quiet() -> Site {
    Site::new(NOBODY).with("interval = \"20ms\"", "interval = \"1h\"")
}

fn number(event: &Event) -> i64 {
    event.id.split_once('-').unwrap().0.parse().unwrap()
}

async fn block(platform: &Platform, number: usize) {
    let body = json!({"plate": format!("粤B{number:05}"), "reason": "欠费"});
    assert_eq!(platform.post("/blocks", body).await.0, 201);
}

#[tokio::test]
async fn who_follows_is_told_what_a_supplier_and_an_operator_did_in_its_order() {
    let platform = quiet().start().await;
    let mut stream = platform.follow("", None).await.opened().await;
    platform.push(1, "CAM-01").await;
    platform.push(1, "CAM-01").await;
    block(&platform, 1).await;
    let first = stream.next().await.unwrap();
    assert_eq!(first.kind, "recognition.decided");
    assert_eq!(first.data["id"], first.id.as_str());
    assert_eq!(
        (&first.data["kind"], &first.data["lot"]),
        (&json!("recognition.decided"), &json!("L1"))
    );
    let told = &first.data["data"];
    assert_eq!(
        (
            &told["uuid"],
            &told["pass"],
            &told["code"],
            &told["direction"]
        ),
        (
            &json!("u1"),
            &json!(true),
            &json!("DEFAULT_ALLOW"),
            &json!("entry")
        )
    );
    let second = stream.next().await.unwrap();
    assert_eq!(
        (second.kind.as_str(), &second.data["lot"]),
        ("block.added", &Value::Null)
    );
    assert_eq!(second.data["data"]["by"], "operator.key");
    assert_eq!(
        number(&second),
        number(&first) + 1,
        "a repeated push is no event"
    );
}

#[tokio::test]
async fn a_stream_is_resumed_where_it_was_and_the_header_counts_for_more_than_the_address() {
    let platform = quiet().start().await;
    for number in 0..5 {
        block(&platform, number).await;
    }
    let mut stream = platform.follow("?after=0", None).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(stream.next().await.unwrap().id);
    }
    for (query, last_id, expected) in [
        ("?after=0".to_owned(), Some(&ids[1]), &ids[2]),
        (format!("?after={}", ids[2]), None, &ids[3]),
        ("?after=3".to_owned(), None, &ids[3]),
    ] {
        let mut again = platform.follow(&query, last_id.map(String::as_str)).await;
        assert_eq!(
            &again.next().await.unwrap().id,
            expected,
            "{query} {last_id:?}"
        );
    }
    // Who connects before anything happens and is cut off misses nothing either.
    let opened = platform.follow("", None).await.opened().await;
    let place = opened.last_id.clone();
    drop(opened);
    block(&platform, 9).await;
    let mut again = platform.follow("", Some(&place)).await;
    assert_eq!(
        again.next().await.unwrap().data["data"]["plate"],
        "粤B00009"
    );
}

#[tokio::test]
async fn who_asks_for_what_is_not_there_is_told_so_and_gets_what_is() {
    let platform = quiet().start().await;
    block(&platform, 1).await;
    let first = platform
        .follow("?after=0", None)
        .await
        .next()
        .await
        .unwrap();
    // Beyond the end, or an event of a log that was since put back from a backup.
    for asked in ["77", "1-5"] {
        let mut stream = platform.follow("", Some(asked)).await;
        let gone = stream.next().await.unwrap();
        assert_eq!(gone.kind, "gone");
        assert_eq!(gone.data, json!({"asked": asked, "oldest": "1"}));
        assert_eq!(stream.next().await.unwrap(), first);
    }
}

#[tokio::test]
async fn events_are_chosen_by_lot_and_by_kind_or_family() {
    let platform = quiet().start().await;
    platform.push(1, "CAM-01").await;
    block(&platform, 1).await;
    let unblock = "/blocks?plate=%E7%B2%A4B00001";
    assert_eq!(
        platform.send(Method::DELETE, unblock, json!({})).await.0,
        200
    );
    for (query, expected) in [
        ("?after=0&kind=block", ["block.added", "block.removed"]),
        (
            "?after=0&kind=block.removed,recognition",
            ["recognition.decided", "block.removed"],
        ),
        ("?after=0&lot=L1", ["recognition.decided", "block.added"]),
    ] {
        let mut stream = platform.follow(query, None).await;
        for kind in expected {
            assert_eq!(stream.next().await.unwrap().kind, kind, "{query}");
        }
    }
}

#[tokio::test]
async fn who_is_bound_to_lots_is_told_nothing_of_others() {
    let platform = quiet().start().await;
    let elsewhere = key(&platform, "east", "lot-bound", Some("L9")).await;
    let here = key(&platform, "west", "lot-bound", Some("L1")).await;
    platform.push(1, "CAM-01").await;
    block(&platform, 1).await;
    for (key, expected) in [(&elsewhere, "block.added"), (&here, "recognition.decided")] {
        let mut stream = platform.try_follow(key, "?after=0", None).await.unwrap();
        assert_eq!(stream.next().await.unwrap().kind, expected);
    }
    let refused = platform.try_follow(&elsewhere, "?lot=L1", None).await;
    assert_eq!(refused.err().unwrap().0, 403);
}

#[tokio::test]
async fn what_cannot_be_followed_is_refused_by_name() {
    let platform = quiet().start().await;
    for (query, last_id, status, field) in [
        ("?after=yesterday", None, 400, "after"),
        ("?kind=block,nonsense", None, 400, "kind"),
        ("?lot=L9", None, 404, "lot"),
        ("?lots=L1", None, 400, "lots"),
        ("", Some("x-1"), 400, "Last-Event-ID"),
    ] {
        let refused = platform.try_follow(&platform.key, query, last_id).await;
        let (found, error) = refused.err().unwrap();
        assert_eq!(
            (found, &error["field"]),
            (status, &json!(field)),
            "{query}: {error}"
        );
    }
    let stranger = platform.try_follow("0".repeat(64).as_str(), "", None).await;
    assert_eq!(stranger.err().unwrap().0, 401);
}

#[tokio::test]
async fn a_user_has_a_bounded_number_of_streams_and_gets_another_when_one_ends() {
    let platform = quiet().start().await;
    let mut streams: Vec<Stream> = Vec::new();
    let refused = loop {
        match platform.try_follow(&platform.key, "", None).await {
            Ok(stream) => streams.push(stream),
            Err(refused) => break refused,
        }
    };
    assert_eq!((streams.len(), refused.0), (16, 429), "{}", refused.1);
    let other = key(&platform, "v", "viewer", None).await;
    assert!(platform.try_follow(&other, "", None).await.is_ok());
    drop(streams.pop());
    crate::site::eventually(async || platform.try_follow(&platform.key, "", None).await.ok()).await;
}

#[tokio::test]
async fn streams_end_in_good_order_when_the_platform_stops() {
    let platform = quiet().start().await;
    let mut stream = platform.follow("", None).await.opened().await;
    platform.cancel();
    assert_eq!(stream.next().await, None, "ended, not cut");
    platform.stop().await;
}

/// Followers come and go at random while events are written and the platform stops and starts: each
/// is told every event once, in order.
#[tokio::test]
async fn nothing_is_skipped_or_told_twice_however_often_followers_connect_again() {
    const EVENTS: usize = 400;
    let site = quiet();
    let mut platform = site.start().await;
    let (mut told, mut place) = (Vec::new(), "0".to_owned());
    let mut random = 0x2545_f491_u32;
    let mut written = 0;
    while told.len() < EVENTS {
        // The same numbers each time: an xorshift.
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        if random.is_multiple_of(7) {
            platform.stop().await;
            platform = site.start().await;
        }
        let some = (random as usize % 40).min(EVENTS - written);
        let writing = async {
            for number in written..written + some {
                block(&platform, number).await;
            }
        };
        let reading = async {
            let mut stream = platform.follow("", Some(&place)).await;
            let wanted = (random as usize / 64 % 50).min(written + some - told.len());
            let mut read = Vec::new();
            for _ in 0..wanted {
                read.push(stream.next().await.unwrap());
            }
            (read, stream.last_id)
        };
        let ((), (read, last_id)) = tokio::join!(writing, reading);
        written += some;
        told.extend(read);
        place = last_id;
    }
    let numbers: Vec<i64> = told.iter().map(number).collect();
    let first = numbers[0];
    let expected: Vec<i64> = (first..).take(EVENTS).collect();
    assert_eq!(numbers, expected);
    let plates: BTreeSet<&str> = told
        .iter()
        .map(|event| event.data["data"]["plate"].as_str().unwrap())
        .collect();
    assert_eq!(plates.len(), EVENTS);
}

//! When lots come and go: what they say meanwhile counts, and what cannot be written down is owed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::outage::{reconciled, site};
use crate::site::{PATIENCE, Platform, Site, eventually};
use crate::supplier::{Reply, Supplier, accepted, idle};

/// A lot whose third heartbeat from now waits for an answer that never comes; how many it was sent.
fn hanging_at_the_third(supplier: &Supplier) -> Arc<AtomicUsize> {
    let beats = Arc::new(AtomicUsize::new(0));
    let beaten = Arc::clone(&beats);
    supplier.answers(move |path, body| match path {
        "/checkConnect" => match beaten.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => Reply::Status(502),
            2 => Reply::Hang,
            _ => accepted(""),
        },
        _ => idle(path, body),
    });
    beats
}

/// Calls during that heartbeat; what outages there are after it.
async fn outages_when_it_calls(platform: &Platform, beats: &AtomicUsize) -> Value {
    let beat = async |number: usize| {
        eventually(async || (beats.load(Ordering::SeqCst) >= number).then_some(())).await;
    };
    beat(3).await;
    platform.push(1, "CAM-01").await;
    // What became of the third is written down before the fourth is sent.
    beat(4).await;
    platform.get("/outages").await["items"].clone()
}

fn patient(supplier: &Supplier) -> Site {
    let timeout = "interval = \"20ms\"\ntimeout = \"2s\"";
    site(supplier).with("interval = \"20ms\"", timeout)
}

/// BEAT-1: what a lot says itself while a heartbeat waits for its answer is heard as well.
#[tokio::test]
async fn a_lot_that_calls_during_the_last_heartbeat_is_not_lost() {
    let supplier = Supplier::start(None).await;
    let platform = patient(&supplier).start().await;
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    let beats = hanging_at_the_third(&supplier);
    assert_eq!(outages_when_it_calls(&platform, &beats).await, json!([]));
}

/// BEAT-1
#[tokio::test]
async fn a_lot_that_is_heard_for_the_first_time_during_the_last_heartbeat_was_never_lost() {
    let supplier = Supplier::start(None).await;
    let beats = hanging_at_the_third(&supplier);
    let platform = patient(&supplier).start().await;
    assert_eq!(outages_when_it_calls(&platform, &beats).await, json!([]));
}

/// Makes every write of that kind to the table of outages fail, until it is dropped again.
fn breaking(site: &Site, kind: &str) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(site.store()).unwrap();
    other.busy_timeout(PATIENCE).unwrap();
    let trigger =
        format!("CREATE TRIGGER t BEFORE {kind} ON outage BEGIN SELECT raise(ABORT, 'x'); END");
    other.execute_batch(&trigger).unwrap();
    other
}

/// Waits until the calendar is two seconds on, so that what is noted later bears another time.
async fn a_while() -> Timestamp {
    let (now, later) = (Timestamp::now(), SignedDuration::from_secs(2));
    eventually(async || (Timestamp::now() >= now + later).then_some(())).await;
    now
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// BEAT-1, D-19: an outage that has ended must not go on in the records.
#[tokio::test]
async fn an_outage_whose_end_could_not_be_written_ends_in_the_records_as_soon_as_it_can() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    supplier.answers(|_, _| Reply::Status(502));
    platform.lot_becomes(|lot| lot["state"] == "outage").await;
    let outage = async || platform.get("/outages").await["items"][0].clone();
    eventually(async || outage().await.is_object().then_some(())).await;
    let other = breaking(&site, "UPDATE");
    supplier.requests.lock().unwrap().clear();
    supplier.answers(idle);
    // A pass follows the attempt to write that the lot has returned.
    eventually(async || supplier.asked("/queryUnPushRecognitionInfo").pop()).await;
    let returned = a_while().await;
    assert_eq!(outage().await["until"], Value::Null);
    other.execute_batch("DROP TRIGGER t").unwrap();
    let ended = async || outage().await["until"].is_string().then_some(());
    eventually(ended).await;
    let outages = platform.get("/outages").await["items"].clone();
    assert_eq!(outages.as_array().unwrap().len(), 1);
    assert!(time(&outages[0]["until"]) <= returned, "{outages}");
}

/// BEAT-1: the lot is away and back again before its absence could be written down.
#[tokio::test]
async fn an_outage_that_was_over_before_it_could_be_written_is_in_the_records_nevertheless() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    let other = breaking(&site, "INSERT");
    supplier.answers(|_, _| Reply::Status(502));
    let lost = platform.lot_becomes(|lot| lot["state"] == "outage").await;
    a_while().await;
    supplier.answers(idle);
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    let returned = a_while().await;
    assert_eq!(platform.get("/outages").await["items"], json!([]));
    other.execute_batch("DROP TRIGGER t").unwrap();
    let outages = eventually(async || {
        let outages = platform.get("/outages").await["items"].clone();
        outages[0]["until"].is_string().then_some(outages)
    });
    let outages = outages.await;
    assert_eq!(outages.as_array().unwrap().len(), 1);
    assert_eq!(outages[0]["since"], lost["outage_since"]);
    assert!(time(&outages[0]["until"]) <= returned, "{outages}");
    assert!(
        time(&outages[0]["until"]) > time(&outages[0]["since"]),
        "{outages}"
    );
}

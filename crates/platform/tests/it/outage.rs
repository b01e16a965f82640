//! Lots that do not answer, and what is fetched from them afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use boshi_platform::tally::tally;
use boshi_protocol::id::LotId;
use boshi_protocol::time::WireTime;
use boshi_transport::certificate::LocalAuthority;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::site::{Platform, Site, eventually};
use crate::supplier::{Reply, Supplier, accepted, crossing, idle, page, recognition, refused};

pub(crate) fn site(supplier: &Supplier) -> Site {
    Site::new(&format!("http://{}", supplier.address))
}

/// Some seconds ago, as the wire has it.
fn ago(seconds: i64) -> String {
    let then = Timestamp::now() - SignedDuration::from_secs(seconds);
    WireTime::from_timestamp(then).to_string()
}

/// A supplier's answers when it has `rows` of recognitions and crossings that it could not push.
fn holding(rows: usize) -> impl FnMut(&str, &Value) -> Reply + Send + 'static {
    let (recognitions, crossings): (Vec<_>, Vec<_>) = (0..rows)
        .map(|number| (recognition(number, &ago(60)), crossing(number, &ago(50))))
        .unzip();
    move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, &recognitions),
        "/queryUnPushCrossInfo" => page(body, &crossings),
        _ => accepted(""),
    }
}

pub(crate) async fn reconciled(platform: &Platform) -> Value {
    let lot = platform
        .lot_becomes(|lot| lot["reconciled"]["error"].is_null() && lot["reconciled"].is_object());
    lot.await["reconciled"].clone()
}

/// BEAT-1, D-19, PAGE-1: the lot is away and comes back with 250 records, of which some were pushed
/// and some are on two pages.
#[tokio::test]
async fn after_an_outage_all_pages_are_fetched_and_each_record_is_kept_once() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    platform.push(0, "CAM-01").await;
    supplier.answers(|_, _| Reply::Status(502));
    let lot = platform.lot_becomes(|lot| lot["state"] == "outage").await;
    assert_eq!(lot["fault"], "HTTP 502");
    let begun = eventually(async || {
        let outage = platform.get("/outages").await["items"][0].clone();
        outage.is_object().then_some(outage)
    });
    let outage = begun.await;
    assert_eq!(outage["since"], lot["outage_since"]);
    assert_eq!(outage["until"], Value::Null);

    let mut rows: Vec<Value> = (0..250)
        .map(|number| recognition(number, &ago(60)))
        .collect();
    rows.insert(100, recognition(99, &ago(60)));
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, &rows),
        "/queryUnPushCrossInfo" => page(body, &[crossing(7, &ago(50))]),
        _ => accepted(""),
    });
    let lot = platform
        .lot_becomes(|lot| lot["reconciled"]["recognitions"] == 250)
        .await;
    assert_eq!(lot["reconciled"]["new"], 250, "u0 was pushed: {lot}");
    assert_eq!(lot["state"], "up");
    let outage = platform.get("/outages").await["items"][0].clone();
    assert_ne!(outage["until"], Value::Null);
    let summary = platform.get("/summary?lot=L1").await;
    let expected = json!({"total": 250, "pushed": 1, "fetched": 250, "both": 1});
    assert_eq!(summary["recognitions"], expected);

    let tally = tally(&site.store(), &LotId::new("L1").unwrap()).unwrap();
    let distinct: BTreeSet<_> = tally
        .entries
        .iter()
        .map(|entry| (entry.kind as u8, entry.uuid.clone()))
        .collect();
    assert_eq!((tally.entries.len(), distinct.len()), (251, 251));
    assert_eq!(tally.passed_unheard.len(), 1, "u7 crossed unheard");
}

/// D-19, D-2
#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_the_checkpoint_waits_for_it() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let (mut whole, failed) = (holding(150), Arc::new(AtomicUsize::new(0)));
    let failures = Arc::clone(&failed);
    supplier.answers(move |path, body| {
        let second_page = path == "/queryUnPushRecognitionInfo" && body["currentPage"] == 2;
        if second_page && failures.fetch_add(1, Ordering::SeqCst) < 2 {
            return Reply::Status(500);
        }
        whole(path, body)
    });
    let platform = site.start().await;
    let pass = reconciled_after_failure(&platform).await;
    assert_eq!(pass["recognitions"], 150);
    assert!(failed.load(Ordering::SeqCst) >= 3);
    let begins: BTreeSet<_> = supplier
        .asked("/queryUnPushRecognitionInfo")
        .iter()
        .map(|asked| asked["beginTime"].as_str().unwrap()[..8].to_owned())
        .collect();
    assert_eq!(
        begins.len(),
        1,
        "every pass began at the same day: {begins:?}"
    );
}

async fn reconciled_after_failure(platform: &Platform) -> Value {
    platform
        .lot_becomes(|lot| {
            lot["reconciled"]["error"]
                .as_str()
                .is_some_and(|why| why.contains("第 2 页"))
        })
        .await;
    reconciled(platform).await
}

/// D-19: the platform itself was down; it asks from an hour before its last pass.
#[tokio::test]
async fn a_platform_that_was_down_asks_from_its_checkpoint_on() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    platform.stop().await;
    supplier.requests.lock().unwrap().clear();
    supplier.answers(holding(3));
    let before = Timestamp::now() - SignedDuration::from_secs(3600 + 60);
    let platform = site.start().await;
    let pass = reconciled(&platform).await;
    assert_eq!(
        (&pass["recognitions"], &pass["new"]),
        (&json!(3), &json!(6))
    );
    let asked = &supplier.asked("/queryUnPushRecognitionInfo")[0];
    let begin = WireTime::parse(asked["beginTime"].as_str().unwrap()).unwrap();
    assert!(
        begin.timestamp() > before,
        "from the checkpoint, not from the beginning: {asked}"
    );
}

/// D-19: ours works, the lot's does not, so nothing tells that something is missing.
#[tokio::test]
async fn records_are_fetched_at_an_interval_without_an_outage() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier).with("interval = \"1h\"", "interval = \"30ms\"");
    let platform = site.start().await;
    reconciled(&platform).await;
    supplier.answers(holding(1));
    platform
        .lot_becomes(|lot| lot["reconciled"]["recognitions"] == 1)
        .await;
    assert_eq!(platform.get("/outages").await["items"], json!([]));
}

/// D-19: a record may fail days after its own time, as what a camera kept does, while the lot answers.
#[tokio::test]
async fn a_record_that_fails_long_after_its_own_time_is_fetched_by_a_pass_over_everything() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier).with("interval = \"1h\"", "interval = \"30ms\"\nwhole = \"2s\"");
    let platform = site.start().await;
    reconciled(&platform).await;
    let three_days = ago(3 * 24 * 3600);
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" if is_asked_about(body, &three_days) => {
            page(body, &[recognition(1, &three_days)])
        }
        _ => idle(path, body),
    });
    platform
        .lot_becomes(|lot| lot["reconciled"]["recognitions"] == 1)
        .await;
}

/// Whether the window of a query holds `time`: both are written so that texts compare as times do.
fn is_asked_about(query: &Value, time: &str) -> bool {
    let bound = |name: &str| query[name].as_str().unwrap().to_owned();
    bound("beginTime").as_str() <= time && time <= bound("endTime").as_str()
}

/// PAGE-1: a supplier that knows only one page must not keep us for ever.
#[tokio::test]
async fn a_supplier_that_ignores_the_page_is_asked_twice_and_no_more() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    supplier.requests.lock().unwrap().clear();
    supplier.answers(|path, body| match path {
        "/queryUnPushRecognitionInfo" => {
            let mut first = body.clone();
            first["currentPage"] = json!(1);
            page(&first, &[recognition(1, &ago(5))])
        }
        _ => idle(path, body),
    });
    let (status, counts) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!((status, &counts["recognitions"]), (200, &json!(1)));
    assert_eq!(supplier.asked("/queryUnPushRecognitionInfo").len(), 2);
}

/// D-19, D-2: one record that a supplier writes wrongly does not hold up those behind it.
#[tokio::test]
async fn a_record_that_cannot_be_read_is_left_out_counted_and_blocks_nothing() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    let mut rows: Vec<Value> = (0..150)
        .map(|number| recognition(number, &ago(60)))
        .collect();
    for row in &mut rows[..100] {
        row["recognitionTime"] = json!("yesterday");
    }
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, &rows),
        _ => idle(path, body),
    });
    let (status, counts) = platform.post("/lots/L1/reconcile", json!({})).await;
    let expected = json!({"recognitions": 50, "crossings": 0, "new": 50, "unreadable": 100});
    assert_eq!((status, counts), (200, expected));
}

/// D-19: more than can be paged through is asked about in parts that join without a gap.
#[tokio::test]
async fn a_window_with_too_many_records_is_asked_about_in_halves() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    supplier.requests.lock().unwrap().clear();
    let long = |asked: &Value| {
        let time = |name: &str| {
            WireTime::parse(asked[name].as_str().unwrap())
                .unwrap()
                .timestamp()
        };
        time("endTime").as_second() - time("beginTime").as_second() > 1000
    };
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" if long(body) => Reply::Json(json!({
            "respCode": "0", "respDesc": "", "total": 1_000_000, "pageSize": 100,
            "currentPage": 1, "data": [recognition(1, &ago(5))]
        })),
        _ => idle(path, body),
    });
    let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 200);
    let asked = supplier.asked("/queryUnPushCrossInfo");
    let bound = |asked: &Value, name: &str| WireTime::parse(asked[name].as_str().unwrap()).unwrap();
    assert!(
        asked.len() >= 4,
        "an hour in parts of at most 1000 s: {}",
        asked.len()
    );
    for (earlier, later) in asked.iter().zip(&asked[1..]) {
        let (end, begin) = (bound(earlier, "endTime"), bound(later, "beginTime"));
        assert_eq!(begin.seconds_ahead_of(end.timestamp()), 1);
    }
}

/// D-19: a record that nobody can read is told of, also when it is the only one.
#[tokio::test]
async fn a_single_record_that_cannot_be_read_is_counted() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    reconciled(&platform).await;
    let mut row = recognition(1, &ago(60));
    row["recognitionTime"] = json!("yesterday");
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, std::slice::from_ref(&row)),
        _ => idle(path, body),
    });
    let (status, counts) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!((status, &counts["unreadable"]), (200, &json!(1)));
    let proof = platform.get("/lots/L1/proof?day=2026-01-15").await;
    assert_eq!(proof["unreadable"], 1);
}

/// D-19: a supplier whose table shrinks while it is read, since it forgets what it has told.
#[tokio::test]
async fn every_record_is_fetched_from_a_supplier_that_forgets_each_page_once_it_was_told() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    reconciled(&platform).await;
    let mut left: Vec<Value> = (0..450)
        .map(|number| recognition(number, &ago(60)))
        .collect();
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => {
            let told = page(body, &left);
            let before = 100 * (body["currentPage"].as_u64().unwrap() as usize - 1);
            let end = left.len().min(before + 100);
            left.drain(before.min(end)..end);
            told
        }
        _ => idle(path, body),
    });
    let (status, counts) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(
        (status, &counts["recognitions"]),
        (200, &json!(450)),
        "{counts}"
    );
}

/// D-4, D-19: the clock of the lot is wrong for a while, so that its calls are refused and it notes
/// what happens under times of two days ago; then it is set right.
#[tokio::test]
async fn what_a_lot_noted_while_its_clock_was_wrong_is_asked_for_once_it_is_right() {
    let supplier = Supplier::start(None).await;
    let platform = site(&supplier).start().await;
    reconciled(&platform).await;
    let two_days = SignedDuration::from_hours(48);
    let abnormal = json!({"abnormalCode": "1101", "deviceNo": "LED-01", "msg": "x"});
    let (_, reply) = platform
        .call("/receiveAbnormal", abnormal, Timestamp::now() - two_days)
        .await;
    assert!(
        reply["respDesc"].as_str().unwrap().starts_with("TIME_SKEW"),
        "{reply}"
    );
    let begin = async || {
        let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
        assert_eq!(status, 200);
        let asked = supplier.asked("/queryUnPushRecognitionInfo").pop().unwrap();
        WireTime::parse(asked["beginTime"].as_str().unwrap())
            .unwrap()
            .timestamp()
    };
    assert!(begin().await <= Timestamp::now() - two_days);
    assert!(
        begin().await > Timestamp::now() - two_days,
        "asked for once"
    );
}

/// D-19: lots that take long for every page hold up no other.
#[tokio::test]
async fn a_lot_is_fetched_from_while_many_others_dawdle() {
    let (slow, quick) = (Supplier::start(None).await, Supplier::start(None).await);
    slow.answers(|path, body| match path {
        "/queryUnPushRecognitionInfo" => Reply::Hang,
        _ => idle(path, body),
    });
    let platform = site(&quick).start().await;
    reconciled(&platform).await;
    for number in 0..40 {
        let lot = json!({
            "supplier": "99848791", "base_url": format!("http://{}", slow.address),
            "entry": "allow", "exit": "allow"
        });
        let path = format!("/lots/S{number}");
        let put = platform.send(reqwest::Method::PUT, &path, lot);
        assert_eq!(put.await.0, 200);
    }
    eventually(async || {
        let asked = slow.asked("/queryUnPushRecognitionInfo").len();
        (asked >= 40).then_some(())
    })
    .await;
    let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_lot_that_refuses_or_does_not_answer_is_told_to_the_operator_who_asked() {
    let supplier = Supplier::start(None).await;
    let site = site(&supplier);
    let platform = site.start().await;
    reconciled(&platform).await;
    supplier.answers(|path, body| match path {
        "/queryUnPushCrossInfo" => refused("NOT_READY 数据库维护中"),
        _ => idle(path, body),
    });
    let (status, error) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 409);
    assert!(
        error["error"].as_str().unwrap().contains("数据库维护中"),
        "{error}"
    );
    supplier.answers(|_, _| Reply::Status(500));
    let (status, error) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 503);
    assert!(
        error["error"].as_str().unwrap().contains("HTTP 500"),
        "{error}"
    );
}

/// BEAT-1: what the lot says itself is heard as well.
#[tokio::test]
async fn a_lot_that_calls_is_up_although_it_cannot_be_called() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|_, _| Reply::Status(502));
    let site = site(&supplier);
    let platform = site.start().await;
    platform.lot_becomes(|lot| lot["state"] == "outage").await;
    let heard = eventually(async || {
        platform.push(1, "CAM-01").await;
        let lot = platform.get("/lots").await["items"][0].clone();
        (lot["online"] == true).then_some(lot)
    });
    assert_eq!(heard.await["fault"], "HTTP 502");
}

/// BEAT-1: an outage outlives the platform, as one outage.
#[tokio::test]
async fn an_outage_that_was_open_when_the_platform_stopped_is_the_same_afterwards() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|_, _| Reply::Status(502));
    let site = site(&supplier);
    let platform = site.start().await;
    let before = platform.lot_becomes(|lot| lot["state"] == "outage").await;
    platform.stop().await;
    let platform = site.start().await;
    let after = platform.lot_becomes(|lot| lot["state"] == "outage").await;
    assert_eq!(before["outage_since"], after["outage_since"]);
    supplier.answers(idle);
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    let outages = eventually(async || {
        let outages = platform.get("/outages").await["items"].clone();
        outages[0]["until"].is_string().then_some(outages)
    });
    assert_eq!(outages.await.as_array().unwrap().len(), 1);
}

/// T-1, BEAT-1: the lot over HTTPS, trusted by its own authority.
#[tokio::test]
async fn a_lot_is_called_over_https_when_its_authority_is_named() {
    boshi_transport::certificate::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    let authority = LocalAuthority::open_or_create(folder.path()).unwrap();
    let tls = authority.server_config(&["127.0.0.1".to_owned()]).unwrap();
    let supplier = Supplier::start(Some(tls)).await;
    let ca = folder.path().join("ca.pem");
    let named = format!(
        "https://{}\"\nca_file = \"{}",
        supplier.address,
        ca.display()
    );
    let platform = Site::new(&named).start().await;
    platform.lot_becomes(|lot| lot["state"] == "up").await;
}

//! What decides beside the plate: other systems, full lots, unpaid stays; and what the driver sees.

use std::time::{Duration, Instant};

use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::site::{PATIENCE, Platform, Site, eventually};
use crate::supplier::{Reply, Supplier, idle, page, recognition};

const NOBODY: &str = "http://127.0.0.1:1";

/// After that a supplier takes its attempt to have failed (D-17).
const SUPPLIER_WAITS: Duration = Duration::from_secs(2);

fn asking(supplier: &Supplier, fallback: &str) -> Site {
    asking_from(Site::new(NOBODY), supplier, fallback)
}

fn asking_from(site: Site, supplier: &Supplier, fallback: &str) -> Site {
    let external = format!(
        "exit = \"refuse\"\n[lot.external]\nurl = \"http://{}/decide\"\nsecret = \"hush\"\n\
         deadline = \"200ms\"\nfallback = \"{fallback}\"",
        supplier.address
    );
    site.with("exit = \"refuse\"", &external)
}

async fn last_decision(platform: &Platform) -> Value {
    platform.get("/decisions").await["items"][0].clone()
}

/// RECOG-1
#[tokio::test]
async fn another_system_is_asked_with_what_is_known_and_what_it_says_is_answered_and_kept() {
    let system = Supplier::start(None).await;
    system.answers(|_, _| Reply::Json(json!({"pass": true, "reason": "会员车辆"})));
    let platform = asking(&system, "refuse").start().await;
    let (_, reply) = platform.push(1, "CAM-02").await;
    let expected = (&json!("0"), &json!("EXTERNAL_ALLOW 会员车辆"));
    assert_eq!((&reply["respCode"], &reply["respDesc"]), expected);
    let asked = system.asked("/decide").pop().unwrap();
    assert_eq!(
        (&asked["plate"], &asked["direction"]),
        (&json!("粤B12345"), &json!("exit"))
    );
    assert_eq!(asked["own"]["code"], "NO_PERMIT");
    assert_eq!(
        last_decision(&platform).await["facts"]["external"],
        "会员车辆"
    );
    let block = json!({"plate": "粤B12345", "reason": "欠费"});
    platform.post("/blocks", block).await;
    let (_, reply) = platform.push(2, "CAM-02").await;
    assert!(
        reply["respDesc"].as_str().unwrap().starts_with("BLOCKED"),
        "{reply}"
    );
    assert_eq!(
        system.asked("/decide").len(),
        1,
        "nobody outranks the block list"
    );
}

/// SHOW-1: what another system says is shown at a lane, where a control character may be a command.
#[tokio::test]
async fn what_another_system_says_is_one_line_of_bounded_length_whatever_it_says() {
    let system = Supplier::start(None).await;
    let said = format!("\u{1b}[2J会员\n车辆\0{}", "长".repeat(200));
    system.answers(move |_, _| Reply::Json(json!({"pass": true, "reason": said})));
    let platform = asking(&system, "refuse").start().await;
    let (_, reply) = platform.push(1, "CAM-02").await;
    let desc = reply["respDesc"].as_str().unwrap();
    let line = desc.strip_prefix("EXTERNAL_ALLOW ").unwrap();
    assert!(line.starts_with("[2J会员 车辆 长"), "{line}");
    assert!(
        !line.chars().any(char::is_control) && line.chars().count() <= 100,
        "{line}"
    );
}

/// RECOG-1: the vehicle waits, so the other system has a deadline.
#[tokio::test]
async fn a_system_that_says_nothing_in_time_or_nonsense_is_passed_over_as_the_lot_wants() {
    type Broken = fn() -> Reply;
    let broken: [(Broken, &str, &str); 3] = [
        (|| Reply::Hang, "own", "NO_PERMIT"),
        (|| Reply::Status(500), "allow", "EXTERNAL_SILENT"),
        (
            || Reply::Json(json!({"pass": "yes"})),
            "refuse",
            "EXTERNAL_SILENT",
        ),
    ];
    for (reply, fallback, expected) in broken {
        let system = Supplier::start(None).await;
        system.answers(move |_, _| reply());
        let platform = asking(&system, fallback).start().await;
        let (_, answer) = platform.push(1, "CAM-02").await;
        assert!(
            answer["respDesc"].as_str().unwrap().starts_with(expected),
            "{answer}"
        );
        assert_eq!(answer["respCode"] == "0", fallback == "allow", "{answer}");
    }
}

/// RECOG-1: nobody outranks the block list, however long the other system thinks.
#[tokio::test]
async fn a_block_that_is_given_while_another_system_is_asked_counts() {
    let system = Supplier::start(None).await;
    let site = asking(&system, "refuse");
    let store = site.store();
    system.answers(move |_, _| {
        let other = rusqlite::Connection::open(&store).unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        let block = "INSERT INTO block VALUES ('粤B12345', '欠费', unixepoch())";
        other.execute_batch(block).unwrap();
        Reply::Json(json!({"pass": true, "reason": "会员车辆"}))
    });
    let platform = site.start().await;
    let (_, reply) = platform.push(1, "CAM-02").await;
    assert_eq!(system.asked("/decide").len(), 1);
    let said = reply["respDesc"].as_str().unwrap();
    assert!(said.starts_with("BLOCKED"), "{reply}");
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert_eq!(last_decision(&platform).await["pass"], false);
}

/// RECOG-1, D-13: what was said is about the plate that was asked about.
#[tokio::test]
async fn what_another_system_says_of_a_plate_that_was_corrected_meanwhile_does_not_count() {
    let system = Supplier::start(None).await;
    let site = asking(&system, "refuse");
    let store = site.store();
    system.answers(move |_, _| {
        let other = rusqlite::Connection::open(&store).unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        let later = "INSERT INTO recognition (lot, uuid, device, at, plate, color, reliability,
                     image, pushed, fetched, told) VALUES ('L1', 'u1', 'CAM-02', unixepoch(),
                     '粤B99999', 'blue', 100, '', 1, 0, unixepoch() + 5)";
        other.execute_batch(later).unwrap();
        Reply::Json(json!({"pass": true, "reason": "会员车辆"}))
    });
    let platform = site.start().await;
    let (_, reply) = platform.push(1, "CAM-02").await;
    assert_eq!(system.asked("/decide")[0]["plate"], "粤B12345");
    let said = reply["respDesc"].as_str().unwrap();
    assert!(said.starts_with("EXTERNAL_SILENT"), "{reply}");
    let found = &last_decision(&platform).await["facts"]["external"];
    assert_eq!(found, "询问外部系统期间车牌已更正");
}

/// RECOG-1, D-17: what the lot wants then is told while the supplier still listens.
#[tokio::test]
async fn however_long_another_system_may_take_the_supplier_is_answered_in_time() {
    let system = Supplier::start(None).await;
    system.answers(|_, _| Reply::Hang);
    let site = asking(&system, "allow").with("deadline = \"200ms\"", "deadline = \"5s\"");
    let platform = site.start().await;
    let pushed = Instant::now();
    let (status, reply) = platform.push(1, "CAM-02").await;
    assert!(pushed.elapsed() < SUPPLIER_WAITS, "{:?}", pushed.elapsed());
    assert_eq!((status, &reply["respCode"]), (200, &json!("0")), "{reply}");
    let said = reply["respDesc"].as_str().unwrap();
    assert!(said.starts_with("EXTERNAL_SILENT"), "{reply}");
}

/// RECOG-1, D-19: whoever follows the events hears of every recognition that is on disk.
#[tokio::test]
async fn a_recognition_whose_decision_was_cut_off_is_told_when_it_is_fetched() {
    let supplier = Supplier::start(None).await;
    let now = Timestamp::now();
    let row = recognition(1, &WireTime::from_timestamp(now).to_string());
    supplier.answers(|path, body| match path {
        "/decide" => Reply::Hang,
        _ => idle(path, body),
    });
    let site = Site::new(&format!("http://{}", supplier.address));
    let site = asking_from(site, &supplier, "refuse");
    let platform = site.with("deadline = \"200ms\"", "deadline = \"1s\"");
    let platform = platform.start().await;
    // The supplier hangs up while the other system is asked.
    tokio::select! {
        reply = platform.call("/receivePlateNumber", row.clone(), now) => panic!("decided: {reply:?}"),
        _ = eventually(async || supplier.asked("/decide").pop()) => {}
    }
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, std::slice::from_ref(&row)),
        _ => idle(path, body),
    });
    let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 200);
    let mut told = platform.follow("?after=0&kind=recognition", None).await;
    let event = tokio::time::timeout(PATIENCE, told.next()).await;
    let event = event.unwrap().unwrap();
    assert_eq!(event.kind, "recognition.fetched");
    assert_eq!(event.data["data"]["uuid"], "u1");
}

/// RECOG-1, SHOW-1
#[tokio::test]
async fn where_a_lane_has_a_display_the_driver_is_told_once_what_was_decided() {
    let supplier = Supplier::start(None).await;
    let lane = "recognizer = \"CAM-02\"\ndisplay = \"LED-02\"";
    let site = Site::new(&format!("http://{}", supplier.address));
    let platform = site.with("recognizer = \"CAM-02\"", lane).start().await;
    for _ in 0..3 {
        platform.push(1, "CAM-02").await;
    }
    platform.push(2, "CAM-01").await;
    platform.push(3, "CAM-02").await;
    let shown = eventually(async || {
        let shown = supplier.asked("/receiveShowMsg");
        (shown.len() >= 2).then_some(shown)
    });
    let shown = shown.await;
    assert_eq!(shown.len(), 2, "{shown:?}");
    let expected = json!([
        {"text": "粤B12345", "alignment": "center"},
        {"text": "车辆没有通行许可", "alignment": "center"}
    ]);
    assert_eq!(
        (&shown[0]["deviceNo"], &shown[0]["msg"]),
        (&json!("LED-02"), &expected)
    );
}

/// RECOG-1, STAY-1
#[tokio::test]
async fn an_unpaid_stay_a_full_lot_and_the_hours_of_a_permit_are_explained() {
    let site = Site::new(NOBODY).with("exit = \"refuse\"", "exit = \"refuse\"\ncapacity = 1");
    let platform = site.start().await;
    let crossing = json!({
        "deviceNo": "CAM-01", "uuid": "u1", "plateNumber": "粤B12345", "color": "blue",
        "crossTime": "20260115 08:00:00"
    });
    platform
        .call("/receiveCrossGate", crossing, Timestamp::now())
        .await;
    let ask = async |device: &str, plate: &str, at: &str| {
        let question = json!({"lot": "L1", "device": device, "plate": plate, "at": at});
        platform.post("/decide", question).await.1
    };
    let full = ask("CAM-01", "粤B99999", "2026-01-15 09:00").await;
    assert_eq!(full["reason"], "车位已满（场内 1 辆，容量 1）");
    let unpaid = ask("CAM-02", "粤B12345", "2026-01-15 11:20").await;
    assert_eq!(
        (&unpaid["code"], &unpaid["reason"]),
        (&json!("UNPAID"), &json!("停车 3 小时 20 分钟，尚未缴费"))
    );
    assert_eq!(unpaid["facts"]["entered"], "2026-01-15T08:00:00+08:00");
    let decided: Vec<_> = unpaid["steps"].as_array().unwrap().iter().collect();
    assert_eq!(decided.last().unwrap()["decides"], true, "{unpaid}");
    let permit = json!({
        "plate": "粤B12345", "kind": "monthly", "lots": "L1", "lanes": "CAM-02",
        "from": "2026-01-01", "to": "2027-01-01", "hours": "4 08:00-12:00", "note": "3 栋 502"
    });
    let (status, given) = platform.post("/permits", permit).await;
    assert_eq!(
        (status, &given["hours"]),
        (201, &json!("4 08:00-12:00")),
        "{given}"
    );
    assert_eq!(
        ask("CAM-02", "粤B12345", "2026-01-15 11:20").await["code"],
        "MONTHLY"
    );
    let late = ask("CAM-02", "粤B12345", "2026-01-15 12:00").await;
    assert_eq!(late["code"], "PERMIT_OTHER_HOURS");
    let listed = platform.get("/permits?lot=L1").await["items"][0].clone();
    assert_eq!(
        (&listed["lanes"], &listed["note"]),
        (&json!("CAM-02"), &json!("3 栋 502"))
    );
    assert_eq!(platform.get("/permits?lot=L2").await["items"], json!([]));
}

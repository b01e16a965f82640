//! Proof that all of a day is here, and every gate of a lot at once.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::site::{Platform, Site};
use crate::supplier::{Supplier, idle, page, recognition, refused};

async fn cross(platform: &Platform, uuid: &str, time: &str) {
    let crossing = json!({
        "deviceNo": "CAM-01", "uuid": uuid, "plateNumber": "粤B1", "color": "blue", "crossTime": time
    });
    platform
        .call("/receiveCrossGate", crossing, Timestamp::now())
        .await;
}

async fn see(platform: &Platform, uuid: &str, device: &str, time: &str) {
    let seen = json!({
        "deviceNo": device, "uuid": uuid, "plateNumber": "粤B1", "color": "blue", "image": "",
        "recognitionTime": time
    });
    platform
        .call("/receivePlateNumber", seen, Timestamp::now())
        .await;
}

/// D-14, D-19
#[tokio::test]
async fn pushed_and_fetched_and_missing_are_what_was_seen_and_gaps_are_named() {
    let supplier = Supplier::start(None).await;
    let platform = Site::new(&format!("http://{}", supplier.address))
        .start()
        .await;
    see(&platform, "a", "CAM-01", "20260115 08:00:00").await;
    cross(&platform, "a", "20260115 08:00:05").await;
    see(&platform, "b", "CAM-02", "20260115 09:00:00").await;
    cross(&platform, "b", "20260115 09:00:05").await;
    see(&platform, "c", "CAM-01", "20260115 23:59:59").await;
    see(&platform, "d", "CAM-01", "20260116 00:00:00").await;
    cross(&platform, "u7", "20260115 10:00:00").await;
    let day = async || platform.get("/lots/L1/proof?day=2026-01-15").await;
    let numbers = |proof: &Value| {
        ["seen", "pushed", "fetched", "missing"].map(|name| proof[name].as_i64().unwrap())
    };
    let proof = day().await;
    assert_eq!(
        (numbers(&proof), &proof["complete"]),
        ([4, 3, 0, 1], &json!(false)),
        "{proof}"
    );
    assert_eq!(proof["missing_uuids"], json!(["u7"]));
    assert_eq!(proof["refused_but_crossed_uuids"], json!(["b"]));
    assert_eq!(
        (&proof["allowed"], &proof["allowed_not_crossed"]),
        (&json!(2), &json!(1))
    );
    let rows = [recognition(7, "20260115 09:59:55")];
    supplier.answers(move |path, body| match path {
        "/queryUnPushRecognitionInfo" => page(body, &rows),
        _ => idle(path, body),
    });
    let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 200);
    let proof = day().await;
    assert_eq!(
        (numbers(&proof), &proof["complete"]),
        ([4, 3, 1, 0], &json!(true)),
        "{proof}"
    );
    assert!(!proof["reconciled_at"].is_null());
}

/// D-19: nobody knows what a lot still holds that was not asked since the day was over.
#[tokio::test]
async fn a_day_after_which_the_lot_was_not_asked_is_not_proved_however_little_is_here() {
    let platform = Site::new("http://127.0.0.1:1").start().await;
    let proof = platform.get("/lots/L1/proof?day=2026-01-15").await;
    assert_eq!((&proof["seen"], &proof["missing"]), (&json!(0), &json!(0)));
    assert_eq!(
        (&proof["reconciled"], &proof["complete"]),
        (&json!(false), &json!(false))
    );
    assert!(proof["reconciled_at"].is_null());
    let path = "/api/v1/lots/L1/proof?day=2019-01-15";
    let key = Some(platform.key.as_str());
    let asked = platform.with_key(key, reqwest::Method::GET, path, None);
    let (status, error) = asked.await;
    assert_eq!((status, &error["field"]), (400, &json!("day")));
    assert!(error["error"].as_str().unwrap().contains("归档"), "{error}");
}

/// D-19: a day that is not over is not proved, and one on which the clock of the lot was wrong is.
#[tokio::test]
async fn today_is_proved_only_tomorrow() {
    let supplier = Supplier::start(None).await;
    let platform = Site::new(&format!("http://{}", supplier.address))
        .start()
        .await;
    for mode in ["forced", "normal", "hold"] {
        platform.open(mode).await;
    }
    let (status, _) = platform.post("/lots/L1/reconcile", json!({})).await;
    assert_eq!(status, 200);
    let today = boshi_protocol::time::CHINA
        .to_datetime(Timestamp::now())
        .date();
    let proof = platform.get(&format!("/lots/L1/proof?day={today}")).await;
    assert_eq!(
        (&proof["reconciled"], &proof["complete"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        proof["commanded"], 2,
        "a hold lets nobody in particular through"
    );
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn an_evacuation_holds_every_gate_open_and_says_which_did_not() {
    let supplier = Supplier::start(None).await;
    supplier.answers(|path, body| match path {
        "/receiveOpenGate" if body["deviceNo"] == "CAM-02" => refused("OFFLINE 设备离线"),
        _ => idle(path, body),
    });
    let platform = Site::new(&format!("http://{}", supplier.address))
        .start()
        .await;
    let words = json!({"by": "王工", "reason": "火警疏散"});
    let (status, done) = platform.post("/lots/L1/hold", words.clone()).await;
    assert_eq!((status, &done["executed"]), (200, &json!(false)), "{done}");
    let ends: Vec<_> = done["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gate| &gate["state"])
        .collect();
    assert_eq!(ends, ["executed", "refused"]);
    assert_eq!(done["items"][1]["said"], "OFFLINE 设备离线");
    platform.post("/lots/L1/restore", words).await;
    let sent = supplier.asked("/receiveOpenGate");
    let mut modes: Vec<_> = sent
        .iter()
        .map(|sent| sent["openMode"].as_str().unwrap())
        .collect();
    modes.sort_unstable();
    assert_eq!(modes, ["0", "0", "1", "1"]);
    let kept = platform.get("/commands").await["items"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(kept, 4);
}

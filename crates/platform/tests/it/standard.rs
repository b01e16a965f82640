//! The three endpoints, spoken to in raw text typed from the standard.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use boshi_protocol::time::WireTime;

use crate::site::{Platform, Site, credentials};

/// Nobody listens there: the lot does not matter.
const NOBODY: &str = "http://127.0.0.1:1";

async fn post(platform: &Platform, body: &str) -> String {
    let mut peer = TcpStream::connect(platform.running.standard).await.unwrap();
    let head = format!(
        "POST /receivePlateNumber HTTP/1.1\r\nHost: p\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    peer.write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut reply = String::new();
    peer.read_to_string(&mut reply).await.unwrap();
    reply
}

fn body(lot: &str, app: &str, at: Timestamp, token: Option<&str>, uuid: &str) -> String {
    let time = WireTime::from_timestamp(at).to_string();
    let token = token.map_or_else(|| credentials().sign(&time), str::to_owned);
    format!(
        r#"{{"version":"1.0","token":"{token}","parkingLotId":"{lot}","time":"{time}",
        "appId":"{app}","deviceNo":"CAM-01",{uuid}"recognitionTime":"20260115 08:00:00",
        "image":"http://p/1.jpg","plateNumber":"粤B12345","color":"blue"}}"#
    )
}

const UUID: &str = r#""uuid":"u1","#;

/// RECOG-1, T-3, T-4, T-6
#[tokio::test]
async fn a_sound_recognition_is_answered_that_the_vehicle_may_pass() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    let sound = body("L1", "99848791", Timestamp::now(), None, UUID);
    let reply = post(&platform, &sound).await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    assert!(reply.contains(r#""respCode":"0""#), "{reply}");
}

/// D-1, D-4, T-6
#[tokio::test]
async fn whatever_is_refused_is_answered_200_with_resp_code_1() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    let now = Timestamp::now();
    let old = now - SignedDuration::from_secs(600);
    for (request, why) in [
        (body("L1", "99848791", now, Some("00"), UUID), "BAD_TOKEN"),
        (body("L1", "99848791", old, None, UUID), "TIME_SKEW"),
        (body("L9", "99848791", now, None, UUID), "UNKNOWN_LOT"),
        (body("L1", "12345678", now, None, UUID), "WRONG_APP"),
        (body("L1", "99848791", now, None, ""), "uuid"),
        ("{\"version\":".to_owned(), "BAD_JSON"),
    ] {
        let reply = post(&platform, &request).await;
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
        assert!(reply.contains(r#""respCode":"1""#), "{reply}");
        assert!(reply.contains(why), "{why}: {reply}");
    }
    assert_eq!(platform.get("/recognitions").await["items"], json!([]));
}

/// T-1, D-13, CROSS-3, ABN-1: over HTTPS with the certificate that the platform made.
#[tokio::test]
async fn what_is_pushed_over_https_is_kept_once_and_shown_to_the_operators() {
    let site = Site::new(NOBODY).with("plain = true", "plain = false");
    let platform = site.start().await;
    let now = Timestamp::now();
    let crossing = json!({
        "deviceNo": "CAM-02", "uuid": "u1", "plateNumber": "粤B12345", "color": "blue",
        "crossTime": "20260115 08:00:09"
    });
    let abnormal = json!({
        "abnormalCode": "1101", "deviceNo": "LED-01",
        "msg": "东二门01道的显示屏【LED-01】连接异常！"
    });
    for _ in 0..2 {
        let (status, reply) = platform.push(1, "CAM-02").await;
        assert_eq!((status, &reply["respCode"]), (200, &json!("1")), "{reply}");
        let (_, reply) = platform
            .call("/receiveCrossGate", crossing.clone(), now)
            .await;
        assert_eq!(reply["respCode"], "0");
        let (_, reply) = platform
            .call("/receiveAbnormal", abnormal.clone(), now)
            .await;
        assert_eq!(reply["respCode"], "0");
    }
    let kept = platform.get("/recognitions").await;
    assert_eq!(kept["items"].as_array().unwrap().len(), 1);
    let row = &kept["items"][0];
    assert_eq!(row["reason"], "NO_PERMIT 车辆没有通行许可");
    assert_eq!(row["crossed_at"], "2026-01-15T08:00:09+08:00");
    for (path, expected) in [("/crossings", 1), ("/abnormalities", 1), ("/decisions", 2)] {
        let items = platform.get(path).await["items"].as_array().unwrap().len();
        assert_eq!(items, expected, "{path}");
    }
}

/// D-4
#[tokio::test]
async fn the_clock_of_a_lot_is_measured_and_alarmed_also_when_its_calls_are_refused() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    platform.push(1, "CAM-01").await;
    let lot = platform.get("/lots").await["items"][0].clone();
    assert!(lot["skew_seconds"].as_i64().unwrap().abs() < 10, "{lot}");
    assert_eq!(lot["skew_alarm"], false, "{lot}");
    let late = Timestamp::now() - SignedDuration::from_secs(900);
    let (status, reply) = platform.call("/receiveAbnormal", json!({}), late).await;
    assert_eq!((status, &reply["respCode"]), (200, &json!("1")));
    let lot = platform.get("/lots").await["items"][0].clone();
    assert_eq!(lot["skew_alarm"], true, "{lot}");
    assert!(lot["skew_seconds"].as_i64().unwrap() <= -900, "{lot}");
}

/// D-1, PUSH-3
#[tokio::test]
async fn a_record_that_cannot_be_kept_is_answered_503_so_that_the_vehicle_does_not_wait() {
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    let other = rusqlite::Connection::open(site.store()).unwrap();
    other.execute_batch("DROP TABLE recognition").unwrap();
    let (status, reply) = platform.push(1, "CAM-01").await;
    assert_eq!(status, 503);
    assert_eq!(reply["respCode"], "1");
    assert!(
        reply["respDesc"]
            .as_str()
            .unwrap()
            .starts_with("NOT_STORED")
    );
}

//! Every kind of event happens, and is what `docs/EVENTS.md` shows, in both languages.

use std::collections::{BTreeMap, BTreeSet};

use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::receiver::{Does, Receiver};
use crate::site::{Platform, Site};
use crate::supplier::{Reply, Supplier, accepted, idle, page, recognition};

const DOCUMENTS: [&str; 2] = [
    include_str!("../../../../docs/EVENTS.md"),
    include_str!("../../../../docs/EVENTS.zh-CN.md"),
];

async fn cross(platform: &Platform, uuid: &str, device: &str, plate: &str, time: &str) {
    let crossing = json!({
        "deviceNo": device, "uuid": uuid, "plateNumber": plate, "color": "blue",
        "crossTime": time
    });
    let (_, reply) = platform
        .call("/receiveCrossGate", crossing, Timestamp::now())
        .await;
    assert_eq!(reply["respCode"], "0", "{reply}");
}

async fn done(platform: &Platform, method: Method, path: &str, body: Value) -> Value {
    let (status, answer) = platform.send(method, path, body).await;
    assert!((200..300).contains(&status), "{path}: {answer}");
    answer
}

/// Passages of which each stay is one that can be.
async fn passages(platform: &Platform) {
    platform.push(1, "CAM-01").await;
    cross(platform, "u1", "CAM-01", "粤B12345", "20260115 08:00:05").await;
    cross(platform, "u2", "CAM-01", "粤B12345", "20260115 09:00:00").await;
    cross(platform, "u3", "CAM-02", "粤B12345", "20260115 10:00:00").await;
    cross(platform, "u4", "CAM-02", "粤B1234S", "20260115 11:00:00").await;
    let body = json!({"plate": "粤B99999", "by": "王工", "reason": "看过图片"});
    done(
        platform,
        Method::POST,
        "/lots/L1/crossings/u4/correct",
        body.clone(),
    )
    .await;
    let nobody = json!({"plate": "", "by": "王工", "reason": "看不清"});
    done(
        platform,
        Method::POST,
        "/lots/L1/crossings/u4/correct",
        nobody,
    )
    .await;
}

async fn alarms(platform: &Platform, supplier: &Supplier) {
    let abnormal = json!({
        "abnormalCode": "1301", "deviceNo": "BAR-01", "msg": "东门01道的栏杆机【BAR-01】连接异常！"
    });
    platform
        .call("/receiveAbnormal", abnormal, Timestamp::now())
        .await;
    let id = platform.get("/abnormalities").await["items"][0]["id"].clone();
    let path = format!("/lots/L1/abnormalities/{}", id.as_str().unwrap());
    for step in ["acknowledge", "clear"] {
        let body = json!({"by": "王工", "reason": "已派人"});
        done(platform, Method::POST, &format!("{path}/{step}"), body).await;
    }
    platform.lot_becomes(|lot| lot["state"] == "up").await;
    supplier.answers(|_, _| Reply::Status(502));
    platform.lot_becomes(|lot| lot["state"] == "outage").await;
    supplier.answers(|path, body| match path {
        "/queryUnPushRecognitionInfo" => {
            let ago = WireTime::from_timestamp(Timestamp::now()).to_string();
            page(body, &[recognition(9, &ago)])
        }
        "/receiveOpenGate" => accepted("已抬杆"),
        _ => idle(path, body),
    });
    platform.lot_becomes(|lot| lot["state"] == "up").await;
}

async fn lists(platform: &Platform) {
    let permit = json!({
        "plate": "粤B12345", "kind": "visitor", "lots": "L1", "lanes": "CAM-01",
        "hours": "1-5 08:00-18:00", "from": "2026-01-15", "to": "2099-01-01", "note": "访客",
        "by": "王工"
    });
    done(platform, Method::POST, "/permits", permit).await;
    let plate = "plate=%E7%B2%A4B12345";
    done(
        platform,
        Method::DELETE,
        &format!("/permits?{plate}&kind=visitor&lot=L1"),
        json!({}),
    )
    .await;
    let block = json!({"plate": "粤B12345", "reason": "欠费", "by": "王工"});
    done(platform, Method::POST, "/blocks", block).await;
    done(
        platform,
        Method::DELETE,
        &format!("/blocks?{plate}"),
        json!({}),
    )
    .await;
    let counted = json!({"vehicles": 120, "by": "王工", "reason": "清点"});
    done(platform, Method::POST, "/lots/L1/occupancy", counted).await;
    let lot = json!({
        "name": "西区", "supplier": "99848791", "base_url": "http://127.0.0.1:1",
        "entry": "allow", "exit": "refuse"
    });
    done(platform, Method::PUT, "/lots/L2", lot).await;
    done(platform, Method::DELETE, "/lots/L2", json!({})).await;
}

/// One of each kind, as it happened.
async fn all(platform: &Platform, kinds: &BTreeSet<String>) -> BTreeMap<String, Value> {
    let mut stream = platform.follow("?after=0", None).await;
    let mut found = BTreeMap::new();
    while found.len() < kinds.len() {
        let event = stream.next().await.unwrap();
        found.entry(event.kind).or_insert(event.data);
    }
    found
}

/// The kinds that there are, as the platform says when it is asked for another.
async fn kinds(platform: &Platform) -> BTreeSet<String> {
    let refused = platform
        .try_follow(&platform.key, "?kind=nonsense", None)
        .await;
    let (_, error) = refused.err().unwrap();
    let (_, listed) = error["error"]
        .as_str()
        .unwrap()
        .rsplit_once("应为 ")
        .unwrap();
    listed.split('、').map(str::to_owned).collect()
}

/// The events that a document shows, by kind.
fn shown(document: &str) -> BTreeMap<String, Value> {
    let blocks = document.split("```json\n").skip(1);
    let events = blocks.map(|block| {
        let text = block.split("```").next().unwrap();
        serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error} in {text}"))
    });
    events
        .map(|event| (event["kind"].as_str().unwrap().to_owned(), event))
        .collect()
}

/// What is in a value: names and types, where null may be anything.
fn agree(shown: &Value, found: &Value) -> bool {
    match (shown, found) {
        (Value::Object(shown), Value::Object(found)) => {
            shown.keys().eq(found.keys())
                && shown.values().zip(found.values()).all(|(a, b)| agree(a, b))
        }
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_)) => true,
        _ => false,
    }
}

#[tokio::test]
async fn each_kind_of_event_is_as_the_documents_show_it() {
    let supplier = Supplier::start(None).await;
    let platform = Site::new(&format!("http://{}", supplier.address))
        .start()
        .await;
    let gone = Receiver::start().await;
    gone.does(|_| Does::Says(410, String::new()));
    let webhook = json!({"url": gone.url(), "plain": true});
    done(&platform, Method::PUT, "/webhooks/billing", webhook).await;
    passages(&platform).await;
    alarms(&platform, &supplier).await;
    assert_eq!(platform.open("normal").await.0, 200);
    lists(&platform).await;
    let kinds = kinds(&platform).await;
    let found = all(&platform, &kinds).await;
    for document in DOCUMENTS {
        let shown = shown(document);
        let told: BTreeSet<String> = shown.keys().cloned().collect();
        let of_the_log: BTreeSet<String> = kinds.iter().cloned().collect();
        let only_sent = BTreeSet::from(["webhook.test".to_owned()]);
        assert_eq!(told, &of_the_log | &only_sent, "every kind is shown");
        for (kind, event) in &found {
            assert!(
                agree(&shown[kind], event),
                "{kind} is shown as {}, is {event}",
                shown[kind]
            );
        }
    }
}

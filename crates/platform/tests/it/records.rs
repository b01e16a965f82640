//! What becomes of records: stays, corrections, occupancy, abnormalities, and who did what.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::site::{Platform, Site};

const NOBODY: &str = "http://127.0.0.1:1";

async fn cross(platform: &Platform, uuid: &str, device: &str, plate: &str, time: &str) {
    let crossing = json!({
        "deviceNo": device, "uuid": uuid, "plateNumber": plate, "color": "blue", "crossTime": time
    });
    let (_, reply) = platform
        .call("/receiveCrossGate", crossing, Timestamp::now())
        .await;
    assert_eq!(reply["respCode"], "0", "{reply}");
}

/// STAY-1
#[tokio::test]
async fn an_operator_finds_the_misread_half_of_a_stay_and_says_what_it_was() {
    let platform = Site::new(NOBODY).start().await;
    cross(&platform, "u2", "CAM-02", "粤B1234S", "20260115 09:00:00").await;
    cross(&platform, "u1", "CAM-01", "粤B12345", "20260115 08:00:00").await;
    let states = async || {
        let stays = platform.get("/stays?lot=L1").await["items"].clone();
        let stays = stays.as_array().unwrap().clone();
        stays
            .iter()
            .map(|stay| stay["state"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["orphaned", "open"]);
    assert_eq!(
        platform.get("/stays?state=open").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let found = platform.get("/lots/L1/stays/u2/candidates").await;
    assert_eq!(
        (&found["items"][0]["uuid"], &found["items"][1]),
        (&json!("u1"), &Value::Null)
    );
    let words = json!({"plate": "粤B12345", "by": "王工", "reason": "图片为 5"});
    let (status, done) = platform
        .post("/lots/L1/crossings/u2/correct", words.clone())
        .await;
    assert_eq!(
        (status, &done["plate"]),
        (200, &json!("粤B12345")),
        "{done}"
    );
    let stay = platform.get("/stays").await["items"][0].clone();
    assert_eq!(
        (&stay["state"], &stay["corrected"]),
        (&json!("closed"), &json!(true)),
        "{stay}"
    );
    assert_eq!(stay["out_at"], "2026-01-15T09:00:00+08:00");
    let kept = platform.get("/corrections").await["items"][0].clone();
    assert_eq!(
        (&kept["was"], &kept["by"]),
        (&json!("粤B1234S"), &json!("王工"))
    );
    let (status, _) = platform.post("/lots/L1/crossings/u9/correct", words).await;
    assert_eq!(status, 404);
    let audited = platform.get("/audit?act=crossing.correct").await["items"][0].clone();
    assert_eq!(
        (&audited["target"], &audited["reason"]),
        (&json!("u2"), &json!("图片为 5"))
    );
}

#[tokio::test]
async fn occupancy_follows_the_crossings_from_what_somebody_counted() {
    let platform = Site::new(NOBODY).start().await;
    cross(&platform, "u1", "CAM-01", "", "20260115 08:00:00").await;
    assert_eq!(platform.get("/lots/L1/occupancy").await["vehicles"], 1);
    let counted = json!({"vehicles": 40, "reason": "夜间清点"});
    let (status, now) = platform.post("/lots/L1/occupancy", counted).await;
    assert_eq!(
        (status, &now["vehicles"], &now["base"]),
        (200, &json!(40), &json!(40))
    );
    cross(&platform, "u2", "CAM-01", "", "20990115 08:00:00").await;
    assert_eq!(platform.get("/lots/L1/occupancy").await["vehicles"], 41);
    let audited = platform.get("/audit").await["items"][0].clone();
    let expected = (&json!("operator.key"), &json!("occupancy.rebase"));
    assert_eq!((&audited["by"], &audited["act"]), expected);
    let (status, error) = platform
        .post("/lots/L1/occupancy", json!({"reason": "x"}))
        .await;
    assert_eq!((status, &error["field"]), (400, &json!("vehicles")));
}

/// ABN-1
#[tokio::test]
async fn an_abnormality_is_acknowledged_then_cleared_and_its_repetition_does_not_open_it_again() {
    let platform = Site::new(NOBODY).start().await;
    let now = Timestamp::now();
    let told = json!({"abnormalCode": "1301", "deviceNo": "B-1", "msg": "栏杆机"});
    platform.call("/receiveAbnormal", told.clone(), now).await;
    let open = platform.get("/abnormalities?state=open").await["items"][0].clone();
    let path = format!("/lots/L1/abnormalities/{}", open["id"].as_str().unwrap());
    let words = json!({"by": "王工", "reason": "已报修"});
    let step = async |step: &str| {
        platform
            .post(&format!("{path}/{step}"), words.clone())
            .await
            .0
    };
    assert_eq!(step("acknowledge").await, 200);
    assert_eq!(step("acknowledge").await, 409);
    assert_eq!(step("clear").await, 200);
    platform.call("/receiveAbnormal", told, now).await;
    let rows = platform.get("/abnormalities").await["items"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(
        (&rows[0]["state"], &rows[0]["cleared_by"]),
        (&json!("cleared"), &json!("王工"))
    );
    assert_eq!(step("clear").await, 409);
    let (status, _) = platform
        .post("/lots/L1/abnormalities/00/clear", words)
        .await;
    assert_eq!(status, 404);
}

/// Every act leaves who, what, to what and why.
#[tokio::test]
async fn commands_permits_and_blocks_are_audited() {
    let platform = Site::new(NOBODY).start().await;
    platform.open("forced").await;
    let permit = json!({"plate": "粤B1", "kind": "paid", "by": "收费系统"});
    assert_eq!(platform.post("/permits", permit).await.0, 201);
    let block = json!({"plate": "粤B2", "reason": "欠费", "by": "王工"});
    assert_eq!(platform.post("/blocks", block).await.0, 201);
    let rows = platform.get("/audit").await["items"].clone();
    let mut acts: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["act"].clone())
        .collect();
    acts.sort_by_key(ToString::to_string);
    assert_eq!(acts, ["block.add", "command.forced", "permit.add"]);
}

//! Suppliers and lots that are registered, changed and retired while the platform runs.

use std::sync::{Arc, Mutex};

use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Platform, Site, eventually};
use crate::supplier::{Reply, Supplier, idle, refused};

const NOBODY: &str = "http://127.0.0.1:1";

async fn put(platform: &Platform, path: &str, body: Value) -> (u16, Value) {
    platform.send(Method::PUT, path, body).await
}

fn lot(supplier: &Supplier) -> Value {
    json!({
        "name": "西区", "supplier": "S2", "base_url": format!("http://{}", supplier.address),
        "entry": "refuse", "exit": "refuse",
        "lanes": [{"recognizer": "R1", "direction": "entry"}]
    })
}

/// What the supplier S2, signing with `secret`, is answered for the lot L2.
pub(crate) async fn push(platform: &Platform, secret: &str) -> String {
    let now = Timestamp::now();
    let time = WireTime::from_timestamp(now).to_string();
    let signed = Credentials::new(AppId::new("S2").unwrap(), secret.into()).sign(&time);
    let recognition = json!({
        "parkingLotId": "L2", "appId": "S2", "token": signed, "time": time, "deviceNo": "R1",
        "uuid": "u1", "recognitionTime": time, "image": "", "plateNumber": "粤B1", "color": "blue"
    });
    let (_, reply) = platform.call("/receivePlateNumber", recognition, now).await;
    let desc = reply["respDesc"].as_str().unwrap();
    desc.split(' ').next().unwrap().to_owned()
}

/// D-6
#[tokio::test]
async fn a_lot_and_its_supplier_are_registered_while_the_platform_runs_and_after_a_restart() {
    let gateway = Supplier::start(None).await;
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    let (status, error) = put(&platform, "/lots/L2", lot(&gateway)).await;
    assert_eq!(
        (status, &error["field"]),
        (400, &json!("supplier")),
        "{error}"
    );
    let supplier = json!({"name": "设备商", "secret": "first"});
    assert_eq!(put(&platform, "/suppliers/S2", supplier).await.0, 200);
    assert_eq!(
        put(&platform, "/lots/L2?dry_run=true", lot(&gateway))
            .await
            .0,
        200
    );
    assert_eq!(push(&platform, "first").await, "UNKNOWN_LOT");
    assert_eq!(put(&platform, "/lots/L2", lot(&gateway)).await.0, 200);
    assert_eq!(push(&platform, "first").await, "NO_PERMIT");
    eventually(async || gateway.asked("/checkConnect").pop()).await;

    let made = put(&platform, "/suppliers/S2", json!({"secret": "generate"}))
        .await
        .1;
    let made_secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(made["rotating"], true);
    assert_eq!(
        push(&platform, "first").await,
        "NO_PERMIT",
        "both are valid"
    );
    platform.stop().await;
    let platform = site.start().await;
    assert_eq!(push(&platform, "first").await, "NO_PERMIT");
    assert_eq!(push(&platform, &made_secret).await, "NO_PERMIT");
    put(&platform, "/suppliers/S2", json!({"forget_previous": true})).await;
    assert_eq!(push(&platform, "first").await, "BAD_TOKEN");
    assert_eq!(push(&platform, &made_secret).await, "NO_PERMIT");
    let listed = platform.get("/suppliers").await;
    assert!(!listed.to_string().contains(&made_secret), "{listed}");
}

#[tokio::test]
async fn a_changed_lot_decides_by_its_new_rules_and_a_retired_one_is_unknown_but_keeps_its_records()
{
    let gateway = Supplier::start(None).await;
    let platform = Site::new(NOBODY).start().await;
    put(&platform, "/suppliers/S2", json!({"secret": "first"})).await;
    put(&platform, "/lots/L2", lot(&gateway)).await;
    assert_eq!(push(&platform, "first").await, "NO_PERMIT");
    let mut changed = lot(&gateway);
    changed["entry"] = json!("allow");
    put(&platform, "/lots/L2", changed).await;
    assert_eq!(push(&platform, "first").await, "DEFAULT_ALLOW");
    let retire = async |path: &str| platform.send(Method::DELETE, path, json!({})).await.0;
    assert_eq!(retire("/suppliers/S2").await, 409, "it has a lot");
    assert_eq!(retire("/lots/L2").await, 200);
    assert_eq!(push(&platform, "first").await, "UNKNOWN_LOT");
    assert_eq!(retire("/lots/L2").await, 404);
    assert_eq!(retire("/suppliers/S2").await, 200);
    let kept = platform.get("/recognitions?lot=L2").await["items"].clone();
    assert_eq!(kept.as_array().unwrap().len(), 1);
}

/// D-6: whoever runs the gateway takes the new secret over when he comes to it, and until then
/// his gates are to be opened as before.
#[tokio::test]
async fn a_gate_is_commanded_while_a_secret_is_rotated() {
    let gateway = Supplier::start(None).await;
    let known = Arc::new(Mutex::new("first".to_owned()));
    let taken = Arc::clone(&known);
    gateway.answers(move |path, body| {
        let secret = taken.lock().unwrap().clone();
        let signed = Credentials::new(AppId::new("S2").unwrap(), secret.into());
        match body["token"] == signed.sign(body["time"].as_str().unwrap()) {
            true => idle(path, body),
            false => refused("BAD_TOKEN 令牌不符"),
        }
    });
    let platform = Site::new(NOBODY).start().await;
    let opened = async || {
        let order = json!({"device": "R1", "mode": "forced", "by": "王工", "reason": "访客"});
        platform.post("/lots/L2/open", order).await.1["state"].clone()
    };
    put(&platform, "/suppliers/S2", json!({"secret": "first"})).await;
    put(&platform, "/lots/L2", lot(&gateway)).await;
    assert_eq!(opened().await, "executed");
    let made = put(&platform, "/suppliers/S2", json!({"secret": "generate"})).await;
    let made = made.1["secret"].as_str().unwrap().to_owned();
    assert_eq!(opened().await, "executed", "it knows the one before");
    assert_eq!(push(&platform, "first").await, "NO_PERMIT");
    assert_eq!(opened().await, "executed", "it still signs with that");
    known.lock().unwrap().clone_from(&made);
    assert_eq!(push(&platform, &made).await, "NO_PERMIT");
    assert_eq!(
        opened().await,
        "executed",
        "it has shown that it has the new one"
    );
    put(&platform, "/lots/L2", lot(&gateway)).await;
    assert_eq!(opened().await, "executed", "a changed lot is the same lot");
    put(&platform, "/suppliers/S2", json!({"forget_previous": true})).await;
    assert_eq!(opened().await, "executed");
}

/// How the lot L2 is.
async fn l2(platform: &Platform) -> Value {
    let lots = platform.get("/lots").await;
    let items = lots["items"].as_array().unwrap();
    items.iter().find(|lot| lot["lot"] == "L2").unwrap().clone()
}

/// D-19
#[tokio::test]
async fn a_pass_that_a_change_of_its_lot_cuts_off_is_begun_again() {
    let gateway = Supplier::start(None).await;
    let platform = Site::new(NOBODY).start().await;
    put(&platform, "/suppliers/S2", json!({"secret": "first"})).await;
    gateway.answers(|path, body| match path {
        "/queryUnPushRecognitionInfo" => Reply::Hang,
        _ => idle(path, body),
    });
    put(&platform, "/lots/L2", lot(&gateway)).await;
    let asked = async || gateway.asked("/queryUnPushRecognitionInfo").pop();
    eventually(asked).await;
    gateway.answers(idle);
    assert_eq!(put(&platform, "/lots/L2", lot(&gateway)).await.0, 200);
    let passed = async || l2(&platform).await["reconciled"].is_object().then_some(());
    eventually(passed).await;
    // How it ended is known of the lot that takes its place, too.
    put(&platform, "/suppliers/S2", json!({"name": "设备商"})).await;
    assert!(l2(&platform).await["reconciled"].is_object());
}

/// BEAT-1: nobody would ever hear that a retired lot answers again.
#[tokio::test]
async fn an_outage_of_a_lot_that_is_retired_is_over_in_the_records() {
    let gateway = Supplier::start(None).await;
    let site = Site::new(NOBODY);
    let platform = site.start().await;
    put(&platform, "/suppliers/S2", json!({"secret": "first"})).await;
    gateway.answers(|_, _| Reply::Status(502));
    put(&platform, "/lots/L2", lot(&gateway)).await;
    let outages = async || {
        let outages = platform.get("/outages?lot=L2").await["items"].clone();
        outages.as_array().unwrap().clone()
    };
    let begun = eventually(async || outages().await.pop()).await;
    assert_eq!(begun["until"], Value::Null);
    let retired = platform.send(Method::DELETE, "/lots/L2", json!({})).await;
    assert_eq!(retired.0, 200);
    let outages = outages().await;
    assert_eq!(outages.len(), 1);
    assert!(outages[0]["until"].is_string(), "{outages:?}");
    let records = rusqlite::Connection::open(site.store()).unwrap();
    let told = "SELECT count(*) FROM event WHERE kind = 'outage.ended'";
    let told: i64 = records.query_row(told, [], |row| row.get(0)).unwrap();
    assert_eq!(told, 1);
}

/// JSON has one kind of number, and some write every one with a fraction.
#[tokio::test]
async fn a_whole_number_may_be_written_with_an_empty_fraction_and_no_other_is_taken_for_one() {
    let gateway = Supplier::start(None).await;
    let platform = Site::new(NOBODY).start().await;
    put(&platform, "/suppliers/S2", json!({"secret": "first"})).await;
    for (capacity, kept) in [
        (json!(36.0), Some(36)),
        (json!(36.5), None),
        (json!(-1.0), None),
        (json!(1e300), None),
    ] {
        let mut entry = lot(&gateway);
        entry["capacity"] = capacity.clone();
        let (status, told) = put(&platform, "/lots/L2", entry).await;
        match kept {
            Some(kept) => assert_eq!((status, &told["capacity"]), (200, &json!(kept)), "{told}"),
            None => assert_eq!(
                (status, &told["field"]),
                (400, &json!("capacity")),
                "{capacity}: {told}"
            ),
        }
    }
    let count = json!({"vehicles": 7.0, "reason": "清点"});
    let (status, told) = platform.post("/lots/L1/occupancy", count).await;
    assert_eq!((status, &told["vehicles"]), (200, &json!(7)), "{told}");
    let count = json!({"vehicles": 7.5, "reason": "清点"});
    let (status, told) = platform.post("/lots/L1/occupancy", count).await;
    assert_eq!(
        (status, &told["field"]),
        (400, &json!("vehicles")),
        "{told}"
    );
}

#[tokio::test]
async fn what_the_configuration_names_is_changed_there_only() {
    let platform = Site::new(NOBODY).start().await;
    let shown = platform.get("/lots/L1").await;
    assert_eq!(
        (&shown["source"], &shown["name"]),
        (&json!("config"), &json!("东区"))
    );
    let mut entry = shown.clone();
    entry
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !["lot", "source"].contains(&name.as_str()));
    assert_eq!(put(&platform, "/lots/L1", entry).await.0, 409);
    assert_eq!(
        put(&platform, "/suppliers/99848791", json!({"secret": "x"}))
            .await
            .0,
        409
    );
    let (status, error) = put(&platform, "/lots/L3", json!({"supplier": 7})).await;
    assert_eq!(
        (status, &error["field"]),
        (400, &json!("supplier")),
        "{error}"
    );
}

/// BEAT-1
#[tokio::test]
async fn a_check_says_step_by_step_what_works_between_the_platform_and_a_lot() {
    let gateway = Supplier::start(None).await;
    gateway.answers(|path, body| match path {
        "/queryPlaceStatus" => refused("NO_PLACES 没有车位检测器"),
        _ => idle(path, body),
    });
    let platform = Site::new(&format!("http://{}", gateway.address))
        .start()
        .await;
    let works = async || {
        let (status, checked) = platform.post("/lots/L1/check", json!({})).await;
        assert_eq!(status, 200);
        let steps = checked["steps"].as_array().unwrap().clone();
        (checked["works"].clone(), steps)
    };
    let (all, steps) = works().await;
    let seen: Vec<_> = steps
        .iter()
        .map(|step| step["works"].as_bool().unwrap())
        .collect();
    assert_eq!(
        (all, seen),
        (json!(false), vec![true, true, true, true, false, false])
    );
    assert!(
        steps[4]["found"]
            .as_str()
            .unwrap()
            .contains("没有车位检测器")
    );
    gateway.answers(|path, body| match path {
        "/queryPlaceStatus" => crate::supplier::page(body, &[]),
        _ => idle(path, body),
    });
    platform.push(1, "CAM-01").await;
    assert_eq!(works().await.0, true);
    let nobody = Site::new(NOBODY).start().await;
    let (_, checked) = nobody.post("/lots/L1/check", json!({})).await;
    assert_eq!(checked["steps"].as_array().unwrap().len(), 3, "{checked}");
}

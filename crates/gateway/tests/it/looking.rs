//! What people look up and have done: outbox, attempts, lifts, acts, proof of a day, resend, texts.

use reqwest::Method;
use serde_json::{Value, json};

use crate::controller::{KEYS, Mood};
use crate::platform::{Reply, YES};
use crate::site::World;

async fn get(world: &World, path: &str) -> Value {
    let path = format!("/lots/L1{path}");
    let (status, value) = world.gateway.booth(Method::GET, &path, Value::Null).await;
    assert_eq!(status, 200, "{path}: {value}");
    value
}

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let path = format!("/lots/L1{path}");
    world.gateway.booth(Method::POST, &path, body).await
}

/// A world in which a vehicle was released blind and crossed: both records have failed.
async fn with_failed_records() -> World {
    let world = World::new().await;
    world.platform.answers(|_, _| Reply::Status(500));
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let failed = "SELECT count(*) FROM outbox WHERE state = 'failed'";
    world.gateway.counts(failed, 2).await;
    world
}

#[tokio::test]
async fn the_outbox_the_attempts_and_the_lifts_are_shown_newest_first_and_in_parts() {
    let world = with_failed_records().await;
    let outbox = get(&world, "/outbox?state=failed").await;
    let rows = outbox["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["kind"], &rows[1]["kind"]),
        (&json!("crossing"), &json!("recognition"))
    );
    assert_eq!(rows[0]["record"], rows[1]["record"]);
    assert_eq!(rows[0]["attempts"], json!(5));
    assert!(rows[0]["reason"].as_str().unwrap().contains("500"));
    assert_eq!(
        get(&world, "/outbox?state=pending").await["items"],
        json!([])
    );

    let record = rows[0]["record"].as_str().unwrap();
    let attempts = get(&world, &format!("/attempts?record={record}&limit=4")).await;
    let first = attempts["items"].as_array().unwrap();
    assert_eq!(first.len(), 4);
    let next = &attempts["next"];
    let rest = get(&world, &format!("/attempts?record={record}&before={next}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 6);

    let lifts = get(&world, "/lifts?lane=01").await;
    assert_eq!(lifts["items"][0]["cause"], "blind");
    assert_eq!(lifts["items"][0]["result"], "done");
    assert_eq!(get(&world, "/lifts?lane=02").await["items"], json!([]));

    for wrong in [
        "/outbox?state=lost",
        "/outbox?limit=0",
        "/outbox?limit=201",
        "/acts?who=me",
    ] {
        let path = format!("/lots/L1{wrong}");
        let (status, _) = world.gateway.booth(Method::GET, &path, Value::Null).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

/// UNPUSH-2: sent again by a person, it stays a failed push, and is there to be fetched.
#[tokio::test]
async fn a_failed_record_is_sent_again_when_a_person_wants_it() {
    let world = with_failed_records().await;
    let attempts = world.platform.heard("/receivePlateNumber").len();
    let record = get(&world, "/outbox").await["items"][0]["record"].clone();
    world.platform.answers(|_, _| YES);
    let body = json!({"record": record, "by": "王工", "reason": "平台恢复"});
    let (status, answer) = post(&world, "/resend", body).await;
    assert_eq!((status, &answer["count"]), (200, &json!(2)));
    let asked = world
        .platform
        .hears("/receivePlateNumber", attempts + 1)
        .await;
    assert_eq!(asked[attempts]["uuid"], record);
    world.platform.hears("/receiveCrossGate", 6).await;
    let sent = "SELECT count(*) FROM attempt WHERE outcome = 'accepted'";
    world.gateway.counts(sent, 2).await;
    let outbox = get(&world, "/outbox").await;
    for row in outbox["items"].as_array().unwrap() {
        assert_eq!(
            (&row["state"], &row["resent"]),
            (&json!("failed"), &json!(true))
        );
    }
    let own = json!({"beginTime": "20170101 00:00:00"});
    let kept = world.gateway.call("/queryUnPushCrossInfo", own).await;
    assert_eq!(kept["total"], json!(1));
    assert_eq!(
        world.controller.told("open", "BAR-01").len(),
        1,
        "nothing moves"
    );

    let acts = get(&world, "/acts").await;
    let act = &acts["items"][0];
    assert_eq!(
        (&act["by"], &act["what"]),
        (&json!("王工"), &json!("resend"))
    );
    assert_eq!(act["reason"], "平台恢复");
    for (body, expected) in [
        (json!({"by": "x", "reason": "x"}), 400),
        (json!({"record": "nobody", "by": "x", "reason": "x"}), 404),
        (json!({"record": record, "reason": "x"}), 400),
    ] {
        assert_eq!(post(&world, "/resend", body).await.0, expected);
    }
}

#[tokio::test]
async fn the_proof_of_a_day_accounts_for_every_record() {
    let world = with_failed_records().await;
    world.platform.answers(|_, _| YES);
    world.gateway.arrives("粤B54321").await;
    world.controller.hears("open", "BAR-01", 2).await;
    world.gateway.crosses().await;
    let delivered = "SELECT count(*) FROM outbox WHERE state = 'delivered'";
    world.gateway.counts(delivered, 2).await;
    let proof = get(&world, "/proof").await;
    assert_eq!(proof["holds"], true);
    let account = json!({"total": 2, "delivered": 1, "failed": 1, "pending": 0});
    assert_eq!(
        (&proof["recognitions"], &proof["crossings"]),
        (&account, &account)
    );
    assert_eq!(
        proof["outcomes"],
        json!({"crossed": 1, "released_blind": 1})
    );
    assert_eq!(proof["lifts"], json!({"blind": 1, "may_pass": 1}));
    let nothing = get(&world, "/proof?day=2017-08-21").await;
    assert_eq!(nothing["recognitions"]["total"], json!(0));
}

/// Every act of a person is written down with his name, also one that failed.
#[tokio::test]
async fn what_a_person_does_is_written_down_with_name_reason_and_outcome() {
    let world = World::new().await;
    let shown = json!({"display": "LED-01", "lines": ["请绕行"], "by": "李工", "reason": "施工"});
    assert_eq!(post(&world, "/show", shown.clone()).await.0, 200);
    world.controller.shows("LED-01", &["请绕行"]).await;
    world.controller.is(Mood::Fails);
    let (status, failed) = post(&world, "/show", shown).await;
    assert_eq!((status, &failed["code"]), (409, &json!("DISPLAY_FAILED")));
    let opened = json!({"mode": "forced", "by": "王工", "reason": "访客"});
    assert_eq!(post(&world, "/lanes/01/open", opened).await.0, 409);
    let acts = get(&world, "/acts").await;
    let acts: Vec<(&str, &str, &str)> = acts["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|act| {
            let word = |field: &str| act[field].as_str().unwrap();
            (word("by"), word("what"), word("outcome"))
        })
        .collect();
    assert_eq!(
        acts,
        [
            ("王工", "open_forced", "BARRIER_FAILED"),
            ("李工", "show", "继电器无响应"),
            ("李工", "show", "done"),
        ]
    );
}

/// Who goes away before the answer has acted all the same.
#[tokio::test]
async fn an_act_is_written_down_when_nobody_waits_for_the_answer() {
    let world = World::new().await;
    world.controller.is(Mood::Mute);
    let opened = json!({"mode": "forced", "by": "王工", "reason": "访客"});
    tokio::select! {
        answer = post(&world, "/lanes/01/open", opened) => panic!("{answer:?}"),
        _ = world.controller.hears("open", "BAR-01", 1) => {}
    }
    let written = "SELECT count(*) FROM act WHERE by = '王工' AND outcome = 'BARRIER_SILENT'";
    world.gateway.counts(written, 1).await;
}

/// What a controller was told and what it said, but neither its key nor every question after it.
#[tokio::test]
async fn the_last_frames_of_a_controller_can_be_looked_at() {
    let world = World::new().await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let status = world.gateway.status().await;
    let drivers = status["drivers"].as_array().unwrap().clone();
    let driver = drivers.iter().find(|it| it["driver"] == "controller");
    let driver = driver.unwrap();
    assert_eq!(driver["state"], "online", "{driver}");
    let name = driver["name"].as_str().unwrap();
    let frames = get(&world, &format!("/frames?device={}", escaped(name))).await;
    let frames = frames["items"].as_array().unwrap();
    let has = |way: &str, words: &str| {
        let mut all = frames.iter();
        all.any(|it| it["way"] == way && it["text"].as_str().unwrap().contains(words))
    };
    assert!(has("heard", "粤B12345"), "{frames:?}");
    assert!(has("sent", "\"command\":\"open\""), "{frames:?}");
    assert!(has("heard", "\"ok\":true"), "{frames:?}");
    assert!(!has("sent", KEYS[0]) && !has("heard", KEYS[0]));
    assert!(!has("sent", "\"check\""), "{frames:?}");
    let refused = r#"{"event": "plate", "device": 5}"#;
    let (status, _) = world.gateway.event_of(KEYS[0], refused).await;
    assert_eq!(status, 400);
    let fault = world.gateway.status().await["drivers"][0]["last_fault"].clone();
    assert!(fault.as_str().unwrap().contains("device"), "{fault}");
}

/// A word as it stands in an address.
fn escaped(word: &str) -> String {
    word.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

//! Stays and payments, as the platform asks for them and toll software tells them.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::controller::KEYS;
use crate::site::World;
use crate::wire::time;

/// A vehicle goes through the second lane, out of the lot.
async fn leaves(world: &World, plate: &str) {
    let [_, key] = KEYS;
    let tell = async |event: Value| {
        let (status, reply) = world.gateway.event_of(key, &event.to_string()).await;
        assert_eq!(status, 200, "{reply}");
    };
    let press = |event: &str, device: &str, pressed: bool| json!({"event": event, "device": device, "pressed": pressed});
    tell(press("trigger_loop", "CAM-02", true)).await;
    tell(json!({"event": "plate", "device": "CAM-02", "plate": plate, "color": "blue"})).await;
    world.controller.hears("open", "BAR-02", 1).await;
    tell(press("safety_loop", "BAR-02", true)).await;
    exit_lane(world, |lane| lane["safety_loop"] == true).await;
    tell(press("trigger_loop", "CAM-02", false)).await;
    tell(press("safety_loop", "BAR-02", false)).await;
    exit_lane(world, |lane| lane["safety_loop"] == false).await;
}

/// Waits until the second lane is as wanted.
async fn exit_lane(world: &World, wanted: impl Fn(&Value) -> bool) {
    let end = std::time::Instant::now() + crate::wire::PATIENCE;
    loop {
        let lane = &world.gateway.status().await["lanes"][1];
        if wanted(lane) {
            return;
        }
        assert!(std::time::Instant::now() < end, "not as wanted: {lane}");
    }
}

fn around_now() -> (String, String) {
    let minute = SignedDuration::from_mins(1);
    (
        time(Timestamp::now() - minute),
        time(Timestamp::now() + minute),
    )
}

async fn stays_of(world: &World, own: &[(&str, &str)]) -> Value {
    let (begin, end) = around_now();
    let mut request = json!({"beginTime": begin, "endTime": end, "plateNumber": "B123"});
    for (name, value) in own {
        request[name] = json!(value);
    }
    world.gateway.call("/queryInOutRecord", request).await
}

async fn pay(world: &World, body: Value) -> (u16, Value) {
    let path = "/lots/L1/payments";
    world.gateway.booth(Method::POST, path, body).await
}

/// STAY-1, D-12
#[tokio::test]
async fn a_vehicle_that_came_in_and_left_has_a_stay_with_both_its_gates() {
    // No vehicle is in two lanes within seconds, but this one.
    let quick = "act = \"500ms\"\ncrosstalk = \"1ms\"";
    let world = World::with(&[("act = \"500ms\"", quick)]).await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let inside = stays_of(&world, &[]).await;
    assert_eq!(
        (&inside["respCode"], &inside["total"]),
        (&json!("0"), &json!(1))
    );
    assert_eq!(inside["data"][0]["outTime"], "", "{inside}");
    assert_eq!(inside["data"][0]["inGateId"], "CAM-01", "{inside}");
    leaves(&world, "粤B12345").await;
    let entered = world.platform.hears("/receiveCrossGate", 2).await;
    for wanted in ["A", "B", "A|B", "A&B"] {
        let stays = stays_of(&world, &[("recordType", wanted)]).await;
        assert_eq!(stays["total"], 1, "{wanted}: {stays}");
        let stay = &stays["data"][0];
        assert_eq!(stay["uuid"], entered[0]["uuid"], "{stays}");
        assert_eq!(stay["plateNumber"], "粤B12345");
        assert_eq!(stay["outGateId"], "CAM-02");
        assert_eq!(stay["parkingTime"], "0");
        assert_eq!(stay["amount"], "0.00");
        assert_eq!(stay["parkingLotId"], "L1");
        assert_eq!(stay["crossStatus"], "0");
    }
    let other = stays_of(&world, &[("plateNumber", "B999")]).await;
    assert_eq!(
        (&other["respCode"], &other["total"]),
        (&json!("0"), &json!(0))
    );
}

/// D-12: 2 is a vehicle that backed out.
#[tokio::test]
async fn a_vehicle_that_turned_back_at_the_exit_is_inside_with_that_status() {
    let quick = "act = \"500ms\"\ncrosstalk = \"1ms\"";
    let world = World::with(&[("act = \"500ms\"", quick)]).await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    assert_eq!(stays_of(&world, &[]).await["data"][0]["crossStatus"], "0");
    world.platform.answers(|_, _| crate::platform::NO);
    let tell = async |event: Value| {
        let (status, reply) = world.gateway.event_of(KEYS[1], &event.to_string()).await;
        assert_eq!(status, 200, "{reply}");
    };
    tell(json!({"event": "trigger_loop", "device": "CAM-02", "pressed": true})).await;
    // Before the loop counts as pressed, nobody has arrived who could turn back.
    exit_lane(&world, |lane| lane["sides"][0]["trigger_loop"] == true).await;
    tell(json!({"event": "plate", "device": "CAM-02", "plate": "粤B12345", "color": "blue"})).await;
    let exit = "SELECT count(*) FROM recognition WHERE device = 'CAM-02'";
    world.gateway.counts(exit, 1).await;
    tell(json!({"event": "trigger_loop", "device": "CAM-02", "pressed": false})).await;
    let ended = "SELECT count(*) FROM recognition WHERE device = 'CAM-02' AND outcome IS NOT NULL";
    world.gateway.counts(ended, 1).await;
    let stay = stays_of(&world, &[]).await["data"][0].clone();
    assert_eq!(
        (&stay["outTime"], &stay["crossStatus"]),
        (&json!(""), &json!("2")),
        "{stay}"
    );
}

/// D-11, D-12
#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_by_its_field() {
    let world = World::new().await;
    let (begin, end) = around_now();
    for (own, words) in [
        (
            vec![("beginTime", end.as_str()), ("endTime", begin.as_str())],
            "endTime",
        ),
        (vec![("recordType", "C")], "recordType"),
        (vec![("beginTime", "now")], "beginTime"),
    ] {
        let refused = stays_of(&world, &own).await;
        assert_eq!(refused["respCode"], "1", "{refused}");
        let why = refused["respDesc"].as_str().unwrap();
        assert!(why.contains(words), "{why}");
    }
}

/// STAY-1, PAY-1: the standard does not page these; what does not fit is refused, never cut.
#[tokio::test]
async fn more_than_ten_thousand_records_are_refused_with_the_advice_to_shorten_the_period() {
    let world = World::new().await;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)";
    // One a second, from 08:00:00 on the first of January 2026 in China.
    let at = "1767225600000 + i * 1000";
    let stays = format!(
        "{numbers} INSERT INTO stay (lot, record, plate, standing, entry, entry_device, entry_at) \
         SELECT 'L1', 'S' || i, '粤B12345', 'superseded', 'S' || i, 'CAM-01', {at} FROM n"
    );
    let payments = format!(
        "{numbers} INSERT INTO payment (lot, id, paid_for, plate, order_no, merchant_order_no, at, \
         fen, pay_type) SELECT 'L1', 'P' || i, 'prepaid', '粤B12345', '', '', {at}, 1, '3' FROM n"
    );
    let journal = world.gateway.journal();
    journal
        .execute_batch(&format!("{stays}; {payments}"))
        .unwrap();
    for path in ["/queryInOutRecord", "/queryPrePayRecord"] {
        let ask = async |begin: &str| {
            let own = json!({
                "beginTime": begin, "endTime": "20260102 00:00:00", "plateNumber": "粤B12345"
            });
            world.gateway.call(path, own).await
        };
        let refused = ask("20260101 08:00:00").await;
        assert_eq!(refused["respCode"], "1", "{path}");
        let why = refused["respDesc"].as_str().unwrap();
        assert!(why.contains("请缩短时间范围"), "{path}: {why}");
        let shorter = ask("20260101 08:00:01").await;
        let found = (&shorter["respCode"], &shorter["total"]);
        assert_eq!(found, (&json!("0"), &json!(10_000)), "{path}");
    }
}

/// PAY-1
#[tokio::test]
async fn payments_are_kept_once_and_returned_to_the_fen() {
    let world = World::new().await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let payment = |id: &str, kind: &str, fen: i64| {
        json!({
            "id": id, "plate": "粤B·12345", "order_no": "O-1", "commercial_order_no": "M-1",
            "at": "2026-11-24T10:00:00+08:00", "fen": fen, "pay_type": 3, "kind": kind
        })
    };
    let stay = stays_of(&world, &[]).await["data"][0]["uuid"].clone();
    let (status, kept) = pay(&world, payment("P-1", "prepay", 1250)).await;
    assert_eq!((status, &kept["stay"]), (201, &stay), "{kept}");
    let (status, again) = pay(&world, payment("P-1", "prepay", 1250)).await;
    assert_eq!((status, &again["repeated"]), (200, &json!(true)), "{again}");
    let (status, other) = pay(&world, payment("P-1", "prepay", 1251)).await;
    assert_eq!(status, 409, "{other}");
    assert_eq!(pay(&world, payment("P-2", "exit", 5)).await.0, 201);
    assert_eq!(stays_of(&world, &[]).await["data"][0]["amount"], "12.55");
    let question = json!({"beginTime": "20261124 09:59:59", "endTime": "20261124 10:00:00"});
    let prepaid = world
        .gateway
        .call("/queryPrePayRecord", question.clone())
        .await;
    assert_eq!(prepaid["total"], 1, "{prepaid}");
    assert_eq!(prepaid["totalAmount"], 12.5, "{prepaid}");
    let row = &prepaid["data"][0];
    assert_eq!(
        (&row["payId"], &row["payType"]),
        (&json!("P-1"), &json!("3"))
    );
    assert_eq!(
        (&row["thisTimeAmount"], &row["payTime"]),
        (&json!(12.5), &json!("20261124 10:00:00"))
    );
    let paid = world.gateway.call("/queryInOutPayRecord", question).await;
    assert_eq!(paid["totalAmount"], 0.05, "{paid}");
    assert_eq!(
        (&paid["data"][0]["uuid"], &paid["data"][0]["inGateId"]),
        (&stay, &json!("CAM-01"))
    );
}

/// PAY-1
#[tokio::test]
async fn toll_software_reads_its_payments_back_as_it_told_them_newest_first() {
    let world = World::new().await;
    let told = |id: &str, at: &str, plate: &str| {
        json!({
            "id": id, "plate": plate, "order_no": "O-1", "commercial_order_no": "M-1", "at": at,
            "fen": 1250, "pay_type": 4, "kind": "prepay", "stay": "R-1"
        })
    };
    let earlier = told("P-2", "2026-11-24T01:00:00Z", "粤B12345");
    let later = told("P-1", "2026-11-24T02:00:00Z", "粤B12345");
    let other = told("P-3", "2026-11-24T03:00:00Z", "京A00001");
    for payment in [&earlier, &later, &other] {
        assert_eq!(pay(&world, payment.clone()).await.0, 201);
    }
    let path = "/lots/L1/payments?plate=b%C2%B7123";
    let (status, found) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!((status, &found["items"]), (200, &json!([later, earlier])));
    let path = "/lots/L1/payments?limit=201";
    let (status, refused) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!(status, 400, "{refused}");
    let path = "/lots/L9/payments";
    let (status, refused) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!(status, 404, "{refused}");
}

/// PAY-1
#[tokio::test]
async fn a_payment_that_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let world = World::new().await;
    let sound = json!({
        "id": "P-1", "at": "2026-11-24T10:00:00Z", "fen": 1, "pay_type": 5, "kind": "exit"
    });
    for (field, value) in [
        ("id", json!("")),
        ("at", json!("today")),
        ("fen", json!(-1)),
        ("fen", json!(1.5)),
        ("pay_type", json!(6)),
        ("kind", json!("gift")),
        ("plate", json!("粤B12345粤B12345粤B12345")),
        ("at", json!("2099-01-01T00:00:00Z")),
        ("at", json!("1999-12-31T00:00:00Z")),
        ("order_no", json!("9".repeat(129))),
        ("commercial_order_no", json!("9".repeat(129))),
        ("stay", json!("")),
        ("sum", json!(1)),
    ] {
        let mut wrong = sound.clone();
        wrong[field] = value;
        let (status, reply) = pay(&world, wrong).await;
        assert_eq!(status, 400, "{field}: {reply}");
        let error = reply["error"].as_str().unwrap();
        assert!(error.contains(field), "{field}: {error}");
    }
}

/// STAY-1
#[tokio::test]
async fn the_booth_looks_up_who_is_inside() {
    let world = World::new().await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let path = "/lots/L1/stays?plate=b123";
    let (status, found) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(found["items"][0]["standing"], "open", "{found}");
    assert_eq!(found["items"][0]["plate"], "粤B12345", "{found}");
    let path = "/lots/L1/stays?limit=0";
    let (status, refused) = world.gateway.booth(Method::GET, path, Value::Null).await;
    assert_eq!(status, 400, "{refused}");
}

#[tokio::test]
async fn how_many_are_inside_is_counted_from_the_crossings_and_anew_by_hand() {
    let world = World::new().await;
    let ask = async |method: Method, body: Value| {
        let path = "/lots/L1/occupancy";
        world.gateway.booth(method, path, body).await
    };
    assert_eq!(ask(Method::GET, Value::Null).await.1["inside"], 0);
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    assert_eq!(ask(Method::GET, Value::Null).await.1["inside"], 1);
    let counted = json!({"inside": 7, "by": "王五", "reason": "夜间清点"});
    let (status, now) = ask(Method::POST, counted).await;
    assert_eq!((status, &now["inside"]), (200, &json!(7)), "{now}");
    assert_eq!(now["entered_since"], 0, "{now}");
    for (field, wrong) in [
        ("inside", json!({"inside": -1, "by": "x", "reason": "x"})),
        (
            "inside",
            json!({"inside": 100_001, "by": "x", "reason": "x"}),
        ),
        ("by", json!({"inside": 1, "reason": "x"})),
    ] {
        let (status, refused) = ask(Method::POST, wrong).await;
        assert_eq!(status, 400, "{refused}");
        assert!(
            refused["error"].as_str().unwrap().contains(field),
            "{refused}"
        );
    }
    let (_, acts) = world
        .gateway
        .booth(Method::GET, "/lots/L1/acts", Value::Null)
        .await;
    assert_eq!(acts["items"][0]["subject"], "1 → 7", "{acts}");
}

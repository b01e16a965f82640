//! The local interface: what the booth sees and commands.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::platform::{NO, YES};
use crate::site::{Gateway, World};
use crate::wire::PATIENCE;

const LANE: &str = "/lots/L1/lanes/01";

async fn open(gateway: &Gateway, mode: &str, plate: &str) -> (u16, Value) {
    let body = json!({"mode": mode, "plate": plate, "by": "王工", "reason": "访客"});
    gateway
        .booth(Method::POST, &format!("{LANE}/open"), body)
        .await
}

/// D-7
#[tokio::test]
async fn nobody_without_the_key_sees_or_commands_anything() {
    let world = World::new().await;
    let gateway = &world.gateway;
    let body = json!({"mode": "forced", "by": "x", "reason": "x"});
    for key in [None, Some(""), Some("key-one"), Some(&gateway.key[1..])] {
        for (method, path, body) in [
            (Method::GET, "/status".to_owned(), Value::Null),
            (Method::GET, "/happenings".to_owned(), Value::Null),
            (Method::POST, format!("{LANE}/open"), body.clone()),
            (
                Method::POST,
                format!("{LANE}/plate"),
                json!({"plate": "粤B12345", "by": "x", "reason": "未识别"}),
            ),
        ] {
            let (status, reply) = gateway.local(key, method, &path, body).await;
            assert_eq!(status, 401, "{path}: {reply}");
        }
    }
    assert!(world.controller.told("open", "BAR-01").is_empty());
}

#[tokio::test]
async fn the_status_shows_lanes_devices_and_records() {
    let world = World::new().await;
    world
        .gateway
        .event(json!({"event": "arm", "device": "BAR-01", "position": "down"}))
        .await;
    world
        .gateway
        .event(json!({"event": "heartbeat", "devices": ["LED-01"]}))
        .await;
    world.platform.answers(|_, _| NO);
    world.gateway.arrives("粤B12345").await;
    world
        .gateway
        .until("refused", |lane| lane["sides"][0]["doing"] == "refused")
        .await;
    let lot = world.gateway.status().await;
    assert_eq!((&lot["lot"], &lot["name"]), (&json!("L1"), &json!("东区")));
    assert_eq!(lot["platform"], "up");
    let lane = &lot["lanes"][0];
    assert_eq!(lane["lane"], "01");
    assert_eq!(lane["state"], "normal");
    assert_eq!(lane["arm"], "down");
    assert_eq!(lane["sides"][0]["plate"], "粤B12345");
    assert_eq!(lane["sides"][0]["trigger_loop"], true);
    let devices = lot["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 6);
    let heard = devices.iter().find(|it| it["device"] == "LED-01").unwrap();
    assert_eq!(
        (&heard["online"], &heard["kind"]),
        (&json!(true), &json!("display"))
    );
    let records = json!([{"kind": "recognition", "state": "delivered", "count": 1}]);
    assert_eq!(lot["records"], records);
    // No secret of anybody's is in it.
    let text = lot.to_string();
    for secret in ["key-one", crate::wire::SECRET, &world.gateway.key] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test]
async fn the_booth_opens_holds_and_restores() {
    let world = World::new().await;
    let gateway = &world.gateway;
    assert_eq!(open(gateway, "forced", "").await.0, 200);
    world.controller.hears("open", "BAR-01", 1).await;
    assert_eq!(open(gateway, "hold", "").await.0, 200);
    world.controller.hears("hold", "BAR-01", 1).await;
    gateway
        .until("held", |lane| lane["state"] == "held_by_booth")
        .await;
    assert_eq!(open(gateway, "restore", "").await.0, 200);
    world.controller.hears("restore", "BAR-01", 1).await;

    let (status, refused) = open(gateway, "normal", "粤B12345").await;
    assert_eq!((status, &refused["code"]), (409, &json!("NO_VEHICLE")));
    for (body, words) in [
        (json!({"mode": "half", "by": "x", "reason": "x"}), "mode"),
        (json!({"mode": "forced", "reason": "x"}), "by"),
        (
            json!({"mode": "normal", "plate": "", "by": "x", "reason": "x"}),
            "plate",
        ),
        (
            json!({"mode": "forced", "by": "x", "reason": "x", "who": "x"}),
            "who",
        ),
        (
            json!({"mode": "forced", "by": " ", "reason": "x"}),
            "字段 by",
        ),
        (
            json!({"mode": "forced", "by": "x", "reason": ""}),
            "字段 reason",
        ),
    ] {
        let path = format!("{LANE}/open");
        let (status, reply) = gateway.booth(Method::POST, &path, body).await;
        assert_eq!(status, 400);
        assert!(reply["error"].as_str().unwrap().contains(words), "{reply}");
    }
    let elsewhere = json!({"mode": "forced", "by": "x", "reason": "x"});
    for path in ["/lots/L1/lanes/99/open", "/lots/L9/lanes/01/open"] {
        let (status, _) = gateway.booth(Method::POST, path, elsewhere.clone()).await;
        assert_eq!(status, 404, "{path}");
    }
}

/// D-13, D-17: a plate that is typed in replaces what the camera read, under the same id.
#[tokio::test]
async fn a_plate_that_is_typed_in_is_asked_about_and_opens() {
    let world = World::new().await;
    world
        .platform
        .answers(|_, body| match body["plateNumber"].as_str() {
            Some("粤B12345") | None => YES,
            Some(_) => NO,
        });
    world.gateway.arrives("粤B1234S").await;
    let first = world.platform.hears("/receivePlateNumber", 1).await;
    let typed = json!({"plate": "粤B12345", "by": "王工", "reason": "未识别"});
    let (status, reply) = world
        .gateway
        .booth(Method::POST, &format!("{LANE}/plate"), typed)
        .await;
    assert_eq!(status, 200, "{reply}");
    world.controller.hears("open", "BAR-01", 1).await;
    let heard = world.platform.heard("/receivePlateNumber");
    let last = &heard.last().unwrap().body;
    assert_eq!(last["plateNumber"], "粤B12345");
    assert_eq!(last["uuid"], first[0]["uuid"]);
    // By then nobody is asked for any more.
    let typed = json!({"plate": "粤B54321", "by": "王工", "reason": "看清了"});
    let (status, _) = world
        .gateway
        .booth(Method::POST, &format!("{LANE}/plate"), typed)
        .await;
    assert_eq!(status, 409);
}

/// D-13: in a mixed lane the booth may say from which side the vehicle comes.
#[tokio::test]
async fn a_plate_is_typed_for_the_side_of_a_mixed_lane_that_is_named() {
    let one_way = "direction = \"entry\"\nrecognizer = \"CAM-01\"";
    let mixed = "direction = \"mixed\"\nrecognizer = \"CAM-01\"\nexit_recognizer = \"CAM-03\"";
    let world = World::with(&[(one_way, mixed)]).await;
    let event = json!({"event": "trigger_loop", "device": "CAM-03", "pressed": true});
    world.gateway.event(event).await;
    let on_loop = |lane: &Value| lane["sides"][1]["trigger_loop"] == true;
    world.gateway.until("somebody comes out", on_loop).await;
    let typed = async |lane: &str, side: &str| {
        let path = format!("/lots/L1/lanes/{lane}/plate");
        let plate = json!({"plate": "粤B12345", "side": side, "by": "王工", "reason": "无牌"});
        world.gateway.booth(Method::POST, &path, plate).await
    };
    let (status, reply) = typed("01", "entry").await;
    assert_eq!((status, &reply["code"]), (409, &json!("NO_VEHICLE")));
    let (status, reply) = typed("02", "entry").await;
    let words = "字段 side 收到 entry，车道 02 应为 exit，也可省略";
    assert_eq!((status, &reply["error"]), (400, &json!(words)));
    let (status, reply) = typed("01", "exit").await;
    assert_eq!(status, 200, "{reply}");
    let heard = world.platform.hears("/receivePlateNumber", 1).await;
    assert_eq!(heard[0]["plateNumber"], "粤B12345");
    assert_eq!(heard[0]["deviceNo"], "CAM-03");
    let (_, acts) = world
        .gateway
        .booth(Method::GET, "/lots/L1/acts", Value::Null)
        .await;
    assert!(acts.to_string().contains("01 出口侧 粤B12345"), "{acts}");
}

/// What happens is told while it happens, a JSON object a line.
#[tokio::test]
async fn who_watches_is_told_what_happens() {
    let world = World::new().await;
    let mut lines = watch(&world.gateway);
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let told = tokio::task::spawn_blocking(move || {
        let mut told = Vec::new();
        while told.last().is_none_or(|it: &Value| it["what"] != "passage") {
            told.push(lines.next().unwrap());
        }
        told
    });
    let told = told.await.unwrap();
    let words: Vec<&str> = told.iter().map(|it| it["what"].as_str().unwrap()).collect();
    for word in ["recognized", "driven", "passage"] {
        assert!(words.contains(&word), "{words:?}");
    }
    let passage = told.last().unwrap();
    assert_eq!(passage["lot"], "L1");
    assert_eq!(passage["lane"], "01");
    assert_eq!(passage["plate"], "粤B12345");
    assert_eq!(passage["outcome"], "crossed");
    assert!(passage["steps"]["lifted"].is_u64(), "{passage}");
    // A stream that nobody ends does not hold up a stop.
    world.gateway.stop().await;
}

/// Reads the stream line by line, over a connection of its own.
pub(crate) fn watch(gateway: &Gateway) -> impl Iterator<Item = Value> + Send + use<> {
    let mut stream = TcpStream::connect(gateway.local).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "GET /local/v1/happenings HTTP/1.1\r\nHost: lot\r\nAuthorization: Bearer {}\r\n\r\n",
        gateway.key
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    // From the end of the head on, everything is told.
    while !lines.next().unwrap().is_empty() {}
    // The lines between are the lengths of chunks.
    lines.filter_map(|line| {
        let value: Value = serde_json::from_str(&line).ok()?;
        value.is_object().then_some(value)
    })
}

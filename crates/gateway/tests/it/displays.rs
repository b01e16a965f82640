//! `receiveShowMsg`: texts on displays.

use serde_json::{Value, json};

use crate::controller::Mood;
use crate::site::World;
use crate::wire::request;

const PATH: &str = "/receiveShowMsg";

/// SHOW-1, SHOW-2, D-9: by the display's number and by its recognizer's, as an array and as a
/// string that holds one.
#[tokio::test]
async fn lines_are_shown_in_order_with_their_alignment_and_spaces() {
    let world = World::new().await;
    let lines = json!([
        {"text": " 闽      D782WY", "alignment": "left"},
        {"text": "      临  停  车", "alignment": "center"},
        {"text": "2017-01-01 至 2017-12-31", "alignment": "right"},
        {"text": "无对齐"}
    ]);
    let shown = json!([
        {"text": " 闽      D782WY", "alignment": "left"},
        {"text": "      临  停  车", "alignment": "center"},
        {"text": "2017-01-01 至 2017-12-31", "alignment": "right"},
        {"text": "无对齐", "alignment": "left"}
    ]);
    for (device, display, msg) in [
        ("LED-01", "LED-01", lines.clone()),
        ("CAM-02", "LED-02", json!(lines.to_string())),
    ] {
        let reply = world
            .gateway
            .call(PATH, json!({"deviceNo": device, "msg": msg}))
            .await;
        assert_eq!(reply["respCode"], "0", "{reply}");
        let told = world.controller.told("show", display);
        assert!(told.iter().any(|show| show["lines"] == shown), "{told:?}");
    }
    // After a while the idle text is back.
    world.controller.shows("LED-02", &["一路平安"]).await;
    let last = || world.controller.told("show", "LED-01").pop().unwrap();
    crate::wire::eventually("the idle text", || {
        (last()["lines"][0]["text"] == "欢迎光临").then_some(())
    })
    .await;
}

/// D-9
#[tokio::test]
async fn an_alignment_that_is_none_is_refused_and_nothing_is_shown() {
    let world = World::new().await;
    for msg in [
        json!([{"text": "好", "alignment": "middle"}]),
        json!("[{\"text\": \"好\", \"alignment\": \"middle\"}]"),
        json!("好"),
        json!({"text": "好"}),
    ] {
        let reply = world
            .gateway
            .call(PATH, json!({"deviceNo": "LED-01", "msg": msg}))
            .await;
        assert_eq!(reply["respCode"], "1", "{msg}");
    }
    let told = world.controller.told("show", "LED-01");
    assert!(told.iter().all(|show| !show.to_string().contains('好')));
}

/// SHOW-2
#[tokio::test]
async fn a_display_that_fails_or_is_unknown_is_no_success() {
    let world = World::new().await;
    let show = async |device: &str| {
        let own = json!({"deviceNo": device, "msg": [{"text": "好", "alignment": "left"}]});
        world.gateway.call(PATH, own).await
    };
    assert!(code(&show("LED-99").await).starts_with("UNKNOWN_DEVICE"));
    world.controller.is(Mood::Fails);
    let failed = show("LED-01").await;
    assert!(code(&failed).starts_with("DISPLAY_FAILED"));
    assert!(code(&failed).contains("继电器无响应"));
}

/// D-5
#[tokio::test]
async fn a_repeated_text_is_shown_once() {
    let world = World::new().await;
    let own = json!({"deviceNo": "LED-01", "msg": [{"text": "一次", "alignment": "left"}]});
    let body = request(&own);
    let first = world.gateway.post(PATH, "application/json", &body).await;
    assert_eq!(first.1["respCode"], "0");
    let second = world.gateway.post(PATH, "application/json", &body).await;
    assert_eq!(first, second);
    let told = world.controller.told("show", "LED-01");
    let once = told
        .iter()
        .filter(|show| show["lines"][0]["text"] == "一次");
    assert_eq!(once.count(), 1);
}

/// SHOW-2, D-5: what comes again stands there already, but not on a display that is lost.
#[tokio::test]
async fn a_repeated_text_is_no_success_on_a_display_that_is_lost_meanwhile() {
    let world = World::new().await;
    let own = json!({"deviceNo": "CAM-01", "msg": [{"text": "暂停使用", "alignment": "left"}]});
    let body = request(&own);
    let show = async || {
        let answer = world.gateway.post(PATH, "application/json", &body);
        answer.await.1
    };
    assert_eq!(show().await["respCode"], "0");
    world.controller.has_online(&["CAM-01", "BAR-01"]);
    assert!(code(&show().await).starts_with("DISPLAY_OFFLINE"));
    world.controller.has_online(&["CAM-01", "BAR-01", "LED-01"]);
    assert_eq!(show().await["respCode"], "0");
    let told = world.controller.told("show", "LED-01");
    let shown = told
        .iter()
        .filter(|show| show["lines"][0]["text"] == "暂停使用");
    assert_eq!(shown.count(), 1);
}

/// What a driver has to know comes before what the platform wants said.
#[tokio::test]
async fn a_vehicle_that_comes_ends_a_text_of_the_platform() {
    let long = "message = \"60s\"";
    let world = World::with(&[("message = \"200ms\"", long)]).await;
    let own = json!({"deviceNo": "LED-01", "msg": [{"text": "公告", "alignment": "left"}]});
    assert_eq!(world.gateway.call(PATH, own).await["respCode"], "0");
    world.gateway.arrives("粤B12345").await;
    world
        .controller
        .shows("LED-01", &["粤B12345", "请通行"])
        .await;
}

fn code(reply: &Value) -> &str {
    assert_eq!(reply["respCode"], "1");
    reply["respDesc"].as_str().unwrap()
}

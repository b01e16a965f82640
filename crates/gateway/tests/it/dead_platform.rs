//! Whatever a platform does instead of answering: five attempts, then the vehicle is let through.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::platform::{Platform, Reply, YES};
use crate::site::World;

/// Attempts that the platform is to hear of, and the journal to count.
const ATTEMPTS: i64 = 5;

const LIFTS: &str = "SELECT count(*) FROM lift WHERE cause = 'blind'";

/// A vehicle comes, is released blind in good time, crosses, and both records are kept.
async fn passes_blind(world: &World) {
    let gateway = &world.gateway;
    let came = Instant::now();
    gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    // A budget of 500 ms, and what the barrier and this test take.
    assert!(came.elapsed() < Duration::from_millis(1500));
    assert_eq!(gateway.count(LIFTS), 1);
    let attempts = "SELECT count(*) FROM attempt WHERE kind = 'recognition'";
    gateway.counts(attempts, ATTEMPTS).await;
    gateway.crosses().await;
    let failed = "SELECT count(*) FROM outbox WHERE state = 'failed'";
    gateway.counts(failed, 2).await;
    let attempts = "SELECT sum(attempts) FROM outbox";
    assert_eq!(gateway.count(attempts), 2 * ATTEMPTS);
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
}

/// Asks for what could not be pushed, in a period that includes everything.
async fn unpushed(world: &World, path: &str) -> Vec<Value> {
    let own = json!({"beginTime": "20170101 00:00:00"});
    let reply = world.gateway.call(path, own).await;
    assert_eq!(reply["respCode"], "0");
    let data = reply["data"].as_array().unwrap().clone();
    assert_eq!(reply["total"], json!(data.len()));
    data
}

/// PUSH-1, PUSH-2, PUSH-3, PUSH-4, UNPUSH-1, D-2, D-17
#[tokio::test]
async fn a_status_other_than_200_is_no_answer_and_what_was_lost_can_be_fetched() {
    let world = World::new().await;
    world.platform.answers(|_, _| Reply::Status(500));
    passes_blind(&world).await;
    let pushed = world.platform.heard("/receivePlateNumber");
    assert_eq!(pushed.len(), 5);
    let pushed = &pushed[0].body;

    let recognitions = unpushed(&world, "/queryUnPushRecognitionInfo").await;
    let expected = json!({
        "uuid": pushed["uuid"], "deviceNo": "CAM-01", "plateNumber": "粤B12345",
        "color": "blue", "recognitionTime": pushed["recognitionTime"], "image": ""
    });
    assert_eq!(recognitions, [expected]);
    let crossings = unpushed(&world, "/queryUnPushCrossInfo").await;
    let crossed = &world.platform.heard("/receiveCrossGate")[0].body;
    let expected = json!({
        "uuid": pushed["uuid"], "deviceNo": "CAM-01", "plateNumber": "粤B12345",
        "color": "blue", "crossTime": crossed["crossTime"]
    });
    assert_eq!(crossings, [expected]);

    // Once failed, never pushed again, and there however often it is asked for (UNPUSH-2).
    world.platform.answers(|_, _| YES);
    world.gateway.arrives("粤B54321").await;
    world.controller.hears("open", "BAR-01", 2).await;
    assert_eq!(
        unpushed(&world, "/queryUnPushRecognitionInfo").await.len(),
        1
    );
    assert_eq!(world.platform.heard("/receiveCrossGate").len(), 5);
    assert!(world.platform.heard("/receiveAbnormal").is_empty(), "ABN-5");
}

/// D-2, PUSH-3
#[tokio::test]
async fn a_platform_that_hangs_is_given_up() {
    let world = World::new().await;
    world.platform.answers(|_, _| Reply::Hang);
    passes_blind(&world).await;
}

/// D-2, PUSH-3
#[tokio::test]
async fn a_body_that_is_no_reply_of_the_standard_is_no_answer() {
    for body in ["<html>", "[]", "{}", r#"{"respDesc":"ok"}"#, ""] {
        let world = World::new().await;
        world.platform.answers(move |_, _| Reply::Text(body));
        passes_blind(&world).await;
    }
}

/// D-2, PUSH-3: a redirect is not followed, which would show the token to a stranger.
#[tokio::test]
async fn a_redirect_is_no_answer() {
    let world = World::new().await;
    let elsewhere = Platform::start().await;
    let url = format!("{}/receivePlateNumber", elsewhere.url());
    world
        .platform
        .answers(move |_, _| Reply::Redirect(url.clone()));
    passes_blind(&world).await;
    assert!(elsewhere.heard("/receivePlateNumber").is_empty());
}

/// D-2, PUSH-3: nobody listens.
#[tokio::test]
async fn a_refused_connection_is_no_answer() {
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let closed = format!("base_url = \"http://{nobody}\"\napp_id");
    let world = World::with(&[("base_url", "# base_url"), ("app_id", &closed)]).await;
    passes_blind(&world).await;
    assert_eq!(world.gateway.status().await["platform"], "lost");
}

/// PUSH-1: a fault that passes releases nobody.
#[tokio::test]
async fn a_platform_that_comes_back_in_time_decides() {
    let world = World::new().await;
    let mut faults = 0;
    world.platform.answers(move |_, _| {
        faults += 1;
        if faults < 3 { Reply::Status(503) } else { YES }
    });
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    assert_eq!(world.gateway.count(LIFTS), 0);
    let failed = "SELECT count(*) FROM outbox WHERE state = 'failed'";
    assert_eq!(world.gateway.count(failed), 0);
}

/// D-16: a refused crossing is made again, and recorded with the reason.
#[tokio::test]
async fn a_crossing_that_is_refused_five_times_can_be_fetched() {
    let world = World::new().await;
    world.platform.answers(|path, _| match path {
        "/receiveCrossGate" => crate::platform::NO,
        _ => YES,
    });
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    let failed = "SELECT count(*) FROM outbox WHERE kind = 'crossing' AND state = 'failed' \
                  AND reason LIKE '%余位已满%'";
    world.gateway.counts(failed, 1).await;
    assert_eq!(world.platform.heard("/receiveCrossGate").len(), 5);
    assert_eq!(unpushed(&world, "/queryUnPushCrossInfo").await.len(), 1);
    let none = unpushed(&world, "/queryUnPushRecognitionInfo").await;
    assert!(none.is_empty());
}

/// PUSH-5: an abnormality that failed is pushed again when the platform answers something else.
#[tokio::test]
async fn an_abnormality_waits_until_the_platform_is_back() {
    let world = World::with(&[("act = \"500ms\"", "loop_alarm = \"50ms\"\nact = \"500ms\"")]).await;
    world.platform.answers(|_, _| Reply::Status(500));
    world.gateway.trigger(true).await;
    let failed = "SELECT count(*) FROM outbox WHERE kind = 'abnormality' AND state = 'failed'";
    world.gateway.counts(failed, 1).await;
    let heard = world.platform.heard("/receiveAbnormal").len();
    assert!(heard >= 5);
    world.platform.answers(|_, _| YES);
    let delivered =
        "SELECT count(*) FROM outbox WHERE kind = 'abnormality' AND state = 'delivered'";
    world.gateway.counts(delivered, 1).await;
    let told = world.platform.heard("/receiveAbnormal");
    let last = &told.last().unwrap().body;
    assert_eq!(last["abnormalCode"], "1401");
    assert_eq!(last["msg"], "东二门01道车辆压线圈过长！");
}

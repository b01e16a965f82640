//! A fire in a lane whose camera has no command that holds its barrier open: it is lifted again and
//! again, and the lane goes on when the fire is over.

use serde_json::{Value, json};

use crate::controller::Controller;
use crate::experimental::{KEY, dahua, gateway, post};
use crate::platform::Platform;
use crate::site::Gateway;
use crate::wire::PATIENCE;

async fn burns(gateway: &Gateway, on: bool) {
    gateway.event(json!({"event": "fire", "on": on})).await;
    let state = if on { "fire" } else { "held_after_fire" };
    let is = |lane: &Value| lane["state"] == state;
    gateway.until(state, is).await;
}

/// OPEN-2
async fn is_restored(gateway: &Gateway) {
    burns(gateway, false).await;
    let own = json!({"deviceNo": "CAM-01", "openMode": "1", "plateNumber": ""});
    let reply = gateway.call("/receiveOpenGate", own).await;
    assert_eq!(reply["respCode"], "0", "{reply}");
    let normal = |lane: &Value| lane["state"] == "normal";
    gateway.until("vehicles are asked for again", normal).await;
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn a_barrier_of_dahua_is_lifted_again_and_again_while_it_burns() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let (mut orders, camera) = dahua("OK\r\n").await;
    let gateway = gateway(&platform, &controller, &camera).await;
    burns(&gateway, true).await;
    for _ in 0..3 {
        let told = tokio::time::timeout(PATIENCE, orders.recv()).await;
        let told = told.expect("it is lifted").unwrap();
        assert!(told.starts_with("action=openStrobe&channel=1"), "{told}");
    }
    is_restored(&gateway).await;
}

/// OPEN-1, OPEN-2
#[tokio::test]
async fn a_barrier_of_hx_is_lifted_again_and_again_while_it_burns() {
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let camera = format!(
        "[[lot.hx]]\nname = \"IN-01\"\nexperimental = true\nkey = \"{KEY}\"\n\
         recognizer = \"CAM-01\"\n[lot.hx.barrier]\ndevice = \"BAR-01\"\nconfirm = \"arm\""
    );
    let gateway = gateway(&platform, &controller, &camera).await;
    let (path, form) = (format!("/hx/{KEY}"), "application/x-www-form-urlencoded");
    burns(&gateway, true).await;
    let open = json!([{"ionum": "io1", "action": "on"}]);
    for _ in 0..3 {
        let end = std::time::Instant::now() + PATIENCE;
        while post(&gateway, &path, form, "type=heartbeat").await.1["gpio_data"] != open {
            assert!(std::time::Instant::now() < end, "it is lifted");
        }
    }
    is_restored(&gateway).await;
}

//! A lane whose arm stays up after a hold, until a relay of its own lowers it.

use boshi_simulator::equipment::Outcome;
use boshi_simulator::lot::{Speaks, VirtualLot, Wiring};
use serde_json::{Value, json};

use super::family::Family;
use super::{ALONE, devices_are_there, drive, free, none_is_lifted_twice, started};
use crate::controller::Controller;
use crate::platform::Platform;

/// OPEN-1, OPEN-2: held open everybody passes; afterwards the arm is down, and each is asked for again.
#[tokio::test]
async fn an_arm_that_stays_up_after_a_hold_is_lowered() {
    let _alone = ALONE.lock().await;
    let own = "address = \"{camera}\"\npoll = \"20ms\"";
    let mut family = Family::of(Speaks::VzTcp, &[], ("vz_tcp", own, 4));
    family.wiring = Wiring::Module;
    family.stays_up = true;
    let (platform, controller) = (Platform::start().await, Controller::start().await);
    let addresses = free().await;
    let gateway = started(&family, (&platform, &controller), &addresses).await;
    let devices = format!("http://{}", gateway.devices);
    let lot = VirtualLot::start(family.plan(&addresses), &devices).await;
    let lot = lot.unwrap();
    devices_are_there(&gateway).await;
    let command = async |mode: &str| {
        let own = json!({"deviceNo": "CAM-01", "openMode": mode});
        let reply = gateway.call("/receiveOpenGate", own).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
    };
    command("0").await;
    let is_up = |lane: &Value| lane["arm"] == "up";
    gateway.until("the arm is up", is_up).await;
    assert_eq!(drive(&lot, 0).await, Outcome::Crossed);
    platform.hears("/receiveCrossGate", 1).await;
    command("1").await;
    let is_down = |lane: &Value| lane["arm"] == "down" && lane["state"] == "normal";
    gateway.until("the arm is down", is_down).await;
    assert_eq!(drive(&lot, 1).await, Outcome::Crossed);
    platform.hears("/receiveCrossGate", 2).await;
    lot.stop().await;
    none_is_lifted_twice(&lot.ledger());
}

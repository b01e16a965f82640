//! What a camera of 海康 is told to do with its barrier, and what it is worth that it answers.

use std::time::Instant;

use boshi_simulator::camera::{HikFault, HikGate, HikOrder};
use serde_json::Value;

use crate::hik::{PASSWORD, gate, order, pushing, world, world_with};
use crate::wire::PATIENCE;

/// OPEN-7: that the camera says OK proves nothing; the state of its barrier does.
#[tokio::test]
async fn a_command_counts_as_done_only_when_the_barrier_is_open() {
    let mut world = world(&pushing(), "").await;
    world.is("online").await;
    world.camera.fails(HikFault::Idle);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    world.camera.fails(HikFault::None);
    let camera = world.camera.clone();
    let told = async {
        let order = world.orders.recv().await;
        camera.gate(HikGate::Open);
        order
    };
    let (reply, order) = tokio::join!(world.gateway.call("/receiveOpenGate", order("3")), told);
    assert_eq!(reply["respCode"], "0", "{reply}");
    assert_eq!(order, Some(gate("open")));
}

/// OPEN-7: nobody answered, so that the barrier itself is looked at, and nothing is sent again.
#[tokio::test]
async fn a_command_that_is_not_answered_is_judged_by_the_barrier_and_not_sent_again() {
    for (opens, code) in [(true, "0"), (false, "1")] {
        let mut world = world(&(pushing() + "\nanswer = \"300ms\""), "confirm = \"taken\"").await;
        world.is("online").await;
        world.camera.fails(HikFault::Mute);
        let camera = world.camera.clone();
        let told = async {
            let order = world.orders.recv().await;
            if opens {
                camera.gate(HikGate::Open);
            }
            order
        };
        let (reply, order) = tokio::join!(world.gateway.call("/receiveOpenGate", order("3")), told);
        assert_eq!(reply["respCode"], code, "{reply}");
        assert_eq!(order, Some(gate("open")));
        assert!(world.orders.is_empty());
    }
}

/// OPEN-7: without the barrier's state nothing can be said.
#[tokio::test]
async fn a_command_that_nothing_confirms_is_unknown() {
    let said = pushing() + "\nanswer = \"300ms\"";
    let mut world = world(&said, "confirm = \"taken\"\nstatus = false").await;
    world.is("online").await;
    world.camera.fails(HikFault::Mute);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    assert_eq!(world.told().await, gate("open"));
    assert!(world.orders.is_empty());
}

/// OPEN-7: what was refused was not done, and is said with what can be done about it.
#[tokio::test]
async fn a_camera_that_refuses_is_quoted() {
    let travel = [("travel = \"100ms\"", "travel = \"1ms\"")];
    let mut world = world_with(&pushing(), "confirm = \"taken\"", &travel).await;
    world.is("online").await;
    for (fault, words) in [
        (HikFault::NotSupported, "notSupport"),
        (HikFault::Forbidden, "403"),
    ] {
        world.camera.fails(fault);
        let reply = world.command("3").await;
        assert_eq!(reply["respCode"], "1", "{reply}");
        let why = reply["respDesc"].as_str().unwrap();
        assert!(why.contains(words) && why.contains("平台控制"), "{why}");
    }
    assert!(world.orders.is_empty());
    world.camera.fails(HikFault::None);
    assert_eq!(world.command("3").await["respCode"], "0");
    assert_eq!(world.told().await, gate("open"));
}

/// Some barriers reverse when they are told again while they move.
#[tokio::test]
async fn no_second_pulse_is_given_within_the_travel() {
    let travel = [("travel = \"100ms\"", "travel = \"60s\"")];
    let mut world = world_with(&pushing(), "confirm = \"taken\"", &travel).await;
    world.is("online").await;
    for _ in 0..3 {
        world.command("3").await;
    }
    assert_eq!(world.told().await, gate("open"));
    assert!(world.orders.is_empty());
}

/// OPEN-1, OPEN-2: a camera that comes back may have lost its power, and is told to hold again.
#[tokio::test]
async fn a_hold_is_a_lift_and_a_lock_and_outlives_the_cameras_power() {
    let said = pushing() + "\nanswer = \"200ms\"";
    let mut world = world(&said, "confirm = \"taken\"").await;
    world.is("online").await;
    assert_eq!(world.command("0").await["respCode"], "0");
    assert_eq!(world.told().await, gate("open"));
    assert_eq!(world.told().await, gate("lock"));
    world.camera.fails(HikFault::Dead);
    world.is("offline").await;
    assert!(world.orders.is_empty());
    world.camera.fails(HikFault::None);
    assert_eq!(world.told().await, gate("open"));
    assert_eq!(world.told().await, gate("lock"));
    world.is("online").await;
    assert_eq!(world.command("1").await["respCode"], "0");
    assert_eq!(world.told().await, gate("unlock"));
    assert_eq!(world.told().await, gate("close"));
    assert!(world.orders.is_empty());
}

/// OPEN-2: the arm may be up for a vehicle that is about to pass.
#[tokio::test]
async fn an_arm_that_nobody_held_is_not_closed() {
    let mut world = world(&pushing(), "confirm = \"taken\"").await;
    world.is("online").await;
    assert_eq!(world.command("3").await["respCode"], "0");
    assert_eq!(world.told().await, gate("open"));
    assert_eq!(world.command("1").await["respCode"], "0");
    assert_eq!(world.told().await, gate("unlock"));
    assert!(world.orders.is_empty());
}

/// A camera without a command for barriers.
#[tokio::test]
async fn an_output_is_driven_where_that_is_configured() {
    let said = "confirm = \"taken\"\noutput = 2";
    let mut world = world(&pushing(), said).await;
    world.is("online").await;
    let output = |state: &str| HikOrder::Output(2, state.to_owned());
    for (mode, state) in [("3", "pulse"), ("0", "high"), ("1", "low")] {
        let reply = world.command(mode).await;
        assert_eq!(reply["respCode"], "0", "{reply}");
        assert_eq!(world.told().await, output(state));
    }
}

/// A challenge that has become too old has let nothing happen, so that the same call goes again.
#[tokio::test]
async fn challenges_that_expire_cost_no_command_and_double_none() {
    let travel = [("travel = \"100ms\"", "travel = \"1ms\"")];
    let mut world = world_with(&pushing(), "confirm = \"taken\"", &travel).await;
    world.is("online").await;
    world.camera.nonces_last(1);
    for _ in 0..3 {
        let reply = world.command("3").await;
        assert_eq!(reply["respCode"], "0", "{reply}");
        assert_eq!(world.told().await, gate("open"));
    }
    assert!(world.orders.is_empty());
    assert!(world.camera.stale() > 0);
    assert_eq!(world.camera.refusals(), 0);
}

/// A camera locks whoever shows it a wrong password some times.
#[tokio::test]
async fn a_wrong_password_is_shown_once() {
    let world = world(&pushing(), "").await;
    world.is("online").await;
    world.camera.password_is("another");
    world.has_fault("密码不符").await;
    let faults = world.driver().await["faults"].as_u64().unwrap();
    let end = Instant::now() + PATIENCE;
    while world.driver().await["faults"].as_u64().unwrap() < faults + 5 {
        assert!(Instant::now() < end, "it is tried again");
    }
    // The first one was with a challenge that had become too old.
    assert!(world.camera.refusals() <= 2);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let driver = world.driver().await.to_string();
    assert!(!driver.contains(PASSWORD), "D-7: {driver}");
}

/// OPEN-7: where the arm was seen last, before the camera had no signal any more, confirms nothing.
#[tokio::test]
async fn an_arm_of_which_there_is_no_signal_any_more_confirms_nothing() {
    let world = world(&pushing(), "").await;
    world.is("online").await;
    world.camera.gate(HikGate::Open);
    let up = |lane: &Value| lane["arm"] == "up";
    world.gateway.until("the arm is up", up).await;
    world.camera.has_signal(false);
    world.has_fault("没有道闸的到位信号").await;
    world.camera.fails(HikFault::Idle);
    let reply = world.command("3").await;
    assert_eq!(reply["respCode"], "1", "{reply}");
    let unknown = |lane: &Value| lane["arm"].is_null();
    world
        .gateway
        .until("nobody knows where it is", unknown)
        .await;
    world.camera.has_signal(true);
    world.gateway.until("the arm is up again", up).await;
}

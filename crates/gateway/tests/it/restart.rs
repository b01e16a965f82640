//! The gateway is killed, or stopped, and started again on the same folder.

use serde_json::{Value, json};

use crate::platform::{NO, Reply, YES};
use crate::site::{LET_THROUGH, World};
use crate::wire::{PATIENCE, request};

const PENDING: &str = "SELECT count(*) FROM outbox WHERE state = 'pending'";

/// D-18: what was under way when the power went is carried on, and nothing is pushed under a
/// second id.
#[tokio::test]
async fn a_pending_recognition_has_failed_after_a_power_cut_and_its_crossing_is_delivered() {
    let mut world = World::with(&[("budget = \"500ms\"", "budget = \"60s\"")]).await;
    world.platform.answers(|_, _| Reply::Hang);
    world.gateway.arrives("粤B12345").await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    let own = json!({"deviceNo": "CAM-01", "openMode": "3"});
    let forced = world.gateway.call("/receiveOpenGate", own).await;
    assert_eq!(forced["respCode"], "0");
    world.gateway.crosses().await;
    world.gateway.counts(PENDING, 2).await;

    world.platform.answers(|_, _| YES);
    world.power_cut().await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], asked[0]["uuid"]);
    world.gateway.counts(PENDING, 0).await;
    let own = json!({"beginTime": "20170101 00:00:00"});
    let lost = world.gateway.call("/queryUnPushRecognitionInfo", own).await;
    assert_eq!(lost["total"], json!(1));
    assert_eq!(lost["data"][0]["uuid"], asked[0]["uuid"]);
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
    assert_eq!(world.platform.heard("/receivePlateNumber").len(), 1);
    assert_eq!(world.platform.heard("/receiveCrossGate").len(), 1);
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
}

/// PUSH-5, D-18
#[tokio::test]
async fn a_failed_abnormality_is_pushed_after_a_restart_too() {
    let mut world =
        World::with(&[("act = \"500ms\"", "loop_alarm = \"50ms\"\nact = \"500ms\"")]).await;
    world.platform.answers(|_, _| Reply::Status(500));
    world.gateway.trigger(true).await;
    let failed = "SELECT count(*) FROM outbox WHERE kind = 'abnormality' AND state = 'failed'";
    world.gateway.counts(failed, 1).await;
    world.power_cut().await;
    world.platform.answers(|_, _| YES);
    let delivered =
        "SELECT count(*) FROM outbox WHERE kind = 'abnormality' AND state = 'delivered'";
    world.gateway.counts(delivered, 1).await;
}

/// OPEN-1, D-5: a hold outlives a power cut, and a command that was carried out is not carried out
/// again.
#[tokio::test]
async fn a_hold_is_asserted_again_and_a_repeated_command_gets_its_first_answer() {
    let mut world = World::new().await;
    let opened = request(&json!({"deviceNo": "CAM-02", "openMode": "3"}));
    let held = request(&json!({"deviceNo": "CAM-01", "openMode": "0"}));
    let post = async |world: &World, body: &Value| {
        let answer = world
            .gateway
            .post("/receiveOpenGate", "application/json", body);
        answer.await.1
    };
    let first = post(&world, &opened).await;
    assert_eq!(first["respCode"], "0");
    assert_eq!(post(&world, &held).await["respCode"], "0");
    let holds = world.controller.told("hold", "BAR-01").len();

    world.power_cut().await;
    world.controller.hears("hold", "BAR-01", holds + 1).await;
    assert_eq!(post(&world, &opened).await, first);
    assert_eq!(world.controller.told("open", "BAR-02").len(), 1);

    // It is restored, and stays so.
    let restored = request(&json!({"deviceNo": "CAM-01", "openMode": "1"}));
    assert_eq!(post(&world, &restored).await["respCode"], "0");
    assert_eq!(world.controller.told("restore", "BAR-01").len(), 1);
    let holds = world.controller.told("hold", "BAR-01").len();
    world.power_cut().await;
    world
        .gateway
        .until("normal", |lane| lane["state"] == "normal")
        .await;
    assert_eq!(world.controller.told("hold", "BAR-01").len(), holds);
}

/// D-5, OPEN-7: a command that was interrupted may have moved the barrier, so it is not repeated.
#[tokio::test]
async fn a_command_that_a_power_cut_interrupted_is_not_carried_out_again() {
    let mut world = World::with(&[("act = \"500ms\"", "act = \"60s\"")]).await;
    world.controller.is(crate::controller::Mood::Mute);
    let order = request(&json!({"deviceNo": "CAM-01", "openMode": "3"}));
    let gateway = &world.gateway;
    let asking = gateway.post("/receiveOpenGate", "application/json", &order);
    tokio::select! {
        answer = asking => panic!("{answer:?}"),
        _ = world.controller.hears("open", "BAR-01", 1) => {}
    }
    world.power_cut().await;
    world.controller.is(crate::controller::Mood::Obeys);
    let (_, again) = world
        .gateway
        .post("/receiveOpenGate", "application/json", &order)
        .await;
    assert_eq!(again["respCode"], "1");
    assert!(
        again["respDesc"]
            .as_str()
            .unwrap()
            .starts_with("OUTCOME_UNKNOWN")
    );
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
}

/// What stands on the loop when the gateway starts is learned from the controller.
#[tokio::test]
async fn a_vehicle_that_stands_there_at_the_start_is_recognized() {
    let mut world = World::new().await;
    world.controller.has_state(json!([
        {"event": "trigger_loop", "device": "CAM-01", "pressed": true},
        {"event": "arm", "device": "BAR-01", "position": "down"},
        {"event": "trigger_loop", "device": "unknown", "pressed": true},
        {"event": "nonsense"}
    ]));
    world.power_cut().await;
    let what = "the vehicle stands there";
    world
        .gateway
        .until(what, |lane| lane["sides"][0]["trigger_loop"] == true)
        .await;
    world
        .gateway
        .until("the arm is down", |lane| lane["arm"] == "down")
        .await;
    world.gateway.reads("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
}

/// A stop finishes what is under way: the answer to a command, and its record.
#[tokio::test]
async fn a_gateway_that_is_told_to_stop_leaves_nothing_half_done() {
    let world = World::new().await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let journal = world.gateway.journal();
    let site = &world.site;
    world.gateway.stop().await;
    let open: i64 = journal
        .query_row(
            "SELECT count(*) FROM lift WHERE result IS NULL",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(open, 0);
    let again = site.start().await;
    assert_eq!(again.count(PENDING), 0);
}

/// Two gateways on one folder would push everything twice.
#[tokio::test]
async fn a_second_gateway_on_the_same_folder_does_not_start() {
    let world = World::new().await;
    let error = world.site.try_start().await.err().unwrap();
    assert!(error.to_string().contains("in use"), "{error}");
}

/// Nobody waits for the disk: gates open, and what happened is written when the disk is back.
#[tokio::test]
async fn gates_go_on_while_the_journal_is_locked_and_it_is_made_up_for() {
    let world = World::new().await;
    let mut other = world.gateway.journal();
    let lock = other
        .transaction_with_behavior(rusqlite::TransactionBehavior::Exclusive)
        .unwrap();
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    world.gateway.crosses().await;
    world.platform.hears("/receiveCrossGate", 1).await;
    let unwritten = world.gateway.status().await["unwritten"].as_u64().unwrap();
    assert!(unwritten > 0);
    drop(lock);
    let written = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    world.gateway.counts(written, 1).await;
    let delivered = "SELECT count(*) FROM outbox WHERE state = 'delivered'";
    world.gateway.counts(delivered, 2).await;
    let lifted = "SELECT count(*) FROM lift WHERE result = 'done'";
    world.gateway.counts(lifted, 1).await;
    let all_written = async { while world.gateway.status().await["unwritten"] != json!(0) {} };
    tokio::time::timeout(PATIENCE, all_written).await.unwrap();
}

/// D-18, CROSS-1: the barrier was driven for it before the power cut, and it drives on afterwards.
#[tokio::test]
async fn who_was_let_through_before_a_power_cut_crosses_as_itself_after_it() {
    let mut world = World::new().await;
    world.gateway.arrives("粤B12345").await;
    world.controller.hears("open", "BAR-01", 1).await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    let lifted = "SELECT count(*) FROM lift WHERE result = 'done'";
    world.gateway.counts(lifted, 1).await;
    world.controller.has_state(json!([
        {"event": "trigger_loop", "device": "CAM-01", "pressed": true}
    ]));

    world.power_cut().await;
    world.gateway.crosses().await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], asked[0]["uuid"]);
    assert_eq!(crossed[0]["plateNumber"], "粤B12345");
    let outcomes = "SELECT count(*) FROM recognition WHERE outcome = 'crossed'";
    world.gateway.counts(outcomes, 1).await;
    let all = world.gateway.count("SELECT count(*) FROM recognition");
    assert_eq!(all, 1, "nobody is invented");
    assert_eq!(world.controller.told("open", "BAR-01").len(), 1);
}

/// D-18, OPEN-7: a barrier that did not move has let nobody through.
#[tokio::test]
async fn whose_lift_failed_before_a_power_cut_is_asked_for_anew_after_it() {
    let mut world = World::new().await;
    world.controller.is(crate::controller::Mood::Fails);
    world.gateway.arrives("粤B12345").await;
    let failed = "SELECT count(*) FROM lift WHERE result <> 'done'";
    world.gateway.counts(failed, 1).await;
    world.power_cut().await;
    world.controller.is(crate::controller::Mood::Obeys);
    let interrupted = "SELECT count(*) FROM recognition WHERE outcome = 'interrupted'";
    world.gateway.counts(interrupted, 1).await;
    world.gateway.arrives("粤B12345").await;
    let done = "SELECT count(*) FROM lift WHERE result = 'done'";
    world.gateway.counts(done, 1).await;
}

/// A vehicle that was refused stands at the gate, and the gateway is started anew. Its loop says nothing by
/// itself until it leaves.
async fn refused_before_a_power_cut() -> World {
    let mut world = World::new().await;
    world.platform.answers(|path, _| match path {
        "/receivePlateNumber" => NO,
        _ => YES,
    });
    world.gateway.arrives("粤B12345").await;
    let what = "refused";
    world
        .gateway
        .until(what, |lane| lane["sides"][0]["doing"] == "refused")
        .await;
    world.power_cut().await;
    world
}

/// D-18, RECOG-2: it pays while the gateway is started anew, and its camera reads it once.
#[tokio::test]
async fn who_waited_at_the_gate_is_asked_for_anew_after_a_power_cut() {
    let world = refused_before_a_power_cut().await;
    world.platform.answers(|_, _| YES);
    world.gateway.counts(LET_THROUGH, 1).await;
    let lifted = "SELECT count(*) FROM lift JOIN recognition USING (lot, record) \
                  WHERE cause = 'may_pass' AND plate = '粤B12345'";
    assert_eq!(world.gateway.count(lifted), 1);
    assert_eq!(world.gateway.count("SELECT count(*) FROM recognition"), 1);
}

/// RECOG-3
#[tokio::test]
async fn who_waited_and_has_left_the_loop_since_is_not_let_through() {
    let world = refused_before_a_power_cut().await;
    world.gateway.trigger(false).await;
    world.platform.answers(|_, _| YES);
    let over = "SELECT count(*) FROM recognition WHERE outcome IS NOT NULL";
    world.gateway.counts(over, 1).await;
    assert_eq!(world.gateway.count(LET_THROUGH), 0);
    assert_eq!(world.controller.told("open", "BAR-01").len(), 0);
}

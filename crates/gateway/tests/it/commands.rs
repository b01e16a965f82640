//! `receiveOpenGate`: when a barrier moves for the platform, and what it is told.

use serde_json::{Value, json};

use crate::controller::Mood;
use crate::platform::{NO, YES};
use crate::site::World;
use crate::wire::request;

const PATH: &str = "/receiveOpenGate";

/// Commands the first lane.
async fn open(world: &World, mode: &str, plate: &str) -> Value {
    let own = json!({"deviceNo": "CAM-01", "openMode": mode, "plateNumber": plate});
    world.gateway.call(PATH, own).await
}

#[track_caller]
fn assert_refused(reply: &Value, code: &str) {
    assert_eq!(reply["respCode"], "1", "{reply}");
    let why = reply["respDesc"].as_str().unwrap();
    assert!(why.starts_with(&format!("{code} ")), "{why}");
}

fn opens(world: &World) -> usize {
    world.controller.told("open", "BAR-01").len()
}

/// A vehicle that the platform refuses stands at the gate.
async fn with_a_refused_vehicle() -> World {
    let world = World::with(&[("refused_poll = \"100ms\"", "refused_poll = \"60s\"")]).await;
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
    world
}

/// OPEN-3, OPEN-7
#[tokio::test]
async fn the_normal_mode_opens_for_the_plate_at_the_gate_and_for_no_other() {
    let world = with_a_refused_vehicle().await;
    let refused = open(&world, "2", "粤B99999").await;
    assert_refused(&refused, "PLATES_DIFFER");
    assert!(refused["respDesc"].as_str().unwrap().contains("粤B12345"));
    assert_eq!(opens(&world), 0);
    let done = open(&world, "2", "粤B12345").await;
    assert_eq!(done["respCode"], "0", "{done}");
    assert_eq!(opens(&world), 1);
    world.gateway.crosses().await;
    let commanded = "SELECT count(*) FROM recognition WHERE outcome = 'commanded'";
    world.gateway.counts(commanded, 1).await;
}

/// OPEN-3, OPEN-7
#[tokio::test]
async fn the_normal_mode_opens_for_nobody_when_nobody_is_there() {
    let world = World::new().await;
    assert_refused(&open(&world, "2", "粤B12345").await, "NO_VEHICLE");
    assert_eq!(opens(&world), 0);
}

/// OPEN-3, D-8: no mode is the normal one.
#[tokio::test]
async fn a_command_without_a_mode_is_a_normal_one() {
    let world = with_a_refused_vehicle().await;
    let differs = json!({"deviceNo": "CAM-01", "plateNumber": "粤B99999"});
    assert_refused(&world.gateway.call(PATH, differs).await, "PLATES_DIFFER");
    let fits = json!({"deviceNo": "CAM-01", "openMode": "", "plateNumber": "粤B12345"});
    assert_eq!(world.gateway.call(PATH, fits).await["respCode"], "0");
    assert_eq!(opens(&world), 1);
}

/// OPEN-4, OPEN-5
#[tokio::test]
async fn a_forced_command_and_one_without_a_plate_open_for_whoever_comes() {
    let world = World::new().await;
    assert_eq!(open(&world, "3", "").await["respCode"], "0");
    world.controller.hears("open", "BAR-01", 1).await;
    let other = json!({"deviceNo": "CAM-02", "openMode": "2"});
    assert_eq!(world.gateway.call(PATH, other).await["respCode"], "0");
    assert_eq!(world.controller.told("open", "BAR-02").len(), 1);
    assert_eq!(opens(&world), 1);
    let commands = "SELECT count(*) FROM command WHERE reply LIKE '%\"respCode\":\"0\"%'";
    assert_eq!(world.gateway.count(commands), 2);
}

/// OPEN-5: a lot may want to know whom it opens for.
#[tokio::test]
async fn a_lot_may_forbid_opening_without_a_plate() {
    let strict = "name = \"东区\"\nforbid_empty_plate_open = true";
    let world = World::with(&[("name = \"东区\"", strict)]).await;
    assert_refused(&open(&world, "2", "").await, "EMPTY_PLATE_FORBIDDEN");
    assert_eq!(opens(&world), 0);
    assert_eq!(open(&world, "3", "").await["respCode"], "0");
}

/// OPEN-1, OPEN-2, OPEN-6
#[tokio::test]
async fn while_held_open_vehicles_pass_and_are_pushed_whatever_is_replied() {
    let world = World::new().await;
    assert_eq!(open(&world, "0", "").await["respCode"], "0");
    world.controller.hears("hold", "BAR-01", 1).await;
    world.platform.answers(|path, _| match path {
        "/receivePlateNumber" => NO,
        _ => YES,
    });
    world.gateway.arrives("粤B12345").await;
    let asked = world.platform.hears("/receivePlateNumber", 1).await;
    world.gateway.crosses().await;
    let crossed = world.platform.hears("/receiveCrossGate", 1).await;
    assert_eq!(crossed[0]["uuid"], asked[0]["uuid"]);
    assert_eq!(opens(&world), 0);
    assert_eq!(world.platform.heard("/receivePlateNumber").len(), 1);

    // A pulse could only end the hold; who asks for one is told that the way is open.
    let open_already = open(&world, "3", "").await;
    assert_eq!(open_already["respCode"], "0");
    assert_eq!(opens(&world), 0);

    assert_eq!(open(&world, "1", "").await["respCode"], "0");
    world.controller.hears("restore", "BAR-01", 1).await;
    world
        .gateway
        .until("normal", |lane| lane["state"] == "normal")
        .await;
}

/// OPEN-7
#[tokio::test]
async fn a_recognizer_that_nobody_knows_opens_nothing() {
    let world = World::new().await;
    for device in ["CAM-99", "BAR-01", "LED-01"] {
        let own = json!({"deviceNo": device, "openMode": "3"});
        assert_refused(&world.gateway.call(PATH, own).await, "UNKNOWN_DEVICE");
    }
    assert_eq!(opens(&world), 0);
}

/// OPEN-7
#[tokio::test]
async fn a_barrier_that_fails_is_no_success_and_says_why() {
    let world = World::new().await;
    world.controller.is(Mood::Fails);
    for mode in ["3", "0", "1"] {
        let reply = open(&world, mode, "").await;
        assert_refused(&reply, "BARRIER_FAILED");
        assert!(reply["respDesc"].as_str().unwrap().contains("继电器无响应"));
    }
    assert_eq!(opens(&world), 1);
}

/// OPEN-7: silence is no success either, and nothing is sent a second time.
#[tokio::test]
async fn a_barrier_that_never_answers_is_no_success() {
    let world = World::new().await;
    world.controller.is(Mood::Mute);
    let waited = std::time::Instant::now();
    assert_refused(&open(&world, "3", "").await, "BARRIER_SILENT");
    assert!(waited.elapsed() >= std::time::Duration::from_millis(500));
    assert_eq!(opens(&world), 1);
}

/// OPEN-7
#[tokio::test]
async fn a_barrier_that_is_offline_is_not_driven() {
    let often = "[supervision]\ncheck = \"50ms\"\n[[lot]]";
    let world = World::with(&[("[[lot]]", often)]).await;
    world.gateway.finds_every_device().await;
    let others = ["CAM-01", "LED-01", "CAM-02", "BAR-02", "LED-02"];
    world.controller.has_online(&others);
    let abnormal = world.platform.hears("/receiveAbnormal", 1).await;
    assert_eq!(abnormal[0]["abnormalCode"], "1301");
    assert_refused(&open(&world, "3", "").await, "BARRIER_OFFLINE");
    assert_eq!(opens(&world), 0);
}

/// D-5: byte for byte the same is the same command, also while it is being carried out.
#[tokio::test]
async fn a_repeated_command_gets_the_first_answer_and_moves_nothing() {
    let world = World::new().await;
    let order = request(&json!({"deviceNo": "CAM-01", "openMode": "3"}));
    let post = || world.gateway.post(PATH, "application/json", &order);
    let (first, second) = tokio::join!(post(), post());
    assert_eq!(first.1["respCode"], "0");
    assert_eq!(first, second);
    // The arm has travelled: what is not the same opens again.
    world
        .gateway
        .counts("SELECT count(*) FROM lift WHERE result = 'done'", 1)
        .await;
    assert_eq!(post().await, first);
    assert_eq!(opens(&world), 1);
}

/// A double click is one pulse: the second command is another, and comes while the arm travels.
#[tokio::test]
async fn two_commands_within_the_arms_travel_are_one_pulse() {
    let world = World::with(&[("travel = \"100ms\"", "travel = \"60s\"")]).await;
    assert_eq!(open(&world, "3", "").await["respCode"], "0");
    let second = open(&world, "3", "粤B12345").await;
    assert_eq!(second["respCode"], "0");
    assert!(second["respDesc"].as_str().unwrap().contains("未重复驱动"));
    assert_eq!(opens(&world), 1);
}

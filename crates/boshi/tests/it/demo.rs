//! Every scenario of the demo, with both sides as processes of their own over HTTPS, counted from
//! both sides' stores.

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Vehicles drive in time: two car parks at once on two cores are late.
static ALONE: Mutex<()> = Mutex::new(());

/// Plays a scenario and gives its summary, which must be complete.
fn played(scenario: &str, vehicles: &str, speed: &str) -> Value {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = Command::new(env!("CARGO_BIN_EXE_boshi"))
        .args(["demo", "--exit", "--json", "--speed", speed, "--seed", "7"])
        .args(["--scenario", scenario, "--vehicles", vehicles])
        .env("BOSHI_LOG", "warn")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{scenario}:\n{told}\n{complaint}");
    let summary: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(summary["lost"], 0, "{summary}");
    assert_eq!(summary["complete"], true, "{summary}");
    assert_eq!(summary["gateway"], summary["platform"], "{summary}");
    summary
}

fn count(summary: &Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap()
}

/// T-1, RECOG-1, CROSS-1
#[test]
fn in_an_ordinary_hour_every_vehicle_is_decided_on_and_counted_on_both_sides() {
    // Not faster: whoever was refused and backs out slowly is read once more on a busy machine.
    let summary = played("ordinary", "8", "10");
    assert!(count(&summary, "recognized") >= 14, "{summary}");
    assert!(count(&summary, "crossed") >= 12, "{summary}");
    assert_eq!(count(&summary, "refused"), 2, "{summary}");
    assert_eq!(count(&summary, "released_blind"), 0, "{summary}");
}

/// RECOG-1, RECOG-3, CROSS-1: at this speed each lane has equipment of another family that the gateway's
/// own drivers speak to: VZ over HTTP, TCP with a relay module, MQTT, QY, ISAPI with pushes and with its
/// alert stream, a controller, and boards.
#[test]
fn lanes_of_every_family_of_equipment_are_counted_on_both_sides_like_any_other() {
    let summary = played("ordinary", "8", "5");
    assert!(count(&summary, "recognized") >= 14, "{summary}");
    assert!(count(&summary, "crossed") >= 12, "{summary}");
    assert_eq!(count(&summary, "released_blind"), 0, "{summary}");
}

/// PUSH-3, D-19: the same lanes while the network is away, and
/// OPEN-1, OPEN-6: while the contact of the fire alarm on the relay module holds them all.
#[test]
fn lanes_of_every_family_of_equipment_go_through_an_outage_and_a_fire() {
    let summary = played("outage", "6", "5");
    assert_eq!(count(&summary, "crossed"), 12, "{summary}");
    assert!(count(&summary, "released_blind") > 0, "{summary}");
    let summary = played("fire", "6", "5");
    assert_eq!(count(&summary, "crossed"), 12, "{summary}");
}

/// RECOG-1, RECOG-2, D-13
#[test]
fn whoever_has_not_paid_is_refused_at_the_exit_and_let_through_once_it_is_paid() {
    let summary = played("refused-then-paid", "5", "20");
    assert_eq!(count(&summary, "refused"), 5, "{summary}");
    assert_eq!(count(&summary, "crossed"), 10, "{summary}");
}

/// PUSH-1, PUSH-2, PUSH-3, UNPUSH-1, D-17, D-19
#[test]
fn while_the_network_is_pulled_vehicles_are_released_and_their_records_fetched_later() {
    let summary = played("outage", "8", "10");
    assert_eq!(count(&summary, "crossed"), 16, "{summary}");
    assert!(count(&summary, "released_blind") > 0, "{summary}");
    let both = count(&summary, "fetched_later") > count(&summary, "released_blind");
    assert!(both, "recognitions and crossings: {summary}");
}

/// D-14, D-15
#[test]
fn tailgating_vehicles_get_records_of_their_own() {
    let summary = played("tailgating", "8", "20");
    assert_eq!(count(&summary, "crossed"), 16, "{summary}");
    assert_eq!(count(&summary, "presses"), 16, "{summary}");
}

/// CROSS-1, D-12
#[test]
fn vehicles_that_back_out_are_recognized_and_do_not_cross() {
    let summary = played("back-out", "8", "20");
    assert!(
        count(&summary, "crossed") < count(&summary, "recognized"),
        "{summary}"
    );
}

/// PUSH-3, D-18, D-19
#[test]
fn a_platform_that_dies_and_starts_again_fetches_what_it_missed() {
    let summary = played("platform-killed", "8", "10");
    assert_eq!(count(&summary, "crossed"), 16, "{summary}");
    assert!(count(&summary, "fetched_later") > 0, "{summary}");
}

/// OPEN-1, OPEN-2, OPEN-6
#[test]
fn a_fire_alarm_holds_everything_open_and_every_passage_is_still_told() {
    // Not faster: nobody waits at an open arm, and a vehicle that has gone before a busy machine has
    // told its reading is told as history, beside the crossing of an unread vehicle.
    let summary = played("fire", "8", "6");
    assert_eq!(count(&summary, "crossed"), 16, "{summary}");
    assert_eq!(count(&summary, "recognized"), 16, "{summary}");
}

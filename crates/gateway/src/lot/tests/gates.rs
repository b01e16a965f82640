//! Commands, holds, and what outlives the program.

use super::*;
use boshi_protocol::lane::{By, Done, Gate, Holder, OpenRefusal, Order};
use std::collections::HashMap;

const HELD: Gate = Gate::HeldOpen {
    by: Holder::Ordered(By::Platform),
};

fn gates(scene: &Scene) -> Vec<(&str, Gate)> {
    scene.written(|entry| match entry {
        Entry::Gate { lane, state, .. } => Some((lane.as_str(), *state)),
        _ => None,
    })
}

/// OPEN-1, OPEN-2
#[test]
fn a_hold_and_its_end_are_written_down_when_they_begin() {
    let mut scene = Scene::new();
    scene.wait(seconds(1));
    scene.command(TWO, Order::HoldOpen).unwrap().unwrap();
    assert_eq!(gates(&scene), [("02", HELD)]);
    scene.command(TWO, Order::Restore).unwrap().unwrap();
    assert_eq!(gates(&scene), [("02", HELD), ("02", Gate::Normal)]);
    assert_eq!(scene.causes(), ["hold_ordered", "restore_ordered"]);
}

/// OPEN-7
#[test]
fn a_hold_that_the_barrier_did_not_do_is_none() {
    let mut scene = Scene::new();
    scene.barrier = Barrier::Fails;
    let answer = scene.command(ONE, Order::HoldOpen).unwrap();
    assert!(matches!(answer, Err(OpenRefusal::BarrierFailed { .. })));
    assert_eq!(gates(&scene).last(), Some(&("01", Gate::Normal)));
    let failed =
        |what: &&What| matches!(what, What::DriveFailed { reason } if reason == "继电器无响应");
    assert_eq!(scene.told().filter(failed).count(), 1);
}

/// OPEN-1: a power cut does not end a hold.
#[test]
fn a_barrier_that_was_held_open_is_held_again_when_it_answers() {
    let held = HashMap::from([("02".to_owned(), HELD)]);
    let mut scene = Scene::resuming(&held);
    assert_eq!(scene.drives(TWO), 0);
    scene.wait(seconds(1));
    assert_eq!((scene.drives(ONE), scene.drives(TWO)), (0, 1));
    assert_eq!(scene.causes(), ["hold_asserted"]);
    scene.platform = Platform::Refuses;
    scene.arrives(TWO, "粤B12345");
    scene.crosses(TWO);
    assert_eq!(scene.outcomes(), ["held_open"]);
    assert!(gates(&scene).is_empty(), "nothing has changed");
}

/// A fire alarm outranks everybody.
#[test]
fn fire_holds_the_lane_and_nobody_may_restore_it_while_it_lasts() {
    let mut scene = Scene::new();
    scene.say(Input::Lane(ONE, lane::Input::Fire { on: true }));
    assert_eq!(gates(&scene), [("01", Gate::Fire)]);
    let refused = scene.command(ONE, Order::Restore).unwrap();
    assert_eq!(refused, Err(OpenRefusal::FireAlarm));
    scene.say(Input::Lane(ONE, lane::Input::Fire { on: false }));
    scene.command(ONE, Order::Restore).unwrap().unwrap();
    assert_eq!(gates(&scene).last(), Some(&("01", Gate::Normal)));
}

/// A fire alarm that ended while nobody listened can be restored: its contact is asked at the start.
#[test]
fn an_alarm_that_ended_while_the_program_was_down_does_not_last_for_ever() {
    let burning = HashMap::from([("01".to_owned(), Gate::Fire)]);
    let mut scene = Scene::resuming(&burning);
    scene.contacts = vec![lane::Input::Fire { on: false }];
    scene.wait(seconds(1));
    scene.command(ONE, Order::Restore).unwrap().unwrap();
}

/// OPEN-7
#[test]
fn a_barrier_that_is_offline_is_not_driven() {
    let mut scene = Scene::new();
    scene.online = vec!["CAM-01", "LED-01"];
    scene.wait(seconds(11));
    for order in [Order::ForceLift, Order::HoldOpen, Order::Restore] {
        let answer = scene.command(ONE, order).unwrap();
        assert_eq!(answer, Err(OpenRefusal::BarrierOffline));
    }
    assert_eq!(scene.drives(ONE), 0);
}

/// OPEN-7: silence is no success, and is said when the time of an act is over.
#[test]
fn a_command_to_a_mute_barrier_is_answered_after_three_seconds() {
    let mut scene = Scene::new();
    scene.barrier = Barrier::Mute;
    assert_eq!(scene.command(ONE, Order::ForceLift), None);
    let answers = |scene: &Scene| -> Vec<Result<Done, OpenRefusal>> {
        let answer = |action: &Action| match action {
            Action::Answer { answer, .. } => Some(answer.clone()),
            _ => None,
        };
        scene.did().filter_map(answer).collect()
    };
    scene.wait(millis(2_999));
    assert!(answers(&scene).is_empty());
    scene.wait(millis(1));
    assert_eq!(answers(&scene), [Err(OpenRefusal::BarrierSilent)]);
    assert_eq!(scene.drives(ONE), 1);
}

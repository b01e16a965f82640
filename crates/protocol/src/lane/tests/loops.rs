//! Loops that bounce, and loops that are pressed for too long.

use super::*;

#[test]
fn a_bouncing_trigger_loop_is_nobody() {
    let mut scene = Scene::new(entry());
    for _ in 0..20 {
        scene.say(Input::TriggerLoop {
            side: Side::Entry,
            pressed: true,
        });
        scene.wait(millis(50));
        scene.say(Input::TriggerLoop {
            side: Side::Entry,
            pressed: false,
        });
        scene.wait(millis(50));
    }
    scene.wait(seconds(10));
    assert!(scene.log.is_empty());
}

#[test]
fn a_trigger_loop_that_lets_go_for_an_instant_is_the_same_stay() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed: false,
    });
    scene.wait(millis(100));
    scene.trigger(Side::Entry, true);
    scene.reads(CAR);
    scene.wait(seconds(5));
    assert_eq!(scene.recognitions().len(), 1);
    assert_eq!(scene.outcomes(), []);
}

/// ABN-1, D-15
#[test]
fn a_loop_pressed_for_thirty_seconds_is_told_once_and_again_every_ten_minutes() {
    let mut scene = Scene::new(entry());
    let since = scene.wall();
    scene.arrives(CAR);
    scene.wait(millis(29_799));
    assert_eq!(scene.abnormal(), []);
    scene.wait(millis(1));
    assert_eq!(scene.abnormal(), [AbnormalCode::LoopPressed]);
    assert_eq!(
        (scene.alarms()[0].since, &scene.alarms()[0].device),
        (since, &None)
    );
    scene.wait(seconds(599));
    assert_eq!(scene.abnormal().len(), 1);
    scene.wait(seconds(1));
    assert_eq!(scene.abnormal().len(), 2);
    scene.leaves();
    assert_eq!(scene.cleared(), [AbnormalCode::LoopPressed]);
    scene.wait(seconds(3600));
    assert_eq!(scene.abnormal().len(), 2);
}

/// ABN-1
#[test]
fn a_stuck_anti_smash_loop_is_told_and_invents_no_second_crossing() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.wait(seconds(60));
    assert_eq!(scene.abnormal(), [AbnormalCode::LoopPressed]);
    assert_eq!(scene.crossings().len(), 1);
}

/// D-15
#[test]
fn the_next_long_press_is_another_occurrence() {
    let mut scene = Scene::new(entry());
    for _ in 0..2 {
        scene.trigger(Side::Entry, true);
        scene.wait(seconds(31));
        scene.leaves();
    }
    let alarms = scene.alarms();
    assert_eq!(alarms.len(), 2);
    assert_ne!(alarms[0].occurrence, alarms[1].occurrence);
}

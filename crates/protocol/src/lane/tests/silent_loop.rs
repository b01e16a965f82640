//! A trigger loop that tells only of changes, and has told of none since the program was started.

use super::*;

/// The bound within which a reading waits for the loop, and a moment.
fn a_while() -> Duration {
    Timing::default().approach_window + millis(500)
}

/// RECOG-1: it stood on the loop before the start; the contact will say nothing until it leaves.
#[test]
fn who_stands_on_a_loop_since_before_the_start_is_let_through_when_it_is_read() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
    scene.wait(a_while());
    assert_eq!(scene.asks().len(), 2);
    scene.may_pass();
    let ask = scene.last_ask();
    assert_eq!(scene.pulses(), [Cause::MayPass { ask }]);
    scene.wait(seconds(4));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    assert_eq!(scene.abnormal(), []);
}

/// RECOG-2
#[test]
fn who_is_refused_on_a_silent_loop_is_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.wait(a_while());
    scene.may_not();
    scene.wait(seconds(2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
    assert_eq!(scene.recognized_plates(), [CAR]);
}

/// PUSH-3
#[test]
fn who_nobody_can_be_asked_about_is_let_through_on_a_silent_loop() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.verdict(Verdict::Undeliverable);
    assert_eq!(scene.pulses(), []);
    scene.wait(a_while());
    let ask = scene.last_ask();
    assert_eq!(scene.pulses(), [Cause::Blind { ask }]);
}

/// RECOG-3: it turned back; the loop's word that it is free again is the first one.
#[test]
fn who_leaves_a_silent_loop_is_not_let_through() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.wait(a_while());
    scene.leaves();
    scene.may_pass();
    scene.wait(seconds(10));
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::BackedOut)]);
}

/// From its first word on, the loop is believed: who is read ahead of it and does not come is not there.
#[test]
fn a_loop_that_has_told_once_is_waited_for() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.wait(a_while());
    scene.may_pass();
    scene.wait(seconds(4));
    scene.crosses();
    scene.wait(seconds(10));
    scene.reads(NEXT);
    scene.may_pass();
    scene.wait(seconds(30));
    assert_eq!(scene.pulses().len(), 1);
    let never = ended("r2", Outcome::NeverArrived);
    assert_eq!(scene.outcomes().last(), Some(&never));
}

/// RECOG-2: one vehicle, one recognition, whenever the loop finds its word.
#[test]
fn a_press_told_after_all_is_that_of_the_vehicle_that_was_read() {
    for pause in [seconds(1), seconds(10), seconds(40)] {
        let mut scene = Scene::new(entry());
        scene.reads(CAR);
        scene.wait(a_while());
        scene.may_not();
        scene.wait(pause);
        scene.trigger(Side::Entry, true);
        scene.wait(seconds(3));
        scene.may_pass();
        assert_eq!(scene.pulses().len(), 1, "after {pause:?}");
        assert_eq!(scene.recognized_plates(), [CAR], "after {pause:?}");
        scene.crosses();
        assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    }
}

/// A lane whose loop has told of one vehicle, which is gone.
fn after_one_has_passed() -> Scene {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(4));
    scene.crosses();
    scene.wait(seconds(10));
    scene
}

/// A module of contacts without power, while nobody is there: who is read then stands on the loop, as
/// far as anybody can tell, and is not kept there until the module is back.
#[test]
fn a_loop_that_nobody_can_look_at_any_more_keeps_nobody_waiting() {
    let mut scene = after_one_has_passed();
    scene.say(Input::TriggerUnseen { side: Side::Entry });
    scene.reads(NEXT);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1, "it may be on its way");
    scene.wait(a_while());
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(4));
    scene.crosses();
    assert_eq!(scene.crossed().last(), Some(&went("r2", NEXT)));
}

/// RECOG-3: from its next word on, it is believed again.
#[test]
fn a_loop_that_is_looked_at_again_is_waited_for() {
    let mut scene = after_one_has_passed();
    let side = Side::Entry;
    scene.say(Input::TriggerUnseen { side });
    let pressed = false;
    scene.say(Input::TriggerLoop { side, pressed });
    scene.reads(NEXT);
    scene.may_pass();
    scene.wait(seconds(30));
    assert_eq!(scene.pulses().len(), 1);
    assert_eq!(
        scene.outcomes().last(),
        Some(&ended("r2", Outcome::NeverArrived))
    );
}

/// RECOG-2: who stood on it when it was lost still does.
#[test]
fn who_is_on_a_loop_that_is_lost_is_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    scene.say(Input::TriggerUnseen { side: Side::Entry });
    scene.wait(seconds(2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
    assert_eq!(scene.recognized_plates(), [CAR]);
}

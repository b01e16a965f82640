//! Vehicles that were let through and turned back, and who then goes under their arm.

use super::*;

/// A car is let through, and turns back.
fn turns_back(scene: &mut Scene) {
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(1));
    scene.leaves();
}

/// CROSS-1, D-14: nobody read it, and its crossing is not the other's.
#[test]
fn who_goes_unread_under_the_arm_of_one_that_turned_back_crosses_as_nobody_known() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(1));
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", "")]);
    let outcomes = [
        ended("r1", Outcome::OpenedNotCrossed),
        ended("r2", Outcome::Tailgated),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), [AbnormalCode::CrossedUnrecognized]);
    scene.wait(seconds(120));
    assert_eq!(scene.recognitions().len(), 2);
    assert_eq!(scene.pulses().len(), 1);
}

/// D-14: nor when it has stood there so long that it was asked for with an empty plate.
#[test]
fn who_was_asked_for_without_a_plate_crosses_as_itself() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(1));
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(3));
    scene.may_not();
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", "")]);
    assert_eq!(scene.abnormal(), [AbnormalCode::Tailgated]);
}

/// D-15
#[test]
fn who_was_refused_and_goes_under_the_arm_of_one_that_turned_back_crosses_as_itself() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(1));
    scene.arrives(NEXT);
    scene.may_not();
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", NEXT)]);
    let outcomes = [
        ended("r1", Outcome::OpenedNotCrossed),
        ended("r2", Outcome::Tailgated),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), [AbnormalCode::Tailgated]);
}

/// RECOG-3: it does not wait for one that is gone, and crosses by its own lift.
#[test]
fn who_may_pass_after_one_that_turned_back_is_lifted_for_at_once() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(3));
    scene.arrives(NEXT);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", NEXT)]);
    let outcomes = [
        ended("r1", Outcome::OpenedNotCrossed),
        ended("r2", Outcome::Crossed),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), []);
}

/// A short vehicle, or loops far apart: it has left the first before it presses the second.
#[test]
fn one_that_nobody_read_and_that_has_just_left_the_loop_is_the_one_that_crosses() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(1));
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(1));
    scene.leaves();
    scene.wait(millis(500));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r2", "")]);
}

/// CROSS-1: that the next one stands behind it does not make the crossing its.
#[test]
fn who_has_just_left_the_loop_crosses_although_the_next_one_is_there() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.arrives(NEXT);
    scene.wait(millis(800));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

/// CROSS-1: nobody else is there.
#[test]
fn who_takes_long_between_the_loops_still_crosses_as_itself() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(20));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

/// It is another passage, asked for anew; the arm is up for it all the same.
#[test]
fn who_turned_back_and_comes_again_is_a_new_recognition_and_no_tailgater() {
    let mut scene = Scene::new(entry());
    turns_back(&mut scene);
    scene.wait(seconds(4));
    scene.arrives(CAR);
    assert_eq!(scene.recognized_plates(), [CAR, CAR]);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", CAR)]);
    let outcomes = [
        ended("r1", Outcome::OpenedNotCrossed),
        ended("r2", Outcome::Crossed),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), []);
}

/// In a mixed lane it leaves the lane to who waits on the other side.
#[test]
fn when_one_has_turned_back_the_other_side_gets_the_lane() {
    let mut scene = Scene::new(mixed());
    turns_back(&mut scene);
    scene.wait(seconds(1));
    scene.trigger(Side::Exit, true);
    scene.reads_from(Side::Exit, NEXT, 95);
    scene.wait(seconds(2));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r2", NEXT)]);
    assert_eq!(scene.crossings()[0].side, Side::Exit);
}

//! Vehicles close behind one another.

use super::*;

/// Lets a first car go under the arm; the trigger loop stays pressed when `close` is told.
fn first_under_the_arm(scene: &mut Scene) {
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
}

/// D-14, D-15
#[test]
fn a_tailgater_never_gets_the_first_vehicles_uuid() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.leaves();
    scene.safety(false);
    scene.wait(seconds(1));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", "")]);
    let outcomes = [
        ended("r1", Outcome::Crossed),
        ended("r2", Outcome::Tailgated),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), [AbnormalCode::CrossedUnrecognized]);
}

/// D-15
#[test]
fn a_tailgater_that_was_refused_crosses_as_itself() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.leaves();
    scene.arrives(NEXT);
    scene.may_not();
    scene.safety(false);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
    let outcomes = [
        ended("r1", Outcome::Crossed),
        ended("r2", Outcome::Tailgated),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), [AbnormalCode::Tailgated]);
    scene.wait(seconds(60));
    assert_eq!(scene.asks().len(), 2);
}

/// D-15
#[test]
fn long_after_the_first_crossing_a_second_one_is_unexplained() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.leaves();
    scene.safety(false);
    scene.wait(seconds(10));
    scene.safety(true);
    assert_eq!(scene.outcomes()[1], ended("r2", Outcome::Unexplained));
}

#[test]
fn a_car_read_close_behind_gets_its_own_recognition_when_the_first_is_through() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.reads(NEXT);
    assert_eq!(scene.recognitions().len(), 1);
    scene.safety(false);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
}

#[test]
fn a_car_read_after_the_first_is_through_is_recognized_at_once() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.safety(false);
    scene.reads(CAR);
    assert_eq!(scene.recognitions().len(), 1);
    scene.reads(NEXT);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

/// ABN-1
#[test]
fn a_stuck_trigger_loop_lifts_nothing_and_invents_nothing() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.safety(false);
    scene.wait(seconds(3600));
    assert_eq!((scene.pulses().len(), scene.recognitions().len()), (1, 1));
    assert_eq!(scene.crossings().len(), 1);
}

#[test]
fn a_reading_close_behind_counts_when_the_loop_is_pressed_anew() {
    let mut scene = Scene::new(entry());
    first_under_the_arm(&mut scene);
    scene.reads(NEXT);
    scene.leaves();
    assert_eq!(scene.recognitions().len(), 1);
    scene.trigger(Side::Entry, true);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

#[test]
fn late_frames_of_the_first_car_are_not_the_next_cars() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.leaves();
    scene.reads(CAR);
    scene.trigger(Side::Entry, true);
    scene.reads(CAR);
    assert_eq!(scene.recognitions().len(), 1);
    scene.reads(NEXT);
    scene.reads_from(Side::Entry, CAR, 99);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

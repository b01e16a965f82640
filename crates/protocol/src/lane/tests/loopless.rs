//! Lanes without a trigger loop: a vehicle is there when its plate is read.

use super::*;

fn camera_only() -> Layout {
    Layout {
        trigger_loop: false,
        ..entry()
    }
}

#[test]
fn the_same_plate_within_a_minute_is_the_same_vehicle() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    scene.wait(seconds(5));
    scene.reads(CAR);
    scene.wait(seconds(50));
    scene.reads(CAR);
    assert_eq!(scene.recognitions().len(), 1);
    scene.wait(seconds(300));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::BackedOut)]);
    scene.reads(CAR);
    assert_eq!(scene.recognized_plates(), [CAR, CAR]);
}

/// RECOG-2
#[test]
fn a_refused_vehicle_is_asked_for_while_it_is_read_and_not_after() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    for _ in 0..6 {
        scene.may_not();
        scene.wait(seconds(2));
    }
    assert_eq!(scene.asks().len(), 7);
    scene.may_not();
    scene.wait(seconds(30));
    assert_eq!(scene.asks().len(), 8);
    scene.may_not();
    scene.wait(seconds(10));
    assert_eq!(scene.asks().len(), 8);
    scene.reads(CAR);
    assert_eq!(scene.asks().len(), 9);
    assert_eq!(scene.recognitions().len(), 1);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3
#[test]
fn a_reply_after_the_vehicle_is_out_of_view_lifts_nothing() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    scene.wait(seconds(21));
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
}

#[test]
fn another_plate_is_another_vehicle_and_ends_the_stay_of_the_first() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    let first = scene.last_ask();
    scene.reads(NEXT);
    scene.say(Input::Verdict {
        ask: first,
        verdict: Verdict::MayPass,
    });
    scene.wait(seconds(4));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::BackedOut)]);
}

#[test]
fn two_plates_read_in_turns_are_not_a_recognition_for_each_frame() {
    let mut scene = Scene::new(camera_only());
    for _ in 0..5 {
        scene.reads(CAR);
        scene.wait(millis(300));
        scene.reads(NEXT);
        scene.wait(millis(300));
    }
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

#[test]
fn an_unreadable_vehicle_is_amended_when_its_plate_is_read() {
    let mut scene = Scene::new(camera_only());
    scene.reads("");
    scene.reads("");
    scene.reads(CAR);
    assert_eq!(scene.recognized_plates(), [""]);
    assert_eq!(shown(&scene.amended()[0].sighting), CAR);
}

#[test]
fn a_vehicle_that_was_let_through_crosses_and_is_not_recognized_again() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    scene.may_pass();
    scene.reads(CAR);
    scene.wait(seconds(4));
    scene.safety(true);
    scene.reads(CAR);
    scene.safety(false);
    scene.wait(seconds(10));
    scene.reads(CAR);
    assert_eq!(scene.recognitions().len(), 1);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    scene.reads(NEXT);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

/// OPEN-6
#[test]
fn while_held_open_a_column_crosses_each_vehicle_as_itself() {
    let mut scene = Scene::new(camera_only());
    scene.command(Order::HoldOpen);
    scene.reads(CAR);
    scene.wait(seconds(1));
    scene.reads(NEXT);
    scene.wait(seconds(1));
    for _ in 0..2 {
        scene.safety(true);
        scene.safety(false);
    }
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
}

#[test]
fn with_no_loop_at_all_a_lift_is_all_that_is_known() {
    let mut scene = Scene::new(Layout {
        safety_loop: false,
        ..camera_only()
    });
    scene.reads(CAR);
    scene.may_pass();
    scene.wait(seconds(60));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::LetThrough)]);
    assert_eq!((scene.crossings(), scene.abnormal()), (vec![], vec![]));
}

#[test]
fn a_vehicle_of_the_next_lane_is_disowned() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    scene.say(Input::Disown { plate: plate(CAR) });
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crosstalk)]);
}

/// RECOG-3: each failed lift is asked about anew, but nobody has seen the vehicle since.
#[test]
fn a_barrier_that_fails_does_not_keep_a_vehicle_in_view() {
    let mut scene = Scene::new(camera_only());
    scene.temper = Temper::Fails;
    scene.reads(CAR);
    for _ in 0..20 {
        scene.may_pass();
        scene.wait(seconds(3));
    }
    let last = scene
        .log
        .iter()
        .rev()
        .find(|(_, effect)| matches!(effect, Effect::Drive { .. }));
    let (driven, _) = last.expect("the barrier was driven");
    assert!(
        driven.tick <= Tick::after_start(seconds(1020)),
        "driven at {driven:?}"
    );
}

/// RECOG-3
#[test]
fn a_lane_that_is_woken_late_lifts_for_nobody_who_is_out_of_view() {
    let mut scene = Scene::new(camera_only());
    scene.reads(CAR);
    scene.may_pass();
    scene.wait(seconds(1));
    scene.reads(NEXT);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1, "the arm still travels");
    scene.now = scene.now.later(seconds(21));
    scene.say(Input::Tick);
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3: it was seen when it was read, not when the lane became free for it.
#[test]
fn a_reading_that_waited_for_the_other_side_is_as_old_as_it_is() {
    let layout = Layout {
        trigger_loop: false,
        ..mixed()
    };
    let mut scene = Scene::new(layout);
    scene.reads_from(Side::Exit, CAR, 90);
    scene.wait(seconds(5));
    scene.reads_from(Side::Entry, NEXT, 90);
    scene.wait(seconds(16));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    scene.wait(seconds(5));
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
}

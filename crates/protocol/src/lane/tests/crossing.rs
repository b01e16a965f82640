//! Crossings, and vehicles that were let through and did not cross.

use super::*;

/// CROSS-1, CROSS-2
#[test]
fn a_crossing_is_the_edge_of_the_anti_smash_loop() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    let edge = scene.wall();
    scene.safety(true);
    let crossing = &scene.crossings()[0];
    assert_eq!(
        (crossing.at, crossing.recognizer.as_str()),
        (edge, "camera")
    );
    assert_eq!(crossing.color, PlateColor::Blue);
}

/// CROSS-1
#[test]
fn a_bouncing_anti_smash_loop_is_one_crossing() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    for pressed in [true, false, true, false, true] {
        scene.say(Input::SafetyLoop { pressed });
        scene.wait(millis(30));
    }
    scene.wait(seconds(1));
    scene.say(Input::SafetyLoop { pressed: false });
    scene.wait(millis(50));
    scene.say(Input::SafetyLoop { pressed: true });
    scene.wait(seconds(1));
    assert_eq!(scene.crossings().len(), 1);
}

/// D-14
#[test]
fn a_vehicle_that_crosses_unrecognized_gets_a_recognition_with_an_empty_plate_first() {
    let mut scene = Scene::new(entry());
    scene.safety(true);
    let (recognition, crossing) = (&scene.recognitions()[0], &scene.crossings()[0]);
    assert_eq!(recognition.record, crossing.record);
    assert_eq!(recognition.sighting, Sighting::UNREAD);
    assert_eq!(recognition.origin, Origin::Crossing);
    assert_eq!(recognition.at, crossing.at);
    assert_eq!(scene.asks(), []);
    assert!(matches!(scene.log[0].1, Effect::Recognized { .. }));
    assert!(matches!(scene.log[1].1, Effect::Crossed(_)));
}

/// D-14, D-15
#[test]
fn a_crossing_that_nothing_explains_is_an_abnormality() {
    let mut scene = Scene::new(entry());
    scene.safety(true);
    scene.safety(false);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Unexplained)]);
    assert_eq!(scene.abnormal(), [AbnormalCode::CrossedUnrecognized]);
}

#[test]
fn a_vehicle_that_just_left_the_loop_is_the_one_that_crossed() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.leaves();
    scene.wait(seconds(2));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Unexplained)]);
    assert_eq!(scene.abnormal(), [AbnormalCode::CrossedUnrecognized]);
}

/// OPEN-6: who turned away does not lend its record to the one that came after it, and stands there
/// while it presses the next loop.
#[test]
fn the_one_that_stands_there_crosses_and_not_the_one_that_turned_away_before() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    scene.leaves();
    scene.wait(millis(600));
    scene.arrives("粤B54321");
    scene.wait(millis(800));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r2", "粤B54321")]);
    scene.leaves();
    scene.wait(seconds(5));
    let turned = ended("r1", Outcome::BackedOut);
    assert_eq!(scene.outcomes(), [ended("r2", Outcome::HeldOpen), turned]);
}

/// From one loop to the other it is a moment: the next one may have come onto the first meanwhile.
#[test]
fn the_one_that_has_left_this_very_moment_crosses_and_not_the_one_behind_it() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    scene.leaves();
    scene.arrives("粤B54321");
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

/// RECOG-2
#[test]
fn a_vehicle_that_only_touches_the_anti_smash_loop_under_a_closed_arm_goes_on_waiting() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r2", "")]);
    scene.wait(seconds(2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// ABN-4
#[test]
fn a_vehicle_that_was_let_through_and_does_not_cross_in_time_is_an_abnormality() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.leaves();
    scene.wait(seconds(29));
    assert_eq!(scene.abnormal(), []);
    scene.wait(seconds(1));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::OpenedNotCrossed)]);
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
    assert_eq!(scene.crossings(), []);
}

/// ABN-4
#[test]
fn an_arm_that_the_limit_switch_saw_come_down_is_no_abnormality() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.leaves();
    scene.wait(seconds(10));
    scene.say(Input::BarrierSeen(Position::Down));
    scene.wait(seconds(60));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::OpenedNotCrossed)]);
    assert_eq!(scene.abnormal(), []);
}

/// ABN-4
#[test]
fn a_slow_driver_in_front_of_an_open_arm_still_crosses_as_himself() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(45));
    assert_eq!(scene.outcomes(), []);
    assert!(scene.abnormal().contains(&AbnormalCode::BarrierNotDown));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    assert!(scene.cleared().contains(&AbnormalCode::BarrierNotDown));
}

/// ABN-4
#[test]
fn a_slow_driver_who_backs_out_in_the_end_did_not_cross() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(45));
    scene.leaves();
    scene.wait(seconds(4));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::OpenedNotCrossed)]);
}

#[test]
fn when_the_arm_has_come_down_in_front_of_it_a_vehicle_is_asked_for_again_once_it_is_read() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(10));
    scene.say(Input::BarrierSeen(Position::Down));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::OpenedNotCrossed)]);
    scene.wait(seconds(60));
    assert_eq!(scene.recognitions().len(), 1);
    scene.reads(CAR);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
}

/// RECOG-1: the arm that is still coming down behind the vehicle before is not that of a lift of
/// which a camera has not heard yet that fetches its commands.
#[test]
fn an_arm_that_comes_down_before_the_barrier_has_heard_of_a_lift_is_no_chance_that_was_had() {
    let layout = Layout {
        limit_switch: true,
        ..entry()
    };
    let quick = Timing {
        travel: seconds(1),
        ..Timing::default()
    };
    let mut scene = Scene::with(Lane::new(layout, quick));
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.crosses();
    scene.temper = Temper::Silent;
    scene.wait(seconds(2));
    scene.arrives(NEXT);
    scene.may_pass();
    let act = scene.last_act();
    scene.wait(seconds(2));
    scene.say(Input::BarrierSeen(Position::Down));
    scene.reads(NEXT);
    assert_eq!(scene.recognitions().len(), 2);
    scene.say(Input::ActDone {
        act,
        result: Ok(()),
    });
    scene.say(Input::BarrierSeen(Position::Up));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
    assert_eq!(scene.pulses().len(), 2);
}

/// CROSS-1: who turned back under way has had its chance when the arm is down; the next vehicle
/// crosses under its own plate.
#[test]
fn a_vehicle_that_turned_back_does_not_lend_its_record_to_the_next() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.leaves();
    scene.wait(seconds(8));
    scene.say(Input::BarrierSeen(Position::Down));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::OpenedNotCrossed)]);
    scene.arrives(NEXT);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.crosses();
    assert_eq!(scene.crossed(), [("r2".to_owned(), NEXT.to_owned())]);
}

/// CROSS-1: an arm that is down, and somebody under it, is no reason to forget who crosses.
#[test]
fn a_vehicle_under_the_arm_has_not_had_its_chance() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(8));
    scene.leaves();
    scene.say(Input::SafetyLoop { pressed: true });
    scene.say(Input::BarrierSeen(Position::Down));
    scene.wait(seconds(1));
    assert_eq!(scene.crossed(), [("r1".to_owned(), CAR.to_owned())]);
}

#[test]
fn without_an_anti_smash_loop_a_vehicle_that_was_let_through_is_settled_when_it_leaves() {
    let mut scene = Scene::new(Layout {
        safety_loop: false,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(5));
    scene.leaves();
    scene.safety(true);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::LetThrough)]);
    assert_eq!(scene.crossings(), []);
    scene.wait(seconds(60));
    assert_eq!(scene.abnormal(), []);
}

#[test]
fn the_next_car_is_recognized_while_the_first_is_under_the_arm_and_lifted_for_after_it() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.arrives(NEXT);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
    scene.wait(seconds(1));
    scene.say(Input::SafetyLoop { pressed: false });
    assert_eq!(scene.pulses().len(), 1);
    scene.wait(millis(200));
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
    assert_eq!(scene.abnormal(), []);
}

#[test]
fn the_wait_for_the_vehicle_before_is_bounded() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.arrives(NEXT);
    scene.may_pass();
    scene.wait(millis(4999));
    assert_eq!(scene.pulses().len(), 1);
    scene.wait(millis(1));
    assert_eq!(scene.pulses().len(), 2);
}

#[test]
fn a_pending_lift_is_off_when_its_vehicle_leaves() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.leaves();
    scene.arrives(NEXT);
    scene.may_pass();
    scene.leaves();
    scene.wait(seconds(60));
    assert_eq!(scene.pulses().len(), 1);
}

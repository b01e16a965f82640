//! The arm: opened by hand, or not coming down.

use super::*;

fn switched() -> Layout {
    Layout {
        limit_switch: true,
        ..entry()
    }
}

/// D-14
#[test]
fn a_lift_by_hand_is_seen_and_explains_who_crosses() {
    let mut scene = Scene::new(switched());
    scene.say(Input::BarrierSeen(Position::Down));
    scene.arrives(CAR);
    scene.may_not();
    scene.say(Input::BarrierSeen(Position::Up));
    assert_eq!(scene.lifts_seen(), 1);
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::ByHand)]);
    assert_eq!(scene.abnormal(), []);
}

#[test]
fn a_lift_that_was_ordered_is_not_taken_for_one_by_hand() {
    let mut scene = Scene::new(switched());
    scene.say(Input::BarrierSeen(Position::Down));
    scene.command(Order::ForceLift);
    scene.wait(seconds(2));
    scene.say(Input::BarrierSeen(Position::Up));
    scene.say(Input::BarrierSeen(Position::Up));
    scene.say(Input::BarrierSeen(Position::Down));
    scene.command(Order::HoldOpen);
    scene.say(Input::BarrierSeen(Position::Up));
    assert_eq!(scene.lifts_seen(), 0);
}

/// D-14
#[test]
fn when_the_limit_switch_says_down_a_second_crossing_is_unexplained_not_tailgating() {
    let mut scene = Scene::new(switched());
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(3));
    scene.crosses();
    scene.say(Input::BarrierSeen(Position::Down));
    scene.wait(seconds(1));
    scene.safety(true);
    assert_eq!(scene.outcomes()[1], ended("r2", Outcome::Unexplained));
}

/// D-15
#[test]
fn as_long_as_the_limit_switch_says_up_a_second_crossing_is_tailgating() {
    let mut scene = Scene::new(switched());
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(3));
    scene.crosses();
    scene.wait(seconds(20));
    scene.safety(true);
    assert_eq!(scene.outcomes()[1], ended("r2", Outcome::Tailgated));
}

/// ABN-4, D-15
#[test]
fn an_arm_that_stays_up_long_after_a_passage_is_told_once_and_again_until_it_is_down() {
    let mut scene = Scene::new(switched());
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(3));
    scene.crosses();
    scene.wait(seconds(29));
    assert_eq!(scene.abnormal(), []);
    scene.wait(seconds(2));
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
    assert_eq!(scene.alarms()[0].device, Some(device("arm")));
    scene.wait(seconds(600));
    let alarms = scene.alarms();
    assert_eq!(alarms.len(), 2);
    assert_eq!(alarms[0].occurrence, alarms[1].occurrence);
    assert_eq!((alarms[0].repeats, alarms[1].repeats), (0, 1));
    scene.say(Input::BarrierSeen(Position::Down));
    assert_eq!(scene.cleared(), [AbnormalCode::BarrierNotDown]);
    scene.wait(seconds(3600));
    assert_eq!(scene.abnormal().len(), 2);
}

/// ABN-4: nobody knows whether it has come down meanwhile.
#[test]
fn an_arm_that_is_seen_no_more_is_not_said_to_stay_up() {
    let mut scene = Scene::new(switched());
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(3));
    scene.crosses();
    scene.say(Input::BarrierUnseen);
    scene.wait(seconds(3600));
    assert_eq!(scene.abnormal(), []);
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(31));
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
}

/// OPEN-7: a module that shows the arm is gone for a moment, just when the lift has begun.
#[test]
fn an_arm_that_is_seen_again_where_it_was_has_not_moved() {
    let mut scene = Scene::new(switched());
    scene.say(Input::BarrierSeen(Position::Down));
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierUnseen);
    scene.say(Input::BarrierSeen(Position::Down));
    scene.wait(seconds(1));
    scene.say(Input::BarrierSeen(Position::Up));
    scene.say(Input::BarrierUnseen);
    scene.say(Input::BarrierSeen(Position::Up));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.lifts_seen(), 0, "nobody has lifted it by hand");
}

/// ABN-4
#[test]
fn without_a_limit_switch_an_open_barrier_is_told_only_once() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.wait(seconds(7200));
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
}

/// ABN-4
#[test]
fn a_barrier_that_is_held_open_is_no_abnormality() {
    let mut scene = Scene::new(switched());
    scene.command(Order::HoldOpen);
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(3600));
    assert_eq!(scene.abnormal(), []);
    scene.command(Order::Restore);
    scene.wait(seconds(31));
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
    scene.command(Order::HoldOpen);
    assert_eq!(scene.cleared(), [AbnormalCode::BarrierNotDown]);
}

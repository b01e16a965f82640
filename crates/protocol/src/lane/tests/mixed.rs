//! A lane that is driven both ways.

use super::*;

/// A vehicle comes from the exit's side and may pass.
fn comes_out(scene: &mut Scene, text: &str) {
    scene.trigger(Side::Exit, true);
    scene.reads_from(Side::Exit, text, 90);
}

#[test]
fn the_far_loop_and_camera_do_not_take_a_leaving_vehicle_for_a_coming_one() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.trigger(Side::Exit, true);
    scene.reads_from(Side::Exit, CAR, 99);
    scene.safety(false);
    scene.wait(seconds(5));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

#[test]
fn each_side_has_its_own_recognizer() {
    let mut scene = Scene::new(mixed());
    comes_out(&mut scene, CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    let crossing = &scene.crossings()[0];
    assert_eq!(
        (crossing.side, crossing.recognizer.as_str()),
        (Side::Exit, "camera out")
    );
    assert_eq!(scene.recognitions()[0].recognizer.as_str(), "camera out");
}

#[test]
fn who_comes_second_from_the_other_side_gets_its_turn_when_the_first_backs_out() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_not();
    comes_out(&mut scene, NEXT);
    assert_eq!(scene.recognized_plates(), [CAR]);
    scene.leaves();
    scene.wait(seconds(3));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    scene.may_pass();
    assert_eq!(
        scene.pulses(),
        [Cause::MayPass {
            ask: scene.last_ask()
        }]
    );
    scene.wait(seconds(3));
    scene.safety(true);
    assert_eq!(scene.crossings()[0].side, Side::Exit);
}

#[test]
fn who_waits_unread_on_the_other_side_is_recognized_when_the_lane_is_free() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.trigger(Side::Exit, true);
    scene.leaves();
    scene.wait(seconds(6));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
    assert_eq!(scene.recognitions()[1].side, Side::Exit);
}

#[test]
fn who_pressed_the_far_loop_before_the_crossing_began_is_another_vehicle() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    comes_out(&mut scene, NEXT);
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.recognitions().len(), 1);
    scene.wait(seconds(10));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

#[test]
fn once_the_far_loop_is_free_again_a_vehicle_may_come_from_there() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.crosses();
    scene.trigger(Side::Exit, true);
    scene.trigger(Side::Exit, false);
    comes_out(&mut scene, NEXT);
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
}

#[test]
fn a_loop_that_is_stuck_does_not_close_the_other_side_for_ever() {
    let mut scene = Scene::new(mixed());
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(40));
    comes_out(&mut scene, NEXT);
    assert_eq!(scene.recognized_plates(), ["", NEXT]);
}

#[test]
fn the_camera_that_fires_first_has_the_lane() {
    let mut scene = Scene::new(Layout {
        trigger_loop: false,
        ..mixed()
    });
    scene.reads(CAR);
    scene.reads_from(Side::Exit, CAR, 99);
    scene.may_pass();
    scene.wait(seconds(4));
    scene.safety(true);
    scene.safety(false);
    scene.reads_from(Side::Exit, CAR, 99);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

#[test]
fn without_an_anti_smash_loop_the_far_loop_still_sees_the_vehicle_leave() {
    let mut scene = Scene::new(Layout {
        safety_loop: false,
        ..mixed()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.leaves();
    scene.trigger(Side::Exit, true);
    scene.wait(seconds(5));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(20));
    assert_eq!(scene.recognized_plates(), [CAR]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::LetThrough)]);
}

/// D-14: nobody asks for who has crossed, and no arm lifts for it, whatever the far camera reads.
#[test]
fn who_follows_unread_is_not_taken_for_one_that_comes_from_the_other_side() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.trigger(Side::Exit, true);
    scene.safety(false);
    scene.wait(seconds(1));
    scene.trigger(Side::Exit, false);
    scene.safety(true);
    scene.trigger(Side::Exit, true);
    scene.reads_from(Side::Exit, NEXT, 95);
    scene.safety(false);
    scene.wait(seconds(2));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
    assert_eq!(scene.crossings().len(), 2);
    assert_eq!(scene.crossings()[1].side, Side::Entry);
    assert_eq!(scene.pulses().len(), 1);
}

/// Nor when it is read before it presses the far loop.
#[test]
fn who_followed_unread_and_is_read_on_its_way_to_the_far_loop_does_not_come_either() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.trigger(Side::Exit, true);
    scene.safety(false);
    scene.wait(seconds(1));
    scene.trigger(Side::Exit, false);
    scene.safety(true);
    scene.reads_from(Side::Exit, NEXT, 95);
    scene.trigger(Side::Exit, true);
    scene.safety(false);
    scene.wait(seconds(2));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
    assert_eq!(scene.pulses().len(), 1);
}

/// The next vehicle from there is another: it waits for the lane and is asked for.
#[test]
fn who_comes_from_the_other_side_after_one_that_followed_unread_is_asked_for() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.safety(false);
    scene.wait(seconds(1));
    scene.safety(true);
    scene.trigger(Side::Exit, true);
    scene.safety(false);
    scene.wait(seconds(2));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(2));
    comes_out(&mut scene, NEXT);
    assert_eq!(scene.recognized_plates(), [CAR, "", NEXT]);
}

/// OPEN-6, D-14: also while the barrier is held open, where nothing says that he has no lift.
#[test]
fn who_follows_unread_under_a_held_arm_does_not_come_from_the_other_side() {
    let mut scene = Scene::new(mixed());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    scene.wait(seconds(1));
    scene.safety(true);
    scene.safety(false);
    scene.wait(millis(500));
    scene.safety(true);
    scene.leaves();
    scene.reads_from(Side::Exit, NEXT, 95);
    scene.trigger(Side::Exit, true);
    scene.safety(false);
    scene.wait(seconds(1));
    scene.trigger(Side::Exit, false);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", "")]);
    assert_eq!(scene.crossings()[1].side, Side::Entry);
}

/// OPEN-6: who turned away on one side does not lend its record to who comes from the other.
#[test]
fn who_comes_from_the_other_side_under_a_held_arm_crosses_as_itself() {
    let mut scene = Scene::new(mixed());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    scene.leaves();
    scene.wait(millis(600));
    scene.trigger(Side::Exit, true);
    scene.reads_from(Side::Exit, NEXT, 95);
    scene.wait(seconds(1));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r2", NEXT)]);
}

/// CROSS-1: what happened while nobody listened is told in a burst, in which no loop keeps its state
/// for as long as it has to.
#[test]
fn of_two_close_vehicles_told_in_a_burst_under_a_held_arm_the_first_is_the_one_that_was_read() {
    let mut scene = Scene::new(mixed());
    scene.command(Order::HoldOpen);
    let said = |scene: &mut Scene, input: Input| {
        scene.say(input);
        scene.wait(millis(5));
    };
    let (entry, exit) = (Side::Entry, Side::Exit);
    let pressed = true;
    scene.reads(CAR);
    said(
        &mut scene,
        Input::TriggerLoop {
            side: entry,
            pressed,
        },
    );
    said(&mut scene, Input::SafetyLoop { pressed });
    said(
        &mut scene,
        Input::TriggerLoop {
            side: exit,
            pressed,
        },
    );
    scene.reads_from(exit, CAR, 94);
    scene.say(Input::SafetyKept(millis(1400)));
    said(&mut scene, Input::SafetyLoop { pressed: false });
    scene.wait(millis(300));
    scene.safety(true);
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", "")]);
    let sides: Vec<Side> = scene.crossings().iter().map(|it| it.side).collect();
    assert_eq!(sides, [entry, entry]);
}

/// Who has not touched a trigger loop before the anti-smash loop was pressed did not press it.
#[test]
fn who_comes_after_a_press_that_is_told_late_is_not_the_one_who_pressed() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.say(Input::SafetyLoop { pressed: true });
    scene.wait(millis(5));
    scene.reads(CAR);
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed: true,
    });
    scene.wait(millis(5));
    scene.say(Input::SafetyKept(millis(1400)));
    scene.say(Input::SafetyLoop { pressed: false });
    assert_eq!(scene.crossed(), [went("r2", "")]);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r2", ""), went("r1", CAR)]);
}

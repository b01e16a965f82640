//! Presence, recognitions, and asking whether a vehicle may pass.

use super::*;

/// RECOG-1, CROSS-1
#[test]
fn a_vehicle_that_may_pass_is_lifted_for_once_and_crosses() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    assert_eq!(
        scene.sign(Side::Entry),
        Sign::Wait {
            plate: Some(plate(CAR))
        }
    );
    scene.may_pass();
    assert_eq!(
        scene.pulses(),
        [Cause::MayPass {
            ask: scene.last_ask()
        }]
    );
    assert_eq!(
        scene.sign(Side::Entry),
        Sign::MayPass {
            plate: Some(plate(CAR))
        }
    );
    scene.wait(seconds(4));
    scene.crosses();
    scene.wait(seconds(60));
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
    assert_eq!(scene.abnormal(), []);
    assert_eq!(scene.sign(Side::Entry), Sign::Idle);
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-2, D-13
#[test]
fn while_refused_and_present_the_same_recognition_is_asked_for_every_two_seconds() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    for _ in 0..3 {
        scene.may_not();
        let asked = scene.asks().len();
        scene.wait(millis(1999));
        assert_eq!(scene.asks().len(), asked);
        scene.wait(millis(1));
        assert_eq!(scene.asks().len(), asked + 1);
    }
    assert_eq!(scene.recognitions().len(), 1);
    let records: Vec<_> = scene
        .asks()
        .into_iter()
        .map(|ask| ask.record.to_string())
        .collect();
    assert_eq!(records, ["r1"; 4]);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-2
#[test]
fn a_reply_that_does_not_come_is_not_asked_for_twice() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.wait(seconds(20));
    assert_eq!(scene.asks().len(), 1);
}

/// RECOG-2
#[test]
fn polling_ends_the_moment_the_vehicle_leaves_the_loop() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    scene.wait(millis(1900));
    scene.leaves();
    scene.wait(seconds(60));
    assert_eq!(scene.asks().len(), 1);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::BackedOut)]);
    assert_eq!(scene.sign(Side::Entry), Sign::Idle);
}

/// RECOG-3
#[test]
fn a_reply_after_the_vehicle_has_left_lifts_nothing() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.leaves();
    scene.may_pass();
    scene.wait(seconds(60));
    assert_eq!(scene.pulses(), []);
}

/// RECOG-3
#[test]
fn a_late_reply_never_lifts_the_barrier_for_the_next_car() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    let late = scene.last_ask();
    scene.leaves();
    scene.arrives(NEXT);
    scene.say(Input::Verdict {
        ask: late,
        verdict: Verdict::MayPass,
    });
    scene.wait(seconds(5));
    assert_eq!(scene.pulses(), []);
    scene.may_pass();
    assert_eq!(
        scene.pulses(),
        [Cause::MayPass {
            ask: scene.last_ask()
        }]
    );
}

/// RECOG-3
#[test]
fn a_reply_while_the_loop_bounces_waits_for_the_loop() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed: false,
    });
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
    scene.wait(millis(100));
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed: true,
    });
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3: the lift was due a second ago, but is driven now.
#[test]
fn a_lane_that_is_woken_late_lifts_for_nobody_who_has_just_left() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.arrives(CAR);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1, "the arm still travels");
    scene.now = scene.now.later(seconds(4));
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed: false,
    });
    scene.wait(seconds(60));
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3
#[test]
fn a_reply_to_an_earlier_push_of_the_same_vehicle_counts_no_more() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    let first = scene.last_ask();
    scene.may_not();
    scene.wait(seconds(2));
    scene.say(Input::Verdict {
        ask: first,
        verdict: Verdict::MayPass,
    });
    assert_eq!(scene.pulses(), []);
}

/// PUSH-3
#[test]
fn a_vehicle_whose_recognition_cannot_be_delivered_is_released_blind_and_never_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.verdict(Verdict::Undeliverable);
    assert_eq!(
        scene.pulses(),
        [Cause::Blind {
            ask: scene.last_ask()
        }]
    );
    scene.wait(seconds(4));
    scene.crosses();
    scene.wait(seconds(60));
    assert_eq!(scene.asks().len(), 1);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::ReleasedBlind)]);
}

/// PUSH-3
#[test]
fn nobody_is_released_blind_who_has_left() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.leaves();
    scene.verdict(Verdict::Undeliverable);
    scene.wait(seconds(60));
    assert_eq!(scene.pulses(), []);
}

/// PUSH-3
#[test]
fn when_even_the_blind_release_fails_people_have_to_help() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Fails;
    scene.arrives(CAR);
    scene.verdict(Verdict::Undeliverable);
    scene.wait(seconds(60));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (1, 1));
    scene.temper = Temper::Obeys;
    let command = scene.lift_for(CAR);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
}

#[test]
fn a_refusal_is_shown_with_its_reason() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    let refused = Sign::Refused {
        plate: Some(plate(CAR)),
        reason: "未缴费".into(),
    };
    assert_eq!(scene.sign(Side::Entry), refused);
    scene.wait(seconds(2));
    assert_eq!(scene.sign(Side::Entry), refused);
}

/// The contact of the entry's loop says something that does not count yet.
fn touches(scene: &mut Scene, pressed: bool) {
    scene.say(Input::TriggerLoop {
        side: Side::Entry,
        pressed,
    });
}

/// RECOG-3: the vehicle is on the loop by then, and nothing is gained by asking again.
#[test]
fn a_platform_that_answers_before_the_loop_counts_is_asked_once() {
    let mut scene = Scene::new(entry());
    touches(&mut scene, true);
    scene.reads(CAR);
    scene.may_pass();
    assert_eq!(scene.pulses(), [], "the loop does not count yet");
    scene.wait(millis(200));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (1, 1));
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

/// RECOG-3
#[test]
fn an_answer_before_the_vehicle_is_on_the_loop_opens_nothing_and_is_asked_for_again_there() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.may_pass();
    scene.wait(millis(300));
    scene.trigger(Side::Entry, true);
    assert_eq!((scene.pulses().len(), scene.asks().len()), (0, 2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3
#[test]
fn an_answer_during_a_bounce_of_the_loop_is_none_for_who_comes_after_it() {
    let mut scene = Scene::new(entry());
    touches(&mut scene, true);
    scene.reads(CAR);
    scene.may_pass();
    touches(&mut scene, false);
    scene.wait(millis(100));
    touches(&mut scene, true);
    scene.wait(millis(200));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (0, 2));
}

/// D-13
#[test]
fn an_answer_for_a_plate_that_is_read_otherwise_before_the_loop_counts_opens_nothing() {
    let mut scene = Scene::new(entry());
    touches(&mut scene, true);
    scene.reads_from(Side::Entry, "粤B1234S", 60);
    scene.may_pass();
    scene.reads_from(Side::Entry, CAR, 95);
    scene.wait(millis(200));
    assert_eq!((scene.pulses().len(), scene.asks().len()), (0, 2));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-2
#[test]
fn who_was_refused_on_its_way_is_asked_for_again_in_two_seconds_and_not_at_the_loop() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.may_not();
    scene.trigger(Side::Entry, true);
    scene.wait(millis(1799));
    assert_eq!(scene.asks().len(), 1);
    scene.wait(millis(1));
    assert_eq!(scene.asks().len(), 2);
}

/// OPEN-6
#[test]
fn who_was_cleared_before_its_loop_counts_goes_under_an_arm_that_is_held_meanwhile() {
    let mut scene = Scene::new(entry());
    touches(&mut scene, true);
    scene.reads(CAR);
    scene.may_pass();
    scene.command(Order::HoldOpen);
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::HeldOpen)]);
}

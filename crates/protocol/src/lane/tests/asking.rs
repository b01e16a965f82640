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
fn several_readings_of_one_stay_are_one_recognition() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    for _ in 0..5 {
        scene.wait(millis(300));
        scene.reads(CAR);
    }
    assert_eq!(scene.recognitions().len(), 1);
    assert_eq!(scene.asks().len(), 1);
}

/// D-13
#[test]
fn a_better_reading_amends_the_recognition_and_asks_again() {
    let mut scene = Scene::new(entry());
    scene.trigger(Side::Entry, true);
    scene.reads_from(Side::Entry, "粤B1234S", 60);
    let first = scene.last_ask();
    scene.reads_from(Side::Entry, "粤B12346", 50);
    assert_eq!(scene.last_ask(), first);
    scene.reads_from(Side::Entry, CAR, 95);
    assert_ne!(scene.last_ask(), first);
    let amended = &scene.amended()[0];
    assert_eq!(
        (amended.record.as_str(), shown(&amended.sighting).as_str()),
        ("r1", CAR)
    );
    scene.say(Input::Verdict {
        ask: first,
        verdict: Verdict::MayPass,
    });
    assert_eq!(scene.pulses(), []);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// D-13
#[test]
fn a_better_reading_of_a_vehicle_that_may_pass_already_changes_nothing() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.trigger(Side::Entry, true);
    scene.reads_from(Side::Entry, "粤B1234S", 60);
    scene.may_pass();
    scene.reads_from(Side::Entry, CAR, 99);
    scene.wait(seconds(5));
    assert_eq!((scene.asks().len(), scene.amended().len()), (1, 0));
    let ask = scene.last_ask();
    assert_eq!(scene.pulses()[1], Cause::MayPass { ask });
}

#[test]
fn a_vehicle_that_is_never_read_is_recognized_with_an_empty_plate_after_two_seconds() {
    let mut scene = Scene::new(entry());
    let came = scene.wall();
    scene.trigger(Side::Entry, true);
    scene.wait(millis(1799));
    assert_eq!(scene.recognitions().len(), 0);
    scene.wait(millis(1));
    assert_eq!(scene.recognized_plates(), [""]);
    assert_eq!(scene.recognitions()[0].at, came);
    assert_eq!(scene.asks().len(), 1);
}

#[test]
fn a_reading_without_a_plate_waits_for_a_better_one_and_keeps_its_picture() {
    let mut scene = Scene::new(entry());
    scene.arrives("");
    assert_eq!(scene.recognitions().len(), 0);
    scene.wait(seconds(2));
    assert_eq!(
        scene.recognitions()[0].sighting.picture.as_deref(),
        Some("a.jpg")
    );
    scene.reads(CAR);
    assert_eq!(scene.asks().len(), 2);
    assert_eq!(scene.recognitions().len(), 1);
}

/// CROSS-2
#[test]
fn a_recognition_carries_the_time_of_its_reading() {
    let mut scene = Scene::new(entry());
    scene.trigger(Side::Entry, true);
    scene.wait(millis(700));
    let read = scene.wall();
    scene.reads(CAR);
    assert_eq!(scene.recognitions()[0].at, read);
}

#[test]
fn a_vehicle_read_before_the_loop_is_asked_for_early_and_lifted_for_on_the_loop() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    assert_eq!(scene.asks().len(), 1);
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
    scene.wait(seconds(1));
    scene.trigger(Side::Entry, true);
    assert_eq!(scene.asks().len(), 2);
    assert_eq!(scene.recognitions().len(), 1);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3
#[test]
fn a_reply_on_the_way_when_the_loop_is_pressed_is_not_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.trigger(Side::Entry, true);
    assert_eq!(scene.asks().len(), 1);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// PUSH-3
#[test]
fn a_vehicle_undeliverable_before_the_loop_is_released_on_it() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.verdict(Verdict::Undeliverable);
    assert_eq!(scene.pulses(), []);
    scene.trigger(Side::Entry, true);
    assert_eq!(
        scene.pulses(),
        [Cause::Blind {
            ask: scene.last_ask()
        }]
    );
}

#[test]
fn a_vehicle_that_is_read_and_never_comes_is_settled() {
    let mut scene = Scene::new(entry());
    scene.reads(CAR);
    scene.wait(seconds(4));
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::NeverArrived)]);
    scene.trigger(Side::Entry, true);
    scene.say(Input::Verdict {
        ask: scene.last_ask(),
        verdict: Verdict::MayPass,
    });
    assert_eq!(scene.pulses(), []);
}

#[test]
fn a_vehicle_that_backed_out_and_comes_back_is_a_new_recognition() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    scene.leaves();
    scene.wait(seconds(1));
    scene.arrives(CAR);
    scene.wait(seconds(5));
    assert_eq!(scene.recognized_plates(), [CAR, CAR]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::BackedOut)]);
}

#[test]
fn what_a_camera_replays_is_a_recognition_of_its_own_time_and_opens_nothing() {
    let mut scene = Scene::new(entry());
    let at = "2025-12-31T20:00:00Z".parse().unwrap();
    let reading = Reading {
        side: Side::Entry,
        sighting: sighting(CAR, 90),
    };
    scene.trigger(Side::Entry, true);
    scene.say(Input::Replayed { reading, at });
    let recognition = &scene.recognitions()[0];
    assert_eq!((recognition.at, recognition.origin), (at, Origin::Replay));
    assert_eq!(scene.asks(), []);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Replayed)]);
    scene.wait(seconds(3));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
}

#[test]
fn a_vehicle_that_belongs_to_the_next_lane_is_disowned_and_who_stands_here_is_read_anew() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.say(Input::Disown { plate: plate(CAR) });
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crosstalk)]);
    scene.may_pass();
    assert_eq!(scene.pulses(), []);
    scene.wait(seconds(2));
    assert_eq!(scene.recognized_plates(), [CAR, ""]);
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

//! Which vehicle a reading belongs to, and when it counts.

use super::*;

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
    scene.leaves();
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

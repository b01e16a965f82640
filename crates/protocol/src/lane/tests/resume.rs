//! Passages that an earlier run of the program began.

use super::*;

/// A lane whose program was started anew ten seconds after it had let a car through.
fn started_anew() -> Scene {
    let mut lane = Lane::new(entry(), Timing::default());
    let now = Scene::new(entry()).now;
    lane.resume_passing(
        Resumed {
            record: RecordId::new("earlier").unwrap(),
            side: Side::Entry,
            plate: Plate::read(CAR).unwrap(),
            color: PlateColor::Blue,
            at: now.wall,
            crosses_as: Outcome::Crossed,
            rest: seconds(20),
        },
        now,
    );
    Scene::with(lane)
}

/// D-18, CROSS-1
#[test]
fn who_was_let_through_before_the_start_and_presses_the_anti_smash_loop_has_crossed() {
    let mut scene = started_anew();
    scene.trigger(Side::Entry, true);
    scene.reads(CAR);
    scene.wait(seconds(5));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("earlier", CAR)]);
    assert_eq!(scene.outcomes(), [ended("earlier", Outcome::Crossed)]);
    assert_eq!(scene.recognitions(), []);
    assert_eq!((scene.pulses().len(), scene.abnormal()), (0, vec![]));
    scene.wait(seconds(60));
    assert_eq!(scene.outcomes().len(), 1);
}

/// Its controller tells in a burst what happened meanwhile.
#[test]
fn who_crossed_while_nobody_was_there_is_told_of_late() {
    let mut scene = started_anew();
    scene.leaves();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.safety(false);
    scene.arrives(NEXT);
    assert_eq!(scene.crossed(), [went("earlier", CAR)]);
    assert_eq!(scene.recognized_plates(), [NEXT]);
}

/// RECOG-3: another vehicle neither waits for it nor crosses as it.
#[test]
fn another_plate_at_the_loop_means_that_it_is_gone() {
    let mut scene = started_anew();
    scene.trigger(Side::Entry, true);
    scene.reads(NEXT);
    assert_eq!(scene.recognized_plates(), [NEXT]);
    scene.may_pass();
    scene.wait(seconds(5));
    assert_eq!(scene.pulses().len(), 1);
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", NEXT)]);
    let outcomes = [
        ended("earlier", Outcome::Interrupted),
        ended("r1", Outcome::Crossed),
    ];
    assert_eq!(scene.outcomes(), outcomes);
}

/// What nobody has seen is not claimed, and the barrier not blamed for it.
#[test]
fn who_is_not_seen_again_was_interrupted() {
    let mut scene = started_anew();
    scene.wait(seconds(60));
    assert_eq!(scene.outcomes(), [ended("earlier", Outcome::Interrupted)]);
    assert_eq!(scene.abnormal(), []);
}

/// A contact that tells nothing does not hide the next vehicle.
#[test]
fn a_loop_of_which_nobody_tells_is_not_taken_to_be_pressed_for_long() {
    let mut scene = started_anew();
    scene.wait(seconds(10));
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(3));
    assert_eq!(scene.recognized_plates(), [""]);
}

/// A lane whose program was started anew while a car waited that had been refused.
fn waits_over_a_start(layout: Layout) -> Scene {
    let mut scene = Scene::new(layout);
    scene.say(Input::Waited(Waited {
        record: RecordId::new("earlier").unwrap(),
        reading: Reading {
            side: Side::Entry,
            sighting: sighting(CAR, 90),
        },
        at: scene.now.wall,
    }));
    scene
}

/// D-18, RECOG-2: its loop says so at once, or nothing until it leaves; it is one recognition.
#[test]
fn who_waited_before_the_start_is_asked_for_again_and_let_through() {
    for told in [true, false] {
        let mut scene = waits_over_a_start(entry());
        assert_eq!(scene.asks().len(), 1);
        if told {
            scene.trigger(Side::Entry, true);
        }
        scene.may_pass();
        assert_eq!(scene.pulses(), [], "it may have left");
        scene.wait(seconds(4));
        scene.may_pass();
        assert_eq!(scene.pulses().len(), 1, "told: {told}");
        scene.wait(seconds(4));
        scene.crosses();
        assert_eq!(scene.crossed(), [went("earlier", CAR)]);
        assert_eq!(scene.outcomes(), [ended("earlier", Outcome::Crossed)]);
        assert_eq!(scene.recognitions(), []);
    }
}

/// RECOG-3
#[test]
fn who_waited_before_the_start_and_is_gone_is_not_let_through() {
    let mut scene = waits_over_a_start(entry());
    scene.leaves();
    scene.may_pass();
    scene.wait(seconds(10));
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.outcomes(), [ended("earlier", Outcome::NeverArrived)]);
}

/// Read again, it is no longer waited whether another is.
#[test]
fn who_waited_before_the_start_and_is_read_on_its_loop_is_let_through_at_once() {
    let mut scene = waits_over_a_start(entry());
    scene.arrives(CAR);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
    assert_eq!(scene.recognitions(), []);
}

/// Without a loop it is there for as long as after a reading.
#[test]
fn who_waited_before_the_start_where_there_is_no_loop_is_let_through() {
    let mut scene = waits_over_a_start(Layout {
        trigger_loop: false,
        ..entry()
    });
    scene.wait(seconds(4));
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// RECOG-3: the one is not taken for the other, neither by the lane nor in the records.
#[test]
fn another_plate_means_that_who_waited_before_the_start_is_gone() {
    for pressed in [true, false] {
        let mut scene = waits_over_a_start(entry());
        if pressed {
            scene.trigger(Side::Entry, true);
        }
        scene.reads(NEXT);
        assert_eq!(scene.outcomes(), [ended("earlier", Outcome::Interrupted)]);
        assert_eq!(scene.recognized_plates(), [NEXT]);
        scene.trigger(Side::Entry, true);
        scene.may_pass();
        scene.wait(seconds(4));
        scene.crosses();
        assert_eq!(scene.crossed(), [went("r1", NEXT)]);
    }
}

//! Plates that are read when it is too late to ask about them.

use super::*;

/// Somebody is let through by the booth, has crossed and left the trigger loop, and is read only then,
/// while it is still under the arm.
fn read_behind_the_arm(scene: &mut Scene, plate: &str) {
    scene.trigger(Side::Entry, true);
    scene.command(Order::ForceLift);
    scene.safety(true);
    scene.reads(plate);
    scene.leaves();
    scene.safety(false);
}

/// D-14
#[test]
fn a_plate_that_is_read_after_its_vehicle_has_crossed_in_nobodys_name_is_kept_as_history() {
    let mut scene = Scene::new(entry());
    read_behind_the_arm(&mut scene, CAR);
    let read_at = scene.wall() - 2 * Timing::default().debounce;
    scene.wait(seconds(60));
    assert_eq!(scene.crossed(), [went("r1", "")]);
    let late = scene.recognitions().pop().unwrap();
    assert_eq!((shown(&late.sighting).as_str(), late.at), (CAR, read_at));
    assert_eq!(late.origin, Origin::Replay);
    let replayed = ended("r2", Outcome::Replayed);
    assert_eq!(scene.outcomes().pop(), Some(replayed));
    assert_eq!((scene.recognitions().len(), scene.asks().len()), (2, 0));
    assert_eq!(scene.pulses().len(), 1, "nobody is let through for that");
}

#[test]
fn a_late_plate_is_the_next_vehicles_if_one_comes() {
    let mut scene = Scene::new(entry());
    read_behind_the_arm(&mut scene, CAR);
    scene.wait(seconds(2));
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), ["", CAR]);
    assert_eq!(scene.asks().len(), 1);
}

/// A press that has not lasted long enough to count is one by the time the reading is given up.
#[test]
fn a_late_plate_waits_for_a_press_that_does_not_count_yet() {
    let mut scene = Scene::new(entry());
    read_behind_the_arm(&mut scene, CAR);
    let since = 2 * Timing::default().debounce;
    scene.wait(Timing::default().approach_window - since - millis(10));
    scene.trigger(Side::Entry, true);
    assert_eq!(scene.recognized_plates(), ["", CAR]);
    assert_eq!(scene.recognitions()[1].origin, Origin::Arrival);
}

#[test]
fn another_plate_behind_a_vehicle_that_was_read_is_not_written_down() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.reads(NEXT);
    scene.leaves();
    scene.safety(false);
    scene.wait(seconds(60));
    assert_eq!(scene.recognized_plates(), [CAR]);
}

/// D-14
#[test]
fn a_plate_that_is_read_when_its_vehicle_may_pass_already_is_told_and_nobody_is_asked() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.leaves();
    scene.trigger(Side::Entry, true);
    scene.wait(seconds(3));
    let record = scene.last_ask().record;
    assert!(
        scene
            .recognitions()
            .last()
            .unwrap()
            .sighting
            .plate
            .is_none()
    );
    // The one before is still under the arm.
    scene.may_pass();
    let (asks, pulses) = (scene.asks().len(), scene.pulses().len());
    scene.reads(NEXT);
    let told = scene.amended().pop().expect("the plate is told");
    assert_eq!(
        (told.record, shown(&told.sighting)),
        (record, NEXT.to_owned())
    );
    assert_eq!((scene.asks().len(), scene.pulses().len()), (asks, pulses));
    scene.reads(CAR);
    assert_eq!(scene.amended().len(), 1, "what was decided holds");
    scene.safety(false);
    scene.wait(seconds(6));
    scene.crosses();
    assert_eq!(scene.crossed().pop(), Some(went("r2", NEXT)));
}

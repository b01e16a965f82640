//! Two lanes side by side, and one vehicle that both recognizers read.

use super::*;

#[test]
fn the_lane_whose_loop_is_pressed_has_the_vehicle_and_the_other_one_gives_it_back() {
    let mut scene = Scene::new();
    scene.reads(ONE, "粤B12345");
    scene.trigger(TWO, true);
    scene.reads(TWO, "粤B12345");
    assert_eq!((scene.drives(ONE), scene.drives(TWO)), (0, 1));
    scene.wait(seconds(10));
    assert_eq!(scene.outcomes(), ["crosstalk"]);
    scene.reads(ONE, "粤B12345");
    scene.crosses(TWO);
    scene.wait(seconds(10));
    assert_eq!(scene.pushed(Kind::Crossing).len(), 1);
}

#[test]
fn a_loop_that_is_pressed_after_both_readings_decides() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.reads(ONE, "粤B12345");
    scene.reads(TWO, "粤B12345");
    assert_eq!(scene.pushed(Kind::Recognition).len(), 2);
    scene.trigger(TWO, true);
    assert_eq!(scene.outcomes(), ["crosstalk"]);
    let ended = scene.wrote().find_map(|entry| match entry {
        Entry::Outcome { record, .. } => Some(record.as_str()),
        _ => None,
    });
    assert_eq!(ended, Some("r1"), "the one of the first lane");
}

#[test]
fn another_plate_in_the_next_lane_is_another_vehicle() {
    let mut scene = Scene::new();
    scene.arrives(ONE, "粤B12345");
    scene.arrives(TWO, "粤B54321");
    assert_eq!((scene.drives(ONE), scene.drives(TWO)), (1, 1));
}

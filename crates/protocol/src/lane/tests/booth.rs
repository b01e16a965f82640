//! Plates that the booth types in, and what a lane board shows.

use super::*;

/// D-13
#[test]
fn a_typed_plate_amends_the_recognition_and_asks_again() {
    let mut scene = Scene::new(entry());
    scene.arrives("粤B1234S");
    scene.may_not();
    let command = scene.types(CAR);
    assert_eq!(scene.answer(command), Some(Ok(Done::PlateTaken)));
    let amended = &scene.amended()[0];
    assert_eq!(shown(&amended.sighting), CAR);
    assert_eq!(amended.sighting.reliability, Some(TYPED));
    assert_eq!(amended.sighting.picture.as_deref(), Some("a.jpg"));
    assert_eq!(scene.asks().len(), 2);
    scene.reads_from(Side::Entry, "粤B1234S", 100);
    assert_eq!(scene.amended().len(), 1);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

#[test]
fn a_recognizer_that_repeats_the_misreading_sees_no_other_vehicle() {
    let camera_only = Layout {
        trigger_loop: false,
        ..entry()
    };
    for layout in [entry(), camera_only] {
        let mut scene = Scene::new(layout);
        scene.arrives("粤B1234S");
        scene.may_not();
        scene.types(CAR);
        scene.reads("粤B1234S");
        scene.may_pass();
        scene.reads("粤B1234S");
        scene.crosses();
        scene.reads("粤B1234S");
        scene.trigger(Side::Entry, true);
        scene.wait(seconds(1));
        assert_eq!(scene.recognitions().len(), 1);
        assert_eq!(scene.crossed(), [went("r1", CAR)]);
    }
}

#[test]
fn a_plate_can_be_typed_for_a_vehicle_that_was_not_read() {
    let mut scene = Scene::new(entry());
    scene.trigger(Side::Entry, true);
    let command = scene.types(CAR);
    assert_eq!(scene.answer(command), Some(Ok(Done::PlateTaken)));
    assert_eq!(scene.recognized_plates(), [CAR]);
    let again = scene.types(NEXT);
    assert_eq!(scene.answer(again), Some(Ok(Done::PlateTaken)));
    assert_eq!(shown(&scene.amended()[0].sighting), NEXT);
}

#[test]
fn no_plate_can_be_typed_for_nobody_or_for_a_vehicle_that_may_pass() {
    let mut scene = Scene::new(entry());
    let nobody = scene.types(CAR);
    assert_eq!(scene.answer(nobody), Some(Err(OpenRefusal::NoVehicle)));
    scene.arrives(CAR);
    scene.may_pass();
    let passing = scene.types(NEXT);
    assert_eq!(
        scene.answer(passing),
        Some(Err(OpenRefusal::BeingLetThrough))
    );
}

/// OPEN-6
#[test]
fn a_plate_typed_while_the_barrier_is_held_is_kept_but_not_asked_for() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives("");
    scene.types(CAR);
    assert_eq!(scene.asks(), []);
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

#[test]
fn a_plate_typed_for_the_car_behind_on_a_loop_that_stays_pressed_is_a_vehicle_of_its_own() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.safety(false);
    let command = scene.types(NEXT);
    assert_eq!(scene.answer(command), Some(Ok(Done::PlateTaken)));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
}

/// D-13: in a mixed lane both sides may have somebody whose plate is not known.
#[test]
fn in_a_mixed_lane_the_plate_is_of_the_vehicle_whose_turn_it_is_unless_a_side_is_named() {
    let mut scene = Scene::new(mixed());
    scene.trigger(Side::Exit, true);
    scene.trigger(Side::Entry, true);
    let not_here = scene.types_from(Some(Side::Entry), NEXT);
    assert_eq!(scene.answer(not_here), Some(Ok(Done::PlateTaken)));
    assert_eq!(scene.recognized_plates(), [""; 0], "it is not its turn");
    let turn = scene.types(CAR);
    assert_eq!(scene.answer(turn), Some(Ok(Done::PlateTaken)));
    assert_eq!(scene.recognized_plates(), [CAR]);
    assert_eq!(scene.recognitions()[0].side, Side::Exit);
    scene.may_pass();
    scene.wait(seconds(3));
    scene.safety(true);
    scene.trigger(Side::Exit, false);
    scene.safety(false);
    scene.wait(seconds(20));
    assert_eq!(scene.recognized_plates(), [CAR, NEXT]);
    let next = &scene.recognitions()[1];
    let typed = next.sighting.reliability;
    assert_eq!((next.side, typed), (Side::Entry, Some(TYPED)));
}

#[test]
fn no_plate_can_be_typed_for_a_side_where_nobody_is() {
    let mut scene = Scene::new(mixed());
    scene.trigger(Side::Entry, true);
    let nobody = scene.types_from(Some(Side::Exit), CAR);
    assert_eq!(scene.answer(nobody), Some(Err(OpenRefusal::NoVehicle)));
}

#[test]
fn the_board_shows_who_is_there() {
    let mut scene = Scene::new(entry());
    let doing = |scene: &Scene| scene.lane.board().sides[0].present.clone().map(|p| p.doing);
    assert_eq!(doing(&scene), None);
    scene.reads(CAR);
    assert_eq!(doing(&scene), Some(Doing::Approaching));
    scene.trigger(Side::Entry, true);
    assert_eq!(doing(&scene), Some(Doing::Asked));
    scene.may_not();
    assert_eq!(doing(&scene), Some(Doing::Refused));
    scene.wait(seconds(2));
    scene.may_pass();
    assert_eq!(doing(&scene), Some(Doing::LetThrough));
    let board = scene.lane.board();
    assert_eq!(board.passing, [RecordId::new("r1").unwrap()]);
    assert_eq!(
        board.sides[0].present.clone().unwrap().plate,
        Some(plate(CAR))
    );
    assert_eq!(
        (board.sides[0].trigger_pressed, board.safety_pressed),
        (Some(true), Some(false))
    );
    scene.wait(seconds(3));
    scene.safety(true);
    assert_eq!(doing(&scene), Some(Doing::Through));
    scene.leaves();
    assert_eq!(doing(&scene), None);
    assert_eq!(scene.lane.trigger_pressed(Side::Entry), Some(false));
}

//! What happens at a barrier, case by case.

use boshi_protocol::lane::{Cause, Input, Motion, Order, Verdict};
use boshi_protocol::plate::Plate;

use crate::site::Site;

const CAR: &str = "粤B12345";

fn refused() -> Verdict {
    Verdict::MayNot {
        reason: "UNPAID 未缴费".to_owned(),
    }
}

fn plate(text: &str) -> Option<Plate> {
    Plate::read(text).unwrap()
}

/// RECOG-1, CROSS-1: one recognition, one pulse, one crossing.
#[test]
fn a_vehicle_that_may_pass_is_let_through_once() {
    let mut site = Site::entry();
    site.arrive(CAR);
    site.reply(site.last_ask(), Verdict::MayPass);
    site.barrier_obeys();
    site.reply(site.last_ask(), Verdict::MayPass);
    assert_eq!(site.pulses(), 1);
    assert!(matches!(site.drives()[0].2, Cause::MayPass { .. }));
    site.cross();
    site.pass(120.0);
    assert_eq!(site.recognized().len(), 1);
    assert_eq!(site.crossed(), [site.recognized()[0].0.clone()]);
    assert!(site.codes().is_empty(), "{:?}", site.codes());
}

#[test]
fn however_often_the_camera_repeats_itself_it_is_one_vehicle() {
    let mut site = Site::entry();
    site.arrive(CAR);
    for _ in 0..5 {
        site.pass(0.2);
        site.read(CAR);
    }
    assert_eq!((site.recognized().len(), site.asks().len()), (1, 1));
}

/// RECOG-2, D-13: the same record, every two seconds, while it stands there.
#[test]
fn a_refused_vehicle_is_asked_for_again_every_two_seconds_while_it_waits() {
    let mut site = Site::entry();
    site.arrive(CAR);
    for round in 1..=3 {
        assert_eq!(site.asks().len(), round);
        site.reply(site.last_ask(), refused());
        site.pass(1.5);
        assert_eq!(site.asks().len(), round, "not before two seconds");
        site.pass(1.0);
    }
    assert!(
        site.asks()
            .iter()
            .all(|ask| ask.record == site.recognized()[0].0)
    );
    site.trigger(false);
    let asked = site.asks().len();
    site.pass(60.0);
    assert_eq!(site.asks().len(), asked, "nobody is there any more");
    assert_eq!(site.pulses(), 0);
}

/// RECOG-3
#[test]
fn a_late_reply_never_lifts_the_barrier_for_the_next_car() {
    let mut site = Site::entry();
    site.arrive(CAR);
    let late = site.last_ask();
    site.trigger(false);
    site.reply(late.clone(), Verdict::MayPass);
    assert_eq!(site.pulses(), 0);
    site.pass(5.0);
    site.arrive("京A12345");
    site.reply(late, Verdict::MayPass);
    site.pass(5.0);
    assert_eq!(site.pulses(), 0);
    assert_eq!(site.recognized().len(), 2);
}

/// PUSH-3
#[test]
fn a_vehicle_whose_recognition_cannot_be_delivered_is_let_through_if_it_is_still_there() {
    let mut site = Site::entry();
    site.arrive(CAR);
    site.reply(site.last_ask(), Verdict::Undeliverable);
    assert_eq!(site.pulses(), 1);
    assert!(matches!(site.drives()[0].2, Cause::Blind { .. }));
    let mut site = Site::entry();
    site.arrive(CAR);
    let ask = site.last_ask();
    site.trigger(false);
    site.reply(ask, Verdict::Undeliverable);
    assert_eq!(site.pulses(), 0);
}

/// D-14, D-15: the second of two vehicles on one lift.
#[test]
fn a_tailgater_gets_a_record_of_its_own_and_is_reported() {
    let mut site = Site::entry();
    site.arrive(CAR);
    site.reply(site.last_ask(), Verdict::MayPass);
    site.barrier_obeys();
    site.cross();
    site.safety(true);
    site.safety(false);
    assert_eq!(site.crossed().len(), 2);
    assert_ne!(site.crossed()[0], site.crossed()[1]);
    assert_eq!(site.recognized()[1], (site.crossed()[1].clone(), None));
    assert_eq!(site.codes(), ["1501"]);
    assert_eq!(site.pulses(), 1);
}

/// ABN-4: opened, not crossed.
#[test]
fn a_vehicle_that_is_let_through_and_does_not_cross_leaves_the_barrier_up() {
    let mut site = Site::entry();
    site.arrive(CAR);
    site.reply(site.last_ask(), Verdict::MayPass);
    site.barrier_obeys();
    site.trigger(false);
    site.pass(60.0);
    assert!(site.crossed().is_empty());
    assert_eq!(site.codes(), ["1302"]);
}

/// ABN-1
#[test]
fn a_loop_that_is_pressed_for_more_than_thirty_seconds_is_reported_once() {
    let mut site = Site::entry();
    site.trigger(true);
    site.pass(28.0);
    assert!(site.codes().is_empty());
    site.pass(60.0);
    assert_eq!(site.codes(), ["1401"]);
}

/// OPEN-3, OPEN-7
#[test]
fn a_normal_command_opens_only_for_the_vehicle_that_it_names() {
    let mut site = Site::entry();
    let early = site.order(Order::Lift { plate: plate(CAR) });
    assert_eq!(site.answer(early), Some("NO_VEHICLE"));
    site.arrive(CAR);
    let other = site.order(Order::Lift {
        plate: plate("京A12345"),
    });
    assert_eq!(site.answer(other), Some("PLATES_DIFFER"));
    assert_eq!(site.pulses(), 0);
    let right = site.order(Order::Lift {
        plate: plate("粤b·12345"),
    });
    assert_eq!(
        site.answer(right),
        None,
        "not before the barrier has done it"
    );
    site.barrier_obeys();
    assert_eq!(site.answer(right), Some("done"));
    assert_eq!(site.pulses(), 1);
}

/// OPEN-4, OPEN-5
#[test]
fn a_forced_command_and_a_normal_one_without_a_plate_open_for_whoever_is_there() {
    for order in [Order::ForceLift, Order::Lift { plate: None }] {
        let mut site = Site::entry();
        let command = site.order(order);
        site.barrier_obeys();
        assert_eq!(site.answer(command), Some("done"));
        assert_eq!(site.pulses(), 1);
    }
}

/// OPEN-7
#[test]
fn a_barrier_that_fails_or_says_nothing_is_no_success_and_is_not_driven_again() {
    let mut site = Site::entry();
    let command = site.order(Order::ForceLift);
    let (act, ..) = site.drives().pop().unwrap();
    site.tell(Input::ActDone {
        act,
        result: Err("继电器无响应".to_owned()),
    });
    assert_eq!(site.answer(command), Some("BARRIER_FAILED"));
    let mut site = Site::entry();
    let command = site.order(Order::ForceLift);
    site.pass(30.0);
    assert_eq!(site.answer(command), Some("BARRIER_SILENT"));
    assert_eq!(site.pulses(), 1);
}

#[test]
fn a_double_click_gives_one_pulse_and_two_answers() {
    let mut site = Site::entry();
    let first = site.order(Order::ForceLift);
    let second = site.order(Order::ForceLift);
    site.barrier_obeys();
    assert_eq!(site.pulses(), 1);
    assert_eq!(
        (site.answer(first), site.answer(second)),
        (Some("done"), Some("done"))
    );
}

/// OPEN-1, OPEN-2, OPEN-6
#[test]
fn while_held_open_vehicles_are_still_reported_and_no_reply_is_waited_for() {
    let mut site = Site::entry();
    let hold = site.order(Order::HoldOpen);
    site.barrier_obeys();
    assert_eq!(site.answer(hold), Some("done"));
    site.arrive(CAR);
    site.pass(10.0);
    assert!(
        site.asks().is_empty(),
        "reported, but no reply is waited for"
    );
    site.cross();
    assert_eq!(
        (site.recognized().len(), site.crossed().len(), site.pulses()),
        (1, 1, 0)
    );
    let restore = site.order(Order::Restore);
    site.barrier_obeys();
    assert_eq!(site.answer(restore), Some("done"));
    assert_eq!(
        site.drives().last().map(|(_, motion, _)| *motion),
        Some(Motion::Release)
    );
}

/// OPEN-2: not while there is a fire.
#[test]
fn the_fire_input_opens_and_nobody_may_restore_while_it_is_on() {
    let mut site = Site::entry();
    site.tell(Input::Fire { on: true });
    assert_eq!(site.drives()[0].1, Motion::Hold);
    site.barrier_obeys();
    let restore = site.order(Order::Restore);
    assert_eq!(site.answer(restore), Some("FIRE_ALARM"));
    site.tell(Input::Fire { on: false });
    let restore = site.order(Order::Restore);
    site.barrier_obeys();
    assert_eq!(site.answer(restore), Some("done"));
}

//! Holding the barrier open: by order, and by the fire alarm.

use super::*;

fn held(by: By) -> Gate {
    Gate::HeldOpen {
        by: Holder::Ordered(by),
    }
}

/// OPEN-1, OPEN-6
#[test]
fn while_held_open_vehicles_are_recognized_and_cross_but_nobody_is_asked() {
    let mut scene = Scene::new(entry());
    let command = scene.command(Order::HoldOpen);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    assert_eq!(scene.lane.gate(), held(By::Platform));
    scene.arrives(CAR);
    scene.wait(seconds(10));
    scene.crosses();
    scene.wait(seconds(20));
    assert_eq!(scene.recognized_plates(), [CAR]);
    assert_eq!(scene.asks(), []);
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::HeldOpen)]);
    assert_eq!((scene.pulses(), scene.abnormal()), (vec![], vec![]));
}

/// OPEN-6
#[test]
fn a_reply_that_was_on_its_way_when_the_barrier_was_held_is_ignored() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.command(Order::HoldOpen);
    scene.may_pass();
    scene.wait(seconds(10));
    assert_eq!(scene.pulses(), []);
    assert_eq!(scene.asks().len(), 1);
}

/// OPEN-6, D-14
#[test]
fn while_held_open_an_unread_vehicle_crosses_with_an_empty_recognition_and_no_alarm() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.trigger(Side::Entry, true);
    scene.crosses();
    scene.wait(seconds(10));
    assert_eq!(scene.crossed(), [went("r1", "")]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::HeldOpen)]);
    assert_eq!(scene.abnormal(), []);
}

/// OPEN-6
#[test]
fn while_held_open_a_column_of_cars_crosses_each_as_itself() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    scene.safety(true);
    scene.reads(NEXT);
    scene.safety(false);
    scene.safety(true);
    scene.leaves();
    scene.safety(false);
    assert_eq!(scene.crossed(), [went("r1", CAR), went("r2", NEXT)]);
}

/// OPEN-2
#[test]
fn after_a_restore_the_vehicle_still_there_is_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    let command = scene.command(Order::Restore);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    assert_eq!(scene.lane.gate(), Gate::Normal);
    assert_eq!(scene.asks().len(), 1);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 1);
}

/// OPEN-2
#[test]
fn a_vehicle_in_front_of_which_the_arm_is_restored_is_asked_for_again() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(5));
    scene.command(Order::HoldOpen);
    scene.command(Order::Restore);
    assert_eq!(scene.asks().len(), 2);
    scene.may_pass();
    assert_eq!(scene.pulses().len(), 2);
    scene.wait(seconds(3));
    scene.crosses();
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Crossed)]);
}

/// OPEN-2, OPEN-7
#[test]
fn a_restore_that_the_barrier_refuses_leaves_it_held() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.temper = Temper::Fails;
    let command = scene.command(Order::Restore);
    assert!(matches!(
        scene.answer(command),
        Some(Err(OpenRefusal::BarrierFailed { .. }))
    ));
    assert_eq!(scene.lane.gate(), held(By::Platform));
}

/// OPEN-2
#[test]
fn a_restore_is_driven_even_when_nothing_is_known_to_be_held() {
    let mut scene = Scene::new(entry());
    let command = scene.command(Order::Restore);
    assert_eq!(scene.driven(Motion::Release).len(), 1);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
}

/// OPEN-1, OPEN-7
#[test]
fn a_hold_that_the_barrier_refuses_is_off_and_vehicles_are_asked_for() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.temper = Temper::Fails;
    let command = scene.command(Order::HoldOpen);
    assert!(matches!(
        scene.answer(command),
        Some(Err(OpenRefusal::BarrierFailed { .. }))
    ));
    assert_eq!(scene.lane.gate(), Gate::Normal);
    assert_eq!(scene.asks().len(), 2);
}

/// OPEN-1, OPEN-7
#[test]
fn a_hold_confirmed_late_holds_after_all() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    let command = scene.command(Order::HoldOpen);
    scene.wait(seconds(3));
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::BarrierSilent)));
    assert_eq!(scene.lane.gate(), Gate::Normal);
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Ok(()),
    });
    assert_eq!(scene.lane.gate(), held(By::Platform));
    assert_eq!(scene.driven(Motion::Hold).len(), 1);
}

/// OPEN-1
#[test]
fn a_second_hold_and_a_lift_while_held_find_the_barrier_open() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.arrives(CAR);
    let commands = [
        scene.command(Order::HoldOpen),
        scene.lift_for(CAR),
        scene.command(Order::ForceLift),
    ];
    for command in commands {
        assert_eq!(scene.answer(command), Some(Ok(Done::AlreadyOpen)));
    }
    assert_eq!(
        (scene.driven(Motion::Hold).len(), scene.pulses().len()),
        (1, 0)
    );
}

/// OPEN-1
#[test]
fn a_command_that_waited_for_its_lift_is_served_by_the_hold() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.arrives(CAR);
    let lift = scene.lift_for(CAR);
    scene.command(Order::HoldOpen);
    assert_eq!(scene.answer(lift), Some(Ok(Done::AlreadyUnderWay)));
    scene.wait(seconds(10));
    assert_eq!(scene.pulses().len(), 1);
}

#[test]
fn the_fire_alarm_opens_at_once_and_nobody_restores_while_it_lasts() {
    let mut scene = Scene::new(entry());
    scene.say(Input::Fire { on: true });
    assert_eq!(scene.driven(Motion::Hold), [Cause::Fire]);
    let command = scene.command(Order::Restore);
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::FireAlarm)));
    assert_eq!(scene.driven(Motion::Release), []);
    assert_eq!(scene.lane.gate(), Gate::Fire);
}

#[test]
fn after_the_fire_alarm_the_barrier_stays_open_until_somebody_restores_it() {
    let mut scene = Scene::new(entry());
    scene.say(Input::Fire { on: true });
    scene.say(Input::Fire { on: false });
    scene.wait(seconds(600));
    assert_eq!(
        scene.lane.gate(),
        Gate::HeldOpen {
            by: Holder::FireAlarm
        }
    );
    scene.command(Order::Restore);
    assert_eq!(scene.lane.gate(), Gate::Normal);
}

#[test]
fn the_fire_alarm_overtakes_a_restore_under_way() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.temper = Temper::Silent;
    scene.command(Order::Restore);
    let release = scene.last_act();
    scene.say(Input::Fire { on: true });
    scene.say(Input::ActDone {
        act: release,
        result: Ok(()),
    });
    assert_eq!(scene.lane.gate(), Gate::Fire);
    assert_eq!(scene.driven(Motion::Hold).len(), 2);
}

#[test]
fn a_barrier_that_does_not_obey_the_fire_alarm_is_told_again_and_again() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Fails;
    scene.say(Input::Fire { on: true });
    scene.wait(seconds(21));
    assert_eq!(scene.driven(Motion::Hold).len(), 5);
    scene.temper = Temper::Obeys;
    scene.wait(seconds(60));
    assert_eq!(scene.driven(Motion::Hold).len(), 6);
}

/// OPEN-1: whatever holds the arm may lose its power for a moment, too short to be missed.
#[test]
fn an_arm_that_comes_down_while_it_is_held_is_held_again() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.command(Order::HoldOpen);
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(60));
    scene.say(Input::BarrierSeen(Position::Down));
    scene.wait(seconds(60));
    assert_eq!(scene.driven(Motion::Hold).len(), 2);
    assert_eq!(scene.lane.gate(), held(By::Platform));
}

#[test]
fn a_barrier_that_is_back_is_told_to_hold_still() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.say(Input::BarrierLink { up: false });
    assert!(!scene.lane.board().hold_confirmed);
    scene.say(Input::BarrierLink { up: true });
    let hold = Cause::HoldOrdered {
        command: CommandId(1),
        by: By::Platform,
    };
    assert_eq!(scene.driven(Motion::Hold), [hold, Cause::HoldAsserted]);
    assert!(scene.lane.board().hold_confirmed);
    scene.say(Input::BarrierLink { up: true });
    assert_eq!(scene.driven(Motion::Hold).len(), 2);
}

/// OPEN-2, OPEN-7: a hold in the midst of a release would void it, and be answered as a release.
#[test]
fn a_barrier_that_is_first_heard_of_while_it_is_released_is_not_told_to_hold() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.temper = Temper::Silent;
    let command = scene.command(Order::Restore);
    let act = scene.last_act();
    scene.say(Input::BarrierLink { up: true });
    scene.say(Input::ActDone {
        act,
        result: Ok(()),
    });
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    assert_eq!(scene.lane.gate(), Gate::Normal);
    assert_eq!(scene.driven(Motion::Hold).len(), 1);
}

/// OPEN-1: that a barrier is there may be heard only after it has taken the order.
#[test]
fn a_barrier_that_is_first_heard_of_while_it_holds_is_not_told_again() {
    let mut scene = Scene::new(entry());
    scene.command(Order::HoldOpen);
    scene.say(Input::BarrierLink { up: true });
    assert_eq!(scene.driven(Motion::Hold).len(), 1);
}

#[test]
fn a_barrier_that_is_back_in_normal_operation_is_left_alone() {
    let mut scene = Scene::new(entry());
    scene.say(Input::BarrierLink { up: false });
    scene.say(Input::BarrierLink { up: true });
    assert!(scene.log.is_empty());
}

#[test]
fn a_lane_that_was_held_open_before_a_restart_goes_on_so() {
    let gate = held(By::Booth);
    let mut scene = Scene::with(Lane::new(entry(), Timing::default()).resuming(gate));
    scene.arrives(CAR);
    assert_eq!(scene.asks(), []);
    scene.say(Input::BarrierLink { up: true });
    assert_eq!(scene.driven(Motion::Hold), [Cause::HoldAsserted]);
    assert_eq!(scene.lane.gate(), gate);
}

/// PUSH-3, OPEN-2
#[test]
fn a_blind_release_still_owed_is_made_after_the_restore() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.arrives(CAR);
    scene.verdict(Verdict::Undeliverable);
    scene.command(Order::HoldOpen);
    scene.wait(seconds(10));
    assert_eq!(scene.pulses().len(), 1);
    scene.command(Order::Restore);
    scene.wait(seconds(10));
    assert_eq!(
        scene.pulses()[1..],
        [Cause::Blind {
            ask: scene.last_ask()
        }]
    );
    assert_eq!(scene.asks().len(), 1);
}

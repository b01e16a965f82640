//! Commands to the gate.

use super::*;

fn failed() -> OpenRefusal {
    OpenRefusal::BarrierFailed {
        reason: "继电器无响应".into(),
    }
}

/// OPEN-3
#[test]
fn a_command_in_normal_mode_opens_for_the_vehicle_with_its_plate() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    let command = scene.lift_for("粤B·12345");
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    let record = RecordId::new("r1").unwrap();
    assert_eq!(
        scene.pulses(),
        [Cause::Commanded {
            command,
            by: By::Platform,
            record
        }]
    );
    scene.wait(seconds(4));
    scene.crosses();
    scene.wait(seconds(60));
    assert_eq!(scene.asks().len(), 1);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Commanded)]);
}

/// OPEN-3
#[test]
fn a_command_in_normal_mode_is_refused_when_the_plates_differ() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    let command = scene.lift_for("粤B12346");
    let (at_gate, asked) = (Some(plate(CAR)), plate("粤B12346"));
    let differ = OpenRefusal::PlatesDiffer { at_gate, asked };
    assert_eq!(scene.answer(command), Some(Err(differ)));
    assert_eq!(scene.pulses(), []);
}

/// OPEN-3, OPEN-7
#[test]
fn a_command_in_normal_mode_needs_a_vehicle_on_the_loop() {
    let mut scene = Scene::new(entry());
    scene.leaves();
    let nobody = scene.lift_for(CAR);
    scene.reads(CAR);
    let approaching = scene.lift_for(CAR);
    scene.wait(seconds(10));
    scene.trigger(Side::Entry, true);
    let unread = scene.lift_for(CAR);
    assert_eq!(scene.answer(nobody), Some(Err(OpenRefusal::NoVehicle)));
    assert_eq!(scene.answer(approaching), Some(Err(OpenRefusal::NoVehicle)));
    let differ = OpenRefusal::PlatesDiffer {
        at_gate: None,
        asked: plate(CAR),
    };
    assert_eq!(scene.answer(unread), Some(Err(differ)));
    assert_eq!(scene.pulses(), []);
}

/// OPEN-3
#[test]
fn a_command_for_the_other_recognizer_of_the_lane_finds_nobody() {
    let mut scene = Scene::new(mixed());
    scene.arrives(CAR);
    let command = CommandId(77);
    let order = Order::Lift {
        plate: Some(plate(CAR)),
    };
    let by = By::Platform;
    scene.say(Input::Command {
        command,
        side: Some(Side::Exit),
        order,
        by,
    });
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::NoVehicle)));
}

/// OPEN-4
#[test]
fn a_forced_command_opens_for_whoever_waits() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_not();
    let command = scene.command(Order::ForceLift);
    let record = Some(RecordId::new("r1").unwrap());
    assert_eq!(
        scene.pulses(),
        [Cause::Forced {
            command,
            by: By::Platform,
            record
        }]
    );
    scene.wait(seconds(4));
    scene.crosses();
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Forced)]);
}

/// OPEN-4, D-14
#[test]
fn a_forced_command_opens_for_nobody_and_explains_one_crossing() {
    let mut scene = Scene::new(entry());
    let command = scene.command(Order::ForceLift);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    scene.wait(seconds(5));
    scene.safety(true);
    scene.safety(false);
    scene.wait(seconds(10));
    scene.safety(true);
    let outcomes = [
        ended("r1", Outcome::Forced),
        ended("r2", Outcome::Unexplained),
    ];
    assert_eq!(scene.outcomes(), outcomes);
    assert_eq!(scene.abnormal(), [AbnormalCode::CrossedUnrecognized]);
}

/// OPEN-4
#[test]
fn a_vehicle_that_comes_after_a_forced_lift_uses_it() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.wait(seconds(1));
    scene.arrives(CAR);
    scene.wait(seconds(1));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Forced)]);
}

/// OPEN-4, ABN-4
#[test]
fn a_forced_lift_that_nobody_uses_leaves_the_barrier_open() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.wait(seconds(31));
    assert_eq!(scene.abnormal(), [AbnormalCode::BarrierNotDown]);
}

/// OPEN-5
#[test]
fn an_empty_plate_counts_as_forced_unless_the_lot_forbids_it() {
    let mut scene = Scene::new(entry());
    let command = scene.lift_for("");
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    let lane = Lane::new(entry(), Timing::default()).forbidding_empty_plates(true);
    let mut scene = Scene::with(lane);
    let command = scene.lift_for("");
    assert_eq!(
        scene.answer(command),
        Some(Err(OpenRefusal::EmptyPlateForbidden))
    );
    assert_eq!(scene.pulses(), []);
    let command = scene.command(Order::ForceLift);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
}

/// OPEN-7
#[test]
fn a_command_is_answered_only_when_the_barrier_has_answered() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    let command = scene.command(Order::ForceLift);
    scene.wait(seconds(2));
    assert_eq!(scene.answer(command), None);
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Ok(()),
    });
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
}

/// OPEN-7
#[test]
fn a_command_that_the_barrier_refuses_or_ignores_has_failed() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Fails;
    let command = scene.command(Order::ForceLift);
    assert_eq!(scene.answer(command), Some(Err(failed())));
    scene.wait(seconds(10));
    scene.temper = Temper::Silent;
    let command = scene.command(Order::ForceLift);
    scene.wait(seconds(3));
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::BarrierSilent)));
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Ok(()),
    });
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::BarrierSilent)));
    assert_eq!(scene.pulses().len(), 2);
}

/// OPEN-7
#[test]
fn a_barrier_that_cannot_be_reached_is_not_driven() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.say(Input::BarrierLink { up: false });
    let orders = [
        Order::Lift {
            plate: Some(plate(CAR)),
        },
        Order::ForceLift,
        Order::HoldOpen,
        Order::Restore,
    ];
    for order in orders {
        let command = scene.command(order);
        assert_eq!(
            scene.answer(command),
            Some(Err(OpenRefusal::BarrierOffline))
        );
    }
    assert_eq!(scene.lane.gate(), Gate::Normal);
}

#[test]
fn a_double_click_is_one_pulse_and_both_are_answered() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    let first = scene.command(Order::ForceLift);
    let second = scene.command(Order::ForceLift);
    scene.say(Input::ActDone {
        act: scene.last_act(),
        result: Ok(()),
    });
    let third = scene.command(Order::ForceLift);
    assert_eq!(scene.answer(first), Some(Ok(Done::Driven)));
    assert_eq!(scene.answer(second), Some(Ok(Done::AlreadyUnderWay)));
    assert_eq!(scene.answer(third), Some(Ok(Done::AlreadyUnderWay)));
    assert_eq!(scene.pulses().len(), 1);
    assert!(Done::AlreadyUnderWay.note().is_some());
}

#[test]
fn a_double_click_on_a_failure_shares_the_failure() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Fails;
    scene.command(Order::ForceLift);
    let second = scene.command(Order::ForceLift);
    assert_eq!(scene.answer(second), Some(Err(failed())));
    assert_eq!(scene.pulses().len(), 1);
}

/// OPEN-3
#[test]
fn a_double_click_in_normal_mode_is_one_pulse_for_the_same_plate_only() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.lift_for(CAR);
    let same = scene.lift_for(CAR);
    let other = scene.lift_for(NEXT);
    assert_eq!(scene.answer(same), Some(Ok(Done::AlreadyUnderWay)));
    let differ = OpenRefusal::PlatesDiffer {
        at_gate: Some(plate(CAR)),
        asked: plate(NEXT),
    };
    assert_eq!(scene.answer(other), Some(Err(differ)));
    assert_eq!(scene.pulses().len(), 1);
}

/// OPEN-3
#[test]
fn a_command_for_the_next_car_waits_until_the_arm_may_move_again() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(1));
    scene.safety(true);
    scene.leaves();
    scene.safety(false);
    scene.arrives(NEXT);
    let command = scene.lift_for(NEXT);
    let again = scene.lift_for(NEXT);
    assert_eq!(scene.answer(command), None);
    scene.wait(seconds(3));
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    assert_eq!(scene.answer(again), Some(Ok(Done::AlreadyUnderWay)));
    assert_eq!(scene.pulses().len(), 2);
}

/// RECOG-3
#[test]
fn a_command_whose_vehicle_leaves_before_the_lift_is_refused() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.arrives(CAR);
    let command = scene.lift_for(CAR);
    scene.leaves();
    assert_eq!(scene.answer(command), Some(Err(OpenRefusal::VehicleLeft)));
    assert_eq!(scene.pulses().len(), 1);
}

#[test]
fn a_command_for_a_vehicle_about_to_be_lifted_for_is_no_second_pulse() {
    let mut scene = Scene::new(entry());
    scene.command(Order::ForceLift);
    scene.arrives(CAR);
    scene.may_pass();
    let command = scene.lift_for(CAR);
    scene.wait(seconds(10));
    assert_eq!(scene.answer(command), Some(Ok(Done::AlreadyUnderWay)));
    assert_eq!(scene.pulses().len(), 2);
}

/// OPEN-3
#[test]
fn a_vehicle_that_was_let_through_and_has_not_moved_can_be_opened_for_again() {
    let mut scene = Scene::new(entry());
    scene.arrives(CAR);
    scene.may_pass();
    scene.wait(seconds(20));
    let command = scene.lift_for(CAR);
    assert_eq!(scene.answer(command), Some(Ok(Done::Driven)));
    scene.wait(seconds(20));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
    assert_eq!(scene.outcomes(), [ended("r1", Outcome::Commanded)]);
    assert_eq!(scene.pulses().len(), 2);
}

/// OPEN-4: an arm that comes down before the barrier has heard of the second command belongs to the
/// first.
#[test]
fn a_vehicle_that_is_opened_for_again_has_its_chance_by_that() {
    let mut scene = Scene::new(Layout {
        limit_switch: true,
        ..entry()
    });
    scene.arrives(CAR);
    scene.may_pass();
    scene.say(Input::BarrierSeen(Position::Up));
    scene.wait(seconds(20));
    scene.temper = Temper::Silent;
    scene.lift_for(CAR);
    let act = scene.last_act();
    scene.wait(Duration::from_millis(500));
    scene.say(Input::BarrierSeen(Position::Down));
    scene.reads(CAR);
    assert_eq!((scene.recognitions().len(), scene.outcomes()), (1, vec![]));
    scene.say(Input::ActDone {
        act,
        result: Ok(()),
    });
    scene.say(Input::BarrierSeen(Position::Up));
    scene.crosses();
    assert_eq!(scene.crossed(), [went("r1", CAR)]);
}

#[test]
fn nobody_clicks_faster_than_is_bounded() {
    let mut scene = Scene::new(entry());
    scene.temper = Temper::Silent;
    let commands: Vec<_> = (0..20).map(|_| scene.command(Order::ForceLift)).collect();
    let busy = |command: &&CommandId| scene.answer(**command) == Some(Err(OpenRefusal::Busy));
    assert_eq!(commands.iter().filter(busy).count(), 20 - MAX_SHARERS);
    scene.wait(seconds(3));
    assert!(
        commands
            .iter()
            .all(|command| scene.answer(*command).is_some())
    );
}

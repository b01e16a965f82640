use super::*;

#[test]
fn an_ordinary_vehicle_waits_is_let_through_and_crosses_under_its_lift() {
    let mut world = World::entry();
    let id = world.arrive(car());
    world.pass(10 * SECOND);
    assert_eq!(world.crossed(id), None);
    let act = world.command(Motion::Open);
    world.pass(30 * SECOND);
    assert_eq!(world.crossed(id), Some(Some(LiftNo(1))));
    assert_eq!(world.outcome(id), Some(Outcome::Crossed));

    let heading = Heading::In;
    let trigger = |pressed| Signal::TriggerLoop { heading, pressed };
    let told: Vec<&Signal> = (world.signals())
        .filter(|signal| !matches!(signal, Signal::Read { .. }))
        .collect();
    let expected = [
        &trigger(true),
        &Signal::Arm { up: true },
        &Signal::SafetyLoop { pressed: true },
        &trigger(false),
        &Signal::SafetyLoop { pressed: false },
        &Signal::Arm { up: false },
    ];
    assert_eq!(told, expected);
    let lifted = Fact::Lifted {
        lift: LiftNo(1),
        cause: Cause::Opened(act),
        waiting: Some(id),
    };
    assert!(world.facts().any(|fact| *fact == lifted));
}

#[test]
fn nobody_crosses_while_the_arm_stays_down_however_long_he_waits() {
    let mut world = World::entry();
    let id = world.arrive(car());
    world.pass(3_600 * SECOND);
    assert_eq!((world.crossed(id), world.outcome(id)), (None, None));
    assert!(world.lane.trigger_pressed(Heading::In));
}

#[test]
fn who_gives_up_leaves_backwards_after_his_patience() {
    let mut world = World::entry();
    let patience = 20 * SECOND;
    let id = world.arrive(car().driven(Behaviour::GiveUp { patience }));
    world.pass(19 * SECOND);
    assert_eq!(world.outcome(id), None);
    world.pass(10 * SECOND);
    assert_eq!(world.outcome(id), Some(Outcome::GaveUp));
    assert!(!world.lane.trigger_pressed(Heading::In));
    assert_eq!(world.count(|fact| *fact == Fact::SafetyPressed), 0);
}

#[test]
fn who_backs_out_does_so_although_the_arm_lifts_for_him() {
    let mut world = World::entry();
    let after = 5 * SECOND;
    let id = world.arrive(car().driven(Behaviour::BackOut { after }));
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    assert_eq!(world.outcome(id), Some(Outcome::BackedOut));
    assert_eq!(world.lifts(), 1);
    assert_eq!(
        world.lane.arm_up(),
        Some(false),
        "nobody used it: it closes"
    );
}

#[test]
fn who_is_let_through_and_backs_out_does_not_cross() {
    let mut world = World::entry();
    let after = 2 * SECOND;
    let id = world.arrive(car().driven(Behaviour::BackOutWhenOpened { after }));
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    assert_eq!(world.outcome(id), Some(Outcome::OpenedButBackedOut));
    assert_eq!(world.crossed(id), None);
}

#[test]
fn a_tailgater_crosses_unread_under_the_lift_of_the_one_before() {
    let mut world = World::entry();
    let first = world.arrive(car());
    let second = world.arrive(car().driven(Behaviour::Tailgate));
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    for id in [first, second] {
        assert_eq!(world.crossed(id), Some(Some(LiftNo(1))));
    }
    assert!(world.readings(second).is_empty());
    assert_eq!(world.count(|fact| *fact == Fact::SafetyPressed), 2);
    let trigger = world.signals();
    let trigger = trigger.filter(|signal| matches!(signal, Signal::TriggerLoop { .. }));
    assert_eq!(trigger.count(), 2, "one long press of the trigger loop");
}

#[test]
fn a_tailgater_before_whom_the_arm_comes_down_stops_and_is_read() {
    let mut setup = setup(Direction::Entry);
    setup.timing.auto_close = Duration::from_millis(100);
    let mut world = World::new(setup);
    world.arrive(car());
    let second = world.arrive(car().driven(Behaviour::Tailgate));
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    assert_eq!(world.crossed(second), None);
    assert!(!world.readings(second).is_empty());
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    assert_eq!(world.crossed(second), Some(Some(LiftNo(2))));
}

#[test]
fn who_breaks_through_crosses_under_no_lift() {
    let mut world = World::entry();
    let patience = 10 * SECOND;
    let id = world.arrive(car().driven(Behaviour::BreakThrough { patience }));
    world.pass(60 * SECOND);
    assert_eq!(world.crossed(id), Some(None));
    assert_eq!(world.lifts(), 0);
}

#[test]
fn the_next_one_does_not_take_the_arm_of_the_one_before_as_meant_for_him() {
    let mut setup = setup(Direction::Entry);
    setup.timing.auto_close = 10 * SECOND;
    let mut world = World::new(setup);
    world.arrive(car());
    let second = world.arrive(car());
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(9 * SECOND);
    assert_eq!(world.lane.arm_up(), Some(true));
    assert!(
        world.lane.trigger_pressed(Heading::In),
        "the second is there"
    );
    world.pass(60 * SECOND);
    assert_eq!(world.crossed(second), None);
}

#[test]
fn opening_an_arm_that_is_still_up_lets_the_next_one_through_under_the_same_lift() {
    let mut setup = setup(Direction::Entry);
    setup.timing.auto_close = 10 * SECOND;
    let mut world = World::new(setup);
    world.arrive(car());
    let second = world.arrive(car());
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(9 * SECOND);
    world.command(Motion::Open);
    world.pass(60 * SECOND);
    assert_eq!(world.crossed(second), Some(Some(LiftNo(1))));
    assert_eq!(world.lifts(), 1);
}

#[test]
fn an_open_arm_that_nobody_used_is_taken_by_whoever_comes_next() {
    let mut world = World::entry();
    world.feed(Input::LiftByHand);
    world.pass(5 * SECOND);
    let id = world.arrive(car());
    world.pass(20 * SECOND);
    assert_eq!(world.crossed(id), Some(Some(LiftNo(1))));
    let waiting = world.facts().find_map(|fact| match fact {
        Fact::Lifted { cause, waiting, .. } => Some((*cause, *waiting)),
        _ => None,
    });
    assert_eq!(waiting, Some((Cause::ByHand, None)));
}

#[test]
fn the_vehicles_of_a_mixed_lane_take_turns_and_press_both_trigger_loops() {
    let mut world = World::new(setup(Direction::Mixed));
    let coming = world.arrive(car());
    let going = world.arrive(car().heading(Heading::Out));
    world.command(Motion::Hold);
    world.pass(60 * SECOND);
    for id in [coming, going] {
        assert_eq!(world.outcome(id), Some(Outcome::Crossed));
    }
    let pressed: Vec<Heading> = (world.signals())
        .filter_map(|signal| match signal {
            Signal::TriggerLoop { heading, pressed } => pressed.then_some(*heading),
            _ => None,
        })
        .collect();
    let (near, far) = (Heading::In, Heading::Out);
    assert_eq!(pressed, [near, far, far, near]);
    let readers: Vec<Heading> = (world.signals())
        .filter_map(|signal| match signal {
            Signal::Read {
                heading, vehicle, ..
            } => (*vehicle == coming).then_some(*heading),
            _ => None,
        })
        .collect();
    assert_eq!(readers.first(), Some(&near));
    assert_eq!(readers.last(), Some(&far), "its rear plate is read too");
}

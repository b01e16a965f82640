use super::*;

#[test]
fn a_held_arm_lets_everybody_through_until_it_is_restored() {
    let mut world = World::entry();
    world.command(Motion::Hold);
    world.pass(5 * SECOND);
    let ids = [world.arrive(car()), world.arrive(car())];
    world.pass(60 * SECOND);
    for id in ids {
        assert_eq!(world.crossed(id), Some(Some(LiftNo(1))));
        assert!(!world.readings(id).is_empty(), "they are read all the same");
    }
    assert_eq!(world.lane.arm_up(), Some(true));
    world.command(Motion::Restore);
    let late = world.arrive(car());
    world.pass(60 * SECOND);
    assert_eq!(world.lane.arm_up(), Some(false));
    assert_eq!(world.crossed(late), None);
}

#[test]
fn an_arm_that_is_closing_turns_back_for_the_next_command() {
    let mut world = World::entry();
    let first = world.arrive(car());
    let second = world.arrive(car());
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    while !world.facts().any(|fact| matches!(fact, Fact::Closing(_))) {
        world.pass(SECOND / 10);
    }
    world.command(Motion::Open);
    world.pass(20 * SECOND);
    assert_eq!(world.crossed(first), Some(Some(LiftNo(1))));
    assert_eq!(world.crossed(second), Some(Some(LiftNo(2))));
    assert_eq!(world.count(|fact| matches!(fact, Fact::ArmDown(_))), 1);
}

#[test]
fn a_barrier_answers_when_its_relay_has_switched_and_not_before() {
    let mut world = World::entry();
    let act = world.command(Motion::Open);
    world.pass(Duration::from_millis(149));
    assert_eq!((world.answer(act), world.lifts()), (None, 0));
    world.pass(Duration::from_millis(1));
    assert_eq!((world.answer(act), world.lifts()), (Some(Ok(())), 1));
}

#[test]
fn a_broken_barrier_is_slow_or_refuses_or_keeps_silent() {
    let table = [
        (Fault::Slow(5 * SECOND), None, 0),
        (
            Fault::Refuses("继电器无响应".to_owned()),
            Some(Err("继电器无响应".to_owned())),
            0,
        ),
        (Fault::Mute, None, 1),
        (Fault::Dead, None, 0),
    ];
    for (fault, answer, lifts) in table {
        let mut world = World::entry();
        world.feed(Input::Break(fault.clone()));
        let act = world.command(Motion::Open);
        world.pass(4 * SECOND);
        assert_eq!(
            (world.answer(act), world.lifts()),
            (answer, lifts),
            "{fault:?}"
        );
        if matches!(fault, Fault::Slow(_)) {
            world.pass(2 * SECOND);
            assert_eq!((world.answer(act), world.lifts()), (Some(Ok(())), 1));
        }
    }
}

#[test]
fn more_commands_than_a_relay_board_can_queue_are_refused() {
    let mut world = World::entry();
    let acts: Vec<ActId> = (0..17).map(|_| world.command(Motion::Open)).collect();
    world.pass(10 * SECOND);
    let refused: Vec<usize> = (acts.iter().enumerate())
        .filter_map(|(place, act)| matches!(world.answer(*act), Some(Err(_))).then_some(place))
        .collect();
    assert_eq!(refused, [16]);
    assert_eq!(world.lifts(), 1);
}

#[test]
fn a_relay_that_bounces_flickers_around_each_edge_and_nothing_else_changes() {
    let mut setup = setup(Direction::Entry);
    setup.bounces = 2;
    let mut world = World::new(setup);
    let id = world.arrive(car());
    world.pass(4 * SECOND);
    world.command(Motion::Open);
    world.pass(30 * SECOND);
    assert_eq!(world.crossed(id), Some(Some(LiftNo(1))));
    let safety: Vec<bool> = (world.signals())
        .filter_map(|signal| match signal {
            Signal::SafetyLoop { pressed } => Some(*pressed),
            _ => None,
        })
        .collect();
    let (on, off) = (true, false);
    assert_eq!(safety, [on, off, on, off, on, off, on, off, on, off]);
    assert_eq!(world.count(|fact| *fact == Fact::SafetyPressed), 1);
}

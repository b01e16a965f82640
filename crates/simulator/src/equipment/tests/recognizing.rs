use super::*;

fn waits(sharpness: Sharpness, time: Duration) -> (World, Vec<Tick>) {
    let mut setup = setup(Direction::Entry);
    setup.sharpness = sharpness;
    let mut world = World::new(setup);
    let id = world.arrive(car());
    world.pass(time);
    let readings = world.readings(id);
    (world, readings)
}

fn pressed_at(world: &World) -> Tick {
    let pressed = |said: &&Timed<Output>| matches!(said.what, Output::Fact(Fact::OnLoop(_)));
    world.said.iter().find(pressed).unwrap().at
}

#[test]
fn a_vehicle_is_read_soon_after_it_pressed_the_loop_and_again_while_it_stands_there() {
    let (world, readings) = waits(Sharpness::default(), 10 * SECOND);
    let first = readings[0].since(pressed_at(&world));
    assert!((300..=800).contains(&first.as_millis()), "{first:?}");
    assert!(readings.len() >= 7, "{readings:?}");
    for pair in readings.windows(2) {
        assert_eq!(pair[1].since(pair[0]), SECOND);
    }
}

#[test]
fn a_recognizer_that_does_not_repeat_itself_reads_once() {
    let sharpness = Sharpness {
        repeats: false,
        ..Sharpness::default()
    };
    assert_eq!(waits(sharpness, 60 * SECOND).1.len(), 1);
}

#[test]
fn nothing_is_read_after_the_vehicle_has_left_the_loop() {
    let mut world = World::entry();
    let after = 3 * SECOND;
    let id = world.arrive(car().driven(Behaviour::BackOut { after }));
    world.pass(60 * SECOND);
    let released = |said: &&Timed<Output>| {
        matches!(
            said.what,
            Output::Signal(Signal::TriggerLoop { pressed: false, .. })
        )
    };
    let left = world.said.iter().find(released).unwrap().at;
    let readings = world.readings(id);
    assert!(!readings.is_empty() && readings.iter().all(|at| *at < left));
}

#[test]
fn the_same_seed_plays_the_same_scene() {
    let scene = || waits(Sharpness::default(), 30 * SECOND).0.said;
    assert_eq!(scene(), scene());
}

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::ledger::Ledger;

#[derive(Clone, Debug)]
enum Step {
    Arrive(Behaviour, Heading),
    Command(Motion),
    LiftByHand,
    Break(Fault),
    Pass(u64),
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let time = (0_u64..20_000).prop_map(Duration::from_millis);
    prop_oneof![
        4 => Just(Behaviour::Cross),
        2 => Just(Behaviour::Tailgate),
        1 => time.clone().prop_map(|patience| Behaviour::GiveUp { patience }),
        1 => time.clone().prop_map(|after| Behaviour::BackOut { after }),
        1 => time.clone().prop_map(|after| Behaviour::BackOutWhenOpened { after }),
        1 => time.prop_map(|patience| Behaviour::BreakThrough { patience }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let heading = prop_oneof![Just(Heading::In), Just(Heading::Out)];
    let fault = prop_oneof![
        3 => Just(Fault::None),
        1 => Just(Fault::Mute),
        1 => Just(Fault::Dead),
        1 => Just(Fault::Slow(SECOND)),
    ];
    prop_oneof![
        4 => (behaviour(), heading).prop_map(|(how, heading)| Step::Arrive(how, heading)),
        6 => Just(Step::Command(Motion::Open)),
        1 => Just(Step::Command(Motion::Hold)),
        1 => Just(Step::Command(Motion::Restore)),
        1 => Just(Step::LiftByHand),
        1 => fault.prop_map(Step::Break),
        8 => (0_u64..6_000).prop_map(Step::Pass),
    ]
}

fn played(direction: Direction, auto_close: u64, bounces: u8, steps: Vec<Step>) -> World {
    let mut setup = setup(direction);
    setup.timing.auto_close = Duration::from_millis(auto_close);
    setup.bounces = bounces;
    let mut world = World::new(setup);
    for step in steps {
        match step {
            Step::Arrive(behaviour, heading) => {
                world.arrive(car().driven(behaviour).heading(heading));
            }
            Step::Command(motion) => {
                world.command(motion);
            }
            Step::LiftByHand => world.feed(Input::LiftByHand),
            Step::Break(fault) => world.feed(Input::Break(fault)),
            Step::Pass(ms) => world.pass(Duration::from_millis(ms)),
        }
    }
    world.pass(120 * SECOND);
    world
}

/// What the facts say about arm and loop, from the outside.
#[derive(Debug, Default)]
struct Seen {
    up: bool,
    pressed: bool,
}

fn check(world: &World, breaks_through: impl Fn(VehicleId) -> bool) {
    let mut seen = Seen::default();
    for fact in world.facts() {
        match fact {
            Fact::Lifted { .. } => seen.up = false,
            Fact::ArmUp(_) => seen.up = true,
            Fact::Closing(_) => {
                assert!(!seen.pressed, "closes on a pressed loop");
                seen.up = false;
            }
            Fact::ArmDown(_) => assert!(!seen.pressed, "down on a pressed loop"),
            Fact::SafetyPressed => {
                assert!(!std::mem::replace(&mut seen.pressed, true));
            }
            Fact::SafetyReleased => {
                assert!(std::mem::replace(&mut seen.pressed, false));
            }
            Fact::Crossed { vehicle, lift } => {
                assert!(seen.pressed);
                assert_eq!(lift.is_some(), seen.up, "{fact:?} {seen:?}");
                assert!(seen.up || breaks_through(*vehicle), "{fact:?}");
            }
            Fact::Gone { vehicle, outcome } => {
                let crossed = world.crossed(*vehicle).is_some();
                assert_eq!(*outcome == Outcome::Crossed, crossed, "{fact:?}");
            }
            Fact::Arrived(_)
            | Fact::OnLoop(_)
            | Fact::Read { .. }
            | Fact::LetThrough { .. }
            | Fact::Commanded { .. } => {}
        }
    }
    assert!(world.said.is_sorted_by_key(|said| said.at));
}

/// The lane's devices say what the facts say, but for bouncing.
fn check_signals(world: &World) {
    let safety = world.signals().filter_map(|signal| match signal {
        Signal::SafetyLoop { pressed } => Some(*pressed),
        _ => None,
    });
    for (place, pressed) in safety.enumerate() {
        assert_eq!(pressed, place % 2 == 0, "edges take turns");
    }
}

/// What a ledger makes of the facts is what the facts say.
fn check_ledger(world: &World) {
    let lane = "01".into();
    let mut ledger = Ledger::default();
    for fact in world.facts() {
        if let Fact::Arrived(id) = fact {
            ledger.arrived(*id, &lane, car(), Timestamp::UNIX_EPOCH);
        }
        ledger.record(&lane, Timestamp::UNIX_EPOCH, fact);
    }
    let crossed = world.count(|fact| matches!(fact, Fact::Crossed { .. }));
    assert_eq!(ledger.crossings().count(), crossed);
    let broke_through = ledger.crossings().filter(|visit| visit.lift.is_none());
    let under_lifts: usize = ledger.lifts().map(|lift| lift.crossed.len()).sum();
    assert_eq!(under_lifts + broke_through.count(), crossed);
    assert_eq!(ledger.lifts().count(), world.lifts());
    let pressed = world.count(|fact| *fact == Fact::SafetyPressed);
    assert_eq!(ledger.presses().count(), pressed);
    assert!(ledger.presses().all(|press| press.released.is_some()));
    let begun = ledger.acts().filter(|act| act.lift.is_some()).count();
    let commanded = |cause: &Cause| matches!(cause, Cause::Opened(_) | Cause::Held(_));
    let lifts = ledger.lifts().filter(|lift| commanded(&lift.cause));
    assert_eq!(lifts.count(), begun);
}

proptest! {
    #[test]
    fn nobody_crosses_under_an_arm_that_is_not_up_unless_he_breaks_it_and_none_closes_on_a_vehicle(
        direction in prop_oneof![
            Just(Direction::Entry), Just(Direction::Exit), Just(Direction::Mixed)
        ],
        auto_close in prop_oneof![Just(0_u64), 0_u64..4_000],
        bounces in 0_u8..3,
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let breaking: Vec<bool> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Arrive(how, _) => Some(Some(matches!(how, Behaviour::BreakThrough { .. }))),
                Step::Command(_) => Some(None),
                _ => None,
            })
            .map(Option::unwrap_or_default)
            .collect();
        let world = played(direction, auto_close, bounces, steps);
        // Vehicles and commands share one count, from 1.
        check(&world, |id| breaking[usize::try_from(id.0).unwrap() - 1]);
        check_ledger(&world);
        if bounces == 0 {
            check_signals(&world);
        }
    }
}

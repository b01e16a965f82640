//! Whatever happens in whatever order, the machine keeps to the ledger and nothing is lost.

use std::num::{NonZeroU32, NonZeroUsize};

use proptest::collection::vec;
use proptest::prelude::*;

use super::world::{Event, Fate, World};
use super::*;

/// Long enough for every series, rest and probe of the policies below.
const LONG: Duration = Duration::from_secs(3_600);

fn policies() -> impl Strategy<Value = Policy> {
    let few = || (1..5_usize).prop_map(|few| NonZeroUsize::new(few).unwrap());
    (
        2..6_u32,
        1_000..10_000_u64,
        few(),
        few(),
        few(),
        few(),
        1..30_u64,
    )
        .prop_map(
            |(
                attempts,
                budget,
                live_in_flight,
                backlog_in_flight,
                backlog_kept,
                failed_kept,
                probe,
            )| {
                Policy {
                    attempts: NonZeroU32::new(attempts).unwrap(),
                    budget: Duration::from_millis(budget),
                    live_in_flight,
                    backlog_in_flight,
                    backlog_kept,
                    failed_kept,
                    probe_interval: Duration::from_secs(probe),
                }
            },
        )
}

fn ids() -> impl Strategy<Value = RecordId> {
    (0..8_u8).prop_map(|n| id(&n.to_string()))
}

fn fates() -> impl Strategy<Value = Fate> {
    let after = || prop_oneof![3 => 0..300_u64, 1 => 0..8_000_u64];
    prop_oneof![
        after().prop_map(|after| Fate::Accepted { after }),
        after().prop_map(|after| Fate::Refused { after }),
        after().prop_map(|after| Fate::Fault { after }),
        Just(Fate::Silence),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => ids().prop_map(|id| Event::Take(Key::abnormality(id))),
        3 => ids().prop_map(|id| Event::Take(Key::crossing(id))),
        1 => ids().prop_map(|id| Event::Take(Key::recognition(id))),
        6 => ids().prop_map(Event::Ask),
        4 => (0..1_000_u64).prop_map(Event::Wait),
        4 => (0..40_000_u64).prop_map(Event::Wait),
        4 => vec(fates(), 1..4).prop_map(Event::Line),
        1 => Just(Event::Line(vec![Fate::Silence])),
        1 => Just(Event::Line(vec![Fate::Fault { after: 5 }])),
        1 => Just(Event::Contact),
        1 => Just(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// PUSH-1, PUSH-2, PUSH-3, PUSH-4, PUSH-5, D-16, D-17, D-18, RECOG-3
    #[test]
    fn the_machine_does_what_the_ledger_allows_and_all_it_demands(
        policy in policies(),
        events in vec(events(), 1..60),
    ) {
        let mut world = World::new(policy);
        for event in events {
            world.happen(event);
        }
        world.wait(LONG);
        let open = |(_, account): &(&Key, &super::ledger::Account)| account.open;
        let left = world.ledger.accounts.iter().find(open);
        prop_assert!(left.is_none(), "not settled, though time went on: {left:?}");
    }

    /// PUSH-5, D-18: on a line that is good again nothing that the platform takes is left.
    #[test]
    fn when_the_network_stays_every_abnormality_arrives(
        policy in policies(),
        events in vec(events(), 1..60),
    ) {
        let mut world = World::new(policy);
        for event in events {
            world.happen(event);
        }
        world.happen(Event::Line(vec![Fate::Accepted { after: 20 }]));
        world.insistence = 0;
        world.wait(LONG);
        // The machine hands back what it has no room for: each start takes some of it.
        for _ in 0..8 {
            world.happen(Event::Restart);
            world.wait(LONG);
        }
        let left = world.ledger.accounts.iter().find(|(_, account)| {
            account.open || account.failed
        });
        prop_assert!(left.is_none(), "not delivered: {left:?}");
    }

    /// PUSH-5: no interplay of faults and answers makes the machine push without pause.
    #[test]
    fn a_fixed_number_of_records_never_makes_a_storm(
        policy in policies(),
        fates in vec(fates(), 1..6),
    ) {
        let mut world = World::new(policy.clone());
        for n in 0..8 {
            world.happen(Event::Take(abnormality(&n.to_string())));
        }
        world.happen(Event::Line(fates));
        world.wait(LONG);
        let before = world.sends;
        world.wait(LONG);
        // Every abnormality rests ten minutes at least between two series by now, and probes have
        // their interval.
        let series = 8 * 7 * policy.attempts.get() as usize;
        let probes = usize::try_from(LONG.as_secs() / policy.probe_interval.as_secs()).unwrap();
        prop_assert!(world.sends - before <= series + probes, "{}", world.sends - before);
    }
}

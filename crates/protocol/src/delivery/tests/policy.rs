//! A policy that changes while something is under way.

use std::num::NonZeroU32;

use super::*;

fn attempts(count: u32) -> Policy {
    Policy {
        attempts: NonZeroU32::new(count).unwrap(),
        ..Policy::default()
    }
}

/// PUSH-2, D-17: the vehicle that waits has what it was promised, the next one what is promised now.
#[test]
fn a_series_under_way_is_ended_as_it_was_begun() {
    for changed in [2, 20] {
        let mut bench = bench();
        let first = bench.ask("car", 1);
        bench.machine.set_policy(attempts(changed));
        let effects = bench.answer_all(first, &fault(), 10_000);
        assert_eq!(sends(&effects).len(), 5);
        let late = bench.ask("next", 1);
        let effects = bench.answer_all(late, &fault(), 20_000);
        assert_eq!(sends(&effects).len(), changed as usize);
    }
}

/// D-17: never longer than the larger of both budgets.
#[test]
fn a_vehicle_that_waits_has_its_verdict_within_its_budget() {
    for seconds in [1, 60] {
        let mut bench = bench();
        let mut effects = bench.ask("car", 1);
        effects.extend(bench.until(3000));
        let budget = Duration::from_secs(seconds);
        let policy = Policy {
            budget,
            ..Policy::default()
        };
        bench.machine.set_policy(policy);
        effects.extend(bench.until(10_000.max(seconds * 1000)));
        let lost = |it: &Effect| {
            matches!(
                it,
                Effect::Verdict {
                    verdict: Verdict::Undeliverable { .. },
                    ..
                }
            )
        };
        assert!(effects.iter().any(lost), "{effects:?}");
        assert_eq!(sends(&effects).len(), 5);
    }
}

//! Never more than the policy allows.

use std::num::NonZeroUsize;

use super::*;

fn at_most(bound: usize) -> NonZeroUsize {
    NonZeroUsize::new(bound).unwrap()
}

/// D-17
#[test]
fn a_vehicle_never_waits_for_the_backlog() {
    let mut bench = bench();
    for n in 0..100 {
        bench.take(crossing(&n.to_string()));
    }
    assert_eq!(sends(&bench.ask("car", 1))[0].key, recognition("car"));
}

#[test]
fn the_backlog_is_pushed_in_the_order_of_arrival_a_few_at_a_time() {
    let mut bench = bench();
    let keys: Vec<_> = (0..20)
        .map(|n| {
            if n % 2 == 0 {
                crossing(&n.to_string())
            } else {
                abnormality(&n.to_string())
            }
        })
        .collect();
    let mut effects = Vec::new();
    for key in &keys {
        effects.extend(bench.take(key.clone()));
    }
    assert_eq!(sends(&effects).len(), 8);
    let effects = bench.answer_all(effects, &Outcome::Accepted, 0);
    let order: Vec<_> = sends(&effects).into_iter().map(|send| send.key).collect();
    assert_eq!(order, keys);
}

#[test]
fn what_there_is_no_room_for_is_handed_back() {
    let mut bench = Bench::with(Policy {
        backlog_kept: at_most(2),
        ..Policy::default()
    });
    assert_eq!(bench.machine.room(), 2);
    let first = sent(&bench.take(crossing("a")));
    bench.take(abnormality("b"));
    assert_eq!(bench.machine.room(), 0);
    assert_eq!(
        bench.take(crossing("c")),
        [Effect::Defer { key: crossing("c") }]
    );
    bench.done(first, Outcome::Accepted);
    assert_eq!(bench.machine.room(), 1);
    assert_eq!(sends(&bench.take(crossing("c"))).len(), 1);
}

/// PUSH-5: what fails most often is the least loss.
#[test]
fn of_too_many_failed_abnormalities_the_one_that_failed_most_often_is_handed_back() {
    let mut bench = Bench::with(Policy {
        failed_kept: at_most(2),
        ..Policy::default()
    });
    let fail = |bench: &mut Bench, effects| {
        let at = bench.now + 10_000;
        told(bench.answer_all(effects, &fault(), at))
    };
    let effects = bench.take(abnormality("a"));
    fail(&mut bench, effects);
    let effects = bench.give(Input::Contact);
    fail(&mut bench, effects);
    let effects = bench.take(abnormality("b"));
    assert_eq!(
        fail(&mut bench, effects),
        [failed(abnormality("b"), no_connection())]
    );
    let effects = bench.take(abnormality("c"));
    assert_eq!(
        fail(&mut bench, effects),
        [
            failed(abnormality("c"), no_connection()),
            Effect::Defer {
                key: abnormality("a")
            }
        ]
    );
}

/// D-17
#[test]
fn vehicles_beyond_the_places_wait_half_the_budget_and_are_then_let_through() {
    let mut bench = Bench::with(Policy {
        live_in_flight: at_most(1),
        ..Policy::default()
    });
    let first = sent(&bench.ask("a", 1));
    assert_eq!(bench.ask("b", 1), []);
    let crowded = |record| {
        [
            verdict(
                record,
                1,
                Verdict::Undeliverable {
                    reason: Reason::Crowded,
                },
            ),
            failed(recognition(record), Reason::Crowded),
        ]
    };
    assert_eq!(
        bench.ask("c", 1),
        crowded("c"),
        "no more wait than may be under way"
    );
    assert_eq!(told(bench.until(5_000)), crowded("b"));
    assert_eq!(bench.done(first, refused()), [Effect::NetworkBack]);
}

/// D-17
#[test]
fn a_vehicle_that_waited_for_a_place_still_has_its_whole_series_within_the_budget() {
    let mut bench = Bench::with(Policy {
        live_in_flight: at_most(1),
        ..Policy::default()
    });
    let first = sent(&bench.ask("a", 1));
    bench.ask("b", 1);
    bench.now = 1_999;
    let effects = bench.done(first, Outcome::Accepted);
    let effects = bench.answer_all(effects, &fault(), 10_000);
    let numbers: Vec<_> = sends(&effects)
        .into_iter()
        .map(|send| send.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert!(effects.ends_with(&[failed(recognition("b"), no_connection())]));
}

/// D-17
#[test]
fn a_place_that_is_free_at_the_last_moment_is_taken() {
    let mut bench = Bench::with(Policy {
        live_in_flight: at_most(1),
        ..Policy::default()
    });
    bench.ask("a", 1);
    bench.until(5_000);
    bench.ask("b", 1);
    let effects = bench.until(10_000);
    assert!(effects.contains(&failed(recognition("a"), Fault::TimedOut)));
    let last = sends(&effects)
        .pop()
        .map(|send| (send.key, send.number, send.timeout));
    assert_eq!(
        last,
        Some((recognition("b"), 1, Duration::from_millis(950)))
    );
    assert!(
        bench
            .until(15_000)
            .contains(&failed(recognition("b"), Fault::TimedOut))
    );
}

/// RECOG-2: what is settled leaves nothing behind, whoever asks how often.
#[test]
fn a_settled_record_takes_no_memory() {
    let mut bench = bench();
    for n in 0..1000_u64 {
        let name = n.to_string();
        let effects = bench.ask(&name, n);
        let effects = bench.done(sent(&effects), Outcome::Accepted);
        assert_eq!(told(effects).len(), 2);
        let effects = bench.take(crossing(&name));
        bench.done(sent(&effects), Outcome::Accepted);
    }
    assert_eq!(
        (bench.machine.depth(), bench.machine.deadline()),
        (Depth::default(), None)
    );
}

//! A crossing: after its recognition, five times, and never again.

use super::*;

#[test]
fn a_crossing_waits_until_its_recognition_is_delivered() {
    let mut bench = bench();
    let asked = sent(&bench.ask("a", 1));
    assert_eq!(bench.take(crossing("a")), []);
    let effects = bench.done(asked, Outcome::Accepted);
    assert_eq!(sends(&effects)[0].key, crossing("a"));
    assert_eq!(
        told(bench.done(sends(&effects)[0].attempt, Outcome::Accepted)),
        [delivered(crossing("a"))]
    );
}

/// PUSH-3
#[test]
fn a_crossing_waits_until_its_recognition_has_failed() {
    let mut bench = bench();
    bench.ask("a", 1);
    bench.take(crossing("a"));
    assert!(
        sends(&bench.until(9_999))
            .iter()
            .all(|send| send.key == recognition("a"))
    );
    let effects = bench.until(10_000);
    let after: Vec<_> = sends(&effects).into_iter().map(|send| send.key).collect();
    assert_eq!(after, [crossing("a")]);
}

#[test]
fn a_crossing_whose_recognition_was_settled_long_ago_has_nothing_to_wait_for() {
    let mut bench = bench();
    let attempt = sent(&bench.ask("a", 1));
    bench.done(attempt, Outcome::Accepted);
    assert_eq!(sends(&bench.take(crossing("a"))).len(), 1);
}

#[test]
fn a_crossing_that_still_waits_for_a_place_waits_for_a_recognition_asked_anew() {
    let one = std::num::NonZeroUsize::new(1).unwrap();
    let mut bench = Bench::with(Policy {
        backlog_in_flight: one,
        ..Policy::default()
    });
    let other = sent(&bench.take(crossing("other")));
    bench.take(crossing("a"));
    let asked = sent(&bench.ask("a", 1));
    assert_eq!(
        told(bench.done(other, Outcome::Accepted)),
        [delivered(crossing("other"))]
    );
    assert_eq!(
        sends(&bench.done(asked, Outcome::Accepted))[0].key,
        crossing("a")
    );
}

/// D-16, PUSH-2, PUSH-4
#[test]
fn a_refused_crossing_is_tried_five_times_and_recorded_with_the_reason() {
    let mut bench = bench();
    let effects = bench.take(crossing("a"));
    let effects = bench.answer_all(effects, &refused(), 8_000);
    assert_eq!(
        sends(&effects)
            .iter()
            .map(|send| send.number)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(
        told(effects),
        [failed(crossing("a"), Reason::Refused(refusal()))]
    );
}

/// PUSH-2, D-16: faults and refusals make one row.
#[test]
fn the_last_failure_of_a_row_is_the_reason() {
    let mut bench = bench();
    let mut effects = bench.take(crossing("a"));
    for outcome in [refused(), fault(), refused(), refused()] {
        let attempt = sent(&effects);
        bench.done(attempt, outcome);
        effects = bench.until(bench.now + 2_000);
    }
    let effects = told(bench.done(sent(&effects), fault()));
    assert_eq!(effects, [failed(crossing("a"), no_connection())]);
}

/// PUSH-4
#[test]
fn a_failed_crossing_is_never_pushed_again() {
    let mut bench = bench();
    let effects = bench.take(crossing("a"));
    bench.answer_all(effects, &fault(), 60_000);
    assert_eq!(bench.give(Input::Contact), [Effect::NetworkBack]);
    assert_eq!(bench.take(crossing("a")), []);
    assert_eq!(bench.until(600_000), []);
    assert_eq!(bench.machine.depth(), Depth::default());
}

/// PUSH-4: nothing does it by itself, a person may.
#[test]
fn a_failed_crossing_is_pushed_again_when_a_person_wants_it() {
    let mut bench = bench();
    let effects = bench.take(crossing("a"));
    bench.answer_all(effects, &fault(), 60_000);
    let key = crossing("a");
    let effects = bench.give(Input::Resend { key });
    let effects = told(bench.done(sent(&effects), Outcome::Accepted));
    assert!(effects.contains(&delivered(crossing("a"))), "{effects:?}");
}

/// CROSS-3
#[test]
fn the_same_crossing_taken_twice_is_pushed_once() {
    let mut bench = bench();
    let attempt = sent(&bench.take(crossing("a")));
    assert_eq!(bench.take(crossing("a")), []);
    assert_eq!(
        told(bench.done(attempt, Outcome::Accepted)),
        [delivered(crossing("a"))]
    );
}

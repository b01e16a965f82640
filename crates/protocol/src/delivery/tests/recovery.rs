//! What an earlier run of the program left behind (D-18).

use super::*;

/// D-18
#[test]
fn a_recognition_that_was_under_way_is_a_failed_push_and_its_crossing_is_pushed() {
    let mut bench = bench();
    let effects = bench.recover([
        Recovered::Pending(crossing("a")),
        Recovered::Pending(recognition("a")),
        Recovered::Pending(abnormality("b")),
    ]);
    assert_eq!(
        told(effects.clone()),
        [failed(recognition("a"), Reason::Interrupted)]
    );
    let pushed: Vec<_> = sends(&effects).into_iter().map(|send| send.key).collect();
    assert_eq!(pushed, [crossing("a"), abnormality("b")]);
}

/// D-18, PUSH-3
#[test]
fn a_recognition_that_was_under_way_is_not_pushed_when_asked_about() {
    let mut bench = bench();
    bench.recover([Recovered::Pending(recognition("a"))]);
    let let_through = Verdict::Undeliverable {
        reason: Reason::Interrupted,
    };
    assert_eq!(bench.ask("a", 1), [verdict("a", 1, let_through)]);
    assert_eq!(bench.recover([Recovered::Pending(recognition("a"))]), []);
}

/// D-18, PUSH-5: nobody knows yet whether the network is there; one request finds out.
#[test]
fn failed_abnormalities_of_an_earlier_run_begin_with_one_probe() {
    let mut bench = bench();
    let effects = bench.recover(["a", "b", "c"].map(|name| Recovered::FailedAbnormality(id(name))));
    let effects = bench.done(sent(&effects), Outcome::Accepted);
    assert_eq!(effects[0], Effect::NetworkBack);
    assert_eq!(told(effects.clone()), [delivered(abnormality("a"))]);
    assert_eq!(sends(&effects).len(), 2);
}

/// D-18: what is held already is not held twice.
#[test]
fn recovering_what_is_held_changes_nothing() {
    let mut bench = bench();
    bench.take(abnormality("a"));
    bench.ask("b", 1);
    let effects = bench.recover([
        Recovered::Pending(abnormality("a")),
        Recovered::FailedAbnormality(id("a")),
        Recovered::Pending(recognition("b")),
    ]);
    assert_eq!(effects, []);
}

//! An abnormality: failed, and pushed again once the network is back.

use super::*;

fn lost_with(names: &[&str]) -> Bench {
    let mut bench = bench();
    let mut effects = Vec::new();
    for name in names {
        effects.extend(bench.take(abnormality(name)));
    }
    let effects = bench.answer_all(effects, &fault(), 9_000);
    let failures: Vec<_> = names
        .iter()
        .map(|name| failed(abnormality(name), no_connection()))
        .collect();
    assert_eq!(told(effects), failures);
    bench
}

fn keys(effects: &[Effect]) -> Vec<Key> {
    sends(effects).into_iter().map(|send| send.key).collect()
}

/// PUSH-5
#[test]
fn failed_abnormalities_are_pushed_again_as_soon_as_any_push_is_answered() {
    let mut bench = lost_with(&["a", "b"]);
    let attempt = sent(&bench.ask("car", 1));
    let effects = bench.done(attempt, Outcome::Accepted);
    assert!(effects.contains(&Effect::NetworkBack));
    assert_eq!(keys(&effects), [abnormality("a"), abnormality("b")]);
    let effects = bench.answer_all(effects, &Outcome::Accepted, 9_000);
    assert!(effects.ends_with(&[delivered(abnormality("a")), delivered(abnormality("b"))]));
}

/// PUSH-5
#[test]
fn a_heartbeat_of_the_platform_shows_that_the_network_is_back() {
    let mut bench = lost_with(&["a"]);
    let effects = bench.give(Input::Contact);
    assert_eq!(keys(&effects), [abnormality("a")]);
    assert_eq!(bench.give(Input::Contact), [], "which is news only once");
}

/// PUSH-5
#[test]
fn with_nothing_else_to_push_a_failed_abnormality_probes_the_network_each_in_its_turn() {
    let mut bench = lost_with(&["a", "b"]);
    let mut expected = 8_000 + 30_000;
    for name in ["a", "b", "a"] {
        assert_eq!(bench.until(expected - 1), []);
        let effects = bench.until(expected);
        assert_eq!(keys(&effects), [abnormality(name)]);
        assert_eq!(
            bench.done(sent(&effects), fault()),
            [],
            "a probe is not a series"
        );
        expected += 30_000;
    }
    let effects = bench.until(expected);
    let effects = bench.done(sent(&effects), Outcome::Accepted);
    assert_eq!(told(effects.clone()), [delivered(abnormality("b"))]);
    assert_eq!(keys(&effects), [abnormality("a")]);
}

/// PUSH-5: a probe that hangs is given up like any other attempt.
#[test]
fn a_probe_that_hangs_is_followed_by_the_next_one() {
    let mut bench = lost_with(&["a"]);
    assert_eq!(keys(&bench.until(38_000)), [abnormality("a")]);
    assert_eq!(bench.until(69_999), []);
    assert_eq!(keys(&bench.until(70_000)), [abnormality("a")]);
}

/// PUSH-5
#[test]
fn nothing_probes_while_another_push_is_under_way() {
    let mut bench = lost_with(&["a"]);
    bench.until(37_000);
    bench.take(crossing("car"));
    let effects = bench.until(46_999);
    assert!(
        keys(&effects).iter().all(|key| *key == crossing("car")),
        "{effects:?}"
    );
    assert_eq!(keys(&bench.until(77_000)), [abnormality("a")]);
}

/// PUSH-5, D-16: a refused probe is an answer, and its message is pushed like the others.
#[test]
fn a_refused_probe_releases_the_others_and_then_itself() {
    let mut bench = lost_with(&["poison", "b"]);
    let probe = sent(&bench.until(38_000));
    let effects = bench.done(probe, refused());
    assert!(effects.contains(&Effect::NetworkBack));
    assert_eq!(keys(&effects), [abnormality("b")]);
    bench.done(sent(&effects), Outcome::Accepted);
    let effects = bench.until(40_000);
    assert_eq!(
        (keys(&effects), sends(&effects)[0].number),
        (vec![abnormality("poison")], 1)
    );
}

/// D-16, PUSH-5
#[test]
fn a_refused_abnormality_is_recorded_with_the_reason_and_rests_until_the_network_was_lost() {
    let mut bench = bench();
    let effects = bench.take(abnormality("poison"));
    let effects = bench.answer_all(effects, &refused(), 100_000);
    assert_eq!(sends(&effects).len(), 5);
    assert_eq!(
        told(effects),
        [failed(abnormality("poison"), Reason::Refused(refusal()))]
    );

    let attempt = sent(&bench.take(crossing("b")));
    assert_eq!(
        sends(&bench.done(attempt, Outcome::Accepted)),
        [],
        "an answer alone is no reason"
    );
    let attempt = sent(&bench.take(crossing("c")));
    bench.done(attempt, fault());
    let retry = bench.until(bench.now + 2_000);
    let effects = bench.done(sent(&retry), Outcome::Accepted);
    assert_eq!(keys(&effects), [abnormality("poison")]);
}

/// PUSH-5: each failure of such a message breaks the network's good name, each other push mends
/// it; were there no rest, the message would be pushed without end.
#[test]
fn a_message_that_makes_the_platform_stumble_is_not_pushed_in_a_tight_loop() {
    let mut bench = bench();
    let poison = abnormality("poison");
    let mut effects = bench.take(poison.clone());
    let mut pushes = 0;
    for second in 1..=3_600_u64 {
        for send in sends(&effects) {
            pushes += usize::from(send.key == poison);
            let outcome = if send.key == poison {
                fault()
            } else {
                Outcome::Accepted
            };
            effects.extend(bench.done(send.attempt, outcome));
        }
        effects = bench.until(second * 1000);
        effects.extend(bench.take(crossing(&second.to_string())));
    }
    assert!((40..=60).contains(&pushes), "{pushes} in an hour");
}

/// PUSH-5
#[test]
fn messages_that_are_never_taken_leave_half_of_the_places_to_others() {
    let names: Vec<_> = (0..8).map(|n| n.to_string()).collect();
    let mut bench = lost_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let effects = bench.give(Input::Contact);
    assert_eq!(sends(&effects).len(), 4);
    for fresh in ["a", "b", "c", "d"] {
        assert_eq!(keys(&bench.take(crossing(fresh))), [crossing(fresh)]);
    }
    assert_eq!(bench.take(crossing("e")), []);
}

/// PUSH-5: an operator may have it pushed again by hand.
#[test]
fn a_failed_abnormality_that_is_taken_again_is_pushed_at_once() {
    let mut bench = lost_with(&["a"]);
    assert_eq!(keys(&bench.take(abnormality("a"))), [abnormality("a")]);
    assert_eq!(bench.take(abnormality("a")), []);
}

/// ABN-5: for an hour after the failures nothing is pushed, least of all an abnormality.
#[test]
fn what_could_not_be_pushed_is_no_abnormality() {
    let mut bench = bench();
    let asked = bench.ask("a", 1);
    bench.take(crossing("a"));
    let effects = bench.answer_all(asked, &fault(), 60_000);
    let settled = told(effects);
    assert!(settled.contains(&failed(recognition("a"), no_connection())));
    assert!(settled.contains(&failed(crossing("a"), no_connection())));
    let back = bench.give(Input::Contact);
    assert_eq!(sends(&back), []);
    assert_eq!(sends(&bench.until(3_600_000)), []);
    assert_eq!(bench.machine.depth(), Depth::default());
}

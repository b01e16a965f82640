//! A recognition: decided, or let through within the budget.

use super::*;

/// RECOG-1
#[test]
fn an_accepted_vehicle_may_pass_and_its_recognition_is_delivered() {
    let mut bench = bench();
    let attempt = sent(&bench.ask("a", 1));
    assert_eq!(
        told(bench.done(attempt, Outcome::Accepted)),
        [
            verdict("a", 1, Verdict::MayPass),
            delivered(recognition("a"))
        ]
    );
    assert_eq!(
        (bench.machine.depth(), bench.machine.deadline()),
        (Depth::default(), None)
    );
}

/// RECOG-1, RECOG-2
#[test]
fn a_refusal_is_a_decision_and_the_next_question_starts_a_new_series() {
    let mut bench = bench();
    let mut effects = bench.ask("a", 1);
    for ask in 1..=20 {
        let [send] = &sends(&effects)[..] else {
            panic!("{effects:?}")
        };
        assert_eq!(
            (send.number, send.timeout),
            (1, Duration::from_millis(1900))
        );
        assert_eq!(
            told(bench.done(send.attempt, refused())),
            [
                verdict("a", ask, Verdict::MayNot(refusal())),
                delivered(recognition("a"))
            ]
        );
        bench.until(ask * 2000);
        effects = bench.ask("a", ask + 1);
    }
}

/// PUSH-1, PUSH-2, PUSH-3, D-17
#[test]
fn a_silent_platform_is_asked_five_times_and_the_vehicle_is_let_through_after_ten_seconds() {
    let mut bench = bench();
    assert_eq!(sends(&bench.ask("a", 1))[0].number, 1);
    for number in 2..=5 {
        let slot_ends = u64::from(number - 1) * 2000;
        assert_eq!(sends(&bench.until(slot_ends - 1)), []);
        let sends = sends(&bench.until(slot_ends));
        assert_eq!(
            sends.iter().map(|send| send.number).collect::<Vec<_>>(),
            [number]
        );
    }
    assert_eq!(bench.until(9_999), []);
    let reason = Reason::Fault(Fault::TimedOut);
    assert_eq!(
        bench.until(10_000),
        [
            verdict(
                "a",
                1,
                Verdict::Undeliverable {
                    reason: reason.clone()
                }
            ),
            failed(recognition("a"), reason)
        ]
    );
}

/// PUSH-1, PUSH-2, D-2, D-17
#[test]
fn an_attempt_that_fails_early_waits_for_its_slot_so_that_a_hiccup_releases_nobody() {
    let mut bench = bench();
    let effects = bench.ask("a", 1);
    let effects = bench.answer_all(effects, &fault(), 7_999);
    assert_eq!(sends(&effects).len(), 4);
    assert_eq!(told(effects), []);
    let attempt = sent(&bench.until(8_000));
    assert_eq!(
        told(bench.done(attempt, Outcome::Accepted)),
        [
            verdict("a", 1, Verdict::MayPass),
            delivered(recognition("a"))
        ]
    );
}

/// PUSH-3
#[test]
fn a_failed_recognition_is_never_pushed_again_and_whoever_asks_is_let_through() {
    let mut bench = bench();
    let effects = bench.ask("a", 1);
    bench.answer_all(effects, &fault(), 60_000);
    let let_through = Verdict::Undeliverable {
        reason: no_connection().into(),
    };
    assert_eq!(bench.ask("a", 2), [verdict("a", 2, let_through)]);
    assert_eq!(bench.take(recognition("a")), []);
    assert_eq!(bench.give(Input::Contact), [Effect::NetworkBack]);
    assert_eq!(bench.until(600_000), []);
}

/// D-4, D-16, D-18: whoever is turned away has been answered and is not let through, but nobody has kept
/// the record, which is to be fetched.
#[test]
fn a_recognition_that_is_turned_away_is_refused_and_not_delivered() {
    let mut bench = bench();
    for code in ["TIME_SKEW", "BAD_TOKEN", "WRONG_ADDRESS"] {
        let refusal = Refusal::new(code, "不行");
        let attempt = sent(&bench.ask("a", 1));
        assert_eq!(
            told(bench.done(attempt, Outcome::Refused(refusal.clone()))),
            [
                verdict("a", 1, Verdict::MayNot(refusal.clone())),
                failed(recognition("a"), Reason::Refused(refusal))
            ]
        );
    }
    let attempt = sent(&bench.ask("a", 2));
    let effects = told(bench.done(attempt, Outcome::Accepted));
    let passes = verdict("a", 2, Verdict::MayPass);
    assert_eq!(effects, [passes, delivered(recognition("a"))]);
}

/// PUSH-2: what was decided once and then asked again is a push of its own.
#[test]
fn a_network_that_dies_between_two_questions_lets_a_refused_vehicle_through() {
    let mut bench = bench();
    let attempt = sent(&bench.ask("a", 1));
    bench.done(attempt, refused());
    bench.until(2_000);
    let effects = bench.ask("a", 2);
    let effects = told(bench.answer_all(effects, &fault(), 12_000));
    assert_eq!(
        effects,
        [
            verdict(
                "a",
                2,
                Verdict::Undeliverable {
                    reason: no_connection().into()
                }
            ),
            failed(recognition("a"), no_connection())
        ]
    );
}

/// RECOG-3
#[test]
fn an_answer_to_an_earlier_question_is_no_verdict_for_the_latest() {
    let mut bench = bench();
    let old = sent(&bench.ask("a", 1));
    bench.until(500);
    assert_eq!(
        bench.ask("a", 2),
        [],
        "two requests of a record never overtake each other"
    );
    let effects = bench.done(old, Outcome::Accepted);
    assert_eq!(told(effects.clone()), []);
    let new = sent(&effects);
    assert_eq!(
        told(bench.done(new, refused())),
        [
            verdict("a", 2, Verdict::MayNot(refusal())),
            delivered(recognition("a"))
        ]
    );
}

/// D-17: the answer to the old question broke the row of failures, and the budget still holds.
#[test]
fn the_latest_question_is_answered_within_the_budget_however_late_the_earlier_answer_was() {
    let mut bench = bench();
    let old = sent(&bench.ask("a", 1));
    bench.ask("a", 2);
    bench.until(1_899);
    let first = bench.done(old, Outcome::Accepted);
    let effects = bench.answer_all(first, &Outcome::Fault(Fault::Status(502)), 10_000);
    assert_eq!(
        sends(&effects)
            .iter()
            .map(|send| send.number)
            .collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    let reason: Reason = Fault::Status(502).into();
    assert_eq!(
        told(effects),
        [
            verdict(
                "a",
                2,
                Verdict::Undeliverable {
                    reason: reason.clone()
                }
            ),
            failed(recognition("a"), reason)
        ]
    );
}

/// PUSH-2: a row of failures is one row, whatever was asked in between.
#[test]
fn asking_again_does_not_start_the_row_of_failures_anew() {
    let mut bench = bench();
    let mut effects = bench.ask("a", 1);
    for ask in 2..=10 {
        effects.extend(bench.until((ask - 1) * 1000));
        effects.extend(bench.ask("a", ask));
    }
    assert_eq!(sends(&effects).len(), 5);
    let reason = Reason::Fault(Fault::TimedOut);
    assert_eq!(
        bench.until(10_000),
        [
            verdict(
                "a",
                10,
                Verdict::Undeliverable {
                    reason: reason.clone()
                }
            ),
            failed(recognition("a"), reason)
        ]
    );
}

/// RECOG-3, PUSH-1
#[test]
fn an_answer_after_the_time_out_shows_that_the_network_is_there_and_lifts_no_barrier() {
    let mut bench = bench();
    let late = sent(&bench.ask("a", 1));
    let effects = bench.until(2_000);
    assert!(effects.contains(&Effect::NetworkLost));
    let current = sent(&effects);
    assert_eq!(bench.done(late, Outcome::Accepted), [Effect::NetworkBack]);
    assert_eq!(
        bench.done(late, Outcome::Accepted),
        [],
        "nor does a second answer"
    );
    assert_eq!(bench.done(late, fault()), []);
    assert_eq!(bench.machine.network(), Network::Up);
    assert_eq!(told(bench.done(current, Outcome::Accepted)).len(), 2);
}

/// RECOG-1: an answer that lay there in time is good, though the machine was called late.
#[test]
fn an_answer_that_is_looked_at_before_the_time_counts() {
    let mut bench = bench();
    let attempt = sent(&bench.ask("a", 1));
    bench.now = 2_500;
    assert_eq!(told(bench.done(attempt, Outcome::Accepted)).len(), 2);
}

/// RECOG-2
#[test]
fn the_same_question_twice_is_one_question() {
    let mut bench = bench();
    let attempt = sent(&bench.ask("a", 1));
    assert_eq!(bench.ask("a", 1), []);
    assert_eq!(
        told(bench.done(attempt, Outcome::Accepted)),
        [
            verdict("a", 1, Verdict::MayPass),
            delivered(recognition("a"))
        ]
    );
}

/// RECOG-1, D-14
#[test]
fn a_recognition_nobody_waits_for_is_delivered_by_either_answer_and_tells_no_lane() {
    let mut bench = bench();
    for (record, outcome) in [("a", Outcome::Accepted), ("b", refused())] {
        let attempt = sent(&bench.take(recognition(record)));
        assert_eq!(
            told(bench.done(attempt, outcome)),
            [delivered(recognition(record))]
        );
    }
}

/// D-17: a program that was stopped for a while does not rush, nor keep the vehicle.
#[test]
fn after_a_long_stop_of_the_clock_the_rest_of_the_series_takes_half_slots() {
    let mut bench = bench();
    bench.ask("a", 1);
    bench.now = 60_000;
    let first = bench.give(Input::Tick);
    assert_eq!(sends(&first)[0].timeout, Duration::from_millis(950));
    let effects = bench.until(64_000);
    assert_eq!((sends(&effects).len(), told(effects).len()), (3, 2));
}

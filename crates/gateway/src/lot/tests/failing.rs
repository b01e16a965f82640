//! A platform that does not answer, or refuses what it should take.

use super::*;
use boshi_protocol::delivery::{Fault, Outcome, Policy};
use std::num::NonZeroUsize;

/// PUSH-1, PUSH-2, PUSH-3, D-17: let through within ten seconds, and recorded as failed.
#[test]
fn after_five_faults_the_vehicle_is_released_blind_and_its_recognition_has_failed() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.arrives(ONE, "粤B12345");
    let asked = scene.now;
    scene.wait(seconds(10));
    let numbers: Vec<u32> = scene
        .pushed(Kind::Recognition)
        .iter()
        .map(|(_, push)| push.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(
        scene.settled(Kind::Recognition),
        ["failed 5 无法连接：refused"]
    );
    assert_eq!(scene.causes(), ["blind"]);
    let lifted = scene.log.iter().find_map(|(at, step)| match step {
        Step::Do(Action::Drive { .. }) => Some(at.tick.since(asked.tick)),
        _ => None,
    });
    assert!(lifted.unwrap() <= seconds(10));
    scene.crosses(ONE);
    assert_eq!(scene.outcomes(), ["released_blind"]);
    scene.wait(seconds(60));
    assert_eq!(scene.pushed(Kind::Recognition).len(), 5, "never again");
}

/// PUSH-3: only who is still on the loop is let through.
#[test]
fn a_vehicle_that_left_before_the_fifth_fault_is_not_released() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.arrives(ONE, "粤B12345");
    scene.wait(seconds(5));
    scene.trigger(ONE, false);
    scene.wait(seconds(10));
    assert_eq!(scene.drives(ONE), 0);
    assert_eq!(scene.settled(Kind::Recognition).len(), 1);
}

/// A single fault is made good by the next attempt, with the same record (PUSH-1, D-17).
#[test]
fn one_fault_is_no_failure() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.arrives(ONE, "粤B12345");
    scene.platform = Platform::Accepts;
    scene.wait(seconds(2));
    assert_eq!(scene.causes(), ["may_pass"]);
    assert_eq!(scene.settled(Kind::Recognition), ["delivered 2"]);
}

/// D-16, PUSH-4, ABN-5
#[test]
fn a_refused_crossing_has_failed_after_five_attempts_and_is_not_pushed_again() {
    let mut scene = Scene::new();
    scene.arrives(ONE, "粤B12345");
    scene.platform = Platform::Refuses;
    scene.crosses(ONE);
    scene.wait(seconds(60));
    assert_eq!(scene.pushed(Kind::Crossing).len(), 5);
    let settled = scene.settled(Kind::Crossing);
    assert_eq!(settled, ["failed 5 平台拒收：NO_PERMIT 未授权"]);
    let told = |what: &&What| {
        matches!(
            what,
            What::PushFailed {
                kind: "crossing",
                ..
            }
        )
    };
    assert_eq!(scene.told().filter(told).count(), 1);
    assert!(scene.abnormal().is_empty());
}

/// ABN-5
#[test]
fn a_dead_network_makes_no_abnormality() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.arrives(ONE, "粤B12345");
    scene.wait(seconds(11));
    scene.crosses(ONE);
    scene.wait(seconds(20));
    assert_eq!(scene.settled(Kind::Recognition).len(), 1);
    assert_eq!(scene.settled(Kind::Crossing).len(), 1);
    assert!(scene.abnormal().is_empty());
}

/// PUSH-5
#[test]
fn a_failed_abnormality_is_pushed_again_when_the_network_is_back() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.trigger(ONE, true);
    scene.wait(seconds(31));
    assert_eq!(scene.abnormal().len(), 1);
    scene.wait(seconds(11));
    assert!(scene.settled(Kind::Abnormality)[0].starts_with("failed 5"));
    let lost = |what: &&What| matches!(what, What::NetworkLost);
    assert_eq!(scene.told().filter(lost).count(), 1);
    scene.platform = Platform::Accepts;
    scene.forget();
    scene.say(Input::Contact);
    let back = |what: &&What| matches!(what, What::NetworkBack);
    assert_eq!(scene.told().filter(back).count(), 1);
    let (_, push) = scene.pushed(Kind::Abnormality)[0];
    assert!(push.letter.is_none(), "the journal has it");
    assert_eq!(scene.settled(Kind::Abnormality), ["delivered 1"]);
}

/// D-16: also what the platform refuses is kept, and told again later.
#[test]
fn a_refused_abnormality_is_recorded_with_the_reason() {
    let mut scene = Scene::new();
    scene.platform = Platform::Refuses;
    scene.trigger(ONE, true);
    scene.reads(ONE, "粤B12345");
    scene.wait(seconds(45));
    let settled = scene.settled(Kind::Abnormality);
    assert_eq!(settled[0], "failed 5 平台拒收：NO_PERMIT 未授权");
}

/// A bounded outbox: what has no room waits in the journal, in its order.
#[test]
fn with_more_records_than_room_all_are_pushed_and_no_crossing_before_its_recognition() {
    let one = NonZeroUsize::new(1).unwrap();
    let mut scene = Scene::with_policy(Policy {
        backlog_in_flight: one,
        backlog_kept: one,
        budget: seconds(1000),
        ..Policy::default()
    });
    scene.wait(seconds(11));
    scene.command(ONE, lane::Order::HoldOpen).unwrap().unwrap();
    scene.platform = Platform::Thinks;
    for number in 0..5 {
        scene.arrives(ONE, &format!("粤B{number:05}"));
        scene.crosses(ONE);
        scene.wait(millis(100));
    }
    assert_eq!(scene.under_way.len(), 1);
    assert_eq!(scene.lot.backlog.len(), 9);
    scene.platform = Platform::Accepts;
    scene.answers(Outcome::Accepted);
    let pushed: Vec<(Kind, &str)> = scene
        .pushes()
        .iter()
        .map(|(_, push)| (push.key.kind, push.key.id.as_str()))
        .collect();
    let expected: Vec<(Kind, String)> = (1..=5)
        .flat_map(|number| {
            [Kind::Recognition, Kind::Crossing].map(|kind| (kind, format!("r{number}")))
        })
        .collect();
    let expected: Vec<(Kind, &str)> = expected
        .iter()
        .map(|(kind, id)| (*kind, id.as_str()))
        .collect();
    assert_eq!(pushed, expected);
    assert!(scene.lot.backlog.is_empty());
    assert_eq!(scene.lot.letters.len(), 0);
}

/// D-2: a late answer shows that the network is there, and nothing else.
#[test]
fn an_answer_after_its_time_opens_nothing() {
    let mut scene = Scene::new();
    scene.platform = Platform::Thinks;
    scene.arrives(ONE, "粤B12345");
    scene.wait(seconds(3));
    assert_eq!(scene.under_way.len(), 2, "the first was given up");
    scene.answers(Outcome::Accepted);
    assert_eq!(scene.drives(ONE), 0);
    scene.answers(Outcome::Fault(Fault::Status(502)));
    assert_eq!(scene.drives(ONE), 0);
}

#[test]
fn every_attempt_is_written_down_with_what_came_of_it() {
    let mut scene = Scene::new();
    scene.platform = Platform::Unreachable;
    scene.arrives(ONE, "粤B12345");
    scene.platform = Platform::Accepts;
    scene.wait(seconds(2));
    let attempts: Vec<(u32, &str)> = scene.written(|entry| match entry {
        Entry::Attempt(it) => Some((it.number, it.outcome.as_str())),
        _ => None,
    });
    assert_eq!(attempts, [(1, "fault 无法连接：refused"), (2, "accepted")]);
}

//! What a start reads of the runs before it, and how the devices have been.

use super::super::entry::{ActDone, Lift};
use super::super::{DeviceChange, Part, RunStep};
use super::*;

async fn steps(journal: &Journal, step: RunStep, millis: i64) {
    let at = at(millis);
    journal.write(vec![Entry::Run { step, at }]).await.unwrap();
}

const STARTED: RunStep = RunStep::Started { version: "1.2.3" };

#[tokio::test]
async fn a_run_that_was_cut_off_is_known_by_when_it_was_last_alive() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    assert_eq!(journal.runs(1).await, Ok(vec![]));
    steps(&journal, STARTED, 1_000).await;
    steps(&journal, RunStep::Alive, 2_000).await;
    steps(&journal, RunStep::Stopped, 3_000).await;
    steps(&journal, STARTED, 5_000).await;
    steps(&journal, RunStep::Alive, 6_000).await;
    let runs = journal.runs(9).await.unwrap();
    let known = runs.iter().map(|run| {
        let times = (run.started_at, run.alive_at, run.stopped_at);
        (run.version.as_str(), times)
    });
    let expected = [
        ("1.2.3", (at(5_000), at(6_000), None)),
        ("1.2.3", (at(1_000), at(3_000), Some(at(3_000)))),
    ];
    assert_eq!(known.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn only_the_latest_thousand_runs_are_remembered() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let entries = (0..1_003).map(|millis| Entry::Run {
        step: STARTED,
        at: at(millis),
    });
    journal.write(entries.collect()).await.unwrap();
    let runs = journal.runs(2_000).await.unwrap();
    let first = runs.last().map(|run| run.started_at);
    assert_eq!((runs.len(), first), (1_000, Some(at(3))));
}

/// D-18
#[tokio::test]
async fn passages_that_were_not_over_are_interrupted_and_no_others() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let entries = vec![
        Entry::Recognition(recognition("over", 1)),
        Entry::Recognition(recognition("cut", 2)),
        Entry::Outcome {
            lot: lot(),
            record: record("over"),
            outcome: "crossed".to_owned(),
            at: at(3),
        },
    ];
    journal.write(entries).await.unwrap();
    assert_eq!(journal.open_passages(&lot()).await, Ok(1));
    let other = LotId::new("LOT-2").unwrap();
    for lot in [other, lot()] {
        let interrupted = Entry::Interrupted {
            lot,
            but: Vec::new(),
            at: at(4),
        };
        journal.write(vec![interrupted]).await.unwrap();
    }
    assert_eq!(journal.open_passages(&lot()).await, Ok(0));
    let outcomes = journal.summary(&lot()).await.unwrap().outcomes;
    let expected = [("crossed".to_owned(), 1), ("interrupted".to_owned(), 1)];
    assert_eq!(outcomes, expected);
}

/// ABN-1, ABN-3
#[tokio::test]
async fn each_change_of_a_device_is_kept_and_what_is_no_change_is_not() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let device = |name: &str, online, millis| {
        Entry::DeviceState(DeviceChange {
            lot: lot(),
            lane: "01".to_owned(),
            device: DeviceNo::new(name).unwrap(),
            online,
            at: at(millis),
        })
    };
    let told = vec![
        device("CAM-01", true, 1),
        device("BAR-01", true, 2),
        device("CAM-01", true, 3),
        device("CAM-01", false, 4),
        device("CAM-01", false, 5),
        device("CAM-01", true, 6),
    ];
    journal.write(told).await.unwrap();
    let part = Part {
        before: None,
        limit: 10,
    };
    let camera = Some("CAM-01".to_owned());
    let changes = journal.device_changes(&lot(), camera, part).await.unwrap();
    let changes = changes.iter().map(|(_, it)| (it.online, it.at));
    let expected = [(true, at(6)), (false, at(4)), (true, at(1))];
    assert_eq!(changes.collect::<Vec<_>>(), expected);
    let states = journal.device_states(&lot()).await.unwrap();
    let states = states.iter().map(|it| (it.device.as_str(), it.at));
    let expected = [("BAR-01", at(2)), ("CAM-01", at(6))];
    assert_eq!(states.collect::<Vec<_>>(), expected);
}

/// D-18: what goes on after a start is what was let through lately and has no end.
#[tokio::test]
async fn a_passage_goes_on_if_the_barrier_was_driven_for_it_lately_and_did_not_refuse() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let lift = |of: &str, act: u64, millis: i64| {
        Entry::Lift(Lift {
            lot: lot(),
            lane: "01".to_owned(),
            act,
            cause: "may_pass".to_owned(),
            record: Some(record(of)),
            at: at(millis),
        })
    };
    let result = |act: u64, result: &str| {
        Entry::ActDone(ActDone {
            lot: lot(),
            lane: "01".to_owned(),
            act,
            result: result.to_owned(),
            at: at(9_000),
        })
    };
    let names = [
        "long-ago",
        "waits",
        "over",
        "refused",
        "unanswered",
        "again",
    ];
    let recognitions = names.map(|name| Entry::Recognition(recognition(name, 1)));
    journal.write(recognitions.to_vec()).await.unwrap();
    let entries = vec![
        lift("long-ago", 1, 4_999),
        lift("again", 2, 5_000),
        lift("over", 3, 6_000),
        result(3, "done"),
        Entry::Outcome {
            lot: lot(),
            record: record("over"),
            outcome: "crossed".to_owned(),
            at: at(7_000),
        },
        lift("refused", 4, 6_000),
        result(4, "继电器无响应"),
        lift("unanswered", 5, 7_000),
        lift("again", 6, 8_000),
        result(6, "done"),
    ];
    journal.write(entries).await.unwrap();
    let going_on = journal.let_through(&lot(), at(5_000)).await.unwrap();
    let going_on: Vec<_> = going_on
        .iter()
        .map(|it| (it.record.as_str(), it.lifted_at))
        .collect();
    assert_eq!(going_on, [("unanswered", at(7_000)), ("again", at(8_000))]);
    let interrupted = Entry::Interrupted {
        lot: lot(),
        but: vec![record("unanswered"), record("again")],
        at: at(9_500),
    };
    journal.write(vec![interrupted]).await.unwrap();
    assert_eq!(journal.open_passages(&lot()).await, Ok(2));
}

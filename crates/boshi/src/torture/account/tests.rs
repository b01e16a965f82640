mod told;

use std::sync::Arc;

use boshi_gateway::tally::{Abnormality, Recognition};
use boshi_platform::tally::{Abnormality as KeptAbnormality, Entry};
use boshi_protocol::id::RecordId;
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_simulator::equipment::{ActId, Fact, LiftNo, Outcome, Reading, Vehicle, VehicleId};

use super::*;

const PLATE: &str = "粤B12345";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn lane() -> Arc<str> {
    "01".into()
}

/// A vehicle comes, may pass, and crosses: as it happened, as it was written down, as it was stored.
fn world() -> Three {
    let (vehicle, lift, act) = (VehicleId(1), LiftNo(1), ActId(1));
    let plate = Plate::read(PLATE).unwrap();
    let mut ledger = Ledger::default();
    let driven = Vehicle::new(plate, PlateColor::Blue);
    ledger.arrived(vehicle, &lane(), driven, at(0));
    for (second, fact) in [
        (1, Fact::OnLoop(vehicle)),
        (1, read(vehicle)),
        (3, opened(act, lift)),
        (3, lifted(act, lift, Some(vehicle))),
        (5, Fact::SafetyPressed),
        (5, crossed(vehicle, lift)),
        (6, gone(vehicle)),
    ] {
        ledger.record(&lane(), at(second), &fact);
    }
    let id = "r1".to_owned();
    let both = [RecordKind::Recognition, RecordKind::Crossing];
    Three {
        ledger,
        journal: Journal {
            recognized: [id.clone()].into(),
            crossed: [id.clone()].into(),
            delivered: ["recognition", "crossing"]
                .map(|kind| (kind.to_owned(), id.clone()))
                .into(),
            recognitions: vec![recognition("r1", 1)],
            abnormalities: vec![abnormal("a1")],
            crossings: vec![crossing(PLATE, 5)],
            acts: vec![act_for("r1", "may_pass", 2)],
            commands_done: 1,
            ..Journal::default()
        },
        store: Store {
            abnormalities: vec![kept_abnormal("车辆未识别过闸！")],
            entries: both.map(|kind| entry(kind, "r1")).into(),
            allowed: [id].into(),
            commands_done: 1,
            ..Store::default()
        },
    }
}

fn read(vehicle: VehicleId) -> Fact {
    let reading = Reading {
        plate: Plate::read(PLATE).unwrap(),
        color: PlateColor::Blue,
        reliability: 96,
    };
    Fact::Read { vehicle, reading }
}

fn recognition(record: &str, second: i64) -> Recognition {
    Recognition {
        lane: "01".to_owned(),
        record: record.to_owned(),
        plate: Some(PLATE.to_owned()),
        replayed: false,
        at: at(second),
    }
}

fn abnormal(id: &str) -> Abnormality {
    Abnormality {
        id: id.to_owned(),
        code: "1501".to_owned(),
        device: None,
        msg: "车辆未识别过闸！".to_owned(),
        attempts: 1,
        delivered: Some(at(7)),
    }
}

fn kept_abnormal(msg: &str) -> KeptAbnormality {
    KeptAbnormality {
        code: "1501".to_owned(),
        device: None,
        msg: msg.to_owned(),
        digest: "00".to_owned(),
    }
}

fn opened(act: ActId, lift: LiftNo) -> Fact {
    Fact::Commanded {
        act,
        motion: Motion::Open,
        lift: Some(lift),
    }
}

fn lifted(act: ActId, lift: LiftNo, waiting: Option<VehicleId>) -> Fact {
    Fact::Lifted {
        lift,
        cause: Cause::Opened(act),
        waiting,
    }
}

fn crossed(vehicle: VehicleId, lift: LiftNo) -> Fact {
    Fact::Crossed {
        vehicle,
        lift: Some(lift),
    }
}

fn gone(vehicle: VehicleId) -> Fact {
    Fact::Gone {
        vehicle,
        outcome: Outcome::Crossed,
    }
}

fn crossing(plate: &str, second: i64) -> Crossing {
    Crossing {
        lane: "01".to_owned(),
        record: "r1".to_owned(),
        plate: Some(plate.to_owned()),
        at: at(second),
    }
}

fn act_for(record: &str, cause: &str, second: i64) -> Act {
    Act {
        lane: "01".to_owned(),
        cause: cause.to_owned(),
        record: Some(record.to_owned()),
        at: at(second),
    }
}

fn entry(kind: RecordKind, uuid: &str) -> Entry {
    Entry {
        kind,
        uuid: RecordId::new(uuid).unwrap(),
        plate: Some(PLATE.to_owned()),
        pushed: true,
        fetched: false,
    }
}

/// What is found wrong after `change`.
fn found(change: impl FnOnce(&mut Three)) -> Vec<String> {
    let mut world = world();
    change(&mut world);
    let account = Account::of(&world, &around());
    assert_eq!(account.is_whole(), account.wrong.is_empty());
    account.wrong.into_iter().map(|wrong| wrong.what).collect()
}

#[test]
fn what_happened_was_written_down_and_stored_is_whole() {
    assert_eq!(found(|_| {}), Vec::<String>::new());
}

fn around() -> Circumstances {
    Circumstances {
        speed: 1.0,
        off: SignedDuration::ZERO,
        downs: Vec::new(),
    }
}

fn assert_found(cases: Vec<(&str, Vec<String>)>) {
    for (expected, wrong) in cases {
        assert!(
            wrong.iter().any(|it| it.contains(expected)),
            "{expected}: {wrong:?}"
        );
    }
}

#[test]
fn each_record_that_must_not_be_is_found() {
    let another = |uuid| entry(RecordKind::Crossing, uuid);
    assert_found(vec![
        (
            "acknowledged and not stored",
            found(|it| drop(it.store.entries.pop())),
        ),
        (
            "written down and not stored",
            found(|it| {
                it.store.entries.pop();
                it.journal.delivered.clear();
            }),
        ),
        (
            "stored and never written down",
            found(|it| it.store.entries.push(another("r9"))),
        ),
        (
            "stored twice",
            found(|it| it.store.entries.push(another("r1"))),
        ),
        ("open for ever", found(|it| it.journal.open = 1)),
        (
            "1 presses are 0 crossings",
            found(|it| it.journal.crossings.clear()),
        ),
        (
            "1 presses are 2 crossings",
            found(|it| it.journal.crossings.push(crossing(PLATE, 9))),
        ),
        (
            "which was not there",
            found(|it| it.journal.crossings[0] = crossing("粤B99999", 5)),
        ),
    ]);
}

#[test]
fn each_lift_that_must_not_be_is_found() {
    let act = |cause: &str, second| act_for("r1", cause, second);
    let (again, once_more) = (ActId(2), LiftNo(2));
    assert_found(vec![
        (
            "nobody has written why",
            found(|it| it.journal.acts.clear()),
        ),
        (
            "nobody has written why",
            found(|it| it.journal.acts[0] = act("may_pass", 4)),
        ),
        (
            "nobody has written why",
            found(|it| {
                it.ledger.record(&lane(), at(4), &opened(again, once_more));
            }),
        ),
        (
            "lifted for nobody",
            found(|it| {
                it.journal.acts.push(act_for("r2", "may_pass", 29));
                it.store.allowed.insert("r2".to_owned());
                it.ledger.record(&lane(), at(30), &opened(again, once_more));
                it.ledger
                    .record(&lane(), at(30), &lifted(again, once_more, None));
            }),
        ),
        (
            "nobody has decided that it may",
            found(|it| it.store.allowed.clear()),
        ),
        (
            "its push has not failed",
            found(|it| it.journal.acts[0] = act("blind", 2)),
        ),
        (
            "lifted for it twice",
            found(|it| it.journal.acts.push(act("may_pass", 9))),
        ),
        (
            "2 orders are said to be carried out, 1 were",
            found(|it| it.store.commands_done = 2),
        ),
    ]);
}

/// The story begins where the two begin to differ, not where a press was told late.
#[test]
fn the_first_crossing_too_many_and_the_first_press_too_many_are_found_by_their_times() {
    let presses = [10, 20, 30].map(at);
    let told_late = [
        crossing(PLATE, 12),
        crossing(PLATE, 25),
        crossing(PLATE, 26),
    ];
    let one_more: Vec<&Crossing> = [&told_late[0], &told_late[1], &told_late[2]].into();
    assert_eq!(
        first_apart(&presses, &one_more),
        Some(at(26)),
        "26 is before 30"
    );
    let one_less: Vec<&Crossing> = [&told_late[1], &told_late[2]].into();
    assert_eq!(first_apart(&presses, &one_less), Some(at(10)));
}

/// RECOG-3 allows for a message that is under way; a vehicle under another's arm may be taken for it.
#[test]
fn what_may_be_is_not_wrong() {
    let left_lately = found(|it| {
        it.journal.acts.push(act_for("r2", "may_pass", 6));
        it.store.allowed.insert("r2".to_owned());
        it.ledger
            .record(&lane(), at(7), &opened(ActId(2), LiftNo(2)));
        it.ledger
            .record(&lane(), at(7), &lifted(ActId(2), LiftNo(2), None));
    });
    assert_eq!(left_lately, Vec::<String>::new());
    let unread = found(|it| it.journal.crossings[0].plate = None);
    assert_eq!(unread, Vec::<String>::new());
    let answer_lost = found(|it| it.store.commands_done = 0);
    assert_eq!(answer_lost, Vec::<String>::new());
}

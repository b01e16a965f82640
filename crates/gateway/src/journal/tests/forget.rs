//! What becomes too old, and what never does.

use boshi_protocol::code::{AbnormalCode, PlaceStatus};
use boshi_protocol::id::PlaceNo;
use boshi_protocol::lane::Side;

use super::super::insert::forget::ROWS_AT_ONCE;
use super::super::{Abnormality, Act, Attempt, DeviceChange, Lift, OccupancyBase, Outdated, Place};
use super::*;

fn settled_at(key: Key, state: Settled, millis: i64) -> Entry {
    Entry::Settled(Settlement {
        lot: lot(),
        key,
        settled: state,
        attempts: 5,
        at: at(millis),
    })
}

fn abnormality(name: &str, millis: i64) -> Entry {
    Entry::Abnormality(Abnormality {
        lot: lot(),
        id: record(name),
        occurrence: record(name),
        code: AbnormalCode::BarrierLost,
        device: None,
        msg: "道闸连接异常".to_owned(),
        at: at(millis),
    })
}

async fn unpushed(journal: &Journal) -> Vec<String> {
    let lot = lot();
    let found = journal.unpushed_recognitions(&lot, at(0), at(99_000), page(100, 1));
    let (_, found) = found.await.unwrap();
    let names = found.into_iter().map(|it| it.record.to_string());
    names.collect()
}

/// UNPUSH-2: to the millisecond, however often it is looked for what is too old.
#[tokio::test]
async fn a_failed_push_is_there_for_the_whole_retention_and_not_longer() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for (name, millis) in [("old", 1_000), ("young", 5_000)] {
        let key = Key::recognition(record(name));
        let entries = vec![
            Entry::Recognition(recognition(name, millis)),
            settled_at(key, super::failed(), millis + 10),
        ];
        journal.write(entries).await.unwrap();
    }
    for (before, left) in [
        (1_000, ["old", "young"].as_slice()),
        (1_010, &["old", "young"]),
        (1_011, &["young"]),
        (5_010, &["young"]),
        (5_011, &[]),
    ] {
        journal.forget(&lot(), outworn(before)).await.unwrap();
        assert_eq!(unpushed(&journal).await, left, "before {before}");
    }
    let old = Key::recognition(record("old"));
    let gone = journal.letters(&lot(), vec![old]).await.unwrap();
    assert_eq!(gone, []);
}

/// D-18, PUSH-5
#[tokio::test]
async fn what_is_to_be_pushed_never_goes_nor_does_the_recognition_of_a_pending_crossing() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let delivered = |key| settled_at(key, Settled::Delivered, 10);
    let entries = vec![
        Entry::Recognition(recognition("pending", 1)),
        Entry::Recognition(recognition("crossed", 2)),
        Entry::Crossing(crossing("crossed", 3)),
        delivered(Key::recognition(record("crossed"))),
        abnormality("waits", 4),
        abnormality("failed", 5),
        settled_at(Key::abnormality(record("failed")), super::failed(), 6),
        abnormality("told", 7),
        delivered(Key::abnormality(record("told"))),
    ];
    journal.write(entries).await.unwrap();
    journal.forget(&lot(), outworn(50_000)).await.unwrap();
    let pending = journal.pending(&lot()).await.unwrap();
    let keys: Vec<Key> = pending.into_iter().map(|it| it.key).collect();
    let expected = [
        Key::recognition(record("pending")),
        Key::crossing(record("crossed")),
        Key::abnormality(record("waits")),
        Key::abnormality(record("failed")),
    ];
    assert_eq!(keys, expected);
    let told = Key::abnormality(record("told"));
    let crossed = Key::recognition(record("crossed"));
    let asked = [vec![told, crossed.clone()], expected[2..].to_vec()].concat();
    let kept = journal.letters(&lot(), asked).await.unwrap();
    let kept: Vec<Key> = kept.into_iter().map(|(key, _)| key).collect();
    let still_there = [vec![crossed], expected[2..].to_vec()].concat();
    assert_eq!(kept, still_there, "D-14");
}

/// How many are inside does not change because what is old goes, until somebody counts anew.
#[tokio::test]
async fn vehicles_inside_are_not_forgotten_with_their_crossings() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let pass = async |name: &str, side, millis| {
        let entries = vec![
            Entry::Crossing(Crossing {
                side,
                plate: None,
                ..crossing(name, millis)
            }),
            settled_at(Key::crossing(record(name)), Settled::Delivered, millis),
        ];
        journal.write(entries).await.unwrap();
    };
    let inside = async || journal.occupancy(&lot()).await.unwrap().inside();
    for (name, side, millis) in [
        ("a", Side::Entry, 1_000),
        ("b", Side::Entry, 2_000),
        ("c", Side::Exit, 3_000),
        ("d", Side::Entry, 4_000),
    ] {
        pass(name, side, millis).await;
    }
    for before in [1_500, 3_500, 3_500, 50_000] {
        journal.forget(&lot(), outworn(before)).await.unwrap();
        assert_eq!(inside().await, 2, "before {before}");
    }
    let counted = Entry::Occupancy(OccupancyBase {
        lot: lot(),
        at: at(60_000),
        inside: 7,
    });
    // One that was there when they were counted.
    pass("e", Side::Entry, 55_000).await;
    journal.write(vec![counted]).await.unwrap();
    pass("f", Side::Exit, 61_000).await;
    assert_eq!(inside().await, 6);
    journal.forget(&lot(), outworn(90_000)).await.unwrap();
    assert_eq!(inside().await, 6);
    let now = journal.occupancy(&lot()).await.unwrap();
    assert_eq!((now.entered, now.left), (0, 1));
}

/// A record and what the outbox says of it are one: the proof of a day holds while they go.
#[tokio::test]
async fn many_records_go_a_few_at_a_time_and_the_proof_holds_in_between() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let many = 2 * i64::from(ROWS_AT_ONCE) + 1;
    let entries = (0..many).flat_map(|millis| {
        let key = Key::recognition(record(&millis.to_string()));
        let it = Entry::Recognition(recognition(&millis.to_string(), millis));
        [it, settled_at(key, Settled::Delivered, millis)]
    });
    journal.write(entries.collect()).await.unwrap();
    let mut left = Vec::new();
    for _ in 0..4 {
        let (lot, what) = (lot(), Outdated::Recognitions);
        let before = at(50_000);
        let forget = Entry::Forget { lot, what, before };
        journal.write(vec![forget]).await.unwrap();
        let proof = journal.proof(&super::lot(), at(0), at(99_000)).await;
        let account = proof.unwrap().recognitions;
        assert!(account.holds());
        left.push(account.total);
    }
    let rows = u64::from(ROWS_AT_ONCE);
    assert_eq!(left, [rows + 1, 1, 0, 0]);
}

#[tokio::test]
async fn logs_go_by_their_age_attempts_sooner_and_each_device_keeps_its_last_state() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let entries = [1_000, 5_000].into_iter().flat_map(|millis| {
        let at = at(millis);
        let by = |text: &str| text.to_owned();
        [
            Entry::Attempt(Attempt {
                lot: lot(),
                key: Key::recognition(record("r")),
                number: 1,
                at,
                outcome: "accepted".to_owned(),
                millis: 3,
            }),
            Entry::Lift(Lift {
                lot: lot(),
                lane: "01".to_owned(),
                act: 1,
                cause: "may_pass".to_owned(),
                record: None,
                at,
            }),
            Entry::Act(Act {
                lot: lot(),
                at,
                by: by("王"),
                what: by("open"),
                subject: by("01"),
                reason: by("测试"),
                outcome: by("done"),
            }),
            Entry::DeviceState(DeviceChange {
                lot: lot(),
                lane: "01".to_owned(),
                device: DeviceNo::new("CAM-01").unwrap(),
                online: millis == 1_000,
                at,
            }),
        ]
    });
    journal.write(entries.collect()).await.unwrap();
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let file = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
        file.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let counts = || ["attempt", "lift", "act", "device_state"].map(count);
    let outworn = |attempts, records| Outworn {
        attempts: at(attempts),
        records: at(records),
    };
    for (attempts, records, left) in [
        (1_000, 1_000, [2, 2, 2, 2]),
        (1_001, 1_000, [1, 2, 2, 2]),
        (1_001, 1_001, [1, 1, 1, 1]),
        (0, 9_000, [0, 0, 0, 1]),
    ] {
        journal
            .forget(&lot(), outworn(attempts, records))
            .await
            .unwrap();
        assert_eq!(counts(), left, "attempts {attempts}, records {records}");
    }
    let other = LotId::new("LOT-2").unwrap();
    journal.forget(&other, outworn(9_000, 9_000)).await.unwrap();
    assert_eq!(counts(), [0, 0, 0, 1]);
}

/// RECOG-4, PLACE-2
#[tokio::test]
async fn a_picture_is_shown_by_its_recognition_or_its_space_and_by_nobody_when_they_are_gone() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let picture = |name: &str| Some(name.to_owned());
    let mut seen = recognition("seen", 1);
    seen.image = picture("abff");
    let mut elsewhere = recognition("elsewhere", 1);
    elsewhere.image = picture("ac00");
    let space = Place {
        lot: lot(),
        place: PlaceNo::new("A-001").unwrap(),
        status: PlaceStatus::Occupied,
        image: picture("ab00"),
        plate: None,
        at: at(1),
    };
    let key = Key::recognition(record("seen"));
    let entries = vec![
        Entry::Recognition(seen),
        Entry::Recognition(elsewhere),
        Entry::Place(space),
        settled_at(key, Settled::Delivered, 2),
    ];
    journal.write(entries).await.unwrap();
    let shown = async || {
        let mut shown: Vec<_> = journal
            .pictures_shown("ab")
            .await
            .unwrap()
            .into_iter()
            .collect();
        shown.sort();
        shown
    };
    assert_eq!(shown().await, ["ab00", "abff"]);
    journal.forget(&lot(), outworn(9_000)).await.unwrap();
    assert_eq!(shown().await, ["ab00"]);
}

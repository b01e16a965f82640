//! Stays as the journal keeps them: the same as the rule gives for all crossings at once.

use std::collections::BTreeMap;
use std::path::Path;

use boshi_protocol::code::{CrossStatus, RecordType};
use boshi_protocol::lane::Side::{self, Entry as In, Exit as Out};
use proptest::prelude::*;
use rusqlite::Connection;

use super::super::stay::{COLUMNS, LATEST, SETTLED, SINCE, UNPAIR, stay_row};
use super::super::{Outdated, StayRow, StaySearch, insert, read};
use super::*;
use crate::plate_part::PlatePart;
use crate::stays::{Passage, Standing, Stay, pair};

/// The crossing of `plate` at `millis`, whose name tells side and time.
fn passes(plate: &str, side: Side, millis: i64) -> Crossing {
    Crossing {
        side,
        plate: Plate::read(plate).unwrap(),
        ..crossing(&format!("{side:?}-{millis}"), millis)
    }
}

fn empty() -> Connection {
    open::writing(Path::new(":memory:")).unwrap()
}

fn tell(to: &Connection, crossing: &Crossing) {
    insert::entry(to, &Entry::Crossing(crossing.clone())).unwrap();
}

fn kept(from: &Connection) -> Vec<StayRow> {
    let sql = format!("SELECT {COLUMNS} FROM stay ORDER BY coalesce(entry_at, exit_at)");
    read::all(from, &sql, [], stay_row).unwrap()
}

fn standings(from: &Connection) -> Vec<(Standing, String)> {
    let stays = kept(from).into_iter().map(|row| row.stay);
    stays
        .map(|stay| (stay.standing, stay.record().to_string()))
        .collect()
}

/// STAY-1
#[test]
fn an_entry_told_after_its_exit_still_gets_the_exit() {
    let journal = empty();
    tell(&journal, &passes("粤B12345", Out, 9));
    assert_eq!(
        standings(&journal),
        [(Standing::Orphaned, "Exit-9".to_owned())]
    );
    tell(&journal, &passes("粤B12345", In, 1));
    assert_eq!(
        standings(&journal),
        [(Standing::Closed, "Entry-1".to_owned())]
    );
}

/// STAY-1
#[test]
fn vehicles_whose_plates_could_not_be_read_are_paired_with_nobody() {
    let journal = empty();
    for crossing in [passes("", In, 1), passes("", Out, 2), passes("", In, 3)] {
        tell(&journal, &crossing);
    }
    assert_eq!(
        standings(&journal),
        [
            (Standing::Open, "Entry-1".to_owned()),
            (Standing::Orphaned, "Exit-2".to_owned()),
            (Standing::Open, "Entry-3".to_owned()),
        ]
    );
}

/// STAY-1, CROSS-3
#[test]
fn a_crossing_told_again_with_another_plate_changes_no_stay() {
    let journal = empty();
    tell(&journal, &passes("粤B12345", In, 1));
    tell(&journal, &passes("粤B12345", Out, 9));
    let before = kept(&journal);
    for plate in ["", "京A00001"] {
        tell(&journal, &passes(plate, Out, 9));
        assert_eq!(kept(&journal), before, "{plate:?}");
    }
}

/// STAY-1, D-12: each selection finds what the others do not.
#[tokio::test]
async fn stays_are_found_by_when_they_began_or_ended_and_by_part_of_a_plate() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    let crossings = [
        passes("粤B00001", In, 10),
        passes("粤B00001", Out, 20),
        passes("粤B00002", In, 5),
        passes("粤B00002", Out, 15),
        passes("粤B00003", In, 15),
        passes("粤B00003", Out, 25),
        passes("粤B00004", In, 5),
        passes("粤B00004", Out, 25),
        passes("粤B00005", In, 12),
        passes("", In, 12),
    ];
    let crossings = crossings.map(Entry::Crossing).to_vec();
    journal.write(crossings).await.unwrap();
    let found = async |record_type, plate: &str| {
        let search = StaySearch {
            begin: at(10),
            end: at(20),
            plate: PlatePart::read(plate),
            record_type,
            most: 10,
        };
        let rows = journal.stays(&lot(), search).await.unwrap().into_iter();
        let mut last: Vec<char> = rows
            .filter_map(|row| row.plate?.as_str().chars().last())
            .collect();
        last.sort_unstable();
        String::from_iter(last)
    };
    for (record_type, expected) in [
        (RecordType::Entered, "135"),
        (RecordType::Left, "12"),
        (RecordType::Either, "1235"),
        (RecordType::Both, "1"),
    ] {
        assert_eq!(found(record_type, "b·000").await, expected);
    }
    assert_eq!(found(RecordType::Either, "Ｂ00003").await, "3");
    for wildcard in ["%", "_", "*"] {
        assert_eq!(found(RecordType::Either, wildcard).await, "", "{wildcard}");
    }
}

/// D-12: an open stay says how the vehicle last tried to leave; a stay that ended, that it crossed.
#[test]
fn a_stay_says_how_its_last_passage_ended() {
    let journal = empty();
    tell(&journal, &passes("粤B12345", In, 1));
    assert_eq!(kept(&journal)[0].status, CrossStatus::Crossed);
    for (millis, outcome, expected) in [
        (2, "backed_out", CrossStatus::BackedOut),
        (3, "opened_not_crossed", CrossStatus::OpenedNotCrossed),
        (4, "never_arrived", CrossStatus::OpenedNotCrossed),
    ] {
        let at_exit = recognition(outcome, millis);
        let ended = Entry::Outcome {
            lot: lot(),
            record: at_exit.record.clone(),
            outcome: outcome.to_owned(),
            at: at(millis),
        };
        insert::entry(&journal, &Entry::Recognition(at_exit)).unwrap();
        insert::entry(&journal, &ended).unwrap();
        assert_eq!(kept(&journal)[0].status, expected, "{outcome}");
    }
    tell(&journal, &passes("粤B12345", Out, 5));
    assert_eq!(kept(&journal)[0].status, CrossStatus::Crossed);
}

/// STAY-1, UNPUSH-2: what a stay consists of goes with it, neither before nor after.
#[test]
fn a_stay_is_forgotten_as_a_whole_when_its_end_is_too_old() {
    let journal = empty();
    tell(&journal, &passes("粤B12345", In, 1));
    tell(&journal, &passes("粤B99999", In, 2));
    tell(&journal, &passes("粤B12345", Out, 9));
    let crossings = || -> i64 {
        let count = "SELECT count(*) FROM crossing";
        journal.query_row(count, [], |row| row.get(0)).unwrap()
    };
    journal
        .execute("UPDATE outbox SET state = 'delivered'", [])
        .unwrap();
    for (before, stays, left) in [(5, 1, 2), (10, 0, 0)] {
        for what in Outdated::ALL {
            let (lot, before) = (lot(), at(before));
            let forget = Entry::Forget { lot, what, before };
            insert::entry(&journal, &forget).unwrap();
        }
        assert_eq!((kept(&journal).len(), crossings()), (stays, left));
    }
}

/// The one writer serves every gate: a crossing must not cost more the more vehicles there were.
#[test]
fn a_crossing_is_paired_without_a_look_at_other_plates() {
    let journal = empty();
    for sql in [SETTLED, UNPAIR, SINCE, LATEST] {
        let plan = read::all(
            &journal,
            &format!("EXPLAIN QUERY PLAN {sql}"),
            ["", "", "0"],
            |row| row.get::<_, String>(3),
        );
        let plan = plan.unwrap();
        assert!(plan[0].contains("(lot=? AND plate=?"), "{sql}: {plan:?}");
    }
}

/// A year's stays must not be added up for each of a day's.
#[test]
fn what_was_paid_for_a_stay_is_found_without_a_look_at_other_payments() {
    let journal = empty();
    let sql = format!("EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM stay WHERE lot = 'LOT-1'");
    let plan = read::all(&journal, &sql, [], |row| row.get::<_, String>(3)).unwrap();
    let payments = plan.iter().filter(|step| step.contains("payment"));
    let payments: Vec<_> = payments.collect();
    assert_eq!(payments.len(), 2, "{plan:?}");
    for step in payments {
        assert!(step.contains("(lot=? AND stay=?)"), "{plan:?}");
    }
}

/// Crossings at times of their own: of two plates and of vehicles without one.
fn crossings() -> impl Strategy<Value = Vec<Crossing>> {
    let one = (
        prop::sample::select(vec![In, Out]),
        prop::sample::select(vec!["粤B12345", "京A00001", ""]),
    );
    prop::collection::vec(one, 0..12).prop_map(|ways| {
        let timed = (1..).zip(ways);
        timed
            .map(|(millis, (side, plate))| passes(plate, side, millis))
            .collect()
    })
}

/// What the rule gives when it knows everything.
fn expected(crossings: &[Crossing]) -> Vec<Stay> {
    let mut passages: BTreeMap<String, Vec<Passage>> = BTreeMap::new();
    for it in crossings {
        let own = || it.record.to_string();
        let whose = it.plate.as_ref().map_or_else(own, Plate::to_string);
        passages.entry(whose).or_default().push(Passage {
            record: it.record.clone(),
            side: it.side,
            device: it.device.clone(),
            at: it.at,
        });
    }
    sorted(passages.into_values().flat_map(pair).collect())
}

fn sorted(mut stays: Vec<Stay>) -> Vec<Stay> {
    stays.sort_by_key(|stay| stay.record().clone());
    stays
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// STAY-1: kept crossing by crossing, in any order and repeatedly, stays are those of the rule.
    #[test]
    fn stays_kept_one_crossing_at_a_time_are_those_of_all_crossings_at_once(
        (crossings, told) in crossings().prop_flat_map(|crossings| {
            let twice = [crossings.clone(), crossings.clone()].concat();
            (Just(crossings), Just(twice).prop_shuffle())
        }),
    ) {
        let journal = empty();
        for crossing in &told {
            tell(&journal, crossing);
        }
        let stays = kept(&journal).into_iter().map(|row| row.stay).collect();
        prop_assert_eq!(sorted(stays), expected(&crossings));
    }
}

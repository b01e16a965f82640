use jiff::Timestamp;
use serde_json::{Value, json};

use super::stays::{crossing, lot, rules};
use super::*;
use crate::decision::Decision;
use crate::events::{Filter, Kind};
use crate::store::event::{Place, Resumed, forget_some, newest, note, resume, scan};
use boshi_protocol::refusal::Refusal;

/// Every event, in order: its kind and its data.
pub(super) fn told(connection: &Connection) -> Vec<(String, Value)> {
    let mut query = connection
        .prepare("SELECT kind, data FROM event ORDER BY number")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let rows = rows.unwrap().map(Result::unwrap);
    rows.map(|(kind, data)| (kind, serde_json::from_str(&data).unwrap()))
        .collect()
}

fn kinds(connection: &Connection) -> Vec<String> {
    told(connection).into_iter().map(|(kind, _)| kind).collect()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn filled(events: i64) -> Connection {
    let connection = empty();
    for second in 1..=events {
        note(&connection, Kind::BlockAdded, None, &json!({}), at(second)).unwrap();
    }
    connection
}

fn place(number: i64, second: Option<i64>) -> Place {
    Place { number, second }
}

/// CROSS-3, D-19
#[test]
fn a_crossing_is_told_once_and_again_only_when_more_is_known() {
    let connection = empty();
    let keep = |record| passage::cross(&connection, &lot(), record, &rules(), at(1)).unwrap();
    for _ in 0..2 {
        keep(crossing("u1", "IN", "", 1));
    }
    keep(Record {
        pushed: false,
        fetched: true,
        ..crossing("u1", "IN", "", 1)
    });
    assert_eq!(kinds(&connection), ["crossing.recorded"]);
    keep(crossing("u1", "IN", "粤B12345", 1));
    let later = &told(&connection)[1..];
    let of: Vec<&str> = later.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(of, ["crossing.recorded", "stay.opened"]);
    assert_eq!(
        (&later[0].1["new"], &later[0].1["plate"]),
        (&json!(false), &json!("粤B12345"))
    );
}

/// RECOG-2, D-13
#[test]
fn a_vehicle_that_is_refused_again_and_again_is_told_of_once_and_when_it_may_pass() {
    let connection = empty();
    let ask = |pass| {
        let record = crossing("u1", "OUT", "粤B12345", 1);
        let kept = keep(&connection, RecordKind::Recognition, &lot(), record).unwrap();
        let reason = match pass {
            true => Refusal::new("PAID", "已缴费"),
            false => Refusal::new("NO_PERMIT", "车辆没有通行许可"),
        };
        let decision = Decision { pass, reason };
        let facts = crate::decision::Facts::default().shown();
        let outcome = decision::Outcome {
            plate: kept.after.plate.as_ref(),
            direction: None,
            decision: &decision,
            facts: &facts,
        };
        decision::log(&connection, &lot(), &kept, &outcome, at(1)).unwrap();
    };
    for pass in [false, false, false, true, true] {
        ask(pass);
    }
    let told = told(&connection);
    let passed: Vec<&Value> = told.iter().map(|(_, data)| &data["pass"]).collect();
    assert_eq!(passed, [&json!(false), &json!(true)]);
}

#[test]
fn what_changes_nothing_is_not_told() {
    let connection = empty();
    let plate = Plate::read("粤B12345").unwrap().unwrap();
    for _ in 0..2 {
        facts::add_block(&connection, &plate, "欠费", "王工", at(1)).unwrap();
        outage::begin(&connection, &lot(), at(1), at(2)).unwrap();
    }
    for _ in 0..2 {
        outage::end(&connection, &lot(), at(9)).unwrap();
    }
    let expected = ["block.added", "outage.began", "outage.ended"];
    assert_eq!(kinds(&connection), expected);
}

#[test]
fn old_events_and_those_beyond_the_bound_are_forgotten_but_never_the_newest() {
    let forgotten = |cutoff, most| {
        let connection = filled(1200);
        let mut rows = 0;
        loop {
            match forget_some(&connection, at(cutoff), most).unwrap() {
                0 => return (rows, newest(&connection).unwrap().number, connection),
                some => rows += some,
            }
        }
    };
    assert_eq!(forgotten(1, 5000).0, 0);
    assert_eq!(forgotten(701, 5000).0, 700);
    assert_eq!(forgotten(1, 300).0, 900);
    let (rows, newest, connection) = forgotten(i64::from(u32::MAX), 300);
    assert_eq!((rows, newest), (1199, 1200));
    note(&connection, Kind::BlockAdded, None, &json!({}), at(1201)).unwrap();
    assert_eq!(
        super::events::newest(&connection).unwrap().number,
        1201,
        "no number comes twice"
    );
}

#[test]
fn a_follower_goes_on_where_it_was_or_is_told_that_this_is_gone() {
    let connection = filled(1000);
    forget_some(&connection, at(101), 5000).unwrap();
    let before = place(100, None);
    for (asked, expected) in [
        (place(500, None), Resumed::There(place(500, Some(500)))),
        (place(500, Some(500)), Resumed::There(place(500, Some(500)))),
        (
            place(1000, Some(1000)),
            Resumed::There(place(1000, Some(1000))),
        ),
        (place(100, Some(100)), Resumed::There(before)),
        (place(99, Some(99)), Resumed::Gone(before)),
        (place(0, None), Resumed::Gone(before)),
        // Of a log that was put back from a backup since: the same number is another event.
        (place(500, Some(499)), Resumed::Gone(before)),
        (place(1001, None), Resumed::Gone(before)),
    ] {
        assert_eq!(resume(&connection, asked).unwrap(), expected, "{asked}");
    }
    let all = |after| scan(&connection, after, &Filter::default()).unwrap();
    assert!(all(place(99, None)).is_none(), "100 is not there");
    let first = all(before).unwrap();
    assert_eq!(first.events.first().unwrap().place.number, 101);
    assert_eq!(all(place(1000, None)).unwrap().events.len(), 0);
    let empty = empty();
    let nothing = Resumed::There(place(0, None));
    assert_eq!(resume(&empty, Place::default()).unwrap(), nothing);
    assert_eq!(
        resume(&empty, place(7, None)).unwrap(),
        Resumed::Gone(place(0, None))
    );
}

#[test]
fn a_scan_looks_at_so_many_rows_and_says_how_far_it_came() {
    let connection = filled(2500);
    let nothing = Filter {
        kinds: vec![Kind::StayOpened],
        ..Filter::default()
    };
    let scanned = scan(&connection, Place::default(), &nothing)
        .unwrap()
        .unwrap();
    assert_eq!(
        (scanned.events.len(), scanned.upto),
        (0, place(1000, Some(1000)))
    );
    let mut seen = Vec::new();
    let mut after = Place::default();
    loop {
        let some = scan(&connection, after, &Filter::default())
            .unwrap()
            .unwrap();
        if some.events.is_empty() {
            break;
        }
        seen.extend(some.events.iter().map(|event| event.place.number));
        after = some.upto;
    }
    assert_eq!(seen, (1..=2500).collect::<Vec<i64>>());
}

#[test]
fn a_place_is_read_as_it_is_written_and_nothing_else_is_one() {
    for (text, expected) in [("0", place(0, None)), ("7-9", place(7, Some(9)))] {
        assert_eq!(text.parse::<Place>(), Ok(expected));
        assert_eq!(expected.to_string(), text);
    }
    for text in [
        "",
        "-",
        "-1",
        "1-",
        "x",
        "1-2-3",
        "+1",
        "1 ",
        "99999999999999999999",
    ] {
        assert!(text.parse::<Place>().is_err(), "{text:?}");
    }
}

/// The state that a person sees, folded from nothing but events, is that of the records.
#[test]
fn a_correction_is_told_with_all_that_follows_from_it() {
    let connection = empty();
    let keep = |record| passage::cross(&connection, &lot(), record, &rules(), at(1)).unwrap();
    keep(crossing("u1", "IN", "粤B12345", 1));
    keep(crossing("u2", "OUT", "粤B1234S", 9));
    let act = audit::Act {
        by: "王工",
        what: "crossing.correct",
        target: "u2",
        reason: "看过图片",
    };
    let plate = Plate::read("粤B12345").unwrap();
    let uuid = RecordId::new("u2").unwrap();
    correction::correct(&connection, &lot(), &uuid, plate.as_ref(), &act, at(10)).unwrap();
    let expected = [
        "crossing.recorded",
        "stay.opened",
        "crossing.recorded",
        "stay.orphaned",
        "crossing.corrected",
        "stay.closed",
        "stay.withdrawn",
    ];
    assert_eq!(kinds(&connection), expected);
}

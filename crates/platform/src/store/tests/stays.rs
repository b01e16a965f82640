use std::collections::HashMap;

use jiff::Timestamp;

use super::*;
use crate::decision::{Default, Direction, Policy};
use crate::lots::Rules;
use crate::stay::{Passage, stay};

pub(super) fn lot() -> LotId {
    LotId::new("L1").unwrap()
}

/// `IN` looks inwards, `OUT` outwards, any other device nowhere.
pub(super) fn rules() -> Rules {
    let device = |name| DeviceNo::new(name).unwrap();
    Rules {
        policy: Policy {
            entry: Default::Allow,
            exit: Default::Refuse,
            capacity: None,
            free: jiff::SignedDuration::ZERO,
        },
        displays: HashMap::new(),
        directions: HashMap::from([
            (device("IN"), Direction::Entry),
            (device("OUT"), Direction::Exit),
        ]),
    }
}

pub(super) fn crossing(uuid: &str, device: &str, plate: &str, second: i64) -> Record {
    Record {
        uuid: RecordId::new(uuid).unwrap(),
        device: DeviceNo::new(device).unwrap(),
        at: WireTime::from_timestamp(Timestamp::from_second(second).unwrap()),
        plate: Plate::read(plate).unwrap(),
        color: PlateColor::Blue,
        reliability: None,
        image: String::new(),
        pushed: true,
        fetched: false,
        told: 0,
    }
}

type Row = (String, String, String, Option<String>, Option<String>);

pub(super) fn stays(connection: &Connection) -> Vec<Row> {
    let sql = "SELECT uuid, vehicle, state, out_uuid, superseded_by FROM stay ORDER BY uuid";
    let mut query = connection.prepare(sql).unwrap();
    let rows = query.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// What somebody knows of the stays who was told every event and nothing else.
fn told(connection: &Connection) -> Vec<Row> {
    let mut known = std::collections::BTreeMap::new();
    for (kind, data) in events::told(connection) {
        let text = |name: &str| data[name].as_str().map(str::to_owned);
        let uuid = text("uuid").unwrap();
        match kind.as_str() {
            "stay.withdrawn" => drop(known.remove(&uuid)),
            _ if kind.starts_with("stay.") => {
                let (plate, state) = (text("plate").unwrap(), text("state").unwrap());
                let row = (
                    uuid.clone(),
                    plate,
                    state,
                    text("out_uuid"),
                    text("superseded_by"),
                );
                known.insert(uuid, row);
            }
            _ => {}
        }
    }
    known.into_values().collect()
}

fn inside(connection: &Connection) -> i64 {
    let sql = "SELECT coalesce(sum(base + moved), 0) FROM occupancy";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// What the crossings amount to, said by the pure rule over all of them in order.
fn expected(connection: &Connection) -> (Vec<Row>, i64) {
    let mut of: HashMap<String, Vec<Passage>> = HashMap::new();
    let mut inside = 0;
    for number in 0..6 {
        let uuid = RecordId::new(&format!("u{number}")).unwrap();
        let found = find(connection, RecordKind::Crossing, &lot(), &uuid).unwrap();
        let Some(record) = found else { continue };
        let Some(direction) = rules().directions.get(&record.device).copied() else {
            continue;
        };
        inside += if direction == Direction::Entry { 1 } else { -1 };
        let Some(plate) = &record.plate else { continue };
        of.entry(plate.as_str().to_owned())
            .or_default()
            .push(Passage {
                uuid,
                at: record.at.timestamp(),
                device: record.device,
                direction,
            });
    }
    let mut rows = Vec::new();
    for (vehicle, mut passages) in of {
        passages.sort_by_key(|passage| (passage.at, passage.uuid.clone()));
        for (place, this) in passages.iter().enumerate() {
            let before = place.checked_sub(1).map(|place| &passages[place]);
            let Some(found) = stay(before, this, passages.get(place + 1)) else {
                continue;
            };
            let by = match &found {
                crate::stay::Stay::Superseded { by, .. } => Some(by.uuid.to_string()),
                _ => None,
            };
            let exit = found.exit().map(|exit| exit.uuid.to_string());
            rows.push((
                this.uuid.to_string(),
                vehicle.clone(),
                found.state().to_owned(),
                exit,
                by,
            ));
        }
    }
    rows.sort();
    (rows, inside)
}

fn any_crossing() -> impl Strategy<Value = Record> {
    let plate = prop::sample::select(vec!["", "粤B12345", "粤B1234S"]);
    let device = prop::sample::select(vec!["IN", "OUT", "LOST"]);
    (0..6_u8, device, plate, 1..6_i64).prop_map(|(uuid, device, plate, second)| {
        crossing(&format!("u{uuid}"), device, plate, second)
    })
}

proptest! {
    /// STAY-1, CROSS-3, D-19
    #[test]
    fn stays_and_occupancy_are_those_of_the_records_in_whatever_order_and_however_often_they_came(
        (given, shuffled) in prop::collection::vec(any_crossing(), 1..12).prop_flat_map(|given| {
            let twice = [given.clone(), given.clone()].concat();
            (Just(given), Just(twice).prop_shuffle())
        }),
    ) {
        let all = [given, shuffled].map(|records| {
            let connection = empty();
            for record in records {
                passage::cross(&connection, &lot(), record, &rules(), Timestamp::UNIX_EPOCH).unwrap();
            }
            prop_assert_eq!(told(&connection), stays(&connection));
            prop_assert_eq!((stays(&connection), inside(&connection)), expected(&connection));
            Ok((stays(&connection), inside(&connection)))
        });
        let [one, other] = all;
        prop_assert_eq!(one?, other?);
    }
}

const ACT: audit::Act<'_> = audit::Act {
    by: "王工",
    what: "test",
    target: "x",
    reason: "看过图片",
};

/// STAY-1: the record stays as it was told; what a person says pairs the stays anew.
#[test]
fn a_corrected_exit_closes_the_stay_of_the_plate_it_is_corrected_to() {
    let connection = empty();
    let keep = |record| {
        passage::cross(&connection, &lot(), record, &rules(), Timestamp::UNIX_EPOCH).unwrap()
    };
    keep(crossing("u1", "IN", "粤B12345", 1));
    keep(crossing("u2", "OUT", "粤B1234S", 9));
    let orphan = RecordId::new("u2").unwrap();
    let found = correction::candidates(&connection, &lot(), &orphan)
        .unwrap()
        .unwrap();
    let found = serde_json::to_value(found).unwrap();
    assert_eq!(
        (&found[0]["uuid"], &found[0]["distance"]),
        (&"u1".into(), &3.into())
    );
    let plate = Plate::read("粤B12345").unwrap();
    let now = Timestamp::from_second(100).unwrap();
    let done = correction::correct(&connection, &lot(), &orphan, plate.as_ref(), &ACT, now);
    assert!(done.unwrap());
    let closed = ("u1", "closed", Some("u2".to_owned()));
    let of = |row: &Row| (row.0.clone(), row.2.clone(), row.3.clone());
    let found: Vec<_> = stays(&connection).iter().map(of).collect();
    assert_eq!(
        found,
        [(closed.0.to_owned(), closed.1.to_owned(), closed.2)]
    );
    let told = find(&connection, RecordKind::Crossing, &lot(), &orphan)
        .unwrap()
        .unwrap();
    assert_eq!(told.plate.unwrap().as_str(), "粤B1234S");
    // A late account of the record does not undo what the person said.
    keep(Record {
        fetched: true,
        ..crossing("u2", "OUT", "粤B1234S", 8)
    });
    assert_eq!(stays(&connection).len(), 1);
    correction::correct(&connection, &lot(), &orphan, None, &ACT, now).unwrap();
    assert_eq!(stays(&connection)[0].2, "open");
    let nothing = RecordId::new("u9").unwrap();
    assert!(!correction::correct(&connection, &lot(), &nothing, None, &ACT, now).unwrap());
}

#[test]
fn a_count_by_hand_stands_and_what_crossed_before_it_changes_it_no_more() {
    let connection = empty();
    let keep = |record| {
        passage::cross(&connection, &lot(), record, &rules(), Timestamp::UNIX_EPOCH).unwrap()
    };
    let vehicles = || occupancy::occupancy(&connection, &lot()).unwrap().vehicles;
    keep(crossing("u1", "OUT", "", 1));
    assert_eq!(vehicles(), 0, "never less than none");
    keep(crossing("u2", "IN", "", 50));
    let counted = Timestamp::from_second(40).unwrap();
    occupancy::rebase(&connection, &lot(), 7, &ACT, counted).unwrap();
    assert_eq!(vehicles(), 8);
    keep(crossing("u3", "IN", "", 39));
    assert_eq!(vehicles(), 8);
    keep(crossing("u4", "OUT", "", 60));
    keep(crossing("u4", "OUT", "", 60));
    assert_eq!(vehicles(), 7);
}

/// STAY-1, D-19: what a lane is today says nothing of who crossed it before.
#[test]
fn a_crossing_that_comes_again_after_its_lane_was_turned_round_stays_as_it_was_counted() {
    let connection = empty();
    let keep = |record, rules: &Rules| {
        passage::cross(&connection, &lot(), record, rules, Timestamp::UNIX_EPOCH).unwrap()
    };
    let mut turned = rules();
    turned
        .directions
        .insert(DeviceNo::new("IN").unwrap(), Direction::Exit);
    turned.directions.remove(&DeviceNo::new("OUT").unwrap());
    let given = [
        crossing("u1", "IN", "粤B12345", 1),
        crossing("u2", "OUT", "粤B12345", 9),
        crossing("u3", "IN", "粤B99999", 10),
    ];
    for record in given.clone() {
        keep(record, &rules());
    }
    let all = || (stays(&connection), inside(&connection), told(&connection));
    let counted = all();
    assert_eq!((counted.0.len(), counted.1), (2, 1));
    for record in given {
        keep(
            Record {
                fetched: true,
                ..record
            },
            &turned,
        );
    }
    assert_eq!(all(), counted);
    // Another account of the time moves it, and turns it round no more than a repetition does.
    keep(crossing("u3", "IN", "粤B99999", 8), &turned);
    assert_eq!((stays(&connection), inside(&connection)), (counted.0, 1));
    // What is new is counted as the lane is now.
    keep(crossing("u4", "IN", "", 11), &turned);
    assert_eq!(inside(&connection), 0);
}

//! Domain values as columns, and back.

use std::fmt;

use boshi_protocol::code::{AbnormalCode, PlaceStatus};
use boshi_protocol::delivery::{Key, Kind};
use boshi_protocol::id::Id;
use boshi_protocol::lane::{By, Gate, Holder, Side};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};

use crate::stays::Standing;

pub(crate) const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Recognition => "recognition",
        Kind::Crossing => "crossing",
        Kind::Abnormality => "abnormality",
    }
}

/// Every way in which a barrier is operated, with its word.
const GATES: [(Gate, &str); 6] = [
    (Gate::Normal, "normal"),
    (held(Holder::Ordered(By::Platform)), "held_by_platform"),
    (held(Holder::Ordered(By::Booth)), "held_by_booth"),
    (held(Holder::Ordered(By::Local)), "held_locally"),
    (held(Holder::FireAlarm), "held_after_fire"),
    (Gate::Fire, "fire"),
];

/// Every standing with its word.
const STANDINGS: [(Standing, &str); 4] = [
    (Standing::Open, "open"),
    (Standing::Closed, "closed"),
    (Standing::Superseded, "superseded"),
    (Standing::Orphaned, "orphaned"),
];

const fn held(by: Holder) -> Gate {
    Gate::HeldOpen { by }
}

pub(crate) fn gate_word(gate: Gate) -> &'static str {
    let known = GATES.iter().find(|(known, _)| *known == gate);
    known.expect("every gate has a word").1
}

pub(super) fn gate(row: &Row<'_>, column: usize) -> Result<Gate> {
    let word: String = row.get(column)?;
    let known = GATES.iter().find(|(_, known)| *known == word);
    known
        .map(|(gate, _)| *gate)
        .ok_or_else(|| unreadable(column, &word))
}

pub(super) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Entry => "entry",
        Side::Exit => "exit",
    }
}

pub(super) fn side(row: &Row<'_>, column: usize) -> Result<Side> {
    let word: String = row.get(column)?;
    let known = [Side::Entry, Side::Exit].into_iter();
    let mut known = known.filter(|side| side_word(*side) == word);
    known.next().ok_or_else(|| unreadable(column, &word))
}

pub(crate) fn standing_word(standing: Standing) -> &'static str {
    let known = STANDINGS.iter().find(|(known, _)| *known == standing);
    known.expect("every standing has a word").1
}

pub(super) fn standing(row: &Row<'_>, column: usize) -> Result<Standing> {
    let word: String = row.get(column)?;
    let known = STANDINGS.iter().find(|(_, known)| *known == word);
    known
        .map(|(standing, _)| *standing)
        .ok_or_else(|| unreadable(column, &word))
}

pub(super) fn key(row: &Row<'_>, kind_column: usize, key_column: usize) -> Result<Key> {
    let word: String = row.get(kind_column)?;
    let kind = [Kind::Recognition, Kind::Crossing, Kind::Abnormality]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or_else(|| unreadable(kind_column, &word))?;
    Ok(Key {
        kind,
        id: id(row, key_column)?,
    })
}

pub(super) fn id<K>(row: &Row<'_>, column: usize) -> Result<Id<K>> {
    let text: String = row.get(column)?;
    Id::new(&text).map_err(|error| unreadable(column, &error))
}

pub(super) fn optional_id<K>(row: &Row<'_>, column: usize) -> Result<Option<Id<K>>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Id::new(&text).map_err(|error| unreadable(column, &error)))
        .transpose()
}

pub(super) fn plate(row: &Row<'_>, column: usize) -> Result<Option<Plate>> {
    let text: Option<String> = row.get(column)?;
    Plate::read(text.as_deref().unwrap_or_default()).map_err(|error| unreadable(column, &error))
}

pub(super) fn color(row: &Row<'_>, column: usize) -> Result<PlateColor> {
    let word: String = row.get(column)?;
    PlateColor::parse(&word).ok_or_else(|| unreadable(column, &word))
}

pub(super) fn status(row: &Row<'_>, column: usize) -> Result<PlaceStatus> {
    let word: String = row.get(column)?;
    PlaceStatus::parse(&word).ok_or_else(|| unreadable(column, &word))
}

pub(super) fn code(row: &Row<'_>, column: usize) -> Result<AbnormalCode> {
    let word: String = row.get(column)?;
    Ok(AbnormalCode::read(&word))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    let millis: i64 = row.get(column)?;
    Timestamp::from_millisecond(millis).map_err(|error| unreadable(column, &error))
}

pub(super) fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    let millis: Option<i64> = row.get(column)?;
    let read =
        |millis| Timestamp::from_millisecond(millis).map_err(|error| unreadable(column, &error));
    millis.map(read).transpose()
}

pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map_err(|error| unreadable(column, &error))
}

pub(super) fn unreadable(column: usize, what: &dyn fmt::Display) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, what.to_string().into())
}

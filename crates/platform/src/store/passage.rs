//! Crossings, and the stays that follow from them (STAY-1): whatever changes a crossing changes its
//! own stay and those of its two neighbours in time, in the same transaction and nowhere else.

use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::record::{self, Kept, Record, RecordKind};
use super::settled::{self, Settled};
use super::{StoreError, correction, event, instant, occupancy};
use crate::china::ChinaTime;
use crate::decision::Direction;
use crate::events::Kind;
use crate::lots::Rules;
use crate::stay::{Passage, stay};

/// Keeps a crossing (CROSS-3), counts it, and pairs what it belongs to. A crossing that comes again
/// stays as it was counted, whichever way its lane looks by now: only one that is new, or turns out to
/// be of another device, is counted by `rules` (STAY-1, D-19).
///
/// # Errors
/// What the database said.
pub(crate) fn cross(
    connection: &Connection,
    lot: &LotId,
    crossing: Record,
    rules: &Rules,
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let kept = record::keep(connection, RecordKind::Crossing, lot, crossing)?;
    let after = &kept.after;
    // Of a new one nothing follows yet, so nothing is asked for.
    let counted = match kept.is_new() {
        true => None,
        false => counted(connection, lot, &after.uuid)?,
    };
    let direction = match &kept.before {
        Some(before) if before.device == after.device => counted,
        Some(_) | None => rules.directions.get(&after.device).copied(),
    };
    if kept.before.as_ref() == Some(after) {
        return Ok(kept);
    }
    let before = kept
        .before
        .as_ref()
        .map(|before| (before.at.timestamp(), counted));
    let counts = (after.at.timestamp(), direction);
    occupancy::recount(connection, lot, before, counts)?;
    connection
        .prepare_cached("UPDATE crossing SET direction = ? WHERE lot = ? AND uuid = ?")?
        .execute(params![
            direction.map(Direction::as_str),
            lot.as_str(),
            after.uuid.as_str()
        ])?;
    if kept.is_news() || counted != direction {
        let told = Crossed::of(&kept, direction);
        event::note_of(connection, Kind::CrossingRecorded, lot, &told, now)?;
    }
    let was = match kept.is_new() {
        true => None,
        false => passage(connection, lot, &after.uuid)?,
    };
    let is = wanted(connection, lot, after, direction)?;
    bring(connection, lot, &after.uuid, (was, is), now)?;
    Ok(kept)
}

/// A crossing, as events tell it.
#[derive(Serialize)]
struct Crossed<'a> {
    uuid: &'a str,
    /// Whether nothing was known of it before.
    new: bool,
    device: &'a str,
    crossed_at: ChinaTime,
    plate: Option<&'a str>,
    color: &'static str,
    direction: Option<Direction>,
}

impl<'a> Crossed<'a> {
    fn of(kept: &'a Kept, direction: Option<Direction>) -> Crossed<'a> {
        let after = &kept.after;
        Crossed {
            uuid: after.uuid.as_str(),
            new: kept.is_new(),
            device: after.device.as_str(),
            crossed_at: ChinaTime::new(after.at.timestamp()),
            plate: after.plate.as_ref().map(Plate::as_str),
            color: after.color.as_str(),
            direction,
        }
    }
}

/// Brings the passage and the stays in line with the crossing and its last correction.
///
/// # Errors
/// What the database said.
pub(super) fn follow(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let was = passage(connection, lot, uuid)?;
    let is = match record::find(connection, RecordKind::Crossing, lot, uuid)? {
        Some(crossing) => {
            let direction = counted(connection, lot, uuid)?;
            wanted(connection, lot, &crossing, direction)?
        }
        None => None,
    };
    bring(connection, lot, uuid, (was, is), now)
}

/// The passage of a vehicle.
type Of = (String, Passage);

/// Brings what follows from a crossing from what it was to what it is.
fn bring(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    (was, is): (Option<Of>, Option<Of>),
    now: Timestamp,
) -> Result<(), StoreError> {
    if was == is {
        return Ok(());
    }
    if was.is_some() {
        connection
            .prepare_cached("DELETE FROM passage WHERE lot = ? AND uuid = ?")?
            .execute([lot.as_str(), uuid.as_str()])?;
    }
    if let Some((vehicle, passage)) = &is {
        connection
            .prepare_cached(
                "INSERT INTO passage (lot, vehicle, at, uuid, device, direction)
                 VALUES (?,?,?,?,?,?)",
            )?
            .execute(params![
                lot.as_str(),
                vehicle,
                passage.at.as_second(),
                passage.uuid.as_str(),
                passage.device.as_str(),
                passage.direction.as_str(),
            ])?;
    }
    if let Some((vehicle, moved)) = &was {
        let (before, after) = neighbours(connection, lot, vehicle, moved)?;
        for passage in before.iter().chain(&after) {
            pair(connection, lot, vehicle, passage, now)?;
        }
    }
    let Some((vehicle, this)) = &is else {
        return settled::settle(connection, lot, uuid, None, now);
    };
    let (before, after) = neighbours(connection, lot, vehicle, this)?;
    for passage in before.iter().chain(&after) {
        pair(connection, lot, vehicle, passage, now)?;
    }
    let stay = stay(before.as_ref(), this, after.as_ref());
    let settled = stay.map(|stay| Settled::of(vehicle, this, &stay));
    settled::settle(connection, lot, uuid, settled.as_ref(), now)
}

/// Writes down the stay that begins with `this`, or that none does.
fn pair(
    connection: &Connection,
    lot: &LotId,
    vehicle: &str,
    this: &Passage,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (before, after) = neighbours(connection, lot, vehicle, this)?;
    let stay = stay(before.as_ref(), this, after.as_ref());
    let settled = stay.map(|stay| Settled::of(vehicle, this, &stay));
    settled::settle(connection, lot, &this.uuid, settled.as_ref(), now)
}

/// What the crossing is to be paired as: nothing without a direction or a plate.
fn wanted(
    connection: &Connection,
    lot: &LotId,
    crossing: &Record,
    direction: Option<Direction>,
) -> Result<Option<Of>, StoreError> {
    let vehicle = match correction::last(connection, lot, &crossing.uuid)? {
        Some(corrected) => corrected,
        None => crossing
            .plate
            .as_ref()
            .map(Plate::as_str)
            .map(str::to_owned),
    };
    Ok(vehicle.zip(direction).map(|(vehicle, direction)| {
        let passage = Passage {
            uuid: crossing.uuid.clone(),
            at: crossing.at.timestamp(),
            device: crossing.device.clone(),
            direction,
        };
        (vehicle, passage)
    }))
}

/// Which way a crossing was counted, if it was.
fn counted(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<Direction>, StoreError> {
    let word: Option<Option<String>> = connection
        .prepare_cached("SELECT direction FROM crossing WHERE lot = ? AND uuid = ?")?
        .query_row([lot.as_str(), uuid.as_str()], |row| row.get(0))
        .optional()?;
    let word = word.flatten();
    word.map(|word| Direction::parse(&word).ok_or(StoreError::Corrupt("direction")))
        .transpose()
}

fn passage(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<(String, Passage)>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT * FROM passage WHERE lot = ? AND uuid = ?")?;
    let found = query.query_row([lot.as_str(), uuid.as_str()], |row| {
        Ok(row
            .get("vehicle")
            .map_err(StoreError::from)
            .and_then(|vehicle| Ok((vehicle, read(row)?))))
    });
    found.optional()?.transpose()
}

type Neighbours = (Option<Passage>, Option<Passage>);

fn neighbours(
    connection: &Connection,
    lot: &LotId,
    vehicle: &str,
    of: &Passage,
) -> Result<Neighbours, StoreError> {
    let ask = |sql: &str| {
        let mut query = connection.prepare_cached(sql)?;
        let place = params![lot.as_str(), vehicle, of.at.as_second(), of.uuid.as_str()];
        let found = query.query_row(place, |row| Ok(read(row)));
        found.optional()?.transpose()
    };
    Ok((
        ask(
            "SELECT * FROM passage WHERE lot = ? AND vehicle = ? AND (at, uuid) < (?, ?)
             ORDER BY at DESC, uuid DESC LIMIT 1",
        )?,
        ask(
            "SELECT * FROM passage WHERE lot = ? AND vehicle = ? AND (at, uuid) > (?, ?)
             ORDER BY at, uuid LIMIT 1",
        )?,
    ))
}

fn read(row: &Row<'_>) -> Result<Passage, StoreError> {
    let text = |name: &str| row.get::<_, String>(name);
    Ok(Passage {
        uuid: RecordId::new(&text("uuid")?).map_err(|_| StoreError::Corrupt("uuid"))?,
        at: instant(row.get("at")?)?,
        device: DeviceNo::new(&text("device")?).map_err(|_| StoreError::Corrupt("device"))?,
        direction: Direction::parse(&text("direction")?).ok_or(StoreError::Corrupt("direction"))?,
    })
}

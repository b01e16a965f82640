//! Crossings, and the stays that follow from them (STAY-1): whatever changes a crossing changes its
//! own stay and those of its two neighbours in time, in the same transaction and nowhere else.

use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::record::{self, Kept, Record, RecordKind};
use super::{StoreError, correction, instant, occupancy};
use crate::decision::Direction;
use crate::lots::Rules;
use crate::stay::{Passage, Stay, stay};

/// Keeps a crossing (CROSS-3), counts it, and pairs what it belongs to.
///
/// # Errors
/// What the database said.
pub(crate) fn cross(
    connection: &Connection,
    lot: &LotId,
    crossing: Record,
    rules: &Rules,
) -> Result<Kept, StoreError> {
    let kept = record::keep(connection, RecordKind::Crossing, lot, crossing)?;
    let after = &kept.after;
    let counted = counted(connection, lot, &after.uuid)?;
    let direction = rules.directions.get(&after.device).copied();
    if kept.before.as_ref() == Some(after) && counted == direction {
        return Ok(kept);
    }
    let before = kept
        .before
        .as_ref()
        .map(|before| (before.at.timestamp(), counted));
    let now = (after.at.timestamp(), direction);
    occupancy::recount(connection, lot, before, now)?;
    connection
        .prepare_cached("UPDATE crossing SET direction = ? WHERE lot = ? AND uuid = ?")?
        .execute(params![
            direction.map(Direction::as_str),
            lot.as_str(),
            after.uuid.as_str()
        ])?;
    follow(connection, lot, &after.uuid)?;
    Ok(kept)
}

/// Brings the passage and the stays in line with the crossing and its last correction.
///
/// # Errors
/// What the database said.
pub(super) fn follow(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<(), StoreError> {
    let was = passage(connection, lot, uuid)?;
    let is = wanted(connection, lot, uuid)?;
    if was == is {
        return Ok(());
    }
    connection
        .prepare_cached("DELETE FROM passage WHERE lot = ? AND uuid = ?")?
        .execute([lot.as_str(), uuid.as_str()])?;
    connection
        .prepare_cached("DELETE FROM stay WHERE lot = ? AND uuid = ?")?
        .execute([lot.as_str(), uuid.as_str()])?;
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
    for (vehicle, moved) in was.iter().chain(&is) {
        let (before, after) = neighbours(connection, lot, vehicle, moved)?;
        let still_there = is.as_ref().filter(|is| is.0 == *vehicle && is.1 == *moved);
        let touched = [before.as_ref(), still_there.map(|is| &is.1), after.as_ref()];
        for passage in touched.into_iter().flatten() {
            pair(connection, lot, vehicle, passage)?;
        }
    }
    Ok(())
}

/// Writes down the stay that begins with `this`, or that none does.
fn pair(
    connection: &Connection,
    lot: &LotId,
    vehicle: &str,
    this: &Passage,
) -> Result<(), StoreError> {
    let (before, after) = neighbours(connection, lot, vehicle, this)?;
    let Some(stay) = stay(before.as_ref(), this, after.as_ref()) else {
        connection
            .prepare_cached("DELETE FROM stay WHERE lot = ? AND uuid = ?")?
            .execute([lot.as_str(), this.uuid.as_str()])?;
        return Ok(());
    };
    let (entry, exit) = (stay.entry(), stay.exit());
    let by = match &stay {
        Stay::Superseded { by, .. } => Some(by.uuid.as_str()),
        Stay::Open { .. } | Stay::Closed { .. } | Stay::Orphaned { .. } => None,
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO stay (lot, uuid, vehicle, state, began, in_at, in_device,
             out_uuid, out_at, out_device, superseded_by) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        )?
        .execute(params![
            lot.as_str(),
            this.uuid.as_str(),
            vehicle,
            stay.state(),
            this.at.as_second(),
            entry.map(|entry| entry.at.as_second()),
            entry.map(|entry| entry.device.as_str()),
            exit.map(|exit| exit.uuid.as_str()),
            exit.map(|exit| exit.at.as_second()),
            exit.map(|exit| exit.device.as_str()),
            by,
        ])?;
    Ok(())
}

/// What the crossing is to be paired as: nothing without a direction or a plate.
fn wanted(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<(String, Passage)>, StoreError> {
    let Some(crossing) = record::find(connection, RecordKind::Crossing, lot, uuid)? else {
        return Ok(None);
    };
    let vehicle = match correction::last(connection, lot, uuid)? {
        Some(corrected) => corrected,
        None => crossing
            .plate
            .as_ref()
            .map(Plate::as_str)
            .map(str::to_owned),
    };
    let direction = counted(connection, lot, uuid)?;
    Ok(vehicle.zip(direction).map(|(vehicle, direction)| {
        let passage = Passage {
            uuid: crossing.uuid,
            at: crossing.at.timestamp(),
            device: crossing.device,
            direction,
        };
        (vehicle, passage)
    }))
}

/// Since when the vehicle is in the lot: its last passage, if that was an entry.
///
/// # Errors
/// What the database said.
pub(super) fn entered(
    connection: &Connection,
    lot: &LotId,
    plate: &Plate,
) -> Result<Option<Timestamp>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT at, direction FROM passage WHERE lot = ? AND vehicle = ?
         ORDER BY at DESC, uuid DESC LIMIT 1",
    )?;
    let last: Option<(i64, String)> = query
        .query_row([lot.as_str(), plate.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let entry = last.filter(|(_, direction)| direction == Direction::Entry.as_str());
    entry.map(|(at, _)| instant(at)).transpose()
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

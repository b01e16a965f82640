//! What is known of a plate: permits and blocks; and the log of what was decided from it.

use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, audit};
use crate::decision::{Decision, Facts, Permit, PermitKind};

/// Everything known of `plate`; nothing when there is none.
///
/// # Errors
/// What the database said.
pub fn facts(connection: &Connection, plate: Option<&Plate>) -> Result<Facts, StoreError> {
    let Some(plate) = plate else {
        return Ok(Facts::default());
    };
    let blocked = connection
        .prepare_cached("SELECT reason FROM block WHERE plate = ?")?
        .query_row([plate.as_str()], |row| row.get(0))
        .optional()?;
    let mut query = connection
        .prepare_cached("SELECT lot, kind, valid_from, valid_to FROM permit WHERE plate = ?")?;
    let rows = query.query_map([plate.as_str()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    })?;
    let permits = rows.map(|row| permit(row?)).collect::<Result<_, _>>()?;
    Ok(Facts { blocked, permits })
}

/// Gives `plate` a permit; the same again changes only its end.
///
/// # Errors
/// What the database said.
pub fn add_permit(
    connection: &Connection,
    plate: &Plate,
    permit: &Permit,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO permit (lot, plate, kind, valid_from, valid_to) VALUES (?,?,?,?,?)",
        params![
            permit.lot.as_ref().map_or("", LotId::as_str),
            plate.as_str(),
            permit.kind.as_str(),
            permit.from.as_second(),
            permit.to.as_second(),
        ],
    )?;
    let act = act(by, "permit.add", plate, permit.kind.as_str());
    audit::note(connection, permit.lot.as_ref(), &act, now)
}

/// Takes permits from `plate`: all, or only those of a kind or lot; how many.
///
/// # Errors
/// What the database said.
pub fn remove_permits(
    connection: &Connection,
    plate: &Plate,
    kind: Option<PermitKind>,
    lot: Option<&LotId>,
    by: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let removed = connection.execute(
        "DELETE FROM permit WHERE plate = ?1 AND coalesce(kind = ?2, TRUE) AND
         coalesce(lot = ?3, TRUE)",
        params![
            plate.as_str(),
            kind.map(PermitKind::as_str),
            lot.map(LotId::as_str)
        ],
    )?;
    if removed > 0 {
        let kind = kind.map_or("", PermitKind::as_str);
        audit::note(connection, lot, &act(by, "permit.remove", plate, kind), now)?;
    }
    Ok(removed)
}

/// Puts `plate` on the block list.
///
/// # Errors
/// What the database said.
pub fn add_block(
    connection: &Connection,
    plate: &Plate,
    reason: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO block (plate, reason, since) VALUES (?,?,?)",
        params![plate.as_str(), reason, now.as_second()],
    )?;
    audit::note(connection, None, &act(by, "block.add", plate, reason), now)
}

/// Takes `plate` from the block list; how many rows that were, 0 or 1.
///
/// # Errors
/// What the database said.
pub fn remove_block(
    connection: &Connection,
    plate: &Plate,
    by: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let removed = connection.execute("DELETE FROM block WHERE plate = ?", [plate.as_str()])?;
    if removed > 0 {
        audit::note(connection, None, &act(by, "block.remove", plate, ""), now)?;
    }
    Ok(removed)
}

/// Writes down a decision; each is a row of its own, since a recognition is decided afresh each
/// time it is sent (D-13).
///
/// # Errors
/// What the database said.
pub fn log(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    decision: &Decision,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO decision (lot, number, uuid, at, pass, reason) VALUES (?1,
             (SELECT coalesce(max(number), 0) + 1 FROM decision WHERE lot = ?1), ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            lot.as_str(),
            uuid.as_str(),
            now.as_second(),
            decision.pass,
            decision.reason.to_string(),
        ])?;
    Ok(())
}

fn act<'a>(by: &'a str, what: &'a str, plate: &'a Plate, reason: &'a str) -> audit::Act<'a> {
    audit::Act {
        by,
        what,
        target: plate.as_str(),
        reason,
    }
}

fn permit((lot, kind, from, to): (String, String, i64, i64)) -> Result<Permit, StoreError> {
    let instant = |second| Timestamp::from_second(second).map_err(|_| StoreError::Corrupt("time"));
    let lot = if lot.is_empty() {
        None
    } else {
        Some(LotId::new(&lot))
    };
    Ok(Permit {
        kind: PermitKind::parse(&kind).ok_or(StoreError::Corrupt("kind"))?,
        lot: lot.transpose().map_err(|_| StoreError::Corrupt("lot"))?,
        from: instant(from)?,
        to: instant(to)?,
    })
}

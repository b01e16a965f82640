//! What is known of a plate: permits and blocks.

use boshi_protocol::id::{Id, LotId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::json;

use super::{StoreError, audit, event, instant};
use crate::china::ChinaTime;
use crate::decision::{Facts, Permit, PermitKind, listed};
use crate::events::Kind;
use crate::events::filter::together;
use crate::hours::WeeklyHours;

/// Everything known of `plate` and of `lot`.
///
/// # Errors
/// What the database said.
pub fn facts(
    connection: &Connection,
    lot: &LotId,
    plate: Option<&Plate>,
) -> Result<Facts, StoreError> {
    let text = plate.map(Plate::as_str);
    let known =
        connection
            .prepare_cached(KNOWN)?
            .query_row(params![lot.as_str(), text], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get::<_, Option<i64>>(3)?,
                ))
            })?;
    let (inside, blocked, has_permits, entered) = known;
    Ok(Facts {
        blocked,
        permits: match has_permits {
            true => permits(connection, plate)?,
            false => Vec::new(),
        },
        inside,
        entered: entered.map(instant).transpose()?,
    })
}

/// One statement, since most plates are strangers, of whom there is nothing to fetch: vehicles inside
/// as [`occupancy`](super::occupancy::occupancy) counts them, why the plate is blocked, whether it has permits, and since
/// when it is in the lot, which it is when its last passage was an entry.
const KNOWN: &str = "SELECT
  coalesce((SELECT max(base + moved, 0) FROM occupancy WHERE lot = ?1), 0),
  (SELECT reason FROM block WHERE plate = ?2),
  EXISTS (SELECT 1 FROM permit WHERE plate = ?2),
  (SELECT CASE direction WHEN 'entry' THEN at END FROM passage WHERE lot = ?1 AND vehicle = ?2
   ORDER BY at DESC, uuid DESC LIMIT 1)";

fn permits(connection: &Connection, plate: Option<&Plate>) -> Result<Vec<Permit>, StoreError> {
    let mut query = connection.prepare_cached("SELECT * FROM permit WHERE plate = ?")?;
    let rows = query.query_map([plate.map(Plate::as_str)], |row| Ok(permit(row)))?;
    rows.map(|row| row?).collect()
}

/// A permit, as events tell it.
#[derive(Serialize)]
struct Permitted<'a> {
    plate: &'a str,
    kind: &'static str,
    lots: Option<&'a str>,
    lanes: Option<&'a str>,
    hours: Option<&'a str>,
    from: ChinaTime,
    to: ChinaTime,
    note: &'a str,
    by: &'a str,
}

/// Gives `plate` a permit; the same again changes only its end and its note.
///
/// # Errors
/// What the database said.
pub fn add_permit(
    connection: &Connection,
    plate: &Plate,
    permit: &Permit,
    note: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (lots, lanes) = (listed(&permit.lots), listed(&permit.lanes));
    let hours = permit.hours.as_ref().map(WeeklyHours::to_string);
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let scope = format!("{}|{}|{}", part(&lots), part(&lanes), part(&hours));
    let changed = connection
        .prepare_cached(
            "INSERT INTO permit (plate, kind, valid_from, scope, valid_to, lots, lanes, hours, note)
             VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (plate, kind, valid_from, scope) DO UPDATE SET
             valid_to = excluded.valid_to, note = excluded.note
             WHERE valid_to <> excluded.valid_to OR note <> excluded.note",
        )?
        .execute(params![
            plate.as_str(),
            permit.kind.as_str(),
            permit.from.as_second(),
            scope,
            permit.to.as_second(),
            lots,
            lanes,
            hours,
            note,
        ])?;
    if changed > 0 {
        let told = Permitted {
            plate: plate.as_str(),
            kind: permit.kind.as_str(),
            lots: lots.as_deref(),
            lanes: lanes.as_deref(),
            hours: hours.as_deref(),
            from: ChinaTime::new(permit.from),
            to: ChinaTime::new(permit.to),
            note,
            by,
        };
        let lots = together(&permit.lots);
        event::note(connection, Kind::PermitAdded, lots.as_deref(), &told, now)?;
    }
    let act = act(by, "permit.add", plate, permit.kind.as_str());
    audit::note(connection, only(&permit.lots), &act, now)
}

/// Takes permits from `plate`: all, or only those of a kind or of exactly one lot; how many.
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
         (?3 IS NULL OR lots IS ?3)",
        params![
            plate.as_str(),
            kind.map(PermitKind::as_str),
            lot.map(LotId::as_str)
        ],
    )?;
    if removed > 0 {
        let told = json!({
            "plate": plate.as_str(), "kind": kind.map(PermitKind::as_str), "count": removed,
            "by": by,
        });
        let of = lot.map(LotId::as_str);
        event::note(connection, Kind::PermitRemoved, of, &told, now)?;
        let kind = kind.map_or("", PermitKind::as_str);
        audit::note(connection, lot, &act(by, "permit.remove", plate, kind), now)?;
    }
    Ok(removed)
}

fn only(lots: &[LotId]) -> Option<&LotId> {
    match lots {
        [lot] => Some(lot),
        [] | [_, _, ..] => None,
    }
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
    let changed = connection
        .prepare_cached(
            "INSERT INTO block (plate, reason, since) VALUES (?,?,?) ON CONFLICT (plate)
             DO UPDATE SET reason = excluded.reason, since = excluded.since
             WHERE reason <> excluded.reason",
        )?
        .execute(params![plate.as_str(), reason, now.as_second()])?;
    if changed > 0 {
        let told = json!({"plate": plate.as_str(), "reason": reason, "by": by});
        event::note(connection, Kind::BlockAdded, None, &told, now)?;
    }
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
        let told = json!({"plate": plate.as_str(), "by": by});
        event::note(connection, Kind::BlockRemoved, None, &told, now)?;
        audit::note(connection, None, &act(by, "block.remove", plate, ""), now)?;
    }
    Ok(removed)
}

fn act<'a>(by: &'a str, what: &'a str, plate: &'a Plate, reason: &'a str) -> audit::Act<'a> {
    audit::Act {
        by,
        what,
        target: plate.as_str(),
        reason,
    }
}

fn permit(row: &Row<'_>) -> Result<Permit, StoreError> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let hours = text("hours")?.map(|hours| hours.parse());
    let kind: String = row.get("kind")?;
    Ok(Permit {
        kind: PermitKind::parse(&kind).ok_or(StoreError::Corrupt("kind"))?,
        lots: ids(text("lots")?)?,
        lanes: ids(text("lanes")?)?,
        from: instant(row.get("valid_from")?)?,
        to: instant(row.get("valid_to")?)?,
        hours: hours
            .transpose()
            .map_err(|_| StoreError::Corrupt("hours"))?,
    })
}

fn ids<K>(listed: Option<String>) -> Result<Vec<Id<K>>, StoreError> {
    let listed = listed.unwrap_or_default();
    let ids = listed.split(',').filter(|id| !id.is_empty()).map(Id::new);
    ids.collect::<Result<_, _>>()
        .map_err(|_| StoreError::Corrupt("id"))
}

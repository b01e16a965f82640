//! How many vehicles are inside: an operator's number, and since then entries less exits.
//!
//! Each crossing adds to it once, by its own time and whenever it arrives, so that the number is a
//! fold over the records and not over the order in which they came.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{StoreError, audit, event};
use crate::china::ChinaTime;
use crate::decision::Direction;
use crate::events::Kind;

/// How many vehicles are inside, and from what that follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Occupancy {
    /// Vehicles inside; never less than none.
    pub(crate) vehicles: i64,
    /// What an operator counted; none before anybody did.
    base: Option<i64>,
    /// When.
    since: Option<ChinaTime>,
    /// Entries less exits since then.
    moved: i64,
}

/// When a crossing took place, and which way it counts.
pub(super) type Counted = (Timestamp, Option<Direction>);

/// A crossing that counted as `before` counts as `now`.
///
/// # Errors
/// What the database said.
pub(super) fn recount(
    connection: &Connection,
    lot: &LotId,
    before: Option<Counted>,
    now: Counted,
) -> Result<(), StoreError> {
    let since = connection
        .prepare_cached("SELECT since FROM occupancy WHERE lot = ?")?
        .query_row([lot.as_str()], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let change = share(now, since) - before.map_or(0, |before| share(before, since));
    if change != 0 {
        connection
            .prepare_cached(
                "INSERT INTO occupancy (lot, base, since, moved) VALUES (?1, 0, 0, ?2)
                 ON CONFLICT (lot) DO UPDATE SET moved = moved + ?2",
            )?
            .execute(params![lot.as_str(), change])?;
    }
    Ok(())
}

/// An operator has counted `vehicles` at `now`.
///
/// # Errors
/// What the database said.
pub(crate) fn rebase(
    connection: &Connection,
    lot: &LotId,
    vehicles: u32,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO occupancy (lot, base, since, moved) VALUES (?1, ?2, ?3,
         (SELECT coalesce(sum(CASE direction WHEN 'entry' THEN 1 ELSE -1 END), 0) FROM crossing
          WHERE lot = ?1 AND at > ?3 AND direction IS NOT NULL))",
        params![lot.as_str(), vehicles, now.as_second()],
    )?;
    let told = json!({"vehicles": vehicles, "by": act.by, "reason": act.reason});
    event::note_of(connection, Kind::OccupancyCounted, lot, &told, now)?;
    audit::note(connection, Some(lot), act, now)
}

/// How many vehicles are in `lot`.
///
/// # Errors
/// What the database said.
pub(crate) fn occupancy(connection: &Connection, lot: &LotId) -> Result<Occupancy, StoreError> {
    let row: Option<(i64, i64, i64)> = connection
        .prepare_cached("SELECT base, since, moved FROM occupancy WHERE lot = ?")?
        .query_row([lot.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (base, since, moved) = row.unwrap_or_default();
    let counted = since > 0;
    let since = super::instant(since)?;
    Ok(Occupancy {
        vehicles: (base + moved).max(0),
        base: counted.then_some(base),
        since: counted.then_some(ChinaTime::new(since)),
        moved,
    })
}

fn share((at, direction): Counted, since: i64) -> i64 {
    match direction {
        Some(Direction::Entry) if at.as_second() > since => 1,
        Some(Direction::Exit) if at.as_second() > since => -1,
        Some(_) | None => 0,
    }
}

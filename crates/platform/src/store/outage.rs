//! When lots did not answer, and up to when each has been asked for what it could not push.

use std::collections::HashMap;

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

use super::{StoreError, event};
use crate::china::ChinaTime;
use crate::events::Kind;

/// Writes down that `lot` has not answered since `since`.
///
/// # Errors
/// What the database said.
pub(crate) fn begin(
    connection: &Connection,
    lot: &LotId,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let begun = connection.execute(
        "INSERT INTO outage (lot, since) VALUES (?,?)
         ON CONFLICT (lot, since) DO UPDATE SET until = NULL WHERE until IS NOT NULL",
        params![lot.as_str(), since.as_second()],
    )?;
    if begun > 0 {
        let told = json!({"since": ChinaTime::new(since)});
        event::note_of(connection, Kind::OutageBegan, lot, &told, now)?;
    }
    Ok(())
}

/// Writes down that `lot` answers again.
///
/// # Errors
/// What the database said.
pub(crate) fn end(
    connection: &Connection,
    lot: &LotId,
    until: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT min(since) FROM outage WHERE lot = ? AND until IS NULL";
    let since = instant(connection.query_row(sql, [lot.as_str()], |row| row.get(0))?)?;
    connection.execute(
        "UPDATE outage SET until = ? WHERE lot = ? AND until IS NULL",
        params![until.as_second(), lot.as_str()],
    )?;
    if let Some(since) = since {
        let (since, until) = (ChinaTime::new(since), ChinaTime::new(until));
        let told = json!({"since": since, "until": until});
        event::note_of(connection, Kind::OutageEnded, lot, &told, until.timestamp())?;
    }
    Ok(())
}

/// Every lot with an outage that is still open, and since when it does not answer.
///
/// # Errors
/// What the database said.
pub(crate) fn all_open(connection: &Connection) -> Result<HashMap<LotId, Timestamp>, StoreError> {
    let sql = "SELECT lot, min(since) FROM outage WHERE until IS NULL GROUP BY lot";
    let mut query = connection.prepare(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let open = rows.map(|row| {
        let (lot, since): (String, i64) = row?;
        let lot = LotId::new(&lot).map_err(|_| StoreError::Corrupt("lot"))?;
        Ok((lot, super::instant(since)?))
    });
    open.collect()
}

/// When the earliest outage of `lot` began that is open or ended after `after`.
///
/// # Errors
/// What the database said.
pub(crate) fn recent_since(
    connection: &Connection,
    lot: &LotId,
    after: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT min(since) FROM outage WHERE lot = ? AND (until IS NULL OR until >= ?)";
    let parameters = params![lot.as_str(), after.as_second()];
    instant(connection.query_row(sql, parameters, |row| row.get(0))?)
}

/// Up to when everything that `lot` could not push is here.
///
/// # Errors
/// What the database said.
pub(crate) fn checkpoint(
    connection: &Connection,
    lot: &LotId,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT at FROM checkpoint WHERE lot = ?";
    let found = connection.query_row(sql, [lot.as_str()], |row| row.get(0));
    instant(found.optional()?)
}

/// When the last pass began that asked `lot` for all it may have.
///
/// # Errors
/// What the database said.
pub(crate) fn whole(connection: &Connection, lot: &LotId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT whole FROM checkpoint WHERE lot = ?";
    let found = connection.query_row(sql, [lot.as_str()], |row| row.get(0));
    instant(found.optional()?.flatten())
}

/// Writes down that a pass which began at `began` asked `lot` for all it may have, and got it.
///
/// # Errors
/// What the database said.
pub(crate) fn asked_for_all(
    connection: &Connection,
    lot: &LotId,
    began: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE checkpoint SET whole = ? WHERE lot = ?",
        params![began.as_second(), lot.as_str()],
    )?;
    Ok(())
}

/// Moves the checkpoint of `lot` to `at`, never back; but for one that is yet to come at `now`, which was
/// set while our clock was wrong.
///
/// # Errors
/// What the database said.
pub(crate) fn advance(
    connection: &Connection,
    lot: &LotId,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO checkpoint (lot, at) VALUES (?1, ?2)
         ON CONFLICT (lot) DO UPDATE SET at = iif(at > ?3, ?2, max(at, ?2))",
        params![lot.as_str(), at.as_second(), now.as_second()],
    )?;
    Ok(())
}

fn instant(second: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    let instant = second.map(Timestamp::from_second).transpose();
    instant.map_err(|_| StoreError::Corrupt("time"))
}

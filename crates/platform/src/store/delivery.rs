//! Events on their way to an endpoint, and every attempt to bring one there. An event that waits has a
//! row; one that was delivered has none any more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::event::{Event, Place, scan};
use super::newest::{Filter as ListFilter, FilterKind, Listed, filter};
use super::{StoreError, webhook};
use crate::china::ChinaTime;
use crate::events::Filter;
use crate::webhooks::schedule::Verdict;

/// Most events that wait for one endpoint: a dead one costs that much and no more; what follows
/// stays in the log.
pub(crate) const MOST_WAITING: i64 = 1000;
/// Attempts that are kept of an endpoint: what a person looks through.
const KEPT_ATTEMPTS: i64 = 1000;

/// An event that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// The number of the event.
    pub(crate) event: i64,
    /// Attempts that have failed.
    pub(crate) attempts: u32,
    /// When it is to be sent.
    pub(crate) due: Timestamp,
}

/// An attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The endpoint.
    pub(crate) webhook: String,
    /// The id of the event.
    pub(crate) event: String,
    /// Its kind.
    pub(crate) kind: &'static str,
    /// The how manieth it is, from 1.
    pub(crate) attempt: u32,
    /// When it began.
    pub(crate) at: Timestamp,
    /// How long it took.
    pub(crate) took: Duration,
    /// What was answered; none when nothing was.
    pub(crate) status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    pub(crate) said: String,
}

/// An attempt, as operators see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Attempt")]
pub(crate) struct AttemptRow {
    number: i64,
    at: ChinaTime,
    event: String,
    kind: String,
    attempt: u32,
    delivered: bool,
    status: Option<u16>,
    said: String,
    millis: i64,
}

/// What was taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All that is wanted up to here.
    Upto(Place),
    /// Nothing: what follows is not in the log any more.
    Gone,
    /// Nothing: the endpoint is not there any more.
    Removed,
}

/// Takes up what `filter` wants of what follows `done`, up to so many as may wait.
///
/// # Errors
/// What the database said.
pub(crate) fn take_up(
    connection: &Connection,
    name: &str,
    done: i64,
    filter: &Filter,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let done = Place {
        number: done,
        second: None,
    };
    if waiting(connection, name)? >= MOST_WAITING {
        return Ok(Taken::Upto(done));
    }
    let Some(scan) = scan(connection, done, filter)? else {
        return Ok(Taken::Gone);
    };
    if !advance(connection, name, scan.upto.number)? {
        return Ok(Taken::Removed);
    }
    for event in &scan.events {
        put_due(connection, name, event.place.number, now)?;
    }
    Ok(Taken::Upto(scan.upto))
}

/// Notes that every event up to `done` was looked at; whether the endpoint is still there.
///
/// # Errors
/// What the database said.
pub(crate) fn advance(connection: &Connection, name: &str, done: i64) -> Result<bool, StoreError> {
    let noted = connection
        .prepare_cached("UPDATE webhook SET done = ? WHERE name = ?")?
        .execute(params![done, name])?;
    Ok(noted > 0)
}

/// Sends an event, again if need be, as if it had not been tried.
///
/// # Errors
/// What the database said.
pub(crate) fn put_due(
    connection: &Connection,
    name: &str,
    event: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO delivery (webhook, event, attempts, due) VALUES (?,?,0,?)",
        )?
        .execute(params![name, event, now.as_millisecond()])?;
    Ok(())
}

/// The first of those that wait.
///
/// # Errors
/// What the database said.
pub(crate) fn first_waiting(
    connection: &Connection,
    name: &str,
    most: usize,
) -> Result<Vec<Waiting>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT event, attempts, due FROM delivery WHERE webhook = ? AND due IS NOT NULL
         ORDER BY due, event LIMIT ?",
    )?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = query.query_map(params![name, most], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    rows.map(|row| {
        let (event, attempts, due) = row?;
        let due = Timestamp::from_millisecond(due);
        Ok(Waiting {
            event,
            attempts,
            due: due.map_err(|_| StoreError::Corrupt("time"))?,
        })
    })
    .collect()
}

/// Forgets an event that is not in the log any more.
///
/// # Errors
/// What the database said.
pub(crate) fn drop_gone(connection: &Connection, name: &str, event: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM delivery WHERE webhook = ? AND event = ?")?
        .execute(params![name, event])?;
    Ok(())
}

/// Forgets what was given up and is not in the log any more.
///
/// # Errors
/// What the database said.
pub(crate) fn forget_gone(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM delivery WHERE due IS NULL AND event < (SELECT min(number) FROM event)",
        [],
    )?;
    Ok(())
}

/// Writes an attempt down, and what follows from it; whether the endpoint is still enabled.
///
/// # Errors
/// What the database said.
pub(crate) fn settle(
    connection: &Connection,
    event: &Event,
    attempt: &Attempt,
    (verdict, give_up): (Verdict, Duration),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (name, number) = (&attempt.webhook, event.place.number);
    note(connection, attempt, verdict == Verdict::Delivered)?;
    if verdict == Verdict::Delivered {
        drop_gone(connection, name, number)?;
        webhook::succeeded(connection, name)?;
        return Ok(true);
    }
    let due = match verdict {
        Verdict::Again(wait) => Some(now + wait),
        // It is sent when somebody enables the endpoint again.
        Verdict::Unwanted => Some(now),
        Verdict::Delivered | Verdict::GivenUp => None,
    };
    connection
        .prepare_cached(
            "UPDATE delivery SET attempts = ?, due = ? WHERE webhook = ? AND event = ?",
        )?
        .execute(params![
            attempt.attempt,
            due.map(Timestamp::as_millisecond),
            name,
            number
        ])?;
    let failing = webhook::failed(connection, name, now)?;
    if verdict == Verdict::Unwanted {
        webhook::disable(connection, name, "接收方应答 HTTP 410，不再接收", now)?;
        return Ok(false);
    }
    if failing >= SignedDuration::try_from(give_up).unwrap_or(SignedDuration::MAX) {
        let why = format!("连续 {} 小时没有一次送达", failing.as_hours());
        webhook::disable(connection, name, &why, now)?;
        return Ok(false);
    }
    Ok(true)
}

/// Writes an attempt down; the oldest of its endpoint go.
///
/// # Errors
/// What the database said.
pub(crate) fn note(
    connection: &Connection,
    attempt: &Attempt,
    delivered: bool,
) -> Result<(), StoreError> {
    let number: Option<i64> = connection
        .prepare_cached(
            "INSERT INTO attempt (webhook, number, at, event, kind, attempt, delivered, status, said,
             millis) SELECT ?1, (SELECT coalesce(max(number), 0) + 1 FROM attempt WHERE webhook = ?1),
             ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM webhook WHERE name = ?1 RETURNING number",
        )?
        .query_row(
            params![
                attempt.webhook,
                attempt.at.as_second(),
                attempt.event,
                attempt.kind,
                attempt.attempt,
                delivered,
                attempt.status,
                attempt.said,
                i64::try_from(attempt.took.as_millis()).unwrap_or(i64::MAX),
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(number) = number else {
        // The endpoint was removed meanwhile.
        return Ok(());
    };
    connection
        .prepare_cached("DELETE FROM attempt WHERE webhook = ? AND number <= ?")?
        .execute(params![attempt.webhook, number - KEPT_ATTEMPTS])?;
    Ok(())
}

fn waiting(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM delivery WHERE webhook = ? AND due IS NOT NULL";
    let mut query = connection.prepare_cached(sql)?;
    Ok(query.query_row([name], |row| row.get(0))?)
}

impl Listed for AttemptRow {
    const FROM: &'static str = "(SELECT *, '' AS lot FROM attempt)";
    // Only administrators see them.
    const BOUND: &'static str = "? IS NULL";
    const TIME: &'static str = "at";
    const TAIL: &'static str = "number";
    const FILTERS: &'static [ListFilter] = &[
        filter("event", FilterKind::Id, "event = ?"),
        filter("delivered", FilterKind::Truth, "delivered = ?"),
    ];

    fn read(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
        Ok(AttemptRow {
            number: row.get("number")?,
            at: row.get("at")?,
            event: row.get("event")?,
            kind: row.get("kind")?,
            attempt: row.get("attempt")?,
            delivered: row.get("delivered")?,
            status: row.get("status")?,
            said: row.get("said")?,
            millis: row.get("millis")?,
        })
    }
}

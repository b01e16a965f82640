//! How far events have come on their way out, for machines that watch.

use jiff::Timestamp;
use rusqlite::Connection;

use super::{StoreError, instant};

/// The log of events, and every endpoint that they are sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// How many events there ever were.
    pub(crate) newest: i64,
    /// How many of them are in the log.
    pub(crate) kept: i64,
    /// When the oldest of those was written down.
    pub(crate) since: Option<Timestamp>,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// An endpoint; there are at most [`MOST_ENDPOINTS`](crate::webhooks::MOST_ENDPOINTS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) name: String,
    pub(crate) enabled: bool,
    /// Events that wait to be sent, or sent again.
    pub(crate) waiting: i64,
    /// When the oldest of them happened.
    pub(crate) oldest: Option<Timestamp>,
    /// Events that were given up, and can be sent again by hand.
    pub(crate) given_up: i64,
    /// Events that nobody has looked at yet whether they are wanted.
    pub(crate) behind: i64,
    /// Since when no attempt has succeeded, if one has failed.
    pub(crate) failing_since: Option<Timestamp>,
}

/// How everything on its way out is.
///
/// # Errors
/// What the database said.
pub(crate) fn outgoing(connection: &Connection) -> Result<Outgoing, StoreError> {
    let sql = "SELECT coalesce(max(number), 0), coalesce(max(number) - min(number) + 1, 0),
         (SELECT at FROM event ORDER BY number LIMIT 1) FROM event";
    let mut query = connection.prepare_cached(sql)?;
    let (newest, kept, since) = query.query_row([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?))
    })?;
    let sql = "SELECT name, enabled,
         (SELECT count(*) FROM delivery d WHERE d.webhook = name AND due IS NOT NULL),
         (SELECT min(e.at) FROM delivery d JOIN event e ON e.number = d.event
          WHERE d.webhook = name AND d.due IS NOT NULL),
         (SELECT count(*) FROM delivery d WHERE d.webhook = name AND due IS NULL),
         max(0, ?1 - done), failing_since / 1000 FROM webhook ORDER BY name";
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map([newest], |row| {
        Ok((
            (row.get(0)?, row.get(1)?, row.get(2)?),
            row.get::<_, Option<i64>>(3)?,
            (row.get(4)?, row.get(5)?),
            row.get::<_, Option<i64>>(6)?,
        ))
    })?;
    let endpoints = rows.map(|row| {
        let ((name, enabled, waiting), oldest, (given_up, behind), failing_since) = row?;
        Ok(Endpoint {
            name,
            enabled,
            waiting,
            oldest: oldest.map(instant).transpose()?,
            given_up,
            behind,
            failing_since: failing_since.map(instant).transpose()?,
        })
    });
    Ok(Outgoing {
        newest,
        kept,
        since: since.map(instant).transpose()?,
        endpoints: endpoints.collect::<Result<_, StoreError>>()?,
    })
}

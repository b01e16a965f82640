//! The log of events: rows in the order of the commits, numbered without gaps.
//!
//! One insert an event, without an index: some 3 µs of the writer, a twentieth of what the records of
//! a passage cost it with the three events that it makes.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{StoreError, instant};
use crate::china::ChinaTime;
use crate::events::filter::only;
use crate::events::{Filter, Kind};

/// Rows that are looked at at once: a millisecond, however few of them are wanted.
const WINDOW: u32 = 1000;
/// Most events that are read at once: what a follower is then given in one piece.
pub(crate) const MOST_AT_ONCE: usize = 200;
/// Bytes of data after which no more is read at once: large events come in smaller pieces.
const ENOUGH_BYTES: usize = 256 * 1024;
/// Rows that are deleted at once: a few milliseconds in which others wait for the writer.
const CHUNK: u32 = 500;

/// A place in the log: that of an event, or before the first.
///
/// It holds the second of the event too, so that a place in a log that was since put back from a
/// backup is not taken for one in this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The event; 0 before the first.
    pub(crate) number: i64,
    /// Its second; none when whoever asks does not say.
    pub(crate) second: Option<i64>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Where it is.
    pub(crate) place: Place,
    /// When it was written down.
    pub(crate) at: Timestamp,
    /// What happened.
    pub(crate) kind: Kind,
    /// The lots that it is of, as [`crate::events::filter::together`]; none for every lot.
    pub(crate) lots: Option<String>,
    /// The rest, a JSON object.
    pub(crate) data: Box<str>,
}

/// Some events, and up to where that is all that were wanted.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// Those that were wanted, in order.
    pub(crate) events: Vec<Arc<Event>>,
    /// The last that was looked at.
    pub(crate) upto: Place,
}

/// Where a follower can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resumed {
    /// Where it was.
    There(Place),
    /// What follows there is not in the log any more, or never was: before the oldest event.
    Gone(Place),
}

/// Writes an event down, in the transaction of the thing itself; `lots` are those it is of, none
/// for every lot.
///
/// # Errors
/// What the database said.
pub(crate) fn note(
    connection: &Connection,
    kind: Kind,
    lots: Option<&str>,
    data: &impl Serialize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let data = serde_json::to_string(data).map_err(|_| StoreError::Corrupt("event"))?;
    connection
        .prepare_cached("INSERT INTO event (at, kind, lots, data) VALUES (?,?,?,?)")?
        .execute(params![now.as_second(), kind.as_str(), lots, data])?;
    Ok(())
}

/// Writes an event of one lot down.
///
/// # Errors
/// What the database said.
pub(crate) fn note_of(
    connection: &Connection,
    kind: Kind,
    lot: &LotId,
    data: &impl Serialize,
    now: Timestamp,
) -> Result<(), StoreError> {
    note(connection, kind, Some(lot.as_str()), data, now)
}

/// The newest place.
///
/// # Errors
/// What the database said.
pub(crate) fn newest(connection: &Connection) -> Result<Place, StoreError> {
    edge(
        connection,
        "SELECT number, at FROM event ORDER BY number DESC LIMIT 1",
    )
}

/// Where a follower goes on that has everything up to `asked`.
///
/// # Errors
/// What the database said.
pub(crate) fn resume(connection: &Connection, asked: Place) -> Result<Resumed, StoreError> {
    let oldest = edge(
        connection,
        "SELECT number, at FROM event ORDER BY number LIMIT 1",
    )?;
    let before = Place {
        number: (oldest.number - 1).max(0),
        second: None,
    };
    if asked.number == before.number {
        return Ok(Resumed::There(before));
    }
    let second: Option<i64> = connection
        .prepare_cached("SELECT at FROM event WHERE number = ?")?
        .query_row([asked.number], |row| row.get(0))
        .optional()?;
    let is_it = second.is_some_and(|second| asked.second.is_none_or(|asked| asked == second));
    Ok(match is_it {
        true => Resumed::There(Place { second, ..asked }),
        false => Resumed::Gone(before),
    })
}

/// What `filter` wants of what follows `after`: not all, but all up to [`Scan::upto`]. None when
/// what follows is not in the log any more.
///
/// # Errors
/// What the database said.
pub(crate) fn scan(
    connection: &Connection,
    after: Place,
    filter: &Filter,
) -> Result<Option<Scan>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT number, at, kind, lots, data FROM event WHERE number > ? ORDER BY number LIMIT ?",
    )?;
    let mut rows = query.query(params![after.number, WINDOW])?;
    let mut scan = Scan {
        events: Vec::new(),
        upto: after,
    };
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let (place, wanted) = read(row, filter)?;
        if place.number != scan.upto.number + 1 {
            return Ok(None);
        }
        scan.upto = place;
        let Some(event) = wanted else {
            continue;
        };
        bytes += event.data.len();
        scan.events.push(Arc::new(event));
        if scan.events.len() >= MOST_AT_ONCE || bytes >= ENOUGH_BYTES {
            break;
        }
    }
    Ok(Some(scan))
}

/// The event of that number, if it is still there.
///
/// # Errors
/// What the database said.
pub(crate) fn find(connection: &Connection, number: i64) -> Result<Option<Arc<Event>>, StoreError> {
    let found = connection
        .prepare_cached("SELECT number, at, kind, lots, data FROM event WHERE number = ?")?
        .query_row([number], |row| Ok(read(row, &Filter::default())))
        .optional()?
        .transpose()?;
    Ok(found.and_then(|(_, event)| event).map(Arc::new))
}

/// The numbers of the events of `span`, in seconds, that `filter` wants, up to `most`. Events of a
/// time are found by halves, since they follow each other in time; those that a clock which was put
/// back has written meanwhile may be left out.
///
/// # Errors
/// What the database said.
pub(crate) fn during(
    connection: &Connection,
    span: Range<i64>,
    filter: &Filter,
    most: usize,
) -> Result<Vec<i64>, StoreError> {
    let (first, end) = (
        not_before(connection, span.start)?,
        not_before(connection, span.end)?,
    );
    let mut found = Vec::new();
    let mut after = Place {
        number: first - 1,
        second: None,
    };
    while let Some(scan) = scan(connection, after, filter)? {
        let numbers = scan.events.iter().map(|event| event.place.number);
        found.extend(numbers.take_while(|number| *number < end));
        if scan.upto == after || scan.upto.number >= end || found.len() >= most {
            break;
        }
        after = scan.upto;
    }
    found.truncate(most);
    Ok(found)
}

/// The number of the first event that is not before `second`; beyond the newest when all are.
fn not_before(connection: &Connection, second: i64) -> Result<i64, StoreError> {
    let oldest = edge(
        connection,
        "SELECT number, at FROM event ORDER BY number LIMIT 1",
    )?;
    let (mut least, mut most) = (oldest.number.max(1), newest(connection)?.number + 1);
    let mut query = connection.prepare_cached("SELECT at FROM event WHERE number = ?")?;
    while least < most {
        let middle = least + (most - least) / 2;
        let at: i64 = query.query_row([middle], |row| row.get(0))?;
        if at < second {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    Ok(least)
}

/// Where a row is, and the event if `filter` wants it.
fn read(row: &Row<'_>, filter: &Filter) -> Result<(Place, Option<Event>), StoreError> {
    let (second, kind, lots) = (row.get(1)?, row.get_ref(2)?, row.get_ref(3)?);
    let place = Place {
        number: row.get(0)?,
        second: Some(second),
    };
    let kind = kind.as_str().ok().and_then(Kind::parse);
    let kind = kind.ok_or(StoreError::Corrupt("event"))?;
    let lots = lots.as_str_or_null();
    let lots = lots.map_err(|_| StoreError::Corrupt("event"))?;
    if !filter.wants(kind, lots) {
        return Ok((place, None));
    }
    let event = Event {
        place,
        at: instant(second)?,
        kind,
        lots: lots.map(str::to_owned),
        data: row.get(4)?,
    };
    Ok((place, Some(event)))
}

/// Deletes some of the events from before `cutoff` and of those beyond the newest `most`; how many.
/// None are left when that is 0. The newest stays, whatever its age.
///
/// # Errors
/// What the database said.
pub(crate) fn forget_some(
    connection: &Connection,
    cutoff: Timestamp,
    most: u64,
) -> Result<usize, StoreError> {
    let newest = newest(connection)?.number;
    let beyond = newest.saturating_sub(i64::try_from(most).unwrap_or(i64::MAX));
    let forgotten = connection
        .prepare_cached(
            "DELETE FROM event WHERE number <= (SELECT max(number) FROM
             (SELECT number, at FROM event ORDER BY number LIMIT ?1) WHERE at < ?2 OR number <= ?3)
             AND number < ?4",
        )?
        .execute(params![CHUNK, cutoff.as_second(), beyond, newest])?;
    Ok(forgotten)
}

fn edge(connection: &Connection, sql: &str) -> Result<Place, StoreError> {
    let found = connection.prepare_cached(sql)?.query_row([], |row| {
        Ok(Place {
            number: row.get(0)?,
            second: row.get(1)?,
        })
    });
    Ok(found.optional()?.unwrap_or_default())
}

impl Event {
    /// Names it for ever, as followers and receivers know it.
    pub(crate) fn id(&self) -> String {
        self.place.to_string()
    }

    /// The whole, as it is sent: one line.
    ///
    /// # Errors
    /// When its data is no JSON, which this program never writes.
    pub(crate) fn json(&self) -> Result<String, StoreError> {
        #[derive(Serialize)]
        struct Whole<'a> {
            id: String,
            kind: &'static str,
            at: ChinaTime,
            /// The lot, if it is of exactly one.
            lot: Option<&'a str>,
            data: &'a RawValue,
        }
        let data = serde_json::from_str(&self.data).map_err(|_| StoreError::Corrupt("event"))?;
        let whole = Whole {
            id: self.id(),
            kind: self.kind.as_str(),
            at: ChinaTime::new(self.at),
            lot: only(self.lots.as_deref()),
            data,
        };
        serde_json::to_string(&whole).map_err(|_| StoreError::Corrupt("event"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.second {
            Some(second) => write!(out, "{}-{second}", self.number),
            None => write!(out, "{}", self.number),
        }
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Place, &'static str> {
        const EXPECTED: &str = "应为事件的 id，或 0（从最早的事件开始）";
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i64>().ok().filter(|_| digits).ok_or(EXPECTED)
        };
        let (first, second) = match text.split_once('-') {
            Some((first, second)) => (first, Some(number(second)?)),
            None => (text, None),
        };
        Ok(Place {
            number: number(first)?,
            second,
        })
    }
}

//! Records that are older than what is kept, moved into files: one a month, each a database of the
//! same form as the platform's own ([`month`]), so that the same questions can be put to it.
//!
//! A move has three steps, so that a crash between any two loses nothing: rows are read; they are
//! written into the month's file, committed there, and read back from it ([`Chunk::keep`]); only then
//! are those deleted that still are what was kept ([`Chunk::forget`]). Whatever stopped on the way is
//! done again, and what is in the file already is not written twice.
//!
//! What is still open stays: the crossings of an open stay, abnormalities that nobody has cleared,
//! commands under way, outages that last. It goes to the file of its month when it is over.

pub(crate) mod month;

use std::path::Path;

use boshi_protocol::time::CHINA;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};

use self::month::Month;
use super::{StoreError, instant};

/// Rows of a kind that are moved at once: a few milliseconds in which others wait for the writer.
const CHUNK: i64 = 500;

/// A kind of record, and which of them may go.
#[derive(Debug)]
struct Kind {
    table: &'static str,
    time: &'static str,
    /// Its primary key.
    keys: [&'static str; 2],
    /// Of a row `t`, with the first second that is kept as `?1`.
    may_go: &'static str,
    /// A column that every file fills itself, since it is about other rows in it, and with what: of the
    /// row's `lot` and `uuid`, which are `?1` and `?2`.
    own: &'static [(&'static str, &'static str)],
}

/// Not a half of a stay that is open or ends later.
const NOT_OF_A_STAY: &str = "NOT EXISTS (SELECT 1 FROM stay s WHERE s.lot = t.lot
    AND (s.uuid = t.uuid OR s.out_uuid = t.uuid)
    AND (s.state = 'open' OR coalesce(s.out_at, s.began) >= ?1))";

/// What a person said of a crossing: goes along with it.
const CORRECTION: Kind = Kind {
    table: "correction",
    time: "at",
    keys: ["lot", "number"],
    may_go: "TRUE",
    own: &[],
};

/// A recognition before its decisions, which point at it. Stays last: they say which crossings may go. Of what is numbered, the newest of a lot stays: the
/// next number follows it.
static KINDS: [Kind; 8] = [
    Kind {
        table: "recognition",
        time: "at",
        keys: ["lot", "uuid"],
        may_go: NOT_OF_A_STAY,
        own: &[("id", "NULL"), ("told", "0")],
    },
    Kind {
        table: "decision",
        time: "at",
        keys: ["lot", "number"],
        may_go: "number < (SELECT max(number) FROM decision d WHERE d.lot = t.lot)",
        own: &[("record", month::RECORD)],
    },
    Kind {
        table: "crossing",
        time: "at",
        keys: ["lot", "uuid"],
        may_go: NOT_OF_A_STAY,
        own: &[("told", "0")],
    },
    Kind {
        table: "abnormality",
        time: "received",
        keys: ["lot", "digest"],
        may_go: "state = 'cleared'",
        own: &[],
    },
    Kind {
        table: "command",
        time: "asked_at",
        keys: ["lot", "id"],
        may_go: "state <> 'asked'",
        own: &[],
    },
    Kind {
        table: "outage",
        time: "since",
        keys: ["lot", "since"],
        may_go: "until < ?1",
        own: &[],
    },
    Kind {
        table: "audit",
        time: "at",
        keys: ["lot", "number"],
        may_go: "number < (SELECT max(number) FROM audit a WHERE a.lot = t.lot)",
        own: &[],
    },
    Kind {
        table: "stay",
        time: "began",
        keys: ["lot", "uuid"],
        may_go: "state <> 'open' AND coalesce(out_at, began) < ?1",
        own: &[],
    },
];

/// Rows of one month that may go.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// The month in China, as `2026-01`.
    pub(crate) month: String,
    /// The first second that is kept.
    cutoff: i64,
    rows: Vec<Rows>,
    /// Of the crossings among them.
    corrections: Rows,
}

/// Rows of a kind, whole.
#[derive(Debug)]
struct Rows {
    kind: &'static Kind,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

/// Some of the oldest rows from before `cutoff` that may go, all of one month; none when there are
/// none.
///
/// # Errors
/// What the database said.
pub(crate) fn oldest(
    connection: &Connection,
    cutoff: Timestamp,
) -> Result<Option<Chunk>, StoreError> {
    let cutoff = cutoff.as_second();
    let mut first = None;
    for kind in &KINDS {
        let found = kind.first(connection, cutoff)?;
        first = [first, found].into_iter().flatten().min();
    }
    let Some(first) = first else {
        return Ok(None);
    };
    let begin = CHINA.to_datetime(instant(first)?).date().first_of_month();
    let end = after(begin)?;
    let mut rows = Vec::new();
    for kind in &KINDS {
        rows.push(kind.some(connection, cutoff, end.min(cutoff))?);
    }
    let crossings = rows.iter().find(|rows| rows.kind.table == "crossing");
    let corrections = crossings.map(|rows| rows.corrections(connection));
    Ok(Some(Chunk {
        month: begin.strftime("%Y-%m").to_string(),
        cutoff,
        corrections: corrections.transpose()?.unwrap_or(Rows::none(&CORRECTION)),
        rows,
    }))
}

impl Chunk {
    /// Writes the rows into the file of their month in `folder`, and reads them back from it.
    ///
    /// # Errors
    /// What the database or the file system said, or that the file does not hold a row; then no row
    /// may go.
    pub(crate) fn keep(&self, folder: &Path) -> Result<(), StoreError> {
        let all = || self.rows.iter().chain([&self.corrections]);
        let mut month = Month::open(folder, &self.month)?;
        month.add(all())?;
        drop(month);
        Month::look(&Month::path(folder, &self.month))?.must_hold(all())
    }

    /// Deletes the rows that still are what was kept, and may still go; how many did.
    ///
    /// # Errors
    /// What the database said.
    pub(crate) fn forget(&self, connection: &Connection) -> Result<usize, StoreError> {
        let mut gone = 0;
        for rows in &self.rows {
            let mut delete = connection.prepare_cached(&rows.deletion())?;
            for row in &rows.rows {
                if rows.kind.table == "crossing" && !self.has_all_corrections(connection, row)? {
                    continue;
                }
                let cutoff = Value::Integer(self.cutoff);
                let values = std::iter::once(&cutoff).chain(row);
                let deleted = delete.execute(params_from_iter(values))?;
                if deleted > 0 && rows.kind.table == "crossing" {
                    forget_parts(connection, row)?;
                }
                gone += deleted;
            }
        }
        Ok(gone)
    }

    /// Whether every correction of a crossing was kept.
    fn has_all_corrections(
        &self,
        connection: &Connection,
        crossing: &[Value],
    ) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM correction WHERE lot = ? AND uuid = ?";
        let there: i64 = connection
            .prepare_cached(sql)?
            .query_row(params_from_iter(&crossing[..2]), |row| row.get(0))?;
        let uuid = self.corrections.place_of("uuid");
        let kept = self.corrections.rows.iter();
        let kept =
            kept.filter(|row| row.first() == crossing.first() && row.get(uuid) == crossing.get(1));
        Ok(i64::try_from(kept.count()).is_ok_and(|kept| kept == there))
    }
}

/// The first second after the month that begins with `first`.
fn after(first: Date) -> Result<i64, StoreError> {
    let next = first.last_of_month().tomorrow();
    let second = next.and_then(|day| CHINA.to_timestamp(day.at(0, 0, 0, 0)));
    let second = second.map_err(|_| StoreError::Corrupt("time"))?;
    Ok(second.as_second())
}

/// What goes with a crossing, which is gone.
fn forget_parts(connection: &Connection, crossing: &[Value]) -> Result<(), StoreError> {
    let key = || params_from_iter(&crossing[..2]);
    let unpair = "DELETE FROM passage WHERE lot = ? AND uuid = ?";
    connection.prepare_cached(unpair)?.execute(key())?;
    // The newest of a lot stays, of whatever crossing: the next number follows it.
    let forget = "DELETE FROM correction AS t WHERE lot = ?1 AND uuid = ?2
         AND number < (SELECT max(number) FROM correction c WHERE c.lot = ?1)";
    connection.prepare_cached(forget)?.execute(key())?;
    Ok(())
}

impl Kind {
    /// The time of the oldest row that may go.
    fn first(&self, connection: &Connection, cutoff: i64) -> Result<Option<i64>, StoreError> {
        let Kind {
            table,
            time,
            may_go,
            ..
        } = self;
        let sql = format!(
            "SELECT {time} FROM {table} t WHERE {time} < ?1 AND {may_go} ORDER BY {time} LIMIT 1"
        );
        let mut query = connection.prepare_cached(&sql)?;
        let found = query.query_row([cutoff], |row| row.get(0)).optional()?;
        Ok(found)
    }

    /// Some of the oldest rows from before `end` that may go.
    fn some(
        &'static self,
        connection: &Connection,
        cutoff: i64,
        end: i64,
    ) -> Result<Rows, StoreError> {
        let Kind {
            table,
            time,
            may_go,
            ..
        } = self;
        let sql = format!(
            "SELECT * FROM {table} t WHERE {time} < ?1 AND {time} < ?2 AND {may_go}
             ORDER BY {time} LIMIT ?3"
        );
        let mut query = connection.prepare_cached(&sql)?;
        let mut rows = Rows::none(self);
        rows.take(&mut query, params![cutoff, end, CHUNK])?;
        Ok(rows)
    }
}

impl Rows {
    fn none(kind: &'static Kind) -> Rows {
        Rows {
            kind,
            columns: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn take(
        &mut self,
        query: &mut rusqlite::Statement<'_>,
        values: impl rusqlite::Params,
    ) -> Result<(), StoreError> {
        let names = query.column_names().map(str::to_owned).enumerate();
        let is_own = |name: &str| self.kind.own.iter().any(|(own, _)| *own == name);
        let carried = names.filter(|(_, name)| !is_own(name));
        let (places, names): (Vec<usize>, Vec<String>) = carried.unzip();
        self.columns = names;
        let read = query.query_map(values, |row| places.iter().map(|at| row.get(*at)).collect())?;
        for row in read {
            self.rows.push(row?);
        }
        Ok(())
    }

    /// What was said of these crossings.
    fn corrections(&self, connection: &Connection) -> Result<Rows, StoreError> {
        let sql = "SELECT * FROM correction WHERE lot = ? AND uuid = ?";
        let mut query = connection.prepare_cached(sql)?;
        let mut found = Rows::none(&CORRECTION);
        for crossing in &self.rows {
            found.take(&mut query, params_from_iter(&crossing[..2]))?;
        }
        Ok(found)
    }

    fn place_of(&self, column: &str) -> usize {
        let place = self.columns.iter().position(|name| name == column);
        place.unwrap_or(usize::MAX)
    }

    /// Deletes a row that is as it was read and may still go: `?1` is the first second that is kept,
    /// the columns follow.
    fn deletion(&self) -> String {
        let Kind { table, may_go, .. } = self.kind;
        format!(
            "DELETE FROM {table} AS t WHERE {} AND {may_go}",
            self.same(2)
        )
    }

    /// That a row is the same in every column, which are the parameters from `?first` on.
    fn same(&self, first: usize) -> String {
        let columns = self.columns.iter().zip(first..);
        let same = columns.map(|(name, at)| match self.kind.keys.contains(&name.as_str()) {
            true => format!("{name} = ?{at}"),
            false => format!("{name} IS ?{at}"),
        });
        same.collect::<Vec<_>>().join(" AND ")
    }
}

//! What people look up: the outbox, attempts, lifts and acts, newest first.

use boshi_protocol::delivery::{Key, Kind};
use boshi_protocol::id::{LotId, RecordId};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Result, Row, params_from_iter};

use super::column::{self, kind_word};
use super::read::all;
use super::{Journal, JournalError};

/// Most rows of one look.
pub const MAX_ROWS: u32 = 200;

/// A part of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Rows whose number is below this; the newest when nothing is said.
    pub before: Option<i64>,
    /// How many, at most [`MAX_ROWS`].
    pub limit: u32,
}

/// A record of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub number: i64,
    /// The record.
    pub key: Key,
    /// `pending`, `delivered` or `failed`.
    pub state: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// How often it was pushed.
    pub attempts: u64,
    /// When it happened.
    pub at: Timestamp,
    /// When it was delivered or failed last.
    pub settled_at: Option<Timestamp>,
    /// Whether the platform took it after it had failed, because somebody sent it again.
    pub resent: bool,
}

/// An attempt to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// Its number.
    pub number: i64,
    /// The record.
    pub key: Key,
    /// Which of its series, from 1.
    pub attempt: u64,
    /// When it was begun.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// A lift of a barrier, or another act of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftRow {
    /// Its number.
    pub number: i64,
    /// The lane's name.
    pub lane: String,
    /// The one reason for it.
    pub cause: String,
    /// The vehicle, if one is known.
    pub record: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What the barrier did; `None` when it never said.
    pub result: Option<String>,
}

impl Journal {
    /// Records of the outbox, in a state or in any.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn outbox(
        &self,
        lot: &LotId,
        state: Option<&'static str>,
        part: Part,
    ) -> std::result::Result<Vec<OutboxRow>, JournalError> {
        let mut wanted = Wanted::of(lot, part);
        wanted.also("state", state.map(str::to_owned));
        let sql = wanted.select(
            "seq, kind, key, state, reason, attempts, at, settled_at, state = 'failed' AND EXISTS \
             (SELECT 1 FROM attempt WHERE attempt.lot = it.lot AND attempt.kind = it.kind \
              AND attempt.key = it.key AND attempt.outcome = 'accepted' \
              AND attempt.at >= it.settled_at)",
            "outbox",
        );
        self.read(move |from| all(from, &sql, params_from_iter(wanted.values), outbox_row))
            .await
    }

    /// Attempts, of one record or of all.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn attempts(
        &self,
        lot: &LotId,
        record: Option<String>,
        part: Part,
    ) -> std::result::Result<Vec<AttemptRow>, JournalError> {
        let mut wanted = Wanted::of(lot, part);
        wanted.also("key", record);
        let sql = wanted.select("seq, kind, key, number, at, outcome, millis", "attempt");
        self.read(move |from| all(from, &sql, params_from_iter(wanted.values), attempt_row))
            .await
    }

    /// Acts of the barriers, of one lane or of all.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn lifts(
        &self,
        lot: &LotId,
        lane: Option<String>,
        part: Part,
    ) -> std::result::Result<Vec<LiftRow>, JournalError> {
        let mut wanted = Wanted::of(lot, part);
        wanted.also("lane", lane);
        let sql = wanted.select("seq, lane, cause, record, at, result", "lift");
        self.read(move |from| all(from, &sql, params_from_iter(wanted.values), lift_row))
            .await
    }

    /// The recognition and the crossing of a record, and whether the push of each has failed.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn states_of(
        &self,
        lot: &LotId,
        record: &RecordId,
    ) -> std::result::Result<Vec<(Key, bool)>, JournalError> {
        let values = [lot.as_str().to_owned(), record.as_str().to_owned()];
        let sql = "SELECT kind, key, state = 'failed' FROM outbox \
                   WHERE lot = ?1 AND key = ?2 AND kind <> 'abnormality' ORDER BY seq";
        self.read(move |from| {
            all(from, sql, params_from_iter(values), |row| {
                Ok((column::key(row, 0, 1)?, row.get(2)?))
            })
        })
        .await
    }

    /// The failed recognitions and crossings of a period, both ends included, oldest first: what
    /// somebody may want to send again.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn failed_between(
        &self,
        lot: &LotId,
        from: Timestamp,
        to: Timestamp,
        most: u32,
    ) -> std::result::Result<Vec<Key>, JournalError> {
        let values = [
            Value::from(lot.as_str().to_owned()),
            Value::from(kind_word(Kind::Abnormality).to_owned()),
            Value::from(from.as_millisecond()),
            Value::from(to.as_millisecond()),
            Value::from(i64::from(most)),
        ];
        let sql = "SELECT kind, key FROM outbox WHERE lot = ?1 AND state = 'failed' \
                   AND kind <> ?2 AND at BETWEEN ?3 AND ?4 ORDER BY seq LIMIT ?5";
        self.read(move |from| {
            all(from, sql, params_from_iter(values), |row| {
                column::key(row, 0, 1)
            })
        })
        .await
    }
}

/// The conditions of a look and their values, in the same order.
pub(super) struct Wanted {
    conditions: String,
    pub(super) values: Vec<Value>,
    limit: u32,
}

impl Wanted {
    pub(super) fn of(lot: &LotId, part: Part) -> Wanted {
        Wanted {
            conditions: "it.lot = ?1 AND it.seq < ?2".to_owned(),
            values: vec![
                Value::from(lot.as_str().to_owned()),
                Value::from(part.before.unwrap_or(i64::MAX)),
            ],
            limit: part.limit.min(MAX_ROWS),
        }
    }

    /// Only rows in which `column` is `value`, if there is one.
    pub(super) fn also(&mut self, column: &str, value: Option<String>) {
        if let Some(value) = value {
            self.values.push(Value::from(value));
            let place = self.values.len();
            self.conditions += &format!(" AND it.{column} = ?{place}");
        }
    }

    pub(super) fn select(&self, columns: &str, table: &str) -> String {
        let Wanted {
            conditions, limit, ..
        } = self;
        format!(
            "SELECT {columns} FROM {table} it WHERE {conditions} ORDER BY it.seq DESC LIMIT {limit}"
        )
    }
}

fn outbox_row(row: &Row<'_>) -> Result<OutboxRow> {
    Ok(OutboxRow {
        number: row.get(0)?,
        key: column::key(row, 1, 2)?,
        state: row.get(3)?,
        reason: row.get(4)?,
        attempts: column::count(row, 5)?,
        at: column::time(row, 6)?,
        settled_at: column::optional_time(row, 7)?,
        resent: row.get(8)?,
    })
}

fn attempt_row(row: &Row<'_>) -> Result<AttemptRow> {
    Ok(AttemptRow {
        number: row.get(0)?,
        key: column::key(row, 1, 2)?,
        attempt: column::count(row, 3)?,
        at: column::time(row, 4)?,
        outcome: row.get(5)?,
        millis: column::count(row, 6)?,
    })
}

fn lift_row(row: &Row<'_>) -> Result<LiftRow> {
    Ok(LiftRow {
        number: row.get(0)?,
        lane: row.get(1)?,
        cause: row.get(2)?,
        record: row.get(3)?,
        at: column::time(row, 4)?,
        result: row.get(5)?,
    })
}

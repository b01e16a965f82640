//! What the journal of a lot amounts to, read from the file alone: also while the gateway runs, or
//! after it was killed. For comparing both sides' records independently.

use std::collections::BTreeSet;
use std::path::Path;

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Result, Row, params};

/// The records of a lot; each set holds the ids of recognitions, which crossings share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Every recognition.
    pub recognized: BTreeSet<String>,
    /// Every crossing.
    pub crossed: BTreeSet<String>,
    /// Recognitions to which the platform ever said no.
    pub refused: BTreeSet<String>,
    /// Recognitions whose push failed (PUSH-2).
    pub failed_recognitions: BTreeSet<String>,
    /// Crossings whose push failed.
    pub failed_crossings: BTreeSet<String>,
    /// How many records are neither delivered nor failed, failed abnormalities included, for they
    /// are pushed again (PUSH-5).
    pub open: usize,
    /// Records that the platform has acknowledged: kind and id.
    pub delivered: BTreeSet<(String, String)>,
    /// Every recognition, in the order in which they were written down.
    pub recognitions: Vec<Recognition>,
    /// Every message that something is abnormal, in that order too.
    pub abnormalities: Vec<Abnormality>,
    /// Every crossing, in the order in which they were written down.
    pub crossings: Vec<Crossing>,
    /// Every act of a barrier that was decided on, in that order too; each was written down before the
    /// barrier was told.
    pub acts: Vec<Act>,
    /// How often the platform was told that its command to a gate was carried out (OPEN-7).
    pub commands_done: usize,
}

/// A recognition as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// Where.
    pub lane: String,
    /// Its id.
    pub record: String,
    /// The plate; none when unread.
    pub plate: Option<String>,
    /// Whether it was told as history, when its vehicle was gone.
    pub replayed: bool,
    /// When.
    pub at: Timestamp,
}

/// A message that something is abnormal as it was written down; while that lasts there are several of one
/// occurrence (D-15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormality {
    /// Its id, which the platform is not told: the standard has no field for it.
    pub id: String,
    /// What is wrong.
    pub code: String,
    /// With which device, if with one.
    pub device: Option<String>,
    /// In words.
    pub msg: String,
    /// How many attempts to push it have an outcome.
    pub attempts: usize,
    /// When the platform acknowledged it.
    pub delivered: Option<Timestamp>,
}

/// A crossing as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Where.
    pub lane: String,
    /// Of which recognition.
    pub record: String,
    /// The plate; none when unread.
    pub plate: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An act of a barrier as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Where.
    pub lane: String,
    /// Why: `may_pass`, `blind`, `commanded`, `forced`, `hold_ordered`, `restore_ordered`, `fire` or
    /// `hold_asserted`.
    pub cause: String,
    /// For which recognition, if for one.
    pub record: Option<String>,
    /// When it was decided on.
    pub at: Timestamp,
}

/// Reads the tally of `lot` from the gateway's `journal` file.
///
/// # Errors
/// The file cannot be read, or is not the gateway's.
pub fn tally(journal: &Path, lot: &LotId) -> Result<Tally> {
    let mut connection = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One transaction: what is written meanwhile is in all of it or in none.
    let moment = connection.transaction()?;
    let ids = |sql: &str| -> Result<BTreeSet<String>> {
        let mut query = moment.prepare(sql)?;
        query
            .query_map(params![lot.as_str()], |row| row.get(0))?
            .collect()
    };
    let failed = |kind: &str| {
        ids(&format!(
            "SELECT key FROM outbox WHERE lot = ?1 AND kind = '{kind}' AND state = 'failed'"
        ))
    };
    let count = |sql: &str| -> Result<usize> {
        let count: i64 = moment.query_row(sql, params![lot.as_str()], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    };
    Ok(Tally {
        recognized: ids("SELECT record FROM recognition WHERE lot = ?1")?,
        crossed: ids("SELECT record FROM crossing WHERE lot = ?1")?,
        refused: ids("SELECT DISTINCT key FROM attempt WHERE lot = ?1 \
                      AND kind = 'recognition' AND outcome LIKE 'refused %'")?,
        failed_recognitions: failed("recognition")?,
        failed_crossings: failed("crossing")?,
        open: count(
            "SELECT count(*) FROM outbox WHERE lot = ?1 \
             AND (state = 'pending' OR (state = 'failed' AND kind = 'abnormality'))",
        )?,
        delivered: delivered(&moment, lot)?,
        recognitions: recognitions(&moment, lot)?,
        abnormalities: abnormalities(&moment, lot)?,
        crossings: crossings(&moment, lot)?,
        acts: acts(&moment, lot)?,
        commands_done: count(
            "SELECT count(*) FROM command WHERE lot = ?1 AND reply LIKE '{\"respCode\":\"0\"%'",
        )?,
    })
}

fn delivered(from: &Connection, lot: &LotId) -> Result<BTreeSet<(String, String)>> {
    let sql = "SELECT kind, key FROM outbox WHERE lot = ?1 AND state = 'delivered'";
    let keys = rows(from, lot, sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(keys.into_iter().collect())
}

fn recognitions(from: &Connection, lot: &LotId) -> Result<Vec<Recognition>> {
    let sql = "SELECT lane, record, plate, replayed, recognition.at FROM recognition JOIN outbox \
               ON outbox.lot = recognition.lot AND outbox.kind = 'recognition' AND outbox.key = record \
               WHERE recognition.lot = ?1 ORDER BY seq";
    rows(from, lot, sql, |row| {
        Ok(Recognition {
            lane: row.get(0)?,
            record: row.get(1)?,
            plate: row.get(2)?,
            replayed: row.get(3)?,
            at: moment_of(row.get(4)?),
        })
    })
}

fn abnormalities(from: &Connection, lot: &LotId) -> Result<Vec<Abnormality>> {
    let sql = "SELECT id, code, device, msg, (SELECT count(*) FROM attempt \
               WHERE attempt.lot = ?1 AND attempt.kind = 'abnormality' AND attempt.key = id), \
               iif(state = 'delivered', settled_at, NULL) FROM abnormality JOIN outbox \
               ON outbox.lot = abnormality.lot AND outbox.kind = 'abnormality' AND outbox.key = id \
               WHERE abnormality.lot = ?1 ORDER BY seq";
    rows(from, lot, sql, |row| {
        let attempts: i64 = row.get(4)?;
        Ok(Abnormality {
            id: row.get(0)?,
            code: row.get(1)?,
            device: row.get(2)?,
            msg: row.get(3)?,
            attempts: usize::try_from(attempts).unwrap_or(usize::MAX),
            delivered: row.get::<_, Option<i64>>(5)?.map(moment_of),
        })
    })
}

fn crossings(from: &Connection, lot: &LotId) -> Result<Vec<Crossing>> {
    let sql = "SELECT lane, record, plate, crossing.at FROM crossing JOIN outbox \
               ON outbox.lot = crossing.lot AND outbox.kind = 'crossing' AND outbox.key = record \
               WHERE crossing.lot = ?1 ORDER BY seq";
    rows(from, lot, sql, |row| {
        Ok(Crossing {
            lane: row.get(0)?,
            record: row.get(1)?,
            plate: row.get(2)?,
            at: moment_of(row.get(3)?),
        })
    })
}

fn acts(from: &Connection, lot: &LotId) -> Result<Vec<Act>> {
    let sql =
        "SELECT lane, cause, record, at FROM lift WHERE lot = ?1 AND act IS NOT NULL ORDER BY seq";
    rows(from, lot, sql, |row| {
        Ok(Act {
            lane: row.get(0)?,
            cause: row.get(1)?,
            record: row.get(2)?,
            at: moment_of(row.get(3)?),
        })
    })
}

/// The rows of a lot.
fn rows<T>(
    from: &Connection,
    lot: &LotId,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    from.prepare(sql)?
        .query_map(params![lot.as_str()], read)?
        .collect()
}

/// What the journal keeps as milliseconds is a time, since it was one.
fn moment_of(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MIN)
}

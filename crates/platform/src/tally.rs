//! What the records of a lot amount to, read from the file alone: also while the platform runs, or
//! after it was killed. For comparing both sides' records independently.

use std::collections::BTreeSet;
use std::path::Path;

use boshi_protocol::id::{LotId, RecordId};
use rusqlite::{Connection, OpenFlags};

use crate::store::{RecordKind, StoreError};

/// A record as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a recognition or a crossing.
    pub kind: RecordKind,
    /// Names it within its lot and kind.
    pub uuid: RecordId,
    /// The plate; none when unreadable.
    pub plate: Option<String>,
    /// The supplier pushed it.
    pub pushed: bool,
    /// It was fetched (D-19).
    pub fetched: bool,
}

/// A message that something is abnormal as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormality {
    /// What is wrong.
    pub code: String,
    /// With which device, if with one.
    pub device: Option<String>,
    /// In words.
    pub msg: String,
    /// That of the request that told it, in hexadecimal digits.
    pub digest: String,
}

/// The records of a lot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Every recognition and crossing, each once.
    pub entries: Vec<Entry>,
    /// Every message that something is abnormal. An attempt that was made again since its answer got lost is
    /// another one: it has another time, and the standard has no name for what it tells (D-17).
    pub abnormalities: Vec<Abnormality>,
    /// How many recognitions were ever refused.
    pub refused: usize,
    /// Recognitions that were never decided on, since no push of them came through, and whose
    /// vehicles crossed (PUSH-3).
    pub passed_unheard: Vec<RecordId>,
    /// Recognitions of which it was ever decided that they may pass (RECOG-1).
    pub allowed: BTreeSet<String>,
    /// How many commands to gates the lot has said to have carried out (OPEN-7).
    pub commands_done: usize,
}

/// Reads the tally of `lot` from the platform's `store` file.
///
/// # Errors
/// The file cannot be read, or is not the platform's.
pub fn tally(store: &Path, lot: &LotId) -> Result<Tally, StoreError> {
    let mut connection = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One transaction: what is written meanwhile is in all of it or in none.
    let moment = connection.transaction()?;
    let mut entries = kept(&moment, "recognition", RecordKind::Recognition, lot)?;
    entries.extend(kept(&moment, "crossing", RecordKind::Crossing, lot)?);
    let count = |sql: &str| -> Result<usize, StoreError> {
        let count: i64 = moment.query_row(sql, [lot.as_str()], |row| row.get(0))?;
        usize::try_from(count).map_err(|_| StoreError::Corrupt("count"))
    };
    let mut query = moment.prepare(
        "SELECT uuid FROM recognition r WHERE lot = ? AND fetched AND NOT pushed AND EXISTS
         (SELECT * FROM crossing c WHERE c.lot = r.lot AND c.uuid = r.uuid) ORDER BY uuid",
    )?;
    let passed_unheard = query
        .query_map([lot.as_str()], |row| row.get::<_, String>(0))?
        .map(|uuid| record(&uuid?))
        .collect::<Result<_, _>>()?;
    Ok(Tally {
        entries,
        abnormalities: abnormalities(&moment, lot)?,
        refused: count("SELECT count(DISTINCT uuid) FROM decision WHERE lot = ? AND NOT pass")?,
        passed_unheard,
        allowed: allowed(&moment, lot)?,
        commands_done: count(
            "SELECT count(*) FROM command WHERE lot = ? AND what <> 'show' AND state = 'executed'",
        )?,
    })
}

fn abnormalities(moment: &Connection, lot: &LotId) -> Result<Vec<Abnormality>, StoreError> {
    let sql = "SELECT code, device, msg, hex(digest) FROM abnormality WHERE lot = ? ORDER BY received, digest";
    let mut query = moment.prepare(sql)?;
    let rows = query.query_map([lot.as_str()], |row| {
        Ok(Abnormality {
            code: row.get(0)?,
            device: row.get(1)?,
            msg: row.get(2)?,
            digest: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn allowed(moment: &Connection, lot: &LotId) -> Result<BTreeSet<String>, StoreError> {
    let sql = "SELECT DISTINCT uuid FROM decision WHERE lot = ? AND pass";
    let mut query = moment.prepare(sql)?;
    let rows = query.query_map([lot.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn kept(
    moment: &Connection,
    table: &str,
    kind: RecordKind,
    lot: &LotId,
) -> Result<Vec<Entry>, StoreError> {
    let sql =
        format!("SELECT uuid, plate, pushed, fetched FROM {table} WHERE lot = ? ORDER BY uuid");
    let mut query = moment.prepare(&sql)?;
    let rows = query.query_map([lot.as_str()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    })?;
    let entry = |row: rusqlite::Result<_>| {
        let (uuid, plate, pushed, fetched): (String, _, _, _) = row?;
        Ok(Entry {
            kind,
            uuid: record(&uuid)?,
            plate,
            pushed,
            fetched,
        })
    };
    rows.map(entry).collect()
}

fn record(uuid: &str) -> Result<RecordId, StoreError> {
    RecordId::new(uuid).map_err(|_| StoreError::Corrupt("uuid"))
}

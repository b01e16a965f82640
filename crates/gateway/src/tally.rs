//! What the journal of a lot amounts to, read from the file alone: also while the gateway runs, or
//! after it was killed. For comparing both sides' records independently.

use std::collections::BTreeSet;
use std::path::Path;

use boshi_protocol::id::LotId;
use rusqlite::{Connection, OpenFlags, Result, params};

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
    let open: i64 = moment.query_row(
        "SELECT count(*) FROM outbox WHERE lot = ?1 \
         AND (state = 'pending' OR (state = 'failed' AND kind = 'abnormality'))",
        params![lot.as_str()],
        |row| row.get(0),
    )?;
    Ok(Tally {
        recognized: ids("SELECT record FROM recognition WHERE lot = ?1")?,
        crossed: ids("SELECT record FROM crossing WHERE lot = ?1")?,
        refused: ids("SELECT DISTINCT key FROM attempt WHERE lot = ?1 \
                      AND kind = 'recognition' AND outcome LIKE 'refused %'")?,
        failed_recognitions: failed("recognition")?,
        failed_crossings: failed("crossing")?,
        open: usize::try_from(open).unwrap_or(usize::MAX),
    })
}

//! Who did what, and why.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, params, params_from_iter};

use super::look::{Part, Wanted};
use super::read::all;
use super::{Journal, JournalError, column};

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The lot.
    pub lot: LotId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What, in one stable word, such as `open_forced`.
    pub what: String,
    /// To what: a lane, a record, a plate.
    pub subject: String,
    /// Why.
    pub reason: String,
    /// What came of it.
    pub outcome: String,
}

impl Journal {
    /// What people did, newest first, each with its number.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn acts(
        &self,
        lot: &LotId,
        part: Part,
    ) -> std::result::Result<Vec<(i64, Act)>, JournalError> {
        let wanted = Wanted::of(lot, part);
        let columns = "seq, lot, at, by, what, subject, reason, outcome";
        let sql = wanted.select(columns, "act");
        self.read(move |from| all(from, &sql, params_from_iter(wanted.values), act))
            .await
    }
}

pub(super) fn insert(to: &Connection, it: &Act) -> Result<()> {
    to.prepare_cached(
        "INSERT INTO act (lot, at, by, what, subject, reason, outcome) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        it.lot.as_str(),
        it.at.as_millisecond(),
        it.by,
        it.what,
        it.subject,
        it.reason,
        it.outcome
    ])?;
    Ok(())
}

fn act(row: &Row<'_>) -> Result<(i64, Act)> {
    let act = Act {
        lot: column::id(row, 1)?,
        at: column::time(row, 2)?,
        by: row.get(3)?,
        what: row.get(4)?,
        subject: row.get(5)?,
        reason: row.get(6)?,
        outcome: row.get(7)?,
    };
    Ok((row.get(0)?, act))
}

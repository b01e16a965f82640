//! The runs of the program: when each began, when it was last seen alive, and how it ended.

use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, params};

use super::read::all;
use super::{Journal, JournalError, column};

/// How many runs are remembered: years of restarts, or a day of a program that dies every minute.
const RUNS_KEPT: i64 = 1000;

/// What is written down of a run as it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStep {
    /// It begins to serve.
    Started {
        /// The program's version.
        version: &'static str,
    },
    /// It is alive.
    Alive,
    /// It ended in good order.
    Stopped,
}

/// A run of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The program's version.
    pub version: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last seen alive.
    pub alive_at: Timestamp,
    /// When it ended in good order; `None` when it runs, or was cut off.
    pub stopped_at: Option<Timestamp>,
}

impl Journal {
    /// The latest runs, newest first.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn runs(&self, most: u32) -> std::result::Result<Vec<Run>, JournalError> {
        let sql = "SELECT version, started_at, alive_at, stopped_at FROM run \
                   ORDER BY seq DESC LIMIT ?1";
        self.read(move |from| all(from, sql, [most], run)).await
    }
}

pub(super) fn insert(to: &Connection, step: RunStep, at: Timestamp) -> Result<()> {
    let at = at.as_millisecond();
    let latest = "WHERE seq = (SELECT max(seq) FROM run)";
    match step {
        RunStep::Started { version } => {
            let sql = "INSERT INTO run (version, started_at, alive_at) VALUES (?1, ?2, ?2)";
            to.prepare_cached(sql)?.execute(params![version, at])?;
            let sql = "DELETE FROM run WHERE seq <= (SELECT max(seq) FROM run) - ?1";
            to.prepare_cached(sql)?.execute([RUNS_KEPT])?;
        }
        RunStep::Alive => {
            let sql = format!("UPDATE run SET alive_at = ?1 {latest}");
            to.prepare_cached(&sql)?.execute([at])?;
        }
        RunStep::Stopped => {
            let sql = format!("UPDATE run SET alive_at = ?1, stopped_at = ?1 {latest}");
            to.prepare_cached(&sql)?.execute([at])?;
        }
    }
    Ok(())
}

fn run(row: &Row<'_>) -> Result<Run> {
    Ok(Run {
        version: row.get(0)?,
        started_at: column::time(row, 1)?,
        alive_at: column::time(row, 2)?,
        stopped_at: column::optional_time(row, 3)?,
    })
}

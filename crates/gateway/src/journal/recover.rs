//! What a start has to know of the run before it (D-18, D-5, OPEN-1).

use std::collections::HashMap;

use boshi_protocol::delivery::Key;
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::lane::Gate;
use jiff::Timestamp;
use rusqlite::params;

use super::read::all;
use super::{Journal, JournalError, column};

/// A record that an earlier run left unfinished (D-18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The record.
    pub key: Key,
    /// Whether it is a failed abnormality, to be pushed once the network is back (PUSH-5).
    pub failed: bool,
}

/// A command that was answered (D-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedCommand {
    /// The lot.
    pub lot: LotId,
    /// SHA-256 of the request's body.
    pub digest: [u8; 32],
    /// The body of the reply; `None` when the program ended before it was given.
    pub reply: Option<String>,
    /// When the command came.
    pub at: Timestamp,
}

impl Journal {
    /// What is pending, and the abnormalities that failed, in the order of arrival (D-18, PUSH-5).
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn pending(&self, lot: &LotId) -> std::result::Result<Vec<Pending>, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT kind, key, state FROM outbox WHERE lot = ?1 AND (state = 'pending' \
                   OR (state = 'failed' AND kind = 'abnormality')) ORDER BY seq";
        self.read(move |from| {
            all(from, sql, params![lot.as_str()], |row| {
                let state: String = row.get(2)?;
                Ok(Pending {
                    key: column::key(row, 0, 1)?,
                    failed: state == "failed",
                })
            })
        })
        .await
    }

    /// The occurrences that were not over when an earlier run ended.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn open_occurrences(
        &self,
        lot: &LotId,
    ) -> std::result::Result<Vec<RecordId>, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT DISTINCT occurrence FROM abnormality \
                   WHERE lot = ?1 AND cleared_at IS NULL";
        self.read(move |from| all(from, sql, params![lot.as_str()], |row| column::id(row, 0)))
            .await
    }

    /// How many passages are not over.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn open_passages(&self, lot: &LotId) -> std::result::Result<u64, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT count(*) FROM recognition INDEXED BY recognition_open \
                   WHERE lot = ?1 AND outcome IS NULL";
        self.read(move |from| {
            from.query_row(sql, params![lot.as_str()], |row| column::count(row, 0))
        })
        .await
    }

    /// How the barrier of each lane was operated last, by the lane's name.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn gates(
        &self,
        lot: &LotId,
    ) -> std::result::Result<HashMap<String, Gate>, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT lane, state FROM gate WHERE lot = ?1";
        self.read(move |from| {
            let rows = all(from, sql, params![lot.as_str()], |row| {
                Ok((row.get(0)?, column::gate(row, 1)?))
            })?;
            Ok(rows.into_iter().collect())
        })
        .await
    }

    /// The commands that came since `since`, oldest first (D-5).
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn commands_since(
        &self,
        since: Timestamp,
    ) -> std::result::Result<Vec<RememberedCommand>, JournalError> {
        let sql = "SELECT lot, digest, reply, at FROM command WHERE at >= ?1 ORDER BY seq";
        self.read(move |from| {
            all(from, sql, [since.as_millisecond()], |row| {
                Ok(RememberedCommand {
                    lot: column::id(row, 0)?,
                    digest: row.get(1)?,
                    reply: row.get(2)?,
                    at: column::time(row, 3)?,
                })
            })
        })
        .await
    }
}

//! What a start has to know of the run before it (D-18, D-5, OPEN-1).

use std::collections::HashMap;

use boshi_protocol::delivery::Key;
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::lane::Gate;
use boshi_protocol::plate::{Plate, PlateColor};
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

/// A passage for which the barrier was driven and that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetThrough {
    /// Its recognition.
    pub record: RecordId,
    /// The lane.
    pub lane: String,
    /// The recognizer.
    pub device: DeviceNo,
    /// Its plate, if it was read.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// When it was recognized.
    pub at: Timestamp,
    /// Why the barrier was driven, in the journal's word.
    pub cause: String,
    /// When it was driven last.
    pub lifted_at: Timestamp,
}

/// A vehicle that was read and waited for leave to pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Its recognition.
    pub record: RecordId,
    /// When it was recognized.
    pub at: Timestamp,
    /// The lane.
    pub lane: String,
    /// The recognizer.
    pub device: DeviceNo,
    /// Its plate, which was read.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// The address of its picture.
    pub picture: Option<String>,
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

    /// The passages that are not over, and for which the barrier was driven since `since` and is not
    /// known to have refused; in the order of the lifts. Those whose press of the anti-smash loop is
    /// written down are over.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn let_through(
        &self,
        lot: &LotId,
        since: Timestamp,
    ) -> std::result::Result<Vec<LetThrough>, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT r.record, r.lane, r.device, r.plate, r.color, r.at, lift.cause, lift.at \
                   FROM lift INDEXED BY lift_at JOIN recognition r \
                   ON r.lot = lift.lot AND r.record = lift.record \
                   WHERE lift.lot = ?1 AND lift.at >= ?2 AND r.outcome IS NULL \
                   AND coalesce(lift.result, 'done') = 'done' \
                   AND r.record NOT IN (SELECT record FROM press WHERE lot = ?1) \
                   AND lift.seq = (SELECT max(seq) FROM lift latest INDEXED BY lift_at \
                   WHERE latest.lot = ?1 AND latest.at >= ?2 AND latest.record = r.record) \
                   ORDER BY lift.seq";
        self.read(move |from| {
            let since = since.as_millisecond();
            all(from, sql, params![lot.as_str(), since], |row| {
                Ok(LetThrough {
                    record: column::id(row, 0)?,
                    lane: row.get(1)?,
                    device: column::id(row, 2)?,
                    plate: column::plate(row, 3)?,
                    color: column::color(row, 4)?,
                    at: column::time(row, 5)?,
                    cause: row.get(6)?,
                    lifted_at: column::time(row, 7)?,
                })
            })
        })
        .await
    }

    /// The vehicles with a plate whose passage is not over, for which no barrier was driven, that can be
    /// asked about (PUSH-3), and that were recognized or asked for since `since` and not after `now`; in
    /// the order of their recognitions.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn waited(
        &self,
        lot: &LotId,
        since: Timestamp,
        now: Timestamp,
    ) -> std::result::Result<Vec<Waited>, JournalError> {
        let lot = lot.clone();
        let sql = "SELECT r.lane, r.device, r.plate, r.color, r.image, r.record, r.at \
                   FROM recognition r INDEXED BY recognition_open \
                   WHERE r.lot = ?1 AND r.outcome IS NULL AND r.plate IS NOT NULL \
                   AND NOT EXISTS (SELECT 1 FROM lift WHERE lift.lot = ?1 AND lift.record = r.record) \
                   AND EXISTS (SELECT 1 FROM outbox WHERE outbox.lot = ?1 \
                   AND outbox.kind = 'recognition' AND outbox.key = r.record \
                   AND outbox.state != 'failed') \
                   AND max(r.at, coalesce((SELECT max(attempt.at) FROM attempt \
                   WHERE attempt.lot = ?1 AND attempt.kind = 'recognition' \
                   AND attempt.key = r.record), 0)) BETWEEN ?2 AND ?3 ORDER BY r.at, r.record";
        self.read(move |from| {
            let (since, now) = (since.as_millisecond(), now.as_millisecond());
            all(from, sql, params![lot.as_str(), since, now], |row| {
                Ok(Waited {
                    lane: row.get(0)?,
                    device: column::id(row, 1)?,
                    plate: column::plate(row, 2)?,
                    color: column::color(row, 3)?,
                    picture: row.get(4)?,
                    record: column::id(row, 5)?,
                    at: column::time(row, 6)?,
                })
            })
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

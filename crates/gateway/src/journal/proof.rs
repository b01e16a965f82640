//! The proof of a period: every record is in exactly one state, every crossing has its
//! recognition, every crossing is explained.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

use super::read::all;
use super::{Journal, JournalError, column};

/// What a period amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Recognitions: how many there were.
    pub recognitions: Account,
    /// Crossings: how many there were.
    pub crossings: Account,
    /// Recognitions by how they ended; without an end under `open`.
    pub outcomes: Vec<(String, u64)>,
    /// Acts of the barriers by their cause.
    pub lifts: Vec<(String, u64)>,
    /// Crossings that have no recognition: always none (D-14).
    pub crossings_without_recognition: u64,
    /// Crossings for which the barrier was not lifted by anybody known: tailgating, and what
    /// nobody can explain.
    pub crossings_unexplained: u64,
}

/// The records of one kind: delivered, failed and pending together are all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// All.
    pub total: u64,
    /// The platform has them.
    pub delivered: u64,
    /// They are there to be fetched (UNPUSH-1).
    pub failed: u64,
    /// They are still to be pushed.
    pub pending: u64,
}

impl Account {
    /// Whether every record is in exactly one state.
    pub fn holds(&self) -> bool {
        self.delivered + self.failed + self.pending == self.total
    }
}

impl Proof {
    /// Whether nothing is unaccounted for.
    pub fn holds(&self) -> bool {
        self.recognitions.holds()
            && self.crossings.holds()
            && self.crossings_without_recognition == 0
    }
}

impl Journal {
    /// The proof of what happened from `begin` to before `end`.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn proof(
        &self,
        lot: &LotId,
        begin: Timestamp,
        end: Timestamp,
    ) -> std::result::Result<Proof, JournalError> {
        let period = Period {
            lot: lot.clone(),
            begin: begin.as_millisecond(),
            end: end.as_millisecond(),
        };
        self.read(move |from| {
            let moment = from.unchecked_transaction()?;
            period.prove(&moment)
        })
        .await
    }
}

struct Period {
    lot: LotId,
    begin: i64,
    end: i64,
}

impl Period {
    fn prove(&self, from: &Connection) -> Result<Proof> {
        Ok(Proof {
            recognitions: self.account(from, "recognition")?,
            crossings: self.account(from, "crossing")?,
            outcomes: self.counts(
                from,
                "SELECT coalesce(outcome, 'open'), count(*) FROM recognition \
                 WHERE lot = ?1 AND at >= ?2 AND at < ?3 GROUP BY 1 ORDER BY 1",
            )?,
            lifts: self.counts(
                from,
                "SELECT cause, count(*) FROM lift \
                 WHERE lot = ?1 AND at >= ?2 AND at < ?3 GROUP BY 1 ORDER BY 1",
            )?,
            crossings_without_recognition: self.count(
                from,
                "SELECT count(*) FROM crossing it WHERE lot = ?1 AND at >= ?2 AND at < ?3 \
                 AND NOT EXISTS (SELECT 1 FROM recognition \
                 WHERE recognition.lot = it.lot AND recognition.record = it.record)",
            )?,
            crossings_unexplained: self.count(
                from,
                "SELECT count(*) FROM crossing it JOIN recognition USING (lot, record) \
                 WHERE it.lot = ?1 AND it.at >= ?2 AND it.at < ?3 \
                 AND outcome IN ('tailgated', 'unexplained')",
            )?,
        })
    }

    fn account(&self, from: &Connection, kind: &str) -> Result<Account> {
        let total = format!("SELECT count(*) FROM {kind} WHERE lot = ?1 AND at >= ?2 AND at < ?3");
        let state = |state: &str| {
            format!(
                "SELECT count(*) FROM {kind} it JOIN outbox ON outbox.lot = it.lot \
                 AND outbox.kind = '{kind}' AND outbox.key = it.record \
                 AND outbox.state = '{state}' WHERE it.lot = ?1 AND it.at >= ?2 AND it.at < ?3"
            )
        };
        Ok(Account {
            total: self.count(from, &total)?,
            delivered: self.count(from, &state("delivered"))?,
            failed: self.count(from, &state("failed"))?,
            pending: self.count(from, &state("pending"))?,
        })
    }

    fn count(&self, from: &Connection, sql: &str) -> Result<u64> {
        let values = params![self.lot.as_str(), self.begin, self.end];
        from.query_row(sql, values, |row| column::count(row, 0))
    }

    fn counts(&self, from: &Connection, sql: &str) -> Result<Vec<(String, u64)>> {
        let values = params![self.lot.as_str(), self.begin, self.end];
        all(from, sql, values, |row| {
            Ok((row.get(0)?, column::count(row, 1)?))
        })
    }
}

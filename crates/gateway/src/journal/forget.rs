//! Letting go of what is older than it has to be kept (UNPUSH-2).

use std::collections::HashSet;

use boshi_protocol::id::LotId;
use jiff::Timestamp;

use super::insert::forget::{Outdated, rows};
use super::read::all;
use super::{Entry, Journal, JournalError};

/// Up to when things have become too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outworn {
    /// Attempts to push.
    pub attempts: Timestamp,
    /// Everything else.
    pub records: Timestamp,
}

impl Journal {
    /// Deletes what is older, step by step, each a small transaction of its own. What is still to be
    /// pushed stays, however old.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read or written; what went before is gone.
    pub async fn forget(&self, lot: &LotId, outworn: Outworn) -> Result<(), JournalError> {
        for what in Outdated::ALL {
            let before = match what {
                Outdated::Attempts => outworn.attempts.max(outworn.records),
                _ => outworn.records,
            };
            while self.has_outdated(lot, what, before).await? {
                let lot = lot.clone();
                self.write(vec![Entry::Forget { lot, what, before }])
                    .await?;
            }
        }
        Ok(())
    }

    async fn has_outdated(
        &self,
        lot: &LotId,
        what: Outdated,
        before: Timestamp,
    ) -> Result<bool, JournalError> {
        let lot = lot.clone();
        self.read(move |from| Ok(!rows(from, &lot, what, before, 1)?.is_empty()))
            .await
    }

    /// The pictures that something in the journal shows, of those whose names begin with the
    /// hexadecimal digits `first`.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn pictures_shown(&self, first: &str) -> Result<HashSet<String>, JournalError> {
        // The letter after the last hexadecimal digit.
        let (from_name, to_name) = (first.to_owned(), format!("{first}g"));
        let sql = "SELECT image FROM recognition WHERE image >= ?1 AND image < ?2 \
                   UNION SELECT image FROM place WHERE image >= ?1 AND image < ?2";
        let names = self.read(move |from| all(from, sql, [from_name, to_name], |row| row.get(0)));
        Ok(names.await?.into_iter().collect())
    }
}

//! How long the outbox has been waiting.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use super::{Journal, JournalError};

impl Journal {
    /// The time of the record that has waited longest to be pushed, if one waits.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub(crate) async fn oldest_pending(
        &self,
        lot: &LotId,
    ) -> Result<Option<Timestamp>, JournalError> {
        let lot = lot.clone();
        let millis = self.read(move |from| {
            let sql = "SELECT at FROM outbox WHERE lot = ?1 AND state = 'pending' \
                       ORDER BY seq LIMIT 1";
            let mut query = from.prepare_cached(sql)?;
            let at = query.query_row([lot.as_str()], |row| row.get::<_, i64>(0));
            at.optional()
        });
        let at = millis.await?.map(Timestamp::from_millisecond);
        at.transpose()
            .map_err(|error| JournalError::Storage(error.to_string()))
    }
}

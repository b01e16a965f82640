//! What a recognizer tells again, long after: whether it was taken already.

use std::time::Duration;

use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::params;

use super::insert::INTERRUPTED;
use super::{Journal, JournalError};

/// How long before or after what is known of a visit another reading of it may lie: recognizers read a
/// vehicle every second or two while it is in view.
const BETWEEN_READINGS: Duration = Duration::from_secs(3);

/// A reading that is told as history.
#[derive(Clone, Debug)]
pub struct ToldAgain {
    /// The recognizer's own number of it.
    pub event: String,
    /// The recognizer.
    pub device: DeviceNo,
    /// The plate, if it was read.
    pub plate: Option<Plate>,
    /// When it was read, as the recognizer says.
    pub at: Timestamp,
}

impl Journal {
    /// Whether what a recognizer tells again was taken already: as its event, or as another reading of the
    /// same visit, of which only the first is written down.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn seen(
        &self,
        lot: &LotId,
        told: ToldAgain,
    ) -> std::result::Result<bool, JournalError> {
        let lot = lot.clone();
        let event = "SELECT EXISTS (SELECT 1 FROM recognition WHERE lot = ?1 AND event = ?2)";
        // Of an interrupted passage nobody knows how long it lasted.
        let visit = "SELECT EXISTS (SELECT 1 FROM recognition INDEXED BY recognition_plate \
                     WHERE lot = ?1 AND plate = ?2 AND device = ?3 AND at <= ?4 + ?5 \
                     AND ?4 - ?5 <= CASE WHEN outcome = ?6 THEN at ELSE coalesce(outcome_at, ?4) END)";
        self.read(move |from| {
            let lot = lot.as_str();
            let is_event: bool =
                from.query_row(event, params![lot, told.event], |row| row.get(0))?;
            let Some(plate) = told.plate.filter(|_| !is_event) else {
                return Ok(is_event);
            };
            let (device, at) = (told.device.as_str(), told.at.as_millisecond());
            let between = i64::try_from(BETWEEN_READINGS.as_millis()).unwrap_or(i64::MAX);
            let visit_of = params![lot, plate.to_string(), device, at, between, INTERRUPTED];
            from.query_row(visit, visit_of, |row| row.get(0))
        })
        .await
    }
}

//! How the devices have been: each time that one was lost, or answered again (ABN-1, ABN-3).

use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, params, params_from_iter};

use super::look::{Part, Wanted};
use super::read::all;
use super::{Journal, JournalError, column};

/// A device was lost, or answers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceChange {
    /// The lot.
    pub lot: LotId,
    /// The lane's name.
    pub lane: String,
    /// The device.
    pub device: DeviceNo,
    /// Whether it answers.
    pub online: bool,
    /// Since when.
    pub at: Timestamp,
}

const COLUMNS: &str = "seq, lot, lane, device, online, at";

impl Journal {
    /// What became of the devices, newest first, of one or of all, each with its number.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn device_changes(
        &self,
        lot: &LotId,
        device: Option<String>,
        part: Part,
    ) -> std::result::Result<Vec<(i64, DeviceChange)>, JournalError> {
        let mut wanted = Wanted::of(lot, part);
        wanted.also("device", device);
        let sql = wanted.select(COLUMNS, "device_state");
        self.read(move |from| all(from, &sql, params_from_iter(wanted.values), change))
            .await
    }

    /// How each device is, as far as it was ever known, and since when.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn device_states(
        &self,
        lot: &LotId,
    ) -> std::result::Result<Vec<DeviceChange>, JournalError> {
        let lot = lot.clone();
        let sql = format!(
            "SELECT {COLUMNS} FROM device_state WHERE seq IN \
             (SELECT max(seq) FROM device_state WHERE lot = ?1 GROUP BY device) ORDER BY device"
        );
        self.read(move |from| {
            let states = all(from, &sql, params![lot.as_str()], change)?;
            Ok(states.into_iter().map(|(_, state)| state).collect())
        })
        .await
    }
}

/// Only a change is kept: what is so after a start as it was before is so since then.
pub(super) fn insert(to: &Connection, it: &DeviceChange) -> Result<()> {
    to.prepare_cached(
        "INSERT INTO device_state (lot, lane, device, online, at) SELECT ?1, ?2, ?3, ?4, ?5 \
         WHERE ?4 IS NOT (SELECT online FROM device_state WHERE lot = ?1 AND device = ?3 \
         ORDER BY seq DESC LIMIT 1)",
    )?
    .execute(params![
        it.lot.as_str(),
        it.lane,
        it.device.as_str(),
        it.online,
        it.at.as_millisecond()
    ])?;
    Ok(())
}

fn change(row: &Row<'_>) -> Result<(i64, DeviceChange)> {
    let change = DeviceChange {
        lot: column::id(row, 1)?,
        lane: row.get(2)?,
        device: column::id(row, 3)?,
        online: row.get(4)?,
        at: column::time(row, 5)?,
    };
    Ok((row.get(0)?, change))
}

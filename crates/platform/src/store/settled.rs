//! The stays as they are written down, and told when one changes.

use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::{StoreError, event, instant};
use crate::china::ChinaTime;
use crate::events::Kind;
use crate::stay::{Passage, Stay};

/// A stay, as the table has it and events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Settled {
    uuid: String,
    plate: String,
    state: String,
    #[serde(skip)]
    began: ChinaTime,
    in_at: Option<ChinaTime>,
    in_device: Option<String>,
    out_uuid: Option<String>,
    out_at: Option<ChinaTime>,
    out_device: Option<String>,
    superseded_by: Option<String>,
}

impl Settled {
    /// The stay of `vehicle` that begins with `this`.
    pub(super) fn of(vehicle: &str, this: &Passage, stay: &Stay) -> Settled {
        let (entry, exit) = (stay.entry(), stay.exit());
        let by = match stay {
            Stay::Superseded { by, .. } => Some(by.uuid.to_string()),
            Stay::Open { .. } | Stay::Closed { .. } | Stay::Orphaned { .. } => None,
        };
        let device = |at: &Passage| DeviceNo::to_string(&at.device);
        Settled {
            uuid: this.uuid.to_string(),
            plate: vehicle.to_owned(),
            state: stay.state().to_owned(),
            began: ChinaTime::new(this.at),
            in_at: entry.map(|entry| ChinaTime::new(entry.at)),
            in_device: entry.map(device),
            out_uuid: exit.map(|exit| exit.uuid.to_string()),
            out_at: exit.map(|exit| ChinaTime::new(exit.at)),
            out_device: exit.map(device),
            superseded_by: by,
        }
    }

    fn read(row: &Row<'_>) -> Result<Settled, StoreError> {
        Ok(Settled {
            uuid: row.get("uuid")?,
            plate: row.get("vehicle")?,
            state: row.get("state")?,
            began: ChinaTime::new(instant(row.get("began")?)?),
            in_at: row.get("in_at")?,
            in_device: row.get("in_device")?,
            out_uuid: row.get("out_uuid")?,
            out_at: row.get("out_at")?,
            out_device: row.get("out_device")?,
            superseded_by: row.get("superseded_by")?,
        })
    }

    fn kind(&self) -> Result<Kind, StoreError> {
        match self.state.as_str() {
            "open" => Ok(Kind::StayOpened),
            "closed" => Ok(Kind::StayClosed),
            "superseded" => Ok(Kind::StaySuperseded),
            "orphaned" => Ok(Kind::StayOrphaned),
            _ => Err(StoreError::Corrupt("state")),
        }
    }
}

/// Writes down what the stay that is named after the crossing `uuid` is now, if there is one, and
/// tells of it if that is news.
///
/// # Errors
/// What the database said.
pub(super) fn settle(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    now_is: Option<&Settled>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = connection
        .prepare_cached("SELECT * FROM stay WHERE lot = ? AND uuid = ?")?
        .query_row([lot.as_str(), uuid.as_str()], |row| Ok(Settled::read(row)))
        .optional()?
        .transpose()?;
    if before.as_ref() == now_is {
        return Ok(());
    }
    match (now_is, before) {
        (Some(stay), _) => {
            put(connection, lot, stay)?;
            event::note_of(connection, stay.kind()?, lot, stay, now)
        }
        (None, Some(gone)) => {
            connection
                .prepare_cached("DELETE FROM stay WHERE lot = ? AND uuid = ?")?
                .execute([lot.as_str(), uuid.as_str()])?;
            event::note_of(connection, Kind::StayWithdrawn, lot, &gone, now)
        }
        (None, None) => Ok(()),
    }
}

fn put(connection: &Connection, lot: &LotId, stay: &Settled) -> Result<(), StoreError> {
    let second = |time: ChinaTime| time.timestamp().as_second();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO stay (lot, uuid, vehicle, state, began, in_at, in_device,
             out_uuid, out_at, out_device, superseded_by) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        )?
        .execute(params![
            lot.as_str(),
            stay.uuid,
            stay.plate,
            stay.state,
            second(stay.began),
            stay.in_at.map(second),
            stay.in_device,
            stay.out_uuid,
            stay.out_at.map(second),
            stay.out_device,
            stay.superseded_by,
        ])?;
    Ok(())
}

//! How a recognition or a crossing stands in its table.

use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Record, RecordKind};
use crate::store::StoreError;

/// Whether a row was written.
pub(super) fn write(
    connection: &Connection,
    sql: &str,
    lot: &LotId,
    record: &Record,
) -> Result<bool, StoreError> {
    let written = connection.prepare_cached(sql)?.execute(params![
        lot.as_str(),
        record.uuid.as_str(),
        record.device.as_str(),
        record.at.timestamp().as_second(),
        record.plate.as_ref().map(Plate::as_str),
        record.color.as_str(),
        record.reliability,
        record.image,
        record.pushed,
        record.fetched,
        record.told,
    ])?;
    Ok(written > 0)
}

/// The record of that name, if there is one, with the row in which it lies.
pub(super) fn find_row(
    connection: &Connection,
    kind: RecordKind,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<(i64, Record)>, StoreError> {
    let mut query = connection.prepare_cached(kind.select())?;
    let found = query.query_row(params![lot.as_str(), uuid.as_str()], |row| {
        Ok((row.get("id")?, read(row)))
    });
    let found: Option<(i64, _)> = found.optional()?;
    found.map(|(id, record)| Ok((id, record?))).transpose()
}

impl RecordKind {
    /// Writes a row, unless there is one.
    pub(super) fn insert(self) -> &'static str {
        macro_rules! into {
            ($table:literal) => {
                concat!(
                    "INSERT INTO ",
                    $table,
                    " (lot, uuid, device, at, plate, color, reliability, image, pushed, fetched, told)
                     VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (lot, uuid) DO NOTHING"
                )
            };
        }
        match self {
            RecordKind::Recognition => into!("recognition"),
            RecordKind::Crossing => into!("crossing"),
        }
    }

    /// Writes over the row that there is.
    pub(super) fn replace(self) -> &'static str {
        macro_rules! over {
            ($table:literal) => {
                concat!(
                    "UPDATE ",
                    $table,
                    " SET device = ?3, at = ?4, plate = ?5, color = ?6, reliability = ?7,
                     image = ?8, pushed = ?9, fetched = ?10, told = ?11
                     WHERE lot = ?1 AND uuid = ?2"
                )
            };
        }
        match self {
            RecordKind::Recognition => over!("recognition"),
            RecordKind::Crossing => over!("crossing"),
        }
    }

    fn select(self) -> &'static str {
        match self {
            RecordKind::Recognition => "SELECT * FROM recognition WHERE lot = ? AND uuid = ?",
            RecordKind::Crossing => "SELECT *, 0 AS id FROM crossing WHERE lot = ? AND uuid = ?",
        }
    }
}

fn read(row: &Row<'_>) -> Result<Record, StoreError> {
    let at = Timestamp::from_second(row.get("at")?).map_err(|_| StoreError::Corrupt("time"))?;
    let plate: Option<String> = row.get("plate")?;
    let color: String = row.get("color")?;
    Ok(Record {
        uuid: RecordId::new(&row.get::<_, String>("uuid")?)
            .map_err(|_| StoreError::Corrupt("uuid"))?,
        device: DeviceNo::new(&row.get::<_, String>("device")?)
            .map_err(|_| StoreError::Corrupt("device"))?,
        at: WireTime::from_timestamp(at),
        plate: Plate::read(plate.as_deref().unwrap_or_default())
            .map_err(|_| StoreError::Corrupt("plate"))?,
        color: PlateColor::parse(&color).ok_or(StoreError::Corrupt("colour"))?,
        reliability: row.get("reliability")?,
        image: row.get("image")?,
        pushed: row.get("pushed")?,
        fetched: row.get("fetched")?,
        told: row.get("told")?,
    })
}

//! Recognitions and crossings: kept once by lot and `uuid`, however often and in whatever order
//! they arrive (D-13, CROSS-3, D-19).

use std::cmp::Reverse;

use boshi_protocol::endpoint::{CrossGate, PlateNumber, UnPushedCrossing, UnPushedRecognition};
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::{StoreError, event};
use crate::china::ChinaTime;
use crate::events::Kind;

/// Which of the two a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A plate was recognized.
    Recognition,
    /// A vehicle crossed.
    Crossing,
}

/// How a record came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The supplier pushed it.
    Pushed,
    /// It was asked for after an outage (D-19).
    Fetched,
}

/// A recognition or a crossing, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Names it within its lot.
    pub uuid: RecordId,
    /// The recognizer.
    pub device: DeviceNo,
    /// When it happened, by the supplier's clock (CROSS-2).
    pub at: WireTime,
    /// The plate; none when unreadable.
    pub plate: Option<Plate>,
    /// Its colour.
    pub color: PlateColor,
    /// How sure the recognizer is, in percent.
    pub reliability: Option<u8>,
    /// URL of the picture; empty when there is none.
    pub image: String,
    /// The supplier pushed it.
    pub pushed: bool,
    /// It was fetched after an outage.
    pub fetched: bool,
    /// When the supplier said so, in seconds since 1970 by its clock; 0 when that is not known.
    pub told: i64,
}

impl Record {
    /// Both accounts of the same record as one. Commutative, associative and idempotent: the plate
    /// beats none, then what the supplier said later, for a booth may have typed it meanwhile; of one
    /// second the higher reliability, then the smaller text. The earliest time stands.
    #[must_use]
    pub fn join(self, other: Record) -> Record {
        let at = self.at.min(other.at);
        let (pushed, fetched) = (self.pushed || other.pushed, self.fetched || other.fetched);
        let believed = if self.rank() >= other.rank() {
            self
        } else {
            other
        };
        Record {
            at,
            pushed,
            fetched,
            ..believed
        }
    }

    /// Whether its plate is to be believed as much as that of `other`, whatever both are.
    pub(crate) fn is_as_sure_as(&self, other: &Record) -> bool {
        self.sureness() >= other.sureness()
    }

    fn sureness(&self) -> (bool, i64, Option<u8>) {
        (self.plate.is_some(), self.told, self.reliability)
    }

    /// Whether both say the same of what happened, however each came here.
    pub(crate) fn tells_as(&self, other: &Record) -> bool {
        let told = |record: &Record| Record {
            pushed: false,
            fetched: false,
            told: 0,
            ..record.clone()
        };
        self == other || told(self) == told(other)
    }

    fn rank(&self) -> impl Ord + '_ {
        (
            (self.sureness(), Reverse(self.plate.as_ref())),
            (!self.image.is_empty(), Reverse(self.image.as_str())),
            (
                self.color != PlateColor::Other,
                Reverse(self.color.as_str()),
            ),
            Reverse(&self.device),
        )
    }

    /// The account that was given `at`.
    #[must_use]
    pub fn told(self, at: Timestamp) -> Record {
        let told = at.as_second();
        Record { told, ..self }
    }

    fn marked(mut self, origin: Origin) -> Record {
        self.pushed |= origin == Origin::Pushed;
        self.fetched |= origin == Origin::Fetched;
        self
    }
}

/// A record before and after another account of it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// As it was; none when it is new.
    pub(crate) before: Option<Record>,
    /// As it is now.
    pub(crate) after: Record,
    /// The row in which it lies; of crossings, which have no number, it says nothing.
    pub(crate) row: i64,
}

impl Kept {
    /// Whether it was not here yet.
    pub(crate) fn is_new(&self) -> bool {
        self.before.is_none()
    }

    /// Whether anything is known now that was not.
    pub(crate) fn is_news(&self) -> bool {
        let before = self.before.as_ref();
        before.is_none_or(|before| !before.tells_as(&self.after))
    }
}

/// Keeps `record`, joined with what is there under its lot and `uuid`.
///
/// # Errors
/// What the database said.
pub(crate) fn keep(
    connection: &Connection,
    kind: RecordKind,
    lot: &LotId,
    record: Record,
) -> Result<Kept, StoreError> {
    // Most are new, and then this is all.
    if write(connection, kind.insert(), lot, &record)? {
        return Ok(Kept {
            before: None,
            after: record,
            row: connection.last_insert_rowid(),
        });
    }
    let there = find_row(connection, kind, lot, &record.uuid)?;
    let (row, there) = there.ok_or(StoreError::Corrupt("key"))?;
    let after = there.clone().join(record);
    if after != there {
        write(connection, kind.replace(), lot, &after)?;
    }
    let before = Some(there);
    Ok(Kept { before, after, row })
}

/// Whether a row was written.
fn write(
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

/// Keeps a recognition that was asked for (D-19), and tells of it if it is news.
///
/// # Errors
/// What the database said.
pub(crate) fn fetched(
    connection: &Connection,
    lot: &LotId,
    record: Record,
    now: Timestamp,
) -> Result<Kept, StoreError> {
    let kept = keep(connection, RecordKind::Recognition, lot, record)?;
    if kept.is_news() {
        let told = Recognized::of(&kept.after, kept.is_new());
        event::note_of(connection, Kind::RecognitionFetched, lot, &told, now)?;
    }
    Ok(kept)
}

/// A recognition, as events tell it.
#[derive(Debug, Serialize)]
pub(crate) struct Recognized<'a> {
    pub(super) uuid: &'a str,
    /// Whether nothing was known of it before.
    pub(super) new: bool,
    pub(super) device: &'a str,
    pub(super) recognized_at: ChinaTime,
    pub(super) plate: Option<&'a str>,
    pub(super) color: &'static str,
    pub(super) reliability: Option<u8>,
    pub(super) image: &'a str,
}

impl<'a> Recognized<'a> {
    pub(crate) fn of(record: &'a Record, new: bool) -> Recognized<'a> {
        Recognized {
            uuid: record.uuid.as_str(),
            new,
            device: record.device.as_str(),
            recognized_at: ChinaTime::new(record.at.timestamp()),
            plate: record.plate.as_ref().map(Plate::as_str),
            color: record.color.as_str(),
            reliability: record.reliability,
            image: &record.image,
        }
    }
}

/// The record of that name, if there is one.
///
/// # Errors
/// What the database said.
pub(crate) fn find(
    connection: &Connection,
    kind: RecordKind,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<Record>, StoreError> {
    let found = find_row(connection, kind, lot, uuid)?;
    Ok(found.map(|(_, record)| record))
}

/// The same, with the row in which it lies.
fn find_row(
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
    fn insert(self) -> &'static str {
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
    fn replace(self) -> &'static str {
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

impl From<PlateNumber> for Record {
    fn from(pushed: PlateNumber) -> Record {
        Record {
            uuid: pushed.record,
            device: pushed.device,
            at: pushed.recognized_at,
            plate: pushed.plate,
            color: pushed.color,
            reliability: pushed.reliability,
            image: pushed.image,
            pushed: false,
            fetched: false,
            told: 0,
        }
        .marked(Origin::Pushed)
    }
}

impl From<CrossGate> for Record {
    fn from(pushed: CrossGate) -> Record {
        Record {
            uuid: pushed.record,
            device: pushed.device,
            at: pushed.crossed_at,
            plate: pushed.plate,
            color: pushed.color,
            reliability: None,
            image: String::new(),
            pushed: false,
            fetched: false,
            told: 0,
        }
        .marked(Origin::Pushed)
    }
}

impl From<UnPushedRecognition> for Record {
    fn from(fetched: UnPushedRecognition) -> Record {
        Record {
            uuid: fetched.record,
            device: fetched.device,
            at: fetched.recognized_at,
            plate: fetched.plate,
            color: fetched.color,
            reliability: None,
            image: fetched.image,
            pushed: false,
            fetched: false,
            told: 0,
        }
        .marked(Origin::Fetched)
    }
}

impl From<UnPushedCrossing> for Record {
    fn from(fetched: UnPushedCrossing) -> Record {
        Record {
            uuid: fetched.record,
            device: fetched.device,
            at: fetched.crossed_at,
            plate: fetched.plate,
            color: fetched.color,
            reliability: None,
            image: String::new(),
            pushed: false,
            fetched: false,
            told: 0,
        }
        .marked(Origin::Fetched)
    }
}

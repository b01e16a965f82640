//! Recognitions and crossings: kept once by lot and `uuid`, however often and in whatever order
//! they arrive (D-13, CROSS-3, D-19).

mod table;

use std::cmp::Reverse;

use boshi_protocol::endpoint::{CrossGate, PlateNumber, UnPushedCrossing, UnPushedRecognition};
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;
use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;

use self::table::{find_row, write};
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

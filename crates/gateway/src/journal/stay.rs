//! Stays in the journal: kept with every crossing, in its transaction (STAY-1).

use boshi_protocol::code::{CrossStatus, Money, RecordType};
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::lane::Side;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::entry::Crossing;
use super::read::all;
use super::{Journal, JournalError, column, payment};
use crate::plate_part::PlatePart;
use crate::stays::{Passage, Stay, pair};

/// A stay with what was paid for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayRow {
    /// The plate; none when it could not be read.
    pub plate: Option<Plate>,
    /// The stay.
    pub stay: Stay,
    /// The sum of its payments.
    pub amount: Money,
    /// How its last passage ended (D-12).
    pub status: CrossStatus,
}

/// Which stays are looked for.
#[derive(Clone, Debug)]
pub struct StaySearch {
    /// From this time on.
    pub begin: Timestamp,
    /// Up to and including this time.
    pub end: Timestamp,
    /// A part of the plate.
    pub plate: PlatePart,
    /// Entered, left, either or both within the period (D-12).
    pub record_type: RecordType,
    /// Most rows.
    pub most: u32,
}

/// A payment is for the stay that has its recognition, at the entry or at the exit: the name of a
/// stay changes when an entry is told late. Each is looked up on its own, for an index serves no
/// `OR`. Who is inside may have tried to leave (D-12).
pub(super) const COLUMNS: &str = "plate, standing, entry, entry_device, entry_at, exit, exit_device, exit_at, \
     (SELECT coalesce(sum(fen), 0) FROM payment \
      WHERE payment.lot = stay.lot AND payment.stay = stay.entry) \
     + (SELECT coalesce(sum(fen), 0) FROM payment \
      WHERE payment.lot = stay.lot AND payment.stay = stay.exit), \
     CASE standing WHEN 'open' THEN (SELECT outcome FROM recognition AS tried \
      WHERE tried.lot = stay.lot AND tried.plate = stay.plate AND tried.at > stay.entry_at \
      AND outcome IN ('opened_not_crossed', 'backed_out') ORDER BY tried.at DESC LIMIT 1) END";

/// The last exit of plate `?2` before `?3`. Left to itself, SQLite would look through all exits of
/// the lot.
pub(super) const SETTLED: &str = "SELECT max(exit_at) FROM stay INDEXED BY stay_plate \
     WHERE lot = ?1 AND plate = ?2 AND exit_at < ?3";

/// Lets go of the stays of plate `?2` since `?3`.
pub(super) const UNPAIR: &str = "DELETE FROM stay INDEXED BY stay_plate \
     WHERE lot = ?1 AND plate = ?2 AND coalesce(entry_at, exit_at) > ?3";

/// The crossings of plate `?2` since `?3`.
pub(super) const SINCE: &str = "SELECT record, side, device, at FROM crossing \
     WHERE lot = ?1 AND plate = ?2 AND at > ?3";

/// The latest stay of plate `?2` that had begun at `?3`, or the latest at all.
pub(super) const LATEST: &str = "SELECT record FROM stay INDEXED BY stay_plate \
     WHERE lot = ?1 AND plate = ?2 \
     ORDER BY coalesce(entry_at, exit_at) <= ?3 DESC, coalesce(entry_at, exit_at) DESC LIMIT 1";

/// The stay of a crossing and those around it, as they are now. What ended before the crossing
/// does not change: from an exit on, nobody of that plate is inside.
pub(super) fn after(to: &Connection, crossing: &Crossing) -> Result<()> {
    let Some(plate) = &crossing.plate else {
        return alone(to, crossing);
    };
    let lot = crossing.lot.as_str();
    let at = crossing.at.as_millisecond();
    let settled: Option<i64> = to
        .prepare_cached(SETTLED)?
        .query_row(params![lot, plate.as_str(), at], |row| row.get(0))?;
    let since = params![lot, plate.as_str(), settled.unwrap_or(i64::MIN)];
    to.prepare_cached(UNPAIR)?.execute(since)?;
    let passages = all(to, SINCE, since, passage)?;
    for stay in pair(passages) {
        insert(to, lot, Some(plate.as_str()), &stay)?;
    }
    payment::link(to, &crossing.lot, plate, crossing.at)
}

/// A vehicle whose plate could not be read is paired with nothing.
fn alone(to: &Connection, crossing: &Crossing) -> Result<()> {
    let passage = Passage {
        record: crossing.record.clone(),
        side: crossing.side,
        device: crossing.device.clone(),
        at: crossing.at,
    };
    for stay in pair(vec![passage]) {
        insert(to, crossing.lot.as_str(), None, &stay)?;
    }
    Ok(())
}

fn insert(to: &Connection, lot: &str, plate: Option<&str>, stay: &Stay) -> Result<()> {
    let (entry, exit) = (stay.entry.as_ref(), stay.exit.as_ref());
    to.prepare_cached(
        "INSERT INTO stay (lot, record, plate, standing, entry, entry_device, entry_at, exit, \
         exit_device, exit_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        lot,
        stay.record().as_str(),
        plate,
        column::standing_word(stay.standing),
        entry.map(|passage| passage.record.as_str()),
        entry.map(|passage| passage.device.as_str()),
        entry.map(|passage| passage.at.as_millisecond()),
        exit.map(|passage| passage.record.as_str()),
        exit.map(|passage| passage.device.as_str()),
        exit.map(|passage| passage.at.as_millisecond()),
    ])?;
    Ok(())
}

impl Journal {
    /// The stays that match, by their time, and one more than `most` when there are more.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn stays(
        &self,
        lot: &LotId,
        search: StaySearch,
    ) -> std::result::Result<Vec<StayRow>, JournalError> {
        let lot = lot.clone();
        let entered = "SELECT record FROM stay WHERE lot = ?1 AND entry_at BETWEEN ?2 AND ?3";
        let left = "SELECT record FROM stay WHERE lot = ?1 AND exit_at BETWEEN ?2 AND ?3";
        let within = match search.record_type {
            RecordType::Entered => entered.to_owned(),
            RecordType::Left => left.to_owned(),
            RecordType::Either => format!("{entered} UNION {left}"),
            RecordType::Both => format!("{entered} INTERSECT {left}"),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM stay WHERE lot = ?1 AND record IN ({within}) \
             AND instr(coalesce(plate, ''), ?4) > 0 \
             ORDER BY coalesce(entry_at, exit_at), record LIMIT ?5"
        );
        self.read(move |from| {
            let values = params![
                lot.as_str(),
                search.begin.as_millisecond(),
                search.end.as_millisecond(),
                search.plate.as_str(),
                search.most + 1,
            ];
            all(from, &sql, values, stay_row)
        })
        .await
    }

    /// The latest stays, newest first, of plates that hold `plate`.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn latest_stays(
        &self,
        lot: &LotId,
        plate: PlatePart,
        most: u32,
    ) -> std::result::Result<Vec<StayRow>, JournalError> {
        let lot = lot.clone();
        let sql = format!(
            "SELECT {COLUMNS} FROM stay WHERE lot = ?1 AND instr(coalesce(plate, ''), ?2) > 0 \
             ORDER BY coalesce(exit_at, entry_at) DESC, record DESC LIMIT ?3"
        );
        self.read(move |from| {
            let values = params![lot.as_str(), plate.as_str(), most];
            all(from, &sql, values, stay_row)
        })
        .await
    }
}

/// The stay for a payment that names none: the latest of the plate that had begun when it was made,
/// or the latest at all when the clock of who tells it is behind.
pub(super) fn paid_at(
    from: &Connection,
    lot: &LotId,
    plate: &Plate,
    at: Timestamp,
) -> Result<Option<RecordId>> {
    let values = params![lot.as_str(), plate.as_str(), at.as_millisecond()];
    from.prepare_cached(LATEST)?
        .query_row(values, |row| column::id(row, 0))
        .optional()
}

pub(super) fn stay_row(row: &Row<'_>) -> Result<StayRow> {
    let fen: i64 = row.get(8)?;
    Ok(StayRow {
        plate: column::plate(row, 0)?,
        stay: stay(row, 1)?,
        amount: Money::from_fen(fen),
        status: status(row, 9)?,
    })
}

fn status(row: &Row<'_>, column: usize) -> Result<CrossStatus> {
    let outcome: Option<String> = row.get(column)?;
    Ok(match outcome.as_deref() {
        Some("opened_not_crossed") => CrossStatus::OpenedNotCrossed,
        Some("backed_out") => CrossStatus::BackedOut,
        Some(other) => return Err(column::unreadable(column, &other)),
        None => CrossStatus::Crossed,
    })
}

/// A stay from seven columns, the first of which is `first`.
pub(super) fn stay(row: &Row<'_>, first: usize) -> Result<Stay> {
    Ok(Stay {
        standing: column::standing(row, first)?,
        entry: half(row, first + 1, Side::Entry)?,
        exit: half(row, first + 4, Side::Exit)?,
    })
}

fn half(row: &Row<'_>, first: usize, side: Side) -> Result<Option<Passage>> {
    let Some(record) = column::optional_id(row, first)? else {
        return Ok(None);
    };
    Ok(Some(Passage {
        record,
        side,
        device: column::id(row, first + 1)?,
        at: column::time(row, first + 2)?,
    }))
}

fn passage(row: &Row<'_>) -> Result<Passage> {
    Ok(Passage {
        record: column::id(row, 0)?,
        side: column::side(row, 1)?,
        device: column::id(row, 2)?,
        at: column::time(row, 3)?,
    })
}

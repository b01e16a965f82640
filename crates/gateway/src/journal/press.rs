//! Presses of the anti-smash loops that do not count yet.
//!
//! A loop counts once it has kept its state for a while. A press is on disk before it is
//! acknowledged, as the crossing that it is if it lasts: should the program end in that while, the
//! next start counts it. One that counts is remembered for as long as the loop is pressed: who has to tell
//! of it again, since the answer got lost with the program, tells nothing new.

use boshi_protocol::id::{LotId, RecordId};
use rusqlite::{Connection, Result, Row, params};

use super::entry::{Abnormality, Crossing, Recognition};
use super::insert::{ended, records};
use super::read::all;
use super::{Journal, JournalError, column};

/// A press that does not count yet, and what it means if it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The crossing.
    pub crossing: Crossing,
    /// Whether the crossing needs a recognition of its own, without a plate (D-14).
    pub unrecognized: bool,
    /// How the passage ends.
    pub outcome: String,
    /// What is wrong with it.
    pub abnormality: Option<Abnormality>,
}

impl Journal {
    /// The lanes in which the loop was pressed when an earlier run ended, whether that counted yet or not.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn pressed_lanes(
        &self,
        lot: &LotId,
    ) -> std::result::Result<Vec<String>, JournalError> {
        let lot = lot.clone();
        let sql =
            "SELECT lane FROM press WHERE lot = ?1 UNION SELECT lane FROM pressed WHERE lot = ?1";
        self.read(move |from| all(from, sql, params![lot.as_str()], |row| row.get(0)))
            .await
    }
}

pub(super) fn insert(to: &Connection, it: &Press) -> Result<()> {
    let (crossing, wrong) = (&it.crossing, it.abnormality.as_ref());
    to.prepare_cached(
        "INSERT INTO press (lot, record, lane, device, plate, color, at, side, unrecognized, \
         outcome, abnormality, code, msg) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        crossing.lot.as_str(),
        crossing.record.as_str(),
        crossing.lane,
        crossing.device.as_str(),
        crossing.plate.as_ref().map(|plate| plate.as_str()),
        crossing.color.as_str(),
        crossing.at.as_millisecond(),
        column::side_word(crossing.side),
        it.unrecognized,
        it.outcome,
        wrong.map(|wrong| wrong.id.as_str()),
        wrong.map(|wrong| wrong.code.as_str()),
        wrong.map(|wrong| wrong.msg.as_str()),
    ])?;
    Ok(())
}

/// It counts, or was none.
pub(super) fn over(to: &Connection, lot: &LotId, record: &RecordId) -> Result<()> {
    to.prepare_cached("DELETE FROM press WHERE lot = ?1 AND record = ?2")?
        .execute(params![lot.as_str(), record.as_str()])?;
    Ok(())
}

/// Whether the loop is pressed by what has crossed already.
pub(super) fn pressed(to: &Connection, lot: &LotId, lane: &str, pressed: bool) -> Result<()> {
    let sql = if pressed {
        "INSERT INTO pressed (lot, lane) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM pressed WHERE lot = ?1 AND lane = ?2"
    };
    to.prepare_cached(sql)?
        .execute(params![lot.as_str(), lane])?;
    Ok(())
}

/// What an earlier run had acknowledged and not counted counts.
pub(super) fn count_all(to: &Connection, lot: &LotId) -> Result<()> {
    let sql = "SELECT lot, record, lane, device, plate, color, at, side, unrecognized, outcome, \
               abnormality, code, msg FROM press WHERE lot = ?1 ORDER BY at";
    for press in all(to, sql, params![lot.as_str()], press)? {
        let crossing = &press.crossing;
        if press.unrecognized {
            records::recognition(to, &recognition_of(crossing))?;
        }
        records::crossing(to, crossing)?;
        ended(to, lot, &crossing.record, &press.outcome, crossing.at)?;
        if let Some(abnormality) = &press.abnormality {
            records::abnormality(to, abnormality)?;
        }
        over(to, lot, &crossing.record)?;
        pressed(to, lot, &crossing.lane, true)?;
    }
    Ok(())
}

/// The recognition of a vehicle that nobody had recognized when it crossed (D-14).
fn recognition_of(crossing: &Crossing) -> Recognition {
    Recognition {
        lot: crossing.lot.clone(),
        lane: crossing.lane.clone(),
        device: crossing.device.clone(),
        record: crossing.record.clone(),
        plate: crossing.plate.clone(),
        color: crossing.color,
        reliability: None,
        image: None,
        at: crossing.at,
        replayed: false,
        event: None,
    }
}

fn press(row: &Row<'_>) -> Result<Press> {
    let crossing = Crossing {
        lot: column::id(row, 0)?,
        record: column::id(row, 1)?,
        lane: row.get(2)?,
        device: column::id(row, 3)?,
        plate: column::plate(row, 4)?,
        color: column::color(row, 5)?,
        at: column::time(row, 6)?,
        side: column::side(row, 7)?,
    };
    let abnormality = match column::optional_id(row, 10)? {
        None => None,
        Some(id) => Some(Abnormality {
            lot: crossing.lot.clone(),
            occurrence: column::id(row, 10)?,
            id,
            code: column::code(row, 11)?,
            device: None,
            msg: row.get(12)?,
            at: crossing.at,
        }),
    };
    Ok(Press {
        crossing,
        unrecognized: row.get(8)?,
        outcome: row.get(9)?,
        abnormality,
    })
}

//! How many vehicles are inside: a number that somebody counted, and the crossings since. Those that
//! become too old and go leave their number behind.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::{Journal, JournalError, column};

/// A number that somebody counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccupancyBase {
    /// The lot.
    pub lot: LotId,
    /// When it was so.
    pub at: Timestamp,
    /// How many vehicles were inside.
    pub inside: u32,
}

/// How many vehicles are inside, and what that rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// The last number that somebody counted; from nobody inside when nobody ever did.
    pub base: Option<(Timestamp, u32)>,
    /// Vehicles that came in since.
    pub entered: u64,
    /// Vehicles that left since.
    pub left: u64,
}

impl Occupancy {
    /// The number; never below none, however many left that were not seen to come in.
    pub fn inside(&self) -> u64 {
        let counted = self.base.map_or(0, |(_, inside)| u64::from(inside));
        (counted + self.entered).saturating_sub(self.left)
    }
}

impl Journal {
    /// How many vehicles are inside.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn occupancy(&self, lot: &LotId) -> std::result::Result<Occupancy, JournalError> {
        let lot = lot.clone();
        self.read(move |from| {
            let moment = from.unchecked_transaction()?;
            let base = base(&moment, &lot)?;
            let since = base.map_or(i64::MIN, |(at, _)| at.as_millisecond());
            let count = |side: &str| {
                moment.query_row(
                    "SELECT count(*) FROM crossing WHERE lot = ?1 AND side = ?2 AND at > ?3",
                    params![lot.as_str(), side, since],
                    |row| column::count(row, 0),
                )
            };
            let (entered, left) = carried(&moment, &lot)?;
            Ok(Occupancy {
                base,
                entered: entered + count("entry")?,
                left: left + count("exit")?,
            })
        })
        .await
    }
}

fn base(from: &Connection, lot: &LotId) -> Result<Option<(Timestamp, u32)>> {
    from.query_row(
        "SELECT at, inside FROM occupancy WHERE lot = ?1",
        params![lot.as_str()],
        |row| Ok((column::time(row, 0)?, row.get(1)?)),
    )
    .optional()
}

/// How many came in and left since then, of those whose crossings are gone.
fn carried(from: &Connection, lot: &LotId) -> Result<(u64, u64)> {
    let sql = "SELECT entered, left FROM occupancy_carried WHERE lot = ?1";
    let carried = from.query_row(sql, params![lot.as_str()], |row| {
        Ok((column::count(row, 0)?, column::count(row, 1)?))
    });
    Ok(carried.optional()?.unwrap_or_default())
}

/// A crossing that is about to go still counts.
pub(super) fn carry(to: &Connection, lot: &LotId, crossing: &Value) -> Result<()> {
    to.prepare_cached(
        "INSERT INTO occupancy_carried (lot, entered, left) \
         SELECT lot, side = 'entry', side = 'exit' FROM crossing \
         WHERE lot = ?1 AND record = ?2 \
         AND at > coalesce((SELECT at FROM occupancy WHERE lot = ?1), ?3) \
         ON CONFLICT (lot) DO UPDATE SET entered = entered + excluded.entered, \
         left = left + excluded.left",
    )?
    .execute(params![lot.as_str(), crossing, i64::MIN])?;
    Ok(())
}

pub(super) fn insert(to: &Connection, it: &OccupancyBase) -> Result<()> {
    to.prepare_cached("DELETE FROM occupancy_carried WHERE lot = ?1")?
        .execute(params![it.lot.as_str()])?;
    to.prepare_cached(
        "INSERT INTO occupancy (lot, at, inside) VALUES (?1, ?2, ?3) \
         ON CONFLICT (lot) DO UPDATE SET at = excluded.at, inside = excluded.inside",
    )?
    .execute(params![it.lot.as_str(), it.at.as_millisecond(), it.inside])?;
    Ok(())
}

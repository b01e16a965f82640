//! What is read from the journal.

use boshi_protocol::code::PlaceStatus;
use boshi_protocol::id::{LotId, PlaceNo};
use boshi_protocol::page::PageRequest;
use rusqlite::{Connection, Result, Row, params};

use super::entry::Place;
use super::{Journal, JournalError, column};

/// Counts for comparison with the other side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records by kind and state of their push: `recognition`, `delivered`, 12.
    pub pushes: Vec<(String, String, u64)>,
    /// Recognitions by how they ended.
    pub outcomes: Vec<(String, u64)>,
}

impl Journal {
    /// The spaces that match, a page of them, and how many there are (PAGE-1, PLACE-1, PLACE-2).
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn places(
        &self,
        lot: &LotId,
        status: Option<PlaceStatus>,
        number: Option<PlaceNo>,
        page: PageRequest,
    ) -> std::result::Result<(u64, Vec<Place>), JournalError> {
        let lot = lot.clone();
        let matching = "FROM place WHERE lot = ?1 AND (?2 IS NULL OR status = ?2) \
                        AND (?3 IS NULL OR place = ?3)";
        self.read(move |from| {
            let snapshot = from.unchecked_transaction()?;
            let status = status.map(PlaceStatus::as_str);
            let number = number.as_ref().map(|number| number.as_str());
            let total = snapshot.query_row(
                &format!("SELECT count(*) {matching}"),
                params![lot.as_str(), status, number],
                |row| column::count(row, 0),
            )?;
            let sql = format!(
                "SELECT lot, place, status, image, plate, at {matching} ORDER BY place \
                 LIMIT ?4 OFFSET ?5"
            );
            let offset = page.offset().cast_signed();
            let values = params![lot.as_str(), status, number, page.size, offset];
            Ok((total, all(&snapshot, &sql, values, place)?))
        })
        .await
    }

    /// Counts of a lot.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn summary(&self, lot: &LotId) -> std::result::Result<Summary, JournalError> {
        let lot = lot.clone();
        self.read(move |from| {
            let snapshot = from.unchecked_transaction()?;
            let pushes = "SELECT kind, state, count(*) FROM outbox WHERE lot = ?1 \
                          GROUP BY kind, state ORDER BY kind, state";
            let outcomes = "SELECT outcome, count(*) FROM recognition \
                            WHERE lot = ?1 AND outcome IS NOT NULL GROUP BY outcome";
            Ok(Summary {
                pushes: all(&snapshot, pushes, params![lot.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, column::count(row, 2)?))
                })?,
                outcomes: all(&snapshot, outcomes, params![lot.as_str()], |row| {
                    Ok((row.get(0)?, column::count(row, 1)?))
                })?,
            })
        })
        .await
    }
}

pub(super) fn all<T>(
    from: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    from.prepare_cached(sql)?.query_map(values, read)?.collect()
}

fn place(row: &Row<'_>) -> Result<Place> {
    Ok(Place {
        lot: column::id(row, 0)?,
        place: column::id(row, 1)?,
        status: column::status(row, 2)?,
        image: row.get(3)?,
        plate: column::plate(row, 4)?,
        at: column::time(row, 5)?,
    })
}

//! Records as they are to be pushed.

use boshi_protocol::delivery::{Key, Kind};
use boshi_protocol::id::LotId;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::entry::{Abnormality, Crossing, Letter, Recognition};
use super::{Journal, JournalError, column};

const RECOGNITION: &str = "SELECT lot, record, lane, device, plate, color, at, reliability, image, \
                           replayed, event FROM recognition WHERE lot = ?1 AND record = ?2";

const CROSSING: &str = "SELECT lot, record, lane, device, plate, color, at, side FROM crossing \
                        WHERE lot = ?1 AND record = ?2";

const ABNORMALITY: &str = "SELECT lot, id, occurrence, code, device, msg, at FROM abnormality \
                           WHERE lot = ?1 AND id = ?2";

impl Journal {
    /// The records of these keys as they are to be pushed now (D-17), those that there are.
    ///
    /// # Errors
    /// [`JournalError`] when the file cannot be read.
    pub async fn letters(
        &self,
        lot: &LotId,
        keys: Vec<Key>,
    ) -> std::result::Result<Vec<(Key, Letter)>, JournalError> {
        let lot = lot.clone();
        self.read(move |from| {
            let mut letters = Vec::with_capacity(keys.len());
            for key in keys {
                if let Some(letter) = letter(from, &lot, &key)? {
                    letters.push((key, letter));
                }
            }
            Ok(letters)
        })
        .await
    }
}

fn letter(from: &Connection, lot: &LotId, key: &Key) -> Result<Option<Letter>> {
    let values = params![lot.as_str(), key.id.as_str()];
    let (sql, read): (_, fn(&Row<'_>) -> Result<Letter>) = match key.kind {
        Kind::Recognition => (RECOGNITION, |row| recognition(row).map(Letter::Recognition)),
        Kind::Crossing => (CROSSING, |row| crossing(row).map(Letter::Crossing)),
        Kind::Abnormality => (ABNORMALITY, |row| abnormality(row).map(Letter::Abnormality)),
    };
    from.prepare_cached(sql)?.query_row(values, read).optional()
}

pub(super) fn recognition(row: &Row<'_>) -> Result<Recognition> {
    Ok(Recognition {
        lot: column::id(row, 0)?,
        record: column::id(row, 1)?,
        lane: row.get(2)?,
        device: column::id(row, 3)?,
        plate: column::plate(row, 4)?,
        color: column::color(row, 5)?,
        at: column::time(row, 6)?,
        reliability: row.get(7)?,
        image: row.get(8)?,
        replayed: row.get(9)?,
        event: row.get(10)?,
    })
}

pub(super) fn crossing(row: &Row<'_>) -> Result<Crossing> {
    Ok(Crossing {
        lot: column::id(row, 0)?,
        record: column::id(row, 1)?,
        lane: row.get(2)?,
        device: column::id(row, 3)?,
        plate: column::plate(row, 4)?,
        color: column::color(row, 5)?,
        at: column::time(row, 6)?,
        side: column::side(row, 7)?,
    })
}

fn abnormality(row: &Row<'_>) -> Result<Abnormality> {
    Ok(Abnormality {
        lot: column::id(row, 0)?,
        id: column::id(row, 1)?,
        occurrence: column::id(row, 2)?,
        code: column::code(row, 3)?,
        device: column::optional_id(row, 4)?,
        msg: row.get(5)?,
        at: column::time(row, 6)?,
    })
}

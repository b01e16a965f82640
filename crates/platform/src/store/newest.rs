//! Lists, newest first: the rows after a cursor, never an offset, so that the last page costs what
//! the first does.

use std::fmt;
use std::str::FromStr;

use boshi_protocol::id::LotId;
use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Rows when nothing is said.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// Most rows at once: what a person scrolls through, and a small reply.
pub(crate) const MAX_LIMIT: u32 = 200;

/// A row that can be listed.
pub(crate) trait Listed: Sized {
    /// What to select from, with the column `lot` and, among the [`Listed::FILTERS`], `plate`.
    const FROM: &'static str;
    /// The column to sort by.
    const TIME: &'static str;
    /// The expression that tells rows of one lot and time apart.
    const TAIL: &'static str;
    /// What a search may be narrowed by.
    const FILTERS: &'static [&'static str] = &["lot", "plate", "limit", "before"];

    /// Reads a row.
    ///
    /// # Errors
    /// When it holds what this program never writes.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
}

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    /// Only of this lot.
    pub(crate) lot: Option<LotId>,
    /// Only with a plate that contains this.
    pub(crate) plate: Option<String>,
    /// At most so many.
    pub(crate) limit: u32,
    /// Only rows after this one.
    pub(crate) before: Option<Cursor>,
}

/// Where a list goes on; opaque to whoever holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor(i64, String, Tail);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Tail {
    Number(i64),
    Text(String),
}

/// Rows, and where the list goes on if it does.
#[derive(Clone, Debug)]
pub(crate) struct Found<T> {
    /// The rows.
    pub(crate) items: Vec<T>,
    /// To be given as [`Search::before`]; none at the end.
    pub(crate) next: Option<Cursor>,
}

/// The newest rows that `search` wants.
///
/// # Errors
/// What the database said.
pub(crate) fn newest<T: Listed>(
    connection: &Connection,
    search: &Search,
) -> Result<Found<T>, StoreError> {
    let (mut wanted, mut values) = (Vec::new(), Vec::<&dyn ToSql>::new());
    let lot = search.lot.as_ref().map(LotId::as_str);
    if let Some(lot) = &lot {
        wanted.push("lot = ?".to_owned());
        values.push(lot);
    }
    if let Some(plate) = &search.plate {
        wanted.push("instr(plate, ?) > 0".to_owned());
        values.push(plate);
    }
    if let Some(Cursor(time, lot, tail)) = &search.before {
        wanted.push(format!("({}, lot, {}) < (?, ?, ?)", T::TIME, T::TAIL));
        values.extend([time as &dyn ToSql, lot, tail]);
    }
    let limit = search.limit.min(MAX_LIMIT);
    let one_more = limit + 1;
    values.push(&one_more);
    let condition = if wanted.is_empty() {
        "TRUE".to_owned()
    } else {
        wanted.join(" AND ")
    };
    let (from, time, tail) = (T::FROM, T::TIME, T::TAIL);
    let mut query = connection.prepare_cached(&format!(
        "SELECT *, {time} AS cursor_time, {tail} AS cursor_tail FROM {from} WHERE {condition}
         ORDER BY {time} DESC, lot DESC, {tail} DESC LIMIT ?"
    ))?;
    let rows = query.query_map(params_from_iter(values), |row| {
        Ok((T::read(row)?, cursor(row)?))
    })?;
    let mut rows: Vec<(T, Cursor)> = rows.collect::<Result<_, _>>()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| goes_on).map(|row| row.1.clone());
    let items = rows.into_iter().map(|row| row.0).collect();
    Ok(Found { items, next })
}

fn cursor(row: &Row<'_>) -> rusqlite::Result<Cursor> {
    let tail = match row.get_ref("cursor_tail")?.as_i64() {
        Ok(number) => Tail::Number(number),
        Err(_) => Tail::Text(row.get("cursor_tail")?),
    };
    Ok(Cursor(row.get("cursor_time")?, row.get("lot")?, tail))
}

impl fmt::Display for Cursor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        out.write_str(&text)
    }
}

impl FromStr for Cursor {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Cursor, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl ToSql for Tail {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Tail::Number(number) => number.to_sql(),
            Tail::Text(text) => text.to_sql(),
        }
    }
}

//! Lists, newest first: the rows after a cursor, never an offset, so that the last page costs what
//! the first does.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::{ToSql, ToSqlOutput, Value};
use rusqlite::{Connection, Row, params_from_iter};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Rows when nothing is said.
pub(crate) const DEFAULT_LIMIT: u32 = 50;
/// Most rows at once: what a person scrolls through, and a small reply.
pub(crate) const MAX_LIMIT: u32 = 200;

/// A row that can be listed.
pub(crate) trait Listed: Sized {
    /// What to select from, with the column `lot`.
    const FROM: &'static str;
    /// The column to sort by, and by which `from` and `to` choose.
    const TIME: &'static str;
    /// The expression that tells rows of one lot and time apart.
    const TAIL: &'static str;
    /// What a search may be narrowed by, beside time.
    const FILTERS: &'static [Filter];
    /// Whether a row is of lots that are given as `,A,B,`, for those who are bound to some.
    const BOUND: &'static str = "instr(?, ',' || lot || ',') > 0";

    /// Reads a row.
    ///
    /// # Errors
    /// When it holds what this program never writes.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
}

/// Something that a search may be narrowed by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    /// The parameter.
    pub(crate) name: &'static str,
    /// How it is read.
    pub(crate) kind: FilterKind,
    /// The condition, with one `?` for its value.
    pub(crate) sql: &'static str,
}

/// How the value of a [`Filter`] is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FilterKind {
    /// A part of a plate, normalised as plates are.
    Plate,
    /// The id of a thing.
    Id,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Truth,
}

/// Only of this lot.
pub(crate) const LOT: Filter = filter("lot", FilterKind::Id, "lot = ?");
/// Only with a plate that contains this.
pub(crate) const PLATE: Filter = filter("plate", FilterKind::Plate, "instr(plate, ?) > 0");
/// Only at this lane, told by its recognizer, or at this device.
pub(crate) const DEVICE: Filter = filter("device", FilterKind::Id, "device = ?");

/// Only in one of these states.
pub(crate) const fn state(states: &'static [&'static str]) -> Filter {
    filter("state", FilterKind::OneOf(states), "state = ?")
}

/// A filter.
pub(crate) const fn filter(name: &'static str, kind: FilterKind, sql: &'static str) -> Filter {
    Filter { name, kind, sql }
}

/// Which rows are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// Conditions with their values.
    pub(crate) narrowed: Vec<(&'static str, Value)>,
    /// Not before this second.
    pub(crate) from: Option<i64>,
    /// Before this second.
    pub(crate) to: Option<i64>,
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
    for (condition, value) in &search.narrowed {
        wanted.push((*condition).to_owned());
        values.push(value);
    }
    for (condition, value) in [(">=", &search.from), ("<", &search.to)] {
        if value.is_some() {
            wanted.push(format!("{} {condition} ?", T::TIME));
            values.push(value);
        }
    }
    if let Some(Cursor(time, lot, tail)) = &search.before {
        wanted.push(format!("({}, lot, {}) < (?, ?, ?)", T::TIME, T::TAIL));
        values.extend([time as &dyn ToSql, lot, tail]);
    }
    let limit = search.limit;
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

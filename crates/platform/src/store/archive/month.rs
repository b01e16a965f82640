//! The file of a month: nothing in it is ever changed or deleted. A row that comes again as it is
//! stands there once; one that comes again otherwise stands beside it, in `again`.
//!
//! A vehicle that comes in one month and leaves in the next has its records in both files, its stay in
//! that of the entry.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params, params_from_iter};
use serde_json::Map;

use super::Rows;
use crate::store::{StoreError, check, make_private, migrate};

/// What the name of a file ends with, after its month.
const SUFFIX: &str = ".db";

/// Rows that came again otherwise than they stand in their table.
const AGAIN: &str = "CREATE TABLE IF NOT EXISTS again (
  kind TEXT NOT NULL, lot TEXT NOT NULL, row TEXT NOT NULL,
  PRIMARY KEY (kind, lot, row)
) STRICT, WITHOUT ROWID";

/// The recognition that a decision is of, by its number in this file; none when it is not here yet.
pub(super) const RECORD: &str =
    "coalesce((SELECT id FROM recognition r WHERE r.lot = ?1 AND r.uuid = ?2), 0)";

/// Decisions whose recognition has come since they did.
const FOUND: &str = "UPDATE decision AS d SET record = r.id FROM recognition r
  WHERE d.record = 0 AND r.lot = d.lot AND r.uuid = d.uuid";

/// The file of a month.
pub(crate) struct Month(Connection);

impl Month {
    /// Where the file of `month`, as `2026-01`, is in `folder`.
    pub(crate) fn path(folder: &Path, month: &str) -> PathBuf {
        folder.join(format!("{month}{SUFFIX}"))
    }

    /// The months that have a file in `folder`, the oldest first.
    ///
    /// # Errors
    /// What the file system said; a folder that is not there has none.
    pub(crate) fn all(folder: &Path) -> Result<Vec<String>, StoreError> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut months = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            months.extend(name.filter(|name| is_month(name)).map(str::to_owned));
        }
        months.sort();
        Ok(months)
    }

    /// Opens the file of `month` in `folder` to add to it; it is made where there is none.
    ///
    /// # Errors
    /// What the database or the file system said.
    pub(super) fn open(folder: &Path, month: &str) -> Result<Month, StoreError> {
        std::fs::create_dir_all(folder)?;
        let path = Month::path(folder, month);
        make_private(&path)?;
        File::open(folder)?.sync_all()?;
        let mut connection = Connection::open(&path)?;
        // Without a log beside it: the one file is the month. A commit is on disk with its folder.
        connection.pragma_update(None, "journal_mode", "DELETE")?;
        connection.pragma_update(None, "synchronous", "EXTRA")?;
        migrate::migrate(&mut connection)?;
        connection.execute_batch(AGAIN)?;
        Ok(Month(connection))
    }

    /// Opens a file to look at it; one of an older version is looked at through a copy.
    ///
    /// # Errors
    /// What the database said, or that the file is of a newer version.
    pub(crate) fn look(path: &Path) -> Result<Month, StoreError> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match migrate::must_be_newest(&connection) {
            Ok(()) => Ok(Month(connection)),
            Err(StoreError::Older { .. }) => {
                // On disk, and gone with the connection.
                let mut copy = Connection::open("")?;
                let backup = rusqlite::backup::Backup::new(&connection, &mut copy)?;
                backup.run_to_completion(i32::MAX, std::time::Duration::ZERO, None)?;
                drop(backup);
                migrate::migrate(&mut copy)?;
                Ok(Month(copy))
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.0
    }

    /// How many rows came again otherwise.
    pub(crate) fn again(&self) -> Result<u64, StoreError> {
        // One that was not wholly made yet has no such table.
        match self.0.table_exists(None, "again")? {
            true => check::count(&self.0, "SELECT count(*) FROM again"),
            false => Ok(0),
        }
    }

    /// Adds rows, all or none.
    pub(super) fn add<'a>(
        &mut self,
        all: impl Iterator<Item = &'a Rows>,
    ) -> Result<(), StoreError> {
        let transaction = self.0.transaction()?;
        for rows in all {
            rows.add_to(&transaction)?;
        }
        transaction.execute(FOUND, [])?;
        transaction.commit()?;
        Ok(())
    }

    /// That every one of these rows is here, as it is.
    pub(super) fn must_hold<'a>(
        &self,
        all: impl Iterator<Item = &'a Rows>,
    ) -> Result<(), StoreError> {
        for rows in all {
            for row in &rows.rows {
                if !rows.is_in(&self.0, row)? && !rows.is_again_in(&self.0, row)? {
                    return Err(StoreError::NotKept {
                        table: rows.kind.table,
                    });
                }
            }
        }
        Ok(())
    }
}

impl Rows {
    fn add_to(&self, connection: &Connection) -> Result<(), StoreError> {
        // `?1` is the lot, the first column, and `?2` the uuid, whichever column that is.
        let uuid = self.place_of("uuid");
        let mut columns = self.columns.join(", ");
        let marks = (0..self.columns.len()).map(|at| format!("?{}", at + 3));
        let mut marks = marks.collect::<Vec<_>>().join(", ");
        for (column, value) in self.kind.own {
            columns = format!("{columns}, {column}");
            marks = format!("{marks}, {value}");
        }
        let table = self.kind.table;
        let sql = format!("INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})");
        for row in &self.rows {
            let null = Value::Null;
            let named = [row.first(), row.get(uuid)].map(|value| value.unwrap_or(&null));
            let values = named.into_iter().chain(row);
            let added = connection
                .prepare_cached(&sql)?
                .execute(params_from_iter(values))?;
            if added == 0 && !self.is_in(connection, row)? {
                let sql = "INSERT OR IGNORE INTO again (kind, lot, row) VALUES (?, ?, ?)";
                let mut insert = connection.prepare_cached(sql)?;
                insert.execute(params![table, row.first(), self.line(row)])?;
            }
        }
        Ok(())
    }

    fn is_in(&self, connection: &Connection, row: &[Value]) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM {} WHERE {}", self.kind.table, self.same(1));
        let mut query = connection.prepare_cached(&sql)?;
        Ok(query.exists(params_from_iter(row))?)
    }

    fn is_again_in(&self, connection: &Connection, row: &[Value]) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM again WHERE kind = ? AND lot = ? AND row = ?";
        let mut query = connection.prepare_cached(sql)?;
        Ok(query.exists(params![self.kind.table, row.first(), self.line(row)])?)
    }

    /// A row as a JSON object.
    fn line(&self, row: &[Value]) -> String {
        let cells = self.columns.iter().cloned().zip(row.iter().map(json));
        serde_json::Value::Object(cells.collect::<Map<_, _>>()).to_string()
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Blob(bytes) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            digits.collect::<String>().into()
        }
    }
}

fn is_month(name: &str) -> bool {
    name.len() == 7 && format!("{name}-01").parse::<jiff::civil::Date>().is_ok()
}

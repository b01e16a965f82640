//! Records that are older than what is kept, moved into files: one a month, a JSON object a line.
//!
//! A row is appended and on disk before it is deleted, in one step of the writer. A crash between
//! the two repeats it: a row may be in a file twice, never in neither place. What is still open
//! stays: the crossings of an open stay, abnormalities that nobody has cleared, commands under way.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use boshi_protocol::time::CHINA;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};

use super::{StoreError, instant};

/// Rows that are moved at once: a few milliseconds in which others wait for the writer.
const CHUNK: i64 = 500;

/// A kind of record, and which of them may go.
struct Kind {
    table: &'static str,
    time: &'static str,
    keys: [&'static str; 2],
    may_go: &'static str,
}

/// Not a half of a stay that is open or ends later.
const NOT_OF_A_STAY: &str = "NOT EXISTS (SELECT 1 FROM stay s WHERE s.lot = t.lot
    AND (s.uuid = t.uuid OR s.out_uuid = t.uuid)
    AND (s.state = 'open' OR coalesce(s.out_at, s.began) >= ?1))";

/// Stays last: they say which crossings may go.
const KINDS: [Kind; 6] = [
    Kind {
        table: "decision",
        time: "at",
        keys: ["lot", "number"],
        // The newest number of a lot is what the next one follows.
        may_go: "number < (SELECT max(number) FROM decision d WHERE d.lot = t.lot)",
    },
    Kind {
        table: "recognition",
        time: "at",
        keys: ["lot", "uuid"],
        may_go: NOT_OF_A_STAY,
    },
    Kind {
        table: "crossing",
        time: "at",
        keys: ["lot", "uuid"],
        may_go: NOT_OF_A_STAY,
    },
    Kind {
        table: "abnormality",
        time: "received",
        keys: ["lot", "digest"],
        may_go: "state = 'cleared'",
    },
    Kind {
        table: "command",
        time: "asked_at",
        keys: ["lot", "id"],
        may_go: "state <> 'asked'",
    },
    Kind {
        table: "stay",
        time: "began",
        keys: ["lot", "uuid"],
        may_go: "state <> 'open' AND coalesce(out_at, began) < ?1",
    },
];

/// Moves up to a chunk of each kind of record from before `cutoff` into the files of `folder`; how
/// many rows. None are left when that is 0.
///
/// # Errors
/// What the database or the file system said; then nothing has gone.
pub(crate) fn move_some(
    connection: &Connection,
    folder: &Path,
    cutoff: Timestamp,
) -> Result<usize, StoreError> {
    let mut moved = 0;
    for kind in &KINDS {
        moved += kind.move_some(connection, folder, cutoff)?;
    }
    Ok(moved)
}

impl Kind {
    fn move_some(
        &self,
        connection: &Connection,
        folder: &Path,
        cutoff: Timestamp,
    ) -> Result<usize, StoreError> {
        let Kind {
            table,
            time,
            keys: [first, second],
            may_go,
        } = self;
        let mut query = connection.prepare_cached(&format!(
            "SELECT *, {time} AS moment FROM {table} t WHERE {time} < ?1 AND {may_go}
             ORDER BY {time} LIMIT ?2"
        ))?;
        let rows = query.query_map(params![cutoff.as_second(), CHUNK], |row| {
            let key = (row.get(*first)?, row.get(*second)?);
            Ok((key, row.get::<_, i64>("moment")?, self.line(row)?))
        })?;
        let rows: Vec<((String, rusqlite::types::Value), i64, String)> =
            rows.collect::<Result<_, _>>()?;
        for month in rows.chunk_by(|one, next| month(one.1).ok() == month(next.1).ok()) {
            let lines: String = month.iter().map(|row| row.2.as_str()).collect();
            let name = self::month(month.first().map_or(0, |row| row.1))?;
            append(&folder.join(format!("{name}.jsonl")), &lines)?;
        }
        let delete = format!("DELETE FROM {table} WHERE {first} = ? AND {second} = ?");
        let mut delete = connection.prepare_cached(&delete)?;
        let unpair = "DELETE FROM passage WHERE lot = ? AND uuid = ?";
        let mut unpair = connection.prepare_cached(unpair)?;
        for (key, _, _) in &rows {
            delete.execute(params![key.0, key.1])?;
            if *table == "crossing" {
                unpair.execute(params![key.0, key.1])?;
            }
        }
        Ok(rows.len())
    }

    fn line(&self, row: &Row<'_>) -> rusqlite::Result<String> {
        let mut object = Map::from_iter([("kind".to_owned(), Value::from(self.table))]);
        for (place, name) in row.as_ref().column_names().enumerate() {
            let value = match row.get_ref(place)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::from(number),
                ValueRef::Real(number) => Value::from(number),
                ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
                ValueRef::Blob(bytes) => Value::from(
                    bytes
                        .iter()
                        .map(|byte| format!("{byte:02x}"))
                        .collect::<String>(),
                ),
            };
            if name != "moment" {
                object.insert(name.to_owned(), value);
            }
        }
        Ok(format!("{}\n", Value::Object(object)))
    }
}

fn append(path: &Path, lines: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(lines.as_bytes())?;
    file.sync_all()
}

/// The month in China, as `2026-01`.
fn month(second: i64) -> Result<String, StoreError> {
    let civil = CHINA.to_datetime(instant(second)?);
    Ok(civil.strftime("%Y-%m").to_string())
}

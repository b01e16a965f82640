//! The schema, step by step, forward only.
//!
//! A step is a file in `migrations`, named by its number and what it brings, and a line in [`STEPS`].
//! Once it is on the main branch it never changes: a file says by checksum which steps it has taken,
//! and one that has taken others than these is not touched. `migrations/released` holds a database
//! of each released schema, from which all later steps are tested.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

use super::StoreError;

/// One step.
struct Step {
    name: &'static str,
    sql: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step {
            name: $name,
            sql: include_str!(concat!("../../migrations/", $name, ".sql")),
        }
    };
}

/// Every step there is, in order.
const STEPS: &[Step] = &[
    step!("0001_records"),
    step!("0002_operations"),
    step!("0003_registry"),
    step!("0004_users"),
    step!("0005_events"),
    step!("0006_webhooks"),
    step!("0007_addresses"),
    step!("0008_records_by_number"),
    step!("0009_whole_pass"),
    step!("0010_told"),
];

/// What a file says of the steps it has taken. `user_version` is how many they are, as it was before
/// there was this table.
const BOOK: &str = "CREATE TABLE IF NOT EXISTS migration (
  number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  taken_at INTEGER NOT NULL
) STRICT";

/// Brings the file to the newest schema, all steps in one transaction: what fails leaves it as it
/// was, and a second process waits for the first.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken = taken(&transaction)?;
    transaction.execute_batch(BOOK)?;
    for (number, step) in (1..).zip(STEPS) {
        if number <= taken {
            step.compare(&transaction, number)?;
        } else {
            transaction.execute_batch(step.sql)?;
            step.note(&transaction, number)?;
        }
    }
    note_version(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Writes how many steps the file has taken.
pub(super) fn note_version(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "user_version", newest()?)?;
    Ok(())
}

/// That the file has the newest schema, without changing anything.
///
/// # Errors
/// [`StoreError::Newer`] and [`StoreError::Older`].
pub(super) fn must_be_newest(connection: &Connection) -> Result<(), StoreError> {
    let (found, known) = (taken(connection)?, newest()?);
    if found < known {
        return Err(StoreError::Older { found, known });
    }
    Ok(())
}

/// How many steps the file has taken.
fn taken(connection: &Connection) -> Result<i64, StoreError> {
    let (found, known) = (
        connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        newest()?,
    );
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

fn newest() -> Result<i64, StoreError> {
    i64::try_from(STEPS.len()).map_err(|_| StoreError::Corrupt("version"))
}

impl Step {
    /// That this is what was taken; what was taken before there was a book is believed.
    fn compare(&self, transaction: &Transaction<'_>, number: i64) -> Result<(), StoreError> {
        let noted: Option<String> = transaction
            .query_row(
                "SELECT sha256 FROM migration WHERE number = ?",
                [number],
                |row| row.get(0),
            )
            .optional()?;
        match noted {
            None => self.note(transaction, number),
            Some(noted) if noted == self.sha256() => Ok(()),
            Some(_) => Err(StoreError::OtherStep { name: self.name }),
        }
    }

    fn note(&self, transaction: &Transaction<'_>, number: i64) -> Result<(), StoreError> {
        let now = Timestamp::now().as_second();
        transaction.execute(
            "INSERT INTO migration (number, name, sha256, taken_at) VALUES (?,?,?,?)",
            params![number, self.name, self.sha256(), now],
        )?;
        Ok(())
    }

    fn sha256(&self) -> String {
        let digest = Sha256::digest(self.sql);
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A database of each schema that was released, named by the steps it has taken.
#[cfg(test)]
pub(super) const RELEASED: &[(i64, &str)] =
    &[(4, include_str!("../../migrations/released/0004.sql"))];

#[cfg(test)]
mod tests {
    use super::*;

    fn database(sql: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    fn schema(connection: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name";
        let mut query = connection.prepare(sql).unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    /// How many rows each table has.
    fn rows(connection: &Connection) -> Vec<(String, i64)> {
        let tables = schema(connection).into_iter();
        let tables = tables.filter(|(_, sql)| sql.starts_with("CREATE TABLE"));
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        tables
            .map(|(name, _)| (name.clone(), count(&name)))
            .collect()
    }

    #[test]
    fn every_released_schema_becomes_that_of_a_new_file_and_keeps_all_rows() {
        let mut new = database("");
        migrate(&mut new).unwrap();
        for (version, sql) in RELEASED {
            let mut old = database(sql);
            assert_eq!(taken(&old).unwrap(), *version);
            let before = rows(&old);
            assert!(before.iter().all(|(_, count)| *count > 0), "{before:?}");
            migrate(&mut old).unwrap();
            assert_eq!(schema(&old), schema(&new), "from {version}");
            let after = rows(&old);
            for kept in before {
                assert!(after.contains(&kept), "from {version}: {kept:?} {after:?}");
            }
            must_be_newest(&old).unwrap();
            migrate(&mut old).unwrap();
            assert_eq!(rows(&old), after, "nothing is taken twice");
        }
    }

    /// A step that was changed after it was released makes schemas that differ from file to file.
    #[test]
    fn a_file_that_has_taken_another_step_of_that_number_is_left_alone() {
        let mut connection = database("");
        migrate(&mut connection).unwrap();
        let sql = "UPDATE migration SET sha256 = 'other' WHERE number = 2";
        connection.execute(sql, []).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(error.to_string().contains("0002_operations"), "{error}");
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let mut connection = database("PRAGMA user_version = 999");
        let error = migrate(&mut connection).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 999, .. }));
        assert!(schema(&connection).is_empty());
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let mut connection = database("CREATE TABLE command (in_the_way TEXT)");
        let before = schema(&connection);
        assert!(migrate(&mut connection).is_err());
        assert_eq!(schema(&connection), before);
        assert_eq!(taken(&connection).unwrap(), 0);
    }

    #[test]
    fn steps_are_numbered_without_a_gap() {
        for (number, step) in (1..).zip(STEPS) {
            assert!(
                step.name.starts_with(&format!("{number:04}_")),
                "{}",
                step.name
            );
        }
    }
}

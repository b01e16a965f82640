//! Opening the file and bringing it to the present version.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::JournalError;

/// Longest wait for another connection's lock: a commit takes milliseconds. Who holds it longer is
/// outlasted by writing again, not by waiting.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Statements that the writer keeps prepared: all that it has, so that none is parsed twice.
const STATEMENTS_KEPT: usize = 128;

/// Every version there was, in order; never changed once released.
const MIGRATIONS: [&str; 4] = [
    include_str!("../../migrations/0001_initial.sql"),
    include_str!("../../migrations/0002_keeping.sql"),
    include_str!("../../migrations/0003_pressed.sql"),
    include_str!("../../migrations/0004_failed.sql"),
];

pub(super) fn failed(path: &Path, reason: &dyn fmt::Display) -> JournalError {
    JournalError::Open {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn writing(path: &Path) -> Result<Connection, JournalError> {
    // D-18: what a sync of the run before has failed for is not on disk, although it can be read.
    boshi_upkeep::log::settle(path).map_err(|error| failed(path, &error))?;
    let mut connection = Connection::open(path).map_err(|error| failed(path, &error))?;
    prepare(&connection).map_err(|error| failed(path, &error))?;
    migrate(&mut connection)?;
    Ok(connection)
}

pub(super) fn reading(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| failed(path, &error))?;
    connection.busy_timeout(LOCK_WAIT)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(LOCK_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Otherwise SQLite plans some statements anew for each value that is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch("CREATE TABLE IF NOT EXISTS version (number INTEGER PRIMARY KEY)")?;
    let found: i64 =
        transaction.query_row("SELECT coalesce(max(number), 0) FROM version", [], |row| {
            row.get(0)
        })?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(JournalError::TooNew { found, known });
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS) {
        if number > found {
            transaction.execute_batch(migration)?;
            transaction.execute("INSERT INTO version (number) VALUES (?1)", [number])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

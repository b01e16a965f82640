//! The platform's records in SQLite: one writer with group commit, readers of their own.
//!
//! An answer to a supplier follows the commit, never precedes it. Every key holds the lot.

pub(crate) mod abnormality;
pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod correction;
pub(crate) mod decision;
pub(crate) mod delivery;
mod error;
pub(crate) mod event;
pub mod facts;
mod figures;
mod migrate;
pub(crate) mod newest;
pub(crate) mod occupancy;
pub(crate) mod outage;
pub(crate) mod outgoing;
pub(crate) mod passage;
pub(crate) mod proof;
pub(crate) mod record;
pub(crate) mod registry;
pub(crate) mod row;
mod settled;
pub(crate) mod summary;
pub(crate) mod user;
pub(crate) mod webhook;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub use self::error::StoreError;
pub(crate) use self::figures::Figures;
pub use self::record::{Origin, Record, RecordKind};
pub(crate) use self::writer::QUEUE as WRITES_WAITING;
use self::writer::Writer;

/// Statements that a connection keeps prepared: all that it has, so that none is parsed twice.
const STATEMENTS_KEPT: usize = 256;

/// Readers that are kept open: more than two cores serve at once is waste, a burst opens its own.
const IDLE_READERS: usize = 4;

/// Pages of the log (of 4 KiB) after which what is in it is brought into the file: those at the ends of
/// tables and indexes are written again by every commit, and so once for all of them. 32 MB, which are
/// read within a tenth of a second should the power have failed.
const LOG_PAGES: u32 = 8192;

/// Memory for pages of the file that the writer needs again, in KiB: the upper levels of every index with
/// ten million records, with room for what is being written.
const WRITER_CACHE_KIB: i64 = 32 * 1024;

/// The records of every lot. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    // Before the writer, so that they are closed before it and it can merge the log into the file.
    readers: Arc<Mutex<Vec<Connection>>>,
    writer: Arc<Writer>,
    path: PathBuf,
}

impl Store {
    /// Opens the database at `path`, creating and migrating it where needed.
    ///
    /// # Errors
    /// The file cannot be opened, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        make_private(path)?;
        // D-13: what a sync of the run before has failed for is not on disk, although it can be read.
        boshi_upkeep::log::settle(path)?;
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        // Negative for KiB instead of pages.
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        // What a savepoint keeps to be undone; in a file it costs more than the records.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        keep_statements(&connection)?;
        migrate::migrate(&mut connection)?;
        Ok(Store {
            writer: Arc::new(Writer::start(connection)?),
            readers: Arc::default(),
            path: path.to_owned(),
        })
    }

    /// Runs `work` in the next transaction and returns once that is on disk.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when too much waits already; otherwise what the database said.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(work).await
    }

    /// As [`Store::write`], for somebody who waits until `by` and no longer: what has not got its
    /// turn by then is left out, and what is then under way stands, although this says that it is
    /// late. When something else in its transaction fails, `work` is undone and done again.
    ///
    /// # Errors
    /// [`StoreError::Busy`] at once when too much waits already, [`StoreError::Late`] at `by`;
    /// otherwise what the database said.
    pub async fn write_by<T: Send + 'static>(
        &self,
        by: Instant,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let written = self.writer.run_by(by, work);
        let written = tokio::time::timeout_at(by.into(), written).await;
        written.unwrap_or(Err(StoreError::Late))
    }

    /// Writes what is there already, and returns once that is on disk: whether anything can be written.
    pub(crate) async fn proves_writable(&self) -> Result<(), StoreError> {
        // A transaction in which nothing is written needs no disk.
        self.write(migrate::note_version).await
    }

    /// How the writer does.
    pub(crate) fn figures(&self) -> &Figures {
        self.writer.figures()
    }

    /// Runs `work` on a connection that only reads.
    ///
    /// # Errors
    /// What the database said.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let connection = store.reader()?;
            let result = work(&connection);
            let mut idle = store.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
            result
        });
        task.await.map_err(|_| StoreError::Stopped)?
    }

    /// Holds the number of the newest event that is on disk.
    pub(crate) fn events(&self) -> tokio::sync::watch::Receiver<i64> {
        self.writer.events()
    }

    fn reader(&self) -> Result<Connection, StoreError> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let connection = Connection::open_with_flags(&self.path, flags)?;
                keep_statements(&connection)?;
                Ok(connection)
            }
        }
    }
}

/// Statements are parsed once. Without the second, SQLite plans some anew for each value that is
/// bound, which costs three times what running them does.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Makes the file where there is none, for its owner only: it holds suppliers' secrets (D-7). The
/// files that SQLite puts beside it get the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// The instant that a row holds.
fn instant(second: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_second(second).map_err(|_| StoreError::Corrupt("time"))
}

#[cfg(test)]
mod tests;

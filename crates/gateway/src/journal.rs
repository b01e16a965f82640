//! The gateway's memory: everything that happened, and the one outbox (D-18).
//!
//! One thread writes. It takes what is queued, writes it in one transaction and answers after the
//! commit, so that whoever has an answer has it on disk. Readers have connections of their own.

mod again;
mod audit;
mod check;
mod column;
mod device_change;
mod entry;
mod forget;
mod insert;
mod letter;
mod look;
mod occupancy;
mod oldest;
mod open;
mod payment;
mod press;
mod proof;
mod read;
mod recover;
mod run;
mod snapshot;
mod stay;
#[cfg(test)]
mod tests;
mod unpushed;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::mpsc;

pub use again::ToldAgain;
pub use audit::Act;
pub use check::{Findings, Flaw, check};
pub(crate) use column::{gate_word, kind_word, standing_word};
pub use device_change::DeviceChange;
pub use entry::{
    Abnormality, ActDone, Attempt, Command, Crossing, Entry, Letter, Lift, Place, Recognition,
    Settlement,
};
pub use forget::Outworn;
pub(crate) use insert::INTERRUPTED;
pub use insert::forget::Outdated;
pub use look::{AttemptRow, LiftRow, MAX_ROWS, OutboxRow, Part};
pub use occupancy::{Occupancy, OccupancyBase};
pub use payment::{Kept, PaidFor, Payment, PaymentSearch};
pub use press::Press;
pub use proof::{Account, Proof};
pub use read::Summary;
pub use recover::{LetThrough, Pending, RememberedCommand, Waited};
pub use run::{Run, RunStep};
pub(crate) use snapshot::snapshot;
pub use stay::{StayRow, StaySearch};

/// How many writes wait at most: above this the callers wait, which slows the devices down
/// rather than filling the memory.
pub const WRITES_QUEUED: usize = 1024;

/// How many idle connections for reading are kept: as many as there are likely readers at once.
const READERS_KEPT: usize = 4;

/// The journal; cheap to clone.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    writes: mpsc::Sender<writer::Write>,
    readers: Mutex<Vec<Connection>>,
}

/// Why the journal could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened.
    #[error("the journal {path} cannot be opened: {reason}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file was written by a later version of the program.
    #[error("the journal has version {found}, this program knows versions up to {known}")]
    TooNew {
        /// The version of the file.
        found: i64,
        /// The latest version known.
        known: i64,
    },
    /// The disk or the database failed; nothing of the call is written.
    #[error("the journal failed: {0}")]
    Storage(String),
    /// The writer has ended.
    #[error("the journal is closed")]
    Closed,
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> JournalError {
        JournalError::Storage(error.to_string())
    }
}

impl Journal {
    /// Opens the journal at `path`, or makes it, and brings it to the present version.
    ///
    /// # Errors
    /// [`JournalError::Open`] and [`JournalError::TooNew`].
    pub fn open(path: &Path) -> Result<Journal, JournalError> {
        let connection = open::writing(path)?;
        let (writes, queue) = mpsc::channel(WRITES_QUEUED);
        writer::start(connection, queue).map_err(|error| open::failed(path, &error))?;
        Ok(Journal::new(path, writes, Vec::new()))
    }

    /// Opens the journal at `path` to be read beside whoever writes it: nothing can be written.
    ///
    /// # Errors
    /// [`JournalError::Open`] when there is none.
    pub fn open_to_read(path: &Path) -> Result<Journal, JournalError> {
        let reader = open::reading(path)?;
        let (writes, _) = mpsc::channel(1);
        Ok(Journal::new(path, writes, vec![reader]))
    }

    fn new(path: &Path, writes: mpsc::Sender<writer::Write>, readers: Vec<Connection>) -> Journal {
        Journal {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                writes,
                readers: Mutex::new(readers),
            }),
        }
    }

    /// Writes `entries` in one transaction, and returns when they are on disk (D-18).
    ///
    /// # Errors
    /// [`JournalError::Storage`] when they could not be written, none of them.
    pub async fn write(&self, entries: Vec<Entry>) -> Result<(), JournalError> {
        let (write, answer) = writer::Write::new(entries);
        let sent = self.shared.writes.send(write).await;
        sent.map_err(|_| JournalError::Closed)?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    async fn read<T, F>(&self, read: F) -> Result<T, JournalError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = shared.readers().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => open::reading(&shared.path)?,
            };
            let answer = read(&connection)?;
            let mut readers = shared.readers();
            if readers.len() < READERS_KEPT {
                readers.push(connection);
            }
            Ok(answer)
        });
        reading.await.map_err(|_| JournalError::Closed)?
    }
}

impl Shared {
    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Whether a store that is opened after a cut has everything that was promised.

use std::collections::HashSet;
use std::path::Path;

use boshi_gateway::journal::{Journal, check};
use boshi_platform::store::{Store, StoreError};
use rusqlite::Connection;

/// Which store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The platform's.
    Platform,
    /// The gateway's journal.
    Journal,
}

impl Kind {
    /// The database in the folder with the data; SQLite's log lies beside it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Kind::Platform => "platform.db",
            Kind::Journal => "journal.db",
        }
    }

    /// Opens what a cut has left in `folder`, by the code that opens it in earnest, and reads which
    /// records are there.
    pub(crate) async fn records(self, folder: &Path) -> anyhow::Result<HashSet<String>> {
        let path = folder.join(self.file());
        match self {
            Kind::Platform => {
                let store = Store::open(&path)?;
                let read = store.read(|db| Ok::<_, StoreError>(sound(db, "uuid")?));
                read.await?.map_err(anyhow::Error::msg)
            }
            Kind::Journal => {
                drop(Journal::open(&path)?);
                let findings = check(&path)?;
                anyhow::ensure!(findings.is_sound(), "{findings:?}");
                sound(&Connection::open(&path)?, "record")?.map_err(anyhow::Error::msg)
            }
        }
    }
}

/// The names of all recognitions, or what is broken in the file.
fn sound(db: &Connection, name: &str) -> rusqlite::Result<Result<HashSet<String>, String>> {
    let verdict: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Ok(Err(verdict));
    }
    let mut all = db.prepare(&format!("SELECT {name} FROM recognition"))?;
    let names = all.query_map([], |row| row.get(0))?;
    names.collect::<rusqlite::Result<_>>().map(Ok)
}

//! What can go wrong with the records.

/// What can go wrong with the records.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The writer could not be started, or a file beside the database not be written.
    #[error("files: {0}")]
    File(#[from] std::io::Error),
    /// The file is of a newer version of this program.
    #[error("the database has version {found}, this program knows {known}")]
    Newer {
        /// Version of the file.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// The file is of an older version, and is only looked at.
    #[error(
        "the database has version {found}, this program needs {known}: starting it migrates the file"
    )]
    Older {
        /// Version of the file.
        found: i64,
        /// The version that is needed.
        known: i64,
    },
    /// The file has taken another step of that number than this program has.
    #[error("the database was migrated by another {name} than this program has")]
    OtherStep {
        /// The step of this program.
        name: &'static str,
    },
    /// The archive does not hold what was written into it.
    #[error(
        "the archive does not hold a row of {table} that was written into it: nothing is deleted"
    )]
    NotKept {
        /// Of which kind.
        table: &'static str,
    },
    /// Too much waits to be written.
    #[error("too many writes wait")]
    Busy,
    /// Too much waited before it, or the disk is too slow, for whoever wanted it.
    #[error("not written in time")]
    Late,
    /// The transaction that held this write was not committed.
    #[error("the transaction was not committed")]
    NotCommitted,
    /// The store is being closed.
    #[error("the store is closed")]
    Stopped,
    /// A row holds what this program never writes.
    #[error("a row holds an impossible {0}")]
    Corrupt(&'static str),
}

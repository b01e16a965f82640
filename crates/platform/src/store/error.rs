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
        found: usize,
        /// Newest version known here.
        known: usize,
    },
    /// Too much waits to be written.
    #[error("too many writes wait")]
    Busy,
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

//! What keeps a program's data over years: a backup of it while it runs ([`mod@backup`]), given back as
//! a whole or not at all ([`fn@restore`]), the disk that it is on ([`disk`]), and the database's log as a
//! process that ended left it ([`log`]).

pub mod backup;
mod copied;
pub mod disk;
pub mod log;
mod manifest;
mod restore;

use std::io;
use std::path::{Path, PathBuf};

pub use self::backup::{Folder, backup};
pub use self::copied::make_file;
pub use self::manifest::{Listed, Manifest};
pub use self::restore::restore;

/// Why something could not be kept, or given back.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// A file or folder.
    #[error("{path:?}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The records.
    #[error("{0}")]
    Records(String),
    /// There is something already where something new is to be.
    #[error("{path:?} is in use: nothing is overwritten")]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// A backup would be part of what it keeps.
    #[error("{path:?} lies in the folder that is to be backed up")]
    Inside {
        /// Where it was to be.
        path: PathBuf,
    },
    /// The folder is no backup, or one that was not finished.
    #[error("{path:?} is no finished backup: {reason}")]
    NoBackup {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not as it was when the backup was made.
    #[error("{path:?} is not as it was when the backup was made")]
    Changed {
        /// Which.
        path: PathBuf,
    },
}

/// Says which file it was.
pub fn file(path: &Path) -> impl Fn(io::Error) -> KeepError {
    let path = path.to_owned();
    move |reason| KeepError::File {
        path: path.clone(),
        reason,
    }
}

/// Whether there is nothing at `path`, or an empty folder.
fn is_free(path: &Path) -> Result<bool, KeepError> {
    match std::fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(file(path)(error)),
    }
}

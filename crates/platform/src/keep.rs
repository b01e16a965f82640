//! Keeping a platform: backup, restore, check of the records, and what is old moved to the archive.
//!
//! The first three work on the folder of a platform, whether one runs on it or not.

use std::path::Path;

use boshi_upkeep::Folder;
pub use boshi_upkeep::{KeepError, Manifest, restore};

use crate::config::Config;
pub use crate::store::check::{Counted, Findings, Flaw, check};
use crate::store::{StoreError, check::snapshot};

/// What is special in the folder: the records are copied as a whole, so their log is not.
const FOLDER: Folder = Folder {
    records: "platform.db",
    transient: &["platform.db-wal", "platform.db-shm", "platform.lock"],
    configuration: "platform.toml",
};

impl From<StoreError> for KeepError {
    fn from(error: StoreError) -> KeepError {
        KeepError::Records(error.to_string())
    }
}

/// Makes a backup of the platform in `to`, a folder that is made or empty; `written_in` is the file
/// of its configuration. Keys and suppliers' secrets are in it: only its owner can read it.
///
/// # Errors
/// [`KeepError`]; what is in `to` then is no backup, since its manifest is missing.
pub fn backup(config: &Config, written_in: &Path, to: &Path) -> Result<Manifest, KeepError> {
    boshi_upkeep::backup(&FOLDER, &config.data, written_in, to, |from, to| {
        Ok(snapshot(from, to)?)
    })
}

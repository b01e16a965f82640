//! A backup: the journal at one moment, the pictures, the keys and the configuration.

use std::fs;
use std::path::{Path, PathBuf};

use boshi_upkeep::{Folder, KeepError, Manifest, file};

use crate::config::Config;
use crate::journal::snapshot;

/// What is special in the folder: the journal is copied as a whole, so its log is not.
const FOLDER: Folder = Folder {
    records: "journal.db",
    transient: &["journal.db-wal", "journal.db-shm", "gateway.lock"],
    configuration: "gateway.toml",
};

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Backup {
    /// What is in it.
    pub manifest: Manifest,
    /// Files that the configuration names and that are not in it, since they are not the gateway's
    /// own.
    pub elsewhere: Vec<PathBuf>,
}

/// Makes a backup of the gateway in `to`, a folder that is made or empty; `written_in` is the file of
/// its configuration. Keys are in it: only its owner can read it.
///
/// # Errors
/// [`KeepError`]; what is in `to` then is no backup, since its manifest is missing.
pub fn backup(config: &Config, written_in: &Path, to: &Path) -> Result<Backup, KeepError> {
    let manifest = boshi_upkeep::backup(&FOLDER, &config.data, written_in, to, |from, to| {
        Ok(snapshot(from, to)?)
    })?;
    let data = fs::canonicalize(&config.data).map_err(file(&config.data))?;
    let named = config.files();
    let elsewhere = named
        .filter(|path| fs::canonicalize(path).is_ok_and(|path| !path.starts_with(&data)))
        .map(Path::to_owned)
        .collect();
    Ok(Backup {
        manifest,
        elsewhere,
    })
}

//! A backup: the journal at one moment, the pictures, the keys and the configuration.

use std::fs;
use std::io;
use std::path::{Path, PathBuf, absolute};

use jiff::Timestamp;

use super::copied::{copy, fingerprint, make_file, make_folder, settle};
use super::manifest::{Listed, Manifest};
use super::{KeepError, file, is_free};
use crate::config::Config;
use crate::journal::snapshot;

/// The part of a backup that becomes the data folder again.
pub(super) const DATA: &str = "data";

/// The configuration in a backup.
const CONFIGURATION: &str = "gateway.toml";

/// The journal in the data folder; it is copied as a whole, so its log is not.
const JOURNAL: &str = "journal.db";

/// What belongs to the program that runs.
const TRANSIENT: [&str; 3] = ["journal.db-wal", "journal.db-shm", "gateway.lock"];

/// How a picture is called that is not yet written.
const UNFINISHED: &str = "part";

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
    let data = fs::canonicalize(&config.data).map_err(file(&config.data))?;
    let to = absolute(to).map_err(file(to))?;
    let stands_in = to.ancestors().find_map(|it| fs::canonicalize(it).ok());
    if stands_in.is_some_and(|folder| folder.starts_with(&data)) {
        return Err(KeepError::Inside { path: to });
    }
    if !is_free(&to)? {
        return Err(KeepError::InUse { path: to });
    }
    let kept = to.join(DATA);
    make_folder(&kept).map_err(file(&kept))?;
    let mut files = Vec::new();
    // First, since a picture is there before the record that shows it.
    let journal = kept.join(JOURNAL);
    make_file(&journal).map_err(file(&journal))?;
    snapshot(&data.join(JOURNAL), &journal)?;
    let is = fingerprint(&journal).map_err(file(&journal))?;
    files.push(Listed::new(&Path::new(DATA).join(JOURNAL), is));
    copy_all(&data, Path::new(DATA), &to, &mut files)?;
    let is = copy(written_in, &to.join(CONFIGURATION)).map_err(file(written_in))?;
    files.push(Listed::new(Path::new(CONFIGURATION), is));
    settle(&to).map_err(file(&to))?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Timestamp::now(),
        files,
    };
    manifest.write(&to)?;
    let elsewhere = elsewhere(config, &data);
    Ok(Backup {
        manifest,
        elsewhere,
    })
}

/// Copies what is in the folder `from` to `to/below`, except what belongs to the program that runs.
fn copy_all(
    from: &Path,
    below: &Path,
    to: &Path,
    files: &mut Vec<Listed>,
) -> Result<(), KeepError> {
    for entry in fs::read_dir(from).map_err(file(from))? {
        let entry = entry.map_err(file(from))?;
        let (path, below) = (entry.path(), below.join(entry.file_name()));
        // Also through a link: pictures may lie on another disk.
        let Ok(kind) = fs::metadata(&path) else {
            continue;
        };
        if kind.is_dir() {
            copy_all(&path, &below, to, files)?;
        } else if kind.is_file() && belongs_to_backup(&path) {
            match copy(&path, &to.join(&below)) {
                Ok(is) => files.push(Listed::new(&below, is)),
                // A picture that was too old.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(file(&path)(error)),
            }
        }
    }
    Ok(())
}

fn belongs_to_backup(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let transient = name.is_some_and(|name| name == JOURNAL || TRANSIENT.contains(&name));
    !transient && path.extension().is_none_or(|it| it != UNFINISHED)
}

fn elsewhere(config: &Config, data: &Path) -> Vec<PathBuf> {
    let named = config.files();
    named
        .filter(|path| fs::canonicalize(path).is_ok_and(|path| !path.starts_with(data)))
        .map(Path::to_owned)
        .collect()
}

//! A backup: the records at one moment, everything else in the data folder, and the configuration.

use std::fs;
use std::io;
use std::path::{Path, absolute};

use jiff::Timestamp;

use crate::copied::{Fingerprint, copy, fingerprint, make_file, make_folder, settle};
use crate::manifest::{Listed, Manifest};
use crate::{KeepError, file, is_free};

/// The part of a backup that becomes the data folder again.
pub(crate) const DATA: &str = "data";

/// What the name of a database ends with: whichever there is besides the records is copied as they are.
const DATABASE: &str = "db";

/// What the name of the journal of such a database ends with: its copy needs none.
const DATABASES_JOURNAL: &str = "db-journal";

/// What is special in a program's data folder.
#[derive(Clone, Copy, Debug)]
pub struct Folder {
    /// The database: copied as it is at one moment, in another way than other files.
    pub records: &'static str,
    /// What belongs to the program that runs, and is left out.
    pub transient: &'static [&'static str],
    /// What the configuration is called in a backup.
    pub configuration: &'static str,
}

/// What the name of a file ends with that is not yet written.
const UNFINISHED: &str = "part";

/// Makes a backup of the folder `data` in `to`, a folder that is made or empty; `written_in` is the
/// file of the configuration, and `snapshot` writes the database in the one file to the other, which
/// is empty. Keys are in it: only its owner can read it.
///
/// # Errors
/// [`KeepError`]; what is in `to` then is no backup, since its manifest is missing.
pub fn backup(
    folder: &Folder,
    data: &Path,
    written_in: &Path,
    to: &Path,
    snapshot: impl Fn(&Path, &Path) -> Result<(), KeepError>,
) -> Result<Manifest, KeepError> {
    let data = fs::canonicalize(data).map_err(file(data))?;
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
    let records = kept.join(folder.records);
    let is = copy_database(&data.join(folder.records), &records, &snapshot)?;
    files.push(Listed::new(&Path::new(DATA).join(folder.records), is));
    folder.copy_all((&data, Path::new(DATA)), &to, &mut files, &snapshot)?;
    let is = copy(written_in, &to.join(folder.configuration)).map_err(file(written_in))?;
    files.push(Listed::new(Path::new(folder.configuration), is));
    settle(&to).map_err(file(&to))?;
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Timestamp::now(),
        files,
    };
    manifest.write(&to)?;
    Ok(manifest)
}

/// Copies a database as it is at one moment, whoever writes in it.
fn copy_database(
    from: &Path,
    to: &Path,
    snapshot: &impl Fn(&Path, &Path) -> Result<(), KeepError>,
) -> Result<Fingerprint, KeepError> {
    if let Some(folder) = to.parent() {
        make_folder(folder).map_err(file(folder))?;
    }
    make_file(to).map_err(file(to))?;
    snapshot(from, to)?;
    fingerprint(to).map_err(file(to))
}

impl Folder {
    /// Copies what is in the folder `from` to `to/below`, except what belongs to the program that runs.
    fn copy_all(
        &self,
        (from, below): (&Path, &Path),
        to: &Path,
        files: &mut Vec<Listed>,
        snapshot: &impl Fn(&Path, &Path) -> Result<(), KeepError>,
    ) -> Result<(), KeepError> {
        for entry in fs::read_dir(from).map_err(file(from))? {
            let entry = entry.map_err(file(from))?;
            let (path, below) = (entry.path(), below.join(entry.file_name()));
            // Also through a link: pictures may lie on another disk.
            let Ok(kind) = fs::metadata(&path) else {
                continue;
            };
            if kind.is_dir() {
                self.copy_all((&path, &below), to, files, snapshot)?;
            } else if kind.is_file() && path.extension().is_some_and(|it| it == DATABASE) {
                if !self.is_records(&path) {
                    let is = copy_database(&path, &to.join(&below), snapshot)?;
                    files.push(Listed::new(&below, is));
                }
            } else if kind.is_file() && self.belongs_to_backup(&path) {
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

    fn belongs_to_backup(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        let transient = name.is_some_and(|name| self.transient.contains(&name));
        let left_out =
            |ending: &std::ffi::OsStr| ending == UNFINISHED || ending == DATABASES_JOURNAL;
        !transient && !path.extension().is_some_and(left_out)
    }

    /// The records are copied before everything else.
    fn is_records(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == self.records)
    }
}

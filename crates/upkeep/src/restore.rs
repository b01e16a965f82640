//! A backup given back: as a whole, or not at all.

use std::fs;
use std::path::{Path, PathBuf, absolute};

use crate::backup::DATA;
use crate::copied::{copy, fingerprint, make_folder, settle};
use crate::manifest::Manifest;
use crate::{KeepError, file, is_free};

/// What is appended to the name of a data folder while it is filled.
const HALF_DONE: &str = ".restoring";

/// Makes a data folder at `data` from the backup in `from`. Every file is compared with what it was
/// when the backup was made, before anything is done.
///
/// # Errors
/// [`KeepError::InUse`] when there is something at `data`; [`KeepError::NoBackup`] and
/// [`KeepError::Changed`] when the backup is not whole. There is nothing at `data` then.
pub fn restore(from: &Path, data: &Path) -> Result<Manifest, KeepError> {
    let manifest = Manifest::read(from)?;
    for listed in &manifest.files {
        let path = listed.within(from);
        if !fingerprint(&path).is_ok_and(|found| listed.is(&found)) {
            return Err(KeepError::Changed { path });
        }
    }
    let data = absolute(data).map_err(file(data))?;
    let half_done = beside(&data);
    for path in [&data, &half_done] {
        if !is_free(path)? {
            let path = path.clone();
            return Err(KeepError::InUse { path });
        }
    }
    if let Err(error) = fill(&half_done, from, &manifest) {
        // What cannot be cleared away is refused the next time.
        let _ = fs::remove_dir_all(&half_done);
        return Err(error);
    }
    if data.exists() {
        fs::remove_dir(&data).map_err(file(&data))?;
    }
    fs::rename(&half_done, &data).map_err(file(&data))?;
    Ok(manifest)
}

fn fill(folder: &Path, from: &Path, manifest: &Manifest) -> Result<(), KeepError> {
    make_folder(folder).map_err(file(folder))?;
    for listed in &manifest.files {
        let Ok(below) = Path::new(&listed.path).strip_prefix(DATA) else {
            continue;
        };
        let (original, path) = (listed.within(from), folder.join(below));
        let copied = copy(&original, &path).map_err(file(&path))?;
        if !listed.is(&copied) {
            return Err(KeepError::Changed { path: original });
        }
    }
    settle(folder).map_err(file(folder))
}

fn beside(data: &Path) -> PathBuf {
    let mut name = data.file_name().unwrap_or_default().to_owned();
    name.push(HALF_DONE);
    data.with_file_name(name)
}

//! What is in a backup: written last, so that a backup without it is none.

use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::copied::{Fingerprint, make_file};
use crate::{KeepError, file};

/// The name of the file in the backup.
const NAME: &str = "manifest.json";

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that made it.
    pub version: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Every file.
    pub files: Vec<Listed>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Where it is, from the folder of the backup.
    pub path: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|listed| listed.bytes).sum()
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), KeepError> {
        let path = folder.join(NAME);
        let text = serde_json::to_vec_pretty(self).expect("a manifest is JSON");
        let mut manifest = make_file(&path).map_err(file(&path))?;
        manifest.write_all(&text).map_err(file(&path))?;
        manifest.sync_all().map_err(file(&path))
    }

    /// Reads the manifest of the backup in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Manifest, KeepError> {
        let wrong = |reason: String| KeepError::NoBackup {
            path: folder.to_owned(),
            reason,
        };
        let path = folder.join(NAME);
        let text = fs::read(&path).map_err(|error| wrong(format!("{NAME}: {error}")))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| wrong(format!("{NAME}: {error}")))?;
        let mut outside = manifest.files.iter().filter(|it| !is_below(&it.path));
        match outside.next() {
            Some(listed) => Err(wrong(format!("{NAME} names {:?}", listed.path))),
            None => Ok(manifest),
        }
    }
}

impl Listed {
    pub(crate) fn new(path: &Path, is: Fingerprint) -> Listed {
        let parts = path.iter().map(|part| part.to_string_lossy());
        Listed {
            path: parts.collect::<Vec<_>>().join("/"),
            bytes: is.bytes,
            sha256: is.sha256,
        }
    }

    pub(crate) fn is(&self, found: &Fingerprint) -> bool {
        self.bytes == found.bytes && self.sha256 == found.sha256
    }

    /// Where it is in a backup that is in `folder`.
    pub(crate) fn within(&self, folder: &Path) -> PathBuf {
        folder.join(&self.path)
    }
}

/// Whether a path leads nowhere but down.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(path: &str) -> Manifest {
        let is = Fingerprint {
            bytes: 3,
            sha256: "00".to_owned(),
        };
        Manifest {
            version: "1.0.0".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            files: vec![Listed::new(Path::new(path), is)],
        }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = listing("data/pictures/ab/name.jpg");
        manifest.write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
    }

    #[test]
    fn a_manifest_that_leads_out_of_its_folder_is_refused() {
        for path in ["../x", "data/../../x", "/etc/passwd", "", "data/./../../x"] {
            let folder = tempfile::tempdir().unwrap();
            let mut manifest = listing("x");
            manifest.files[0].path = path.to_owned();
            manifest.write(folder.path()).unwrap();
            let error = Manifest::read(folder.path()).unwrap_err();
            assert!(
                matches!(error, KeepError::NoBackup { .. }),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn a_folder_without_a_readable_manifest_is_no_backup() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            None,
            Some(""),
            Some("{}"),
            Some("[]"),
            Some("{\"version\":1}"),
        ] {
            if let Some(text) = text {
                fs::write(folder.path().join(NAME), text).unwrap();
            }
            let error = Manifest::read(folder.path()).unwrap_err();
            assert!(
                matches!(error, KeepError::NoBackup { .. }),
                "{text:?}: {error}"
            );
        }
    }
}

//! Pictures as files: found, and deleted.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::is_name;

/// What is left after pictures were deleted to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shrunk {
    /// How many pictures were deleted.
    pub(crate) removed: u64,
    /// How many bytes of pictures are left.
    pub(crate) left: u64,
}

/// A picture as a file, or what is left of one that was cut off while it was written.
struct Stored {
    path: PathBuf,
    name: String,
    bytes: u64,
    since: SystemTime,
}

/// Deletes those pictures of one folder that are from before `before` and not `shown`.
pub(super) fn forget(
    folder: &Path,
    before: SystemTime,
    shown: &HashSet<String>,
) -> io::Result<u64> {
    let mut removed = 0;
    for picture in of_folder(folder)? {
        if picture.since < before && !shown.contains(&picture.name) {
            remove(&picture.path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Deletes the oldest pictures of all folders until `excess` bytes are gone.
pub(super) fn shrink(folder: &Path, excess: impl FnOnce(u64) -> u64) -> io::Result<Shrunk> {
    let mut pictures = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            pictures.append(&mut of_folder(&path)?);
        }
    }
    let mut left: u64 = pictures.iter().map(|picture| picture.bytes).sum();
    let wanted = left.saturating_sub(excess(left));
    pictures.sort_by_key(|picture| picture.since);
    let mut removed = 0;
    for picture in pictures {
        if left <= wanted {
            break;
        }
        remove(&picture.path)?;
        left -= picture.bytes;
        removed += 1;
    }
    Ok(Shrunk { removed, left })
}

fn of_folder(folder: &Path) -> io::Result<Vec<Stored>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut pictures = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.and_then(|name| name.split('.').next());
        let Some(name) = name.filter(|name| is_name(name)).map(str::to_owned) else {
            continue;
        };
        // It may have been finished, or deleted, since the folder was read.
        let Ok(file) = entry.metadata() else {
            continue;
        };
        pictures.push(Stored {
            path,
            name,
            bytes: file.len(),
            since: file.modified()?,
        });
    }
    Ok(pictures)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

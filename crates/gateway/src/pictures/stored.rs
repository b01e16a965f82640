//! Pictures as files: found, and deleted.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};
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

/// What was deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) pictures: u64,
    pub(super) bytes: u64,
}

/// Most pictures that are held in memory at once to be deleted: some ten megabytes. When more have to
/// go, all are looked at again.
const MOST_AT_ONCE: usize = 50_000;

/// A picture as a file, or what is left of one that was cut off while it was written.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    path: PathBuf,
    name: String,
    bytes: u64,
    since: SystemTime,
}

/// The youngest is the greatest.
impl Ord for Stored {
    fn cmp(&self, other: &Stored) -> Ordering {
        (self.since, &self.path).cmp(&(other.since, &other.path))
    }
}

impl PartialOrd for Stored {
    fn partial_cmp(&self, other: &Stored) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Deletes those pictures of one folder that are from before `before` and not `shown`.
pub(super) fn forget(
    folder: &Path,
    before: SystemTime,
    shown: &HashSet<String>,
) -> io::Result<Gone> {
    let mut gone = Gone::default();
    for picture in of_folder(folder)? {
        if picture.since < before && !shown.contains(&picture.name) {
            remove(&picture.path)?;
            gone.pictures += 1;
            gone.bytes += picture.bytes;
        }
    }
    Ok(gone)
}

/// Deletes the oldest pictures of all folders until `excess` bytes are gone.
pub(super) fn shrink(folder: &Path, excess: impl FnOnce(u64) -> u64) -> io::Result<Shrunk> {
    shrink_by(folder, excess, MOST_AT_ONCE)
}

fn shrink_by(folder: &Path, excess: impl FnOnce(u64) -> u64, at_once: usize) -> io::Result<Shrunk> {
    let (mut left, mut oldest) = oldest(folder, at_once)?;
    let wanted = left.saturating_sub(excess(left));
    let mut removed = 0;
    while left > wanted && !oldest.is_empty() {
        for picture in oldest.into_sorted_vec() {
            if left <= wanted {
                break;
            }
            remove(&picture.path)?;
            left = left.saturating_sub(picture.bytes);
            removed += 1;
        }
        if left <= wanted {
            break;
        }
        (left, oldest) = self::oldest(folder, at_once)?;
    }
    Ok(Shrunk { removed, left })
}

/// The bytes of all pictures, and the oldest of them, `at_once` at most.
fn oldest(folder: &Path, at_once: usize) -> io::Result<(u64, BinaryHeap<Stored>)> {
    let mut bytes = 0;
    let mut oldest = BinaryHeap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        for picture in of_folder(&path)? {
            bytes += picture.bytes;
            oldest.push(picture);
            if oldest.len() > at_once {
                oldest.pop();
            }
        }
    }
    Ok((bytes, oldest))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn however_many_have_to_go_the_oldest_go_and_few_are_held_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = Vec::new();
        for age in 0..10_u64 {
            let within = folder.path().join(format!("{:02x}", age % 3));
            fs::create_dir_all(&within).unwrap();
            let path = within.join(format!("{age:032x}.jpg"));
            fs::write(&path, [0; 100]).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            let since = SystemTime::now() - Duration::from_secs(1_000 * (age + 1));
            file.set_modified(since).unwrap();
            paths.push(path);
        }
        let asked = |all: u64| {
            assert_eq!(all, 1_000);
            650
        };
        let shrunk = shrink_by(folder.path(), asked, 2).unwrap();
        assert_eq!((shrunk.removed, shrunk.left), (7, 300));
        let there: Vec<bool> = paths.iter().map(|path| path.exists()).collect();
        assert_eq!(there[..3], [true; 3]);
        assert_eq!(there[3..], [false; 7]);
    }
}

//! What is on a side's disk, as a kill or a power cut leaves it.
//!
//! Both sides sync with each commit, so that a power cut in a commit leaves any part of what that
//! wrote to the log, in sectors, and everything before.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// Bytes that a disk writes whole or not at all.
const SECTOR: usize = 512;

/// Bytes at the head of the index of a log, as SQLite has it in memory: two copies of what every commit
/// changes, and how much of the log has been merged into the file.
const HEAD: usize = 100;

/// The image that was taken last: read again only when something was committed or merged since.
#[derive(Default)]
pub(crate) struct Latest {
    taken: Option<([u8; HEAD], Arc<Image>)>,
}

impl Latest {
    /// What `path` is now.
    pub(crate) fn take(&mut self, path: &Path) -> io::Result<Arc<Image>> {
        let head = head(path);
        if let (Some(head), Some((before, image))) = (&head, &self.taken)
            && head == before
        {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(Image::take(path)?);
        self.taken = head.map(|head| (head, Arc::clone(&image)));
        Ok(image)
    }
}

/// The head of the index of the log, while somebody has the database open.
fn head(path: &Path) -> Option<[u8; HEAD]> {
    let mut head = [0; HEAD];
    let mut index = fs::File::open(beside(path, "-shm")).ok()?;
    index.read_exact(&mut head).ok()?;
    Some(head)
}

/// A database and its log.
#[derive(Clone, Default)]
pub(crate) struct Image {
    main: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    /// What `path` is now.
    pub(crate) fn take(path: &Path) -> io::Result<Image> {
        let read = |path: &Path| match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        };
        Ok(Image {
            main: read(path)?,
            log: read(&log_of(path))?,
        })
    }

    /// Puts it where nothing is yet.
    pub(crate) fn put(&self, path: &Path) -> io::Result<()> {
        if !self.main.is_empty() {
            fs::write(path, &self.main)?;
            fs::write(log_of(path), &self.log)?;
        }
        Ok(())
    }

    /// Whether a transaction was written since.
    pub(crate) fn is_written_in(&self, after: &Image) -> bool {
        !std::ptr::eq(self, after) && self.log != after.log
    }

    /// Whether some of the log has been merged into the file since.
    pub(crate) fn is_merged_in(&self, after: &Image) -> bool {
        self.main != after.main
    }

    /// This, and of what a commit made of its log some sectors, but not all that it changed.
    pub(crate) fn torn(&self, after: &Image, random: &mut Xoshiro256PlusPlus) -> Image {
        // How many sectors differ depends on the salt of the log, which is another one each time: what the
        // world draws does not.
        let mut random = Xoshiro256PlusPlus::seed_from_u64(random.random());
        let sectors = after.log.len().div_ceil(SECTOR);
        let range = |sector: usize| sector * SECTOR..((sector + 1) * SECTOR).min(after.log.len());
        // Where the log did not reach yet are zeros, so that a sector of zeros cannot be missed.
        let mut before = self.log.clone();
        before.resize(before.len().max(after.log.len()), 0);
        let changed: Vec<usize> = (0..sectors)
            .filter(|sector| before[range(*sector)] != after.log[range(*sector)])
            .collect();
        let mut torn = self.clone();
        if changed.is_empty() {
            return torn;
        }
        let lost = changed[random.random_range(0..changed.len())];
        // In order up to where the power went, or any of them.
        let in_order = random.random_bool(0.5);
        for sector in changed {
            let arrives = match in_order {
                true => sector < lost,
                false => sector != lost && random.random_bool(0.5),
            };
            if arrives {
                let range = range(sector);
                if torn.log.len() < range.end {
                    torn.log.resize(range.end, 0);
                }
                torn.log[range.clone()].copy_from_slice(&after.log[range]);
            }
        }
        torn
    }
}

fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut file = path.as_os_str().to_owned();
    file.push(ending);
    file.into()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// D-18
    #[test]
    fn a_torn_commit_is_none_and_all_before_it_is_there() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE t (n)").unwrap();
        for number in 0..200_i64 {
            let before = Image::take(&path).unwrap();
            writer
                .execute("INSERT INTO t VALUES (?)", [number])
                .unwrap();
            let after = Image::take(&path).unwrap();
            let torn = folder.path().join(format!("{number}.db"));
            before.torn(&after, &mut random).put(&torn).unwrap();
            let opened = Connection::open(&torn).unwrap();
            let rows = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            let count = opened.query_row("SELECT count(*) FROM t", [], rows);
            assert_eq!(count.unwrap(), number);
        }
    }

    #[test]
    fn the_latest_image_is_read_again_after_each_commit_and_each_merge() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE t (n)").unwrap();
        let mut latest = Latest::default();
        let mut before = latest.take(&path).unwrap();
        for step in [
            "INSERT INTO t VALUES (1)",
            "INSERT INTO t VALUES (1)",
            "PRAGMA wal_checkpoint",
        ] {
            assert!(Arc::ptr_eq(&before, &latest.take(&path).unwrap()));
            writer.execute_batch(step).unwrap();
            let (after, now) = (latest.take(&path).unwrap(), Image::take(&path).unwrap());
            assert!(!Arc::ptr_eq(&before, &after), "{step}");
            assert!(after.log == now.log && after.main == now.main, "{step}");
            before = after;
        }
    }
}

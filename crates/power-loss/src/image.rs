//! The disk as it may be after a cut: what was synced, and any part of what was not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use crate::trace::Event;

/// What a disk writes as a whole; a power cut tears anything larger.
const SECTOR: usize = 512;

/// What the system keeps in memory, and knows to be on disk or not, as a whole.
const PAGE: usize = 4096;

/// A change that is not known to be on disk.
#[derive(Clone)]
enum Change {
    /// Within a page.
    Write {
        at: usize,
        data: Vec<u8>,
        /// A sync of it has failed: none writes it any more, unless its page is written anew.
        lost: bool,
    },
    Resize(usize),
}

#[derive(Clone, Default)]
struct File {
    /// What is on disk, whatever happens.
    durable: Vec<u8>,
    /// What may be, in part, in the order in which it was asked for.
    unsynced: Vec<Change>,
    /// How many of these a sync under way covers.
    covered: usize,
}

impl File {
    fn write(&mut self, at: usize, data: &[u8]) {
        for (at, part) in parts(at, data, PAGE) {
            for before in &mut self.unsynced {
                if let Change::Write {
                    at: other, lost, ..
                } = before
                {
                    *lost &= *other / PAGE != at / PAGE;
                }
            }
            self.unsynced.push(Change::Write {
                at,
                data: part.to_vec(),
                lost: false,
            });
        }
    }

    /// A sync is over.
    fn synced(&mut self) {
        let covered = std::mem::take(&mut self.covered);
        let rest = self.unsynced.split_off(covered);
        for change in std::mem::take(&mut self.unsynced) {
            match change {
                Change::Write { lost: true, .. } => self.unsynced.push(change),
                Change::Write { at, data, .. } => put(&mut self.durable, at, &data),
                Change::Resize(size) => self.durable.resize(size, 0),
            }
        }
        self.unsynced.extend(rest);
    }
}

/// The files of one folder as the disk has them.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    files: BTreeMap<String, File>,
}

impl Disk {
    /// Takes what happened to the file `name` of the folder.
    pub(crate) fn take(&mut self, name: &str, event: &Event) {
        let file = self.files.entry(name.to_owned()).or_default();
        match event {
            Event::Write { at, data, .. } => file.write(*at as usize, data),
            Event::Resize { size, .. } => file.unsynced.push(Change::Resize(*size as usize)),
            Event::SyncBegins { .. } => file.covered = file.unsynced.len(),
            Event::SyncEnds { .. } => file.synced(),
            Event::SyncFails { .. } => {
                let covered = std::mem::take(&mut file.covered);
                for change in &mut file.unsynced[..covered] {
                    if let Change::Write { lost, .. } = change {
                        *lost = true;
                    }
                }
            }
            Event::Promised(_) => {}
        }
    }

    /// How many changes are not known to be on disk.
    pub(crate) fn unsynced(&self) -> usize {
        self.files.values().map(|file| file.unsynced.len()).sum()
    }

    /// Writes what a cut now may leave into `folder`; another `seed`, another outcome. Of what is not
    /// synced, one cut keeps nothing, another all, the others some sectors.
    pub(crate) fn cut(&self, folder: &Path, seed: u64) -> std::io::Result<()> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let kept = match seed % 8 {
            0 => 0.0,
            1 => 1.0,
            _ => random.random_range(0.05..0.95),
        };
        for (name, file) in &self.files {
            let mut image = file.durable.clone();
            for change in &file.unsynced {
                match change {
                    Change::Write { at, data, .. } => {
                        for (sector, part) in parts(*at, data, SECTOR) {
                            if random.random_bool(kept) {
                                put(&mut image, sector, part);
                            }
                        }
                    }
                    Change::Resize(size) if random.random_bool(kept) => image.resize(*size, 0),
                    Change::Resize(_) => {}
                }
            }
            fs::write(folder.join(name), image)?;
        }
        Ok(())
    }
}

/// The parts of a write that lie in different ones of what is `size` bytes long: what a disk takes one by one, or a
/// system.
fn parts(at: usize, data: &[u8], size: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (size - at % size).min(data.len());
    let (head, rest) = data.split_at(first);
    let rest = rest
        .chunks(size)
        .enumerate()
        .map(move |(number, part)| (at + first + number * size, part));
    std::iter::once((at, head)).chain(rest)
}

fn put(image: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if image.len() < end {
        image.resize(end, 0);
    }
    image[at..end].copy_from_slice(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(at: u64, byte: u8, length: usize) -> Event {
        Event::Write {
            file: String::new(),
            at,
            data: vec![byte; length],
        }
    }

    fn after(disk: &Disk, seed: u64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        disk.cut(folder.path(), seed).unwrap();
        fs::read(folder.path().join("a")).unwrap()
    }

    #[test]
    fn what_is_synced_stays_and_what_is_not_may_go_sector_by_sector() {
        let mut disk = Disk::default();
        let file = String::new;
        disk.take("a", &write(0, 1, 100));
        disk.take("a", &Event::SyncBegins { file: file() });
        disk.take("a", &write(100, 2, 2000));
        disk.take("a", &Event::SyncEnds { file: file() });
        assert_eq!(disk.unsynced(), 1, "what came during a sync is not covered");
        assert_eq!(after(&disk, 0), vec![1; 100]);
        assert_eq!(after(&disk, 1).len(), 2100);
        let torn = (2..40).map(|seed| after(&disk, seed));
        let mut shapes: Vec<Vec<u8>> = torn.collect();
        assert!(shapes.iter().all(|image| image[..100] == [1; 100]));
        shapes.sort_unstable();
        shapes.dedup();
        assert!(shapes.len() > 10, "{}", shapes.len());
    }

    /// As Linux does it: the pages are clean after a sync that has failed.
    #[test]
    fn what_a_sync_has_failed_for_is_not_on_disk_until_its_page_is_written_anew_and_synced() {
        let mut disk = Disk::default();
        let file = String::new;
        let sync = |disk: &mut Disk, ends: Event| {
            disk.take("a", &Event::SyncBegins { file: file() });
            disk.take("a", &ends);
        };
        disk.take("a", &write(0, 1, 2 * PAGE));
        sync(&mut disk, Event::SyncFails { file: file() });
        sync(&mut disk, Event::SyncEnds { file: file() });
        assert_eq!(after(&disk, 0).len(), 0, "it succeeds and writes nothing");
        disk.take("a", &write(5, 2, 1));
        sync(&mut disk, Event::SyncEnds { file: file() });
        let mut page = vec![1; PAGE];
        page[5] = 2;
        assert_eq!(after(&disk, 0), page, "of the other page nothing is known");
        assert_eq!(after(&disk, 1).len(), 2 * PAGE, "it may be there");
    }

    #[test]
    fn a_write_is_torn_at_the_sectors_of_the_disk() {
        let data = [0; 1100];
        let parts: Vec<(usize, usize)> = parts(500, &data, SECTOR)
            .map(|(at, part)| (at, part.len()))
            .collect();
        assert_eq!(parts, [(500, 12), (512, 512), (1024, 512), (1536, 64)]);
    }
}

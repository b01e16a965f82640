//! The disk as it may be after a cut: what was synced, and any part of what was not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use crate::trace::Event;

/// What a disk writes as a whole; a power cut tears anything larger.
const SECTOR: usize = 512;

/// A change that is not known to be on disk.
#[derive(Clone)]
enum Change {
    Write { at: usize, data: Vec<u8> },
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
            Event::Write { at, data, .. } => file.unsynced.push(Change::Write {
                at: *at as usize,
                data: data.clone(),
            }),
            Event::Resize { size, .. } => file.unsynced.push(Change::Resize(*size as usize)),
            Event::SyncBegins { .. } => file.covered = file.unsynced.len(),
            Event::SyncEnds { .. } => {
                for change in file.unsynced.drain(..file.covered) {
                    match change {
                        Change::Write { at, data } => put(&mut file.durable, at, &data),
                        Change::Resize(size) => file.durable.resize(size, 0),
                    }
                }
                file.covered = 0;
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
                    Change::Write { at, data } => {
                        for (sector, part) in sectors(*at, data) {
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

/// The parts of a write that a disk takes one by one.
fn sectors(at: usize, data: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = (SECTOR - at % SECTOR).min(data.len());
    let (head, rest) = data.split_at(first);
    let rest = rest
        .chunks(SECTOR)
        .enumerate()
        .map(move |(number, part)| (at + first + number * SECTOR, part));
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

    #[test]
    fn a_write_is_torn_at_the_sectors_of_the_disk() {
        let data = [0; 1100];
        let parts: Vec<(usize, usize)> = sectors(500, &data)
            .map(|(at, part)| (at, part.len()))
            .collect();
        assert_eq!(parts, [(500, 12), (512, 512), (1024, 512), (1536, 64)]);
    }
}

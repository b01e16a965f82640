//! SQLite's log as an earlier process has left it.

use std::fs::File;
use std::io::{self, ErrorKind};
#[cfg(unix)]
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes of the log that are read and written at once: no more than SQLite writes at once, so that whoever records
/// the one records the other.
const PIECE: usize = 64 * 1024;

/// Writes the log of `database` once more, byte for byte, and has that synced; returns how many bytes
/// there were. For whoever is about to open it and knows that nobody else writes it.
///
/// A process whose sync failed may have been killed before it wrote that transaction again. The system
/// takes what was to be synced to be on disk from then on: whoever opens the log reads it, no later sync
/// writes it, and all that is committed behind it is gone with it after a power cut. Written again it is
/// on disk with the next sync, as everything else.
///
/// # Errors
/// The log cannot be read, written or synced: nothing that is committed behind it would be safe.
pub fn settle(database: &Path) -> io::Result<u64> {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    let opened = File::options()
        .read(true)
        .write(true)
        .open(PathBuf::from(name));
    let log = match opened {
        Ok(log) => log,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let read = read_at(&log, &mut piece, at)?;
        if read == 0 {
            break;
        }
        write_at(&log, &piece[..read], at)?;
        at += read as u64;
    }
    if at > 0 {
        log.sync_all()?;
    }
    Ok(at)
}

#[cfg(unix)]
fn read_at(file: &File, piece: &mut [u8], at: u64) -> io::Result<usize> {
    file.read_at(piece, at)
}

#[cfg(unix)]
fn write_at(file: &File, piece: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(piece, at)
}

#[cfg(not(unix))]
fn read_at(mut file: &File, piece: &mut [u8], at: u64) -> io::Result<usize> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    io::Read::read(&mut file, piece)
}

#[cfg(not(unix))]
fn write_at(mut file: &File, piece: &[u8], at: u64) -> io::Result<()> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(at))?;
    io::Write::write_all(&mut file, piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_as_long_and_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        assert_eq!(settle(&database).unwrap(), 0, "there is none");
        let bytes: Vec<u8> = (0..2 * PIECE + 77).map(|at| (at % 251) as u8).collect();
        let log = folder.path().join("a.db-wal");
        std::fs::write(&log, &bytes).unwrap();
        assert_eq!(settle(&database).unwrap(), bytes.len() as u64);
        assert!(std::fs::read(&log).unwrap() == bytes);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        std::fs::create_dir(folder.path().join("a.db-wal")).unwrap();
        assert!(settle(&database).is_err());
    }
}

//! The end of a write-ahead log: what a side that does not wait for its commits loses with a kill.
//!
//! A log is a header of 32 bytes and frames, each a header of 24 bytes and a page. A frame belongs to the
//! log if it has the salt of the log's header; it ends a transaction if it says how large the database is
//! from then on.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Cuts the last `commits` off a database that nobody has open, or as many as its log has.
pub(super) fn lose(database: &Path, commits: usize) -> io::Result<()> {
    let mut name = OsString::from(database);
    name.push("-wal");
    let mut log = Vec::new();
    match File::options()
        .read(true)
        .write(true)
        .open(Path::new(&name))
    {
        Ok(mut file) => {
            file.read_to_end(&mut log)?;
            file.set_len(without_last(&log, commits) as u64)
        }
        // All of it is in the database already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// How long a log is without its last commits.
fn without_last(log: &[u8], commits: usize) -> usize {
    let number = |at: usize| {
        let bytes = log.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (Some(page), salt) = (number(8), log.get(16..24)) else {
        return log.len();
    };
    let frame = FRAME_HEADER + page as usize;
    let frames = (HEADER..).step_by(frame);
    let whole = frames.take_while(|at| at + frame <= log.len() && log.get(at + 8..at + 16) == salt);
    let ends = whole.filter(|at| number(at + 4).is_some_and(|pages| pages > 0));
    let mut ends: Vec<usize> = ends.map(|at| at + frame).collect();
    ends.truncate(ends.len().saturating_sub(commits));
    ends.last().copied().unwrap_or(HEADER)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn numbers(from: &Path) -> Vec<i64> {
        let connection = Connection::open(from).unwrap();
        let mut query = connection.prepare("SELECT n FROM it ORDER BY n").unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// As a kill leaves it: the log stays, and nothing of it gets into the database.
    fn killed(folder: &Path, commits: i64) -> std::path::PathBuf {
        let (living, left) = (folder.join("living.db"), folder.join("left.db"));
        let connection = Connection::open(&living).unwrap();
        let setting = "PRAGMA journal_mode = WAL; CREATE TABLE it (n INTEGER)";
        connection.execute_batch(setting).unwrap();
        for number in 1..=commits {
            connection
                .execute("INSERT INTO it VALUES (?)", [number])
                .unwrap();
        }
        std::fs::copy(&living, &left).unwrap();
        let log = |name: &str| folder.join(name);
        std::fs::copy(log("living.db-wal"), log("left.db-wal")).unwrap();
        left
    }

    #[test]
    fn the_last_commits_go_and_those_before_them_stay() {
        let folder = tempfile::tempdir().unwrap();
        let left = killed(folder.path(), 5);
        lose(&left, 2).unwrap();
        assert_eq!(numbers(&left), [1, 2, 3]);
    }

    #[test]
    fn a_log_that_is_no_longer_than_that_goes_and_none_is_no_failure() {
        let folder = tempfile::tempdir().unwrap();
        let left = killed(folder.path(), 1);
        lose(&left, 99).unwrap();
        let connection = Connection::open(&left).unwrap();
        let tables = "SELECT count(*) FROM sqlite_schema";
        let tables: i64 = connection.query_row(tables, [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
        lose(&folder.path().join("none.db"), 1).unwrap();
    }
}

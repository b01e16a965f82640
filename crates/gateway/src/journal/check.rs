//! Whether the file is sound, and whether what must always be true of the journal is.

use std::path::Path;

use rusqlite::{Connection, Result};

use super::read::all;
use super::{JournalError, column, open};

/// Most faults of the file that are named: the first one already says that it is broken.
const FAULTS_NAMED: u32 = 20;

/// Something that must never be in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A crossing without a recognition (D-14).
    CrossingUnrecognized,
    /// A record of which nobody knows whether it was pushed (D-18).
    RecordWithoutPush,
    /// Something is to be pushed, or was, that is not there.
    PushWithoutRecord,
    /// A stay of a crossing that is not there (STAY-1).
    StayWithoutCrossing,
}

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is broken in the file, in the words of the database.
    pub faults: Vec<String>,
    /// What must never be, and how often it is.
    pub flaws: Vec<(Flaw, u64)>,
}

impl Findings {
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty() && self.flaws.is_empty()
    }
}

impl Flaw {
    const ALL: [Flaw; 4] = [
        Flaw::CrossingUnrecognized,
        Flaw::RecordWithoutPush,
        Flaw::PushWithoutRecord,
        Flaw::StayWithoutCrossing,
    ];

    /// How often it is there, as a question.
    fn count(self) -> String {
        let pushed = [
            ("recognition", "record"),
            ("crossing", "record"),
            ("abnormality", "id"),
        ];
        let counts: Vec<String> = match self {
            Flaw::CrossingUnrecognized => vec![missing("crossing", "recognition", "record")],
            Flaw::RecordWithoutPush => pushed
                .map(|(kind, id)| {
                    format!(
                        "SELECT count(*) FROM {kind} it WHERE NOT EXISTS (SELECT 1 FROM outbox \
                         WHERE outbox.lot = it.lot AND outbox.kind = '{kind}' \
                         AND outbox.key = it.{id})"
                    )
                })
                .into(),
            Flaw::PushWithoutRecord => pushed
                .map(|(kind, id)| {
                    format!(
                        "SELECT count(*) FROM outbox it WHERE it.kind = '{kind}' AND NOT EXISTS \
                         (SELECT 1 FROM {kind} WHERE {kind}.lot = it.lot AND {kind}.{id} = it.key)"
                    )
                })
                .into(),
            Flaw::StayWithoutCrossing => ["entry", "exit"]
                .map(|end| {
                    format!(
                        "{} AND it.{end} IS NOT NULL",
                        missing("stay", "crossing", end)
                    )
                })
                .into(),
        };
        format!("SELECT ({})", counts.join(") + ("))
    }
}

/// How many rows of `table` name something in `column` that `other` does not have.
fn missing(table: &str, other: &str, column: &str) -> String {
    format!(
        "SELECT count(*) FROM {table} it WHERE NOT EXISTS (SELECT 1 FROM {other} \
         WHERE {other}.lot = it.lot AND {other}.record = it.{column})"
    )
}

/// Checks the journal at `path`, whether a gateway runs on it or not.
///
/// # Errors
/// [`JournalError`] when it is not there or so broken that it cannot be read.
pub fn check(path: &Path) -> std::result::Result<Findings, JournalError> {
    let connection = open::reading(path)?;
    Ok(findings(&connection)?)
}

fn findings(from: &Connection) -> Result<Findings> {
    let moment = from.unchecked_transaction()?;
    let sql = format!("PRAGMA integrity_check({FAULTS_NAMED})");
    let mut faults: Vec<String> = all(&moment, &sql, [], |row| row.get(0))?;
    faults.retain(|fault| fault != "ok");
    if !faults.is_empty() {
        // Nobody can count in a broken file.
        let flaws = Vec::new();
        return Ok(Findings { faults, flaws });
    }
    let mut flaws = Vec::new();
    for flaw in Flaw::ALL {
        let count = moment.query_row(&flaw.count(), [], |row| column::count(row, 0))?;
        if count > 0 {
            flaws.push((flaw, count));
        }
    }
    Ok(Findings { faults, flaws })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Connection {
        open::writing(Path::new(":memory:")).unwrap()
    }

    #[test]
    fn an_empty_journal_is_sound() {
        assert!(findings(&journal()).unwrap().is_sound());
    }

    /// D-14, D-18, STAY-1
    #[test]
    fn each_thing_that_must_never_be_is_found_and_counted() {
        let journal = journal();
        journal
            .execute_batch(
                "INSERT INTO crossing (lot, record, lane, device, color, at, side)
                 VALUES ('L', 'a', '01', 'C', 'blue', 1, 'entry'), ('L', 'b', '01', 'C', 'blue', 1, 'exit');
                 INSERT INTO recognition (lot, record, lane, device, color, at, replayed)
                 VALUES ('L', 'a', '01', 'C', 'blue', 1, 0), ('M', 'b', '01', 'C', 'blue', 1, 0);
                 INSERT INTO outbox (lot, kind, key, at)
                 VALUES ('L', 'recognition', 'a', 1), ('L', 'crossing', 'a', 1),
                 ('L', 'abnormality', 'x', 1), ('M', 'recognition', 'b', 1);
                 INSERT INTO stay (lot, record, standing, entry, exit)
                 VALUES ('L', 'a', 'closed', 'a', 'gone'), ('L', 'b', 'orphaned', NULL, 'b');",
            )
            .unwrap();
        let expected = Flaw::ALL.map(|flaw| (flaw, 1));
        assert_eq!(findings(&journal).unwrap().flaws, expected);
    }

    #[test]
    fn a_file_that_is_no_journal_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        assert!(check(&path).is_err(), "it is not there");
        assert!(!path.exists(), "and is not made");
        std::fs::write(&path, "x".repeat(8192)).unwrap();
        assert!(check(&path).is_err());
    }

    #[test]
    fn a_page_that_was_overwritten_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let connection = open::writing(&path).unwrap();
        for number in 0..1000 {
            let sql = "INSERT INTO gate (lot, lane, state, at) VALUES ('L', ?1, 'normal', 1)";
            connection.execute(sql, [number.to_string()]).unwrap();
        }
        drop(connection);
        assert!(check(&path).unwrap().is_sound());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 4096;
        bytes[last..].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        let found = check(&path);
        assert!(!found.is_ok_and(|findings| findings.is_sound()));
    }
}

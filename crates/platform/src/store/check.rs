//! Whether the file is sound, and whether what must always be true of the records is.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, migrate};

/// Most faults of the file that are named: the first one already says that it is broken.
const FAULTS_NAMED: u32 = 20;

/// Something that must never be in the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A record that was neither pushed nor fetched: it is nobody's.
    RecordOfNobody,
    /// A stay of a crossing that is not there (STAY-1).
    StayWithoutCrossing,
    /// A passage of a crossing that is not there.
    PassageWithoutCrossing,
    /// An entry with which no stay begins (STAY-1).
    EntryWithoutStay,
    /// The number of vehicles inside is not what the crossings say.
    OccupancyAdrift,
    /// A lot that does not answer twice at a time.
    OutagesAtOnce,
    /// A key of a user that is not there.
    KeyOfNobody,
}

/// How much there is of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
}

/// What a check has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What is broken in the file, in the words of the database.
    pub faults: Vec<String>,
    /// What must never be, and how often it is.
    pub flaws: Vec<(Flaw, u64)>,
    /// How much there is.
    pub counts: Vec<Counted>,
}

/// What is counted for people.
const TABLES: [&str; 9] = [
    "recognition",
    "crossing",
    "stay",
    "correction",
    "decision",
    "abnormality",
    "command",
    "outage",
    "audit",
];

impl Findings {
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty() && self.flaws.is_empty()
    }
}

impl Flaw {
    const ALL: [Flaw; 7] = [
        Flaw::RecordOfNobody,
        Flaw::StayWithoutCrossing,
        Flaw::PassageWithoutCrossing,
        Flaw::EntryWithoutStay,
        Flaw::OccupancyAdrift,
        Flaw::OutagesAtOnce,
        Flaw::KeyOfNobody,
    ];

    /// How often it is there, as a question.
    const fn count(self) -> &'static str {
        match self {
            Flaw::RecordOfNobody => {
                "SELECT (SELECT count(*) FROM recognition WHERE NOT pushed AND NOT fetched)
                 + (SELECT count(*) FROM crossing WHERE NOT pushed AND NOT fetched)"
            }
            Flaw::StayWithoutCrossing => {
                "SELECT count(*) FROM stay s WHERE
                 NOT EXISTS (SELECT 1 FROM crossing c WHERE c.lot = s.lot AND c.uuid = s.uuid)
                 OR (s.out_uuid IS NOT NULL AND NOT EXISTS
                     (SELECT 1 FROM crossing c WHERE c.lot = s.lot AND c.uuid = s.out_uuid))"
            }
            Flaw::PassageWithoutCrossing => {
                "SELECT count(*) FROM passage p WHERE NOT EXISTS
                 (SELECT 1 FROM crossing c WHERE c.lot = p.lot AND c.uuid = p.uuid)"
            }
            Flaw::EntryWithoutStay => {
                "SELECT count(*) FROM passage p WHERE direction = 'entry' AND NOT EXISTS
                 (SELECT 1 FROM stay s WHERE s.lot = p.lot AND s.uuid = p.uuid)"
            }
            // A count from before the oldest crossing may rest on some that are in the archive.
            Flaw::OccupancyAdrift => {
                "SELECT count(*) FROM occupancy o WHERE
                 o.since >= (SELECT min(at) FROM crossing c WHERE c.lot = o.lot) AND o.moved <>
                 (SELECT coalesce(sum(CASE direction WHEN 'entry' THEN 1 ELSE -1 END), 0)
                  FROM crossing c WHERE c.lot = o.lot AND c.at > o.since
                  AND c.direction IS NOT NULL)"
            }
            Flaw::OutagesAtOnce => {
                "SELECT count(*) FROM (SELECT 1 FROM outage WHERE until IS NULL GROUP BY lot
                 HAVING count(*) > 1)"
            }
            Flaw::KeyOfNobody => {
                "SELECT count(*) FROM api_key k WHERE NOT EXISTS
                 (SELECT 1 FROM user u WHERE u.name = k.user)"
            }
        }
    }
}

/// Checks the records at `path`, whether a platform runs on them or not; nothing is changed.
///
/// # Errors
/// [`StoreError`] when they are not there, are of another version, or so broken that they cannot be
/// read.
pub fn check(path: &Path) -> Result<Findings, StoreError> {
    findings(&reading(path)?)
}

/// Writes the records at `path` as they are at one moment to the empty file `to`, whether a platform
/// runs on them or not: that one goes on writing meanwhile.
///
/// # Errors
/// What the database said.
pub(crate) fn snapshot(path: &Path, to: &Path) -> Result<(), StoreError> {
    let to = to.to_str().ok_or_else(|| {
        let why = format!("{to:?} is no UTF-8");
        StoreError::File(std::io::Error::other(why))
    })?;
    reading(path)?.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

fn reading(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    Ok(connection)
}

fn findings(from: &Connection) -> Result<Findings, StoreError> {
    let moment = from.unchecked_transaction()?;
    let faults = faults(&moment)?;
    if !faults.is_empty() {
        // Nobody can count in a broken file.
        return Ok(Findings {
            faults,
            ..Findings::default()
        });
    }
    migrate::must_be_newest(&moment)?;
    let mut found = Findings::default();
    for flaw in Flaw::ALL {
        let times = count(&moment, flaw.count())?;
        if times > 0 {
            found.flaws.push((flaw, times));
        }
    }
    found.counts = counts(&moment)?;
    Ok(found)
}

/// What is broken in the file, in the words of the database.
pub(crate) fn faults(from: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = format!("PRAGMA integrity_check({FAULTS_NAMED})");
    let mut query = from.prepare(&sql)?;
    let faults = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut faults: Vec<String> = faults.collect::<Result<_, _>>()?;
    faults.retain(|fault| fault != "ok");
    Ok(faults)
}

/// How much there is of what is counted for people.
pub(crate) fn counts(from: &Connection) -> Result<Vec<Counted>, StoreError> {
    let counted = TABLES.into_iter().map(|table| {
        let rows = count(from, &format!("SELECT count(*) FROM {table}"))?;
        Ok(Counted { table, rows })
    });
    counted.collect()
}

pub(crate) fn count(from: &Connection, sql: &str) -> Result<u64, StoreError> {
    let count: i64 = from.query_row(sql, [], |row| row.get(0))?;
    u64::try_from(count).map_err(|_| StoreError::Corrupt("count"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection).unwrap();
        connection
    }

    #[test]
    fn new_records_and_those_of_every_released_schema_are_sound() {
        assert!(findings(&records()).unwrap().is_sound());
        for (_, sql) in migrate::RELEASED {
            let mut old = Connection::open_in_memory().unwrap();
            old.execute_batch(sql).unwrap();
            assert!(matches!(
                findings(&old),
                Err(StoreError::Older { .. }) | Ok(_)
            ));
            migrate::migrate(&mut old).unwrap();
            let found = findings(&old).unwrap();
            assert!(found.is_sound(), "{found:?}");
            assert!(found.counts.iter().all(|counted| counted.rows > 0));
        }
    }

    /// STAY-1
    #[test]
    fn each_thing_that_must_never_be_is_found_and_counted() {
        let records = records();
        records
            .execute_batch(
                "INSERT INTO crossing (lot, uuid, device, at, color, image, pushed, fetched, direction)
                 VALUES ('L', 'a', 'C', 1, 'blue', '', 1, 0, 'entry'), ('L', 'b', 'C', 9, 'blue', '', 0, 0, 'exit');
                 INSERT INTO passage (lot, vehicle, at, uuid, device, direction)
                 VALUES ('L', 'v', 1, 'a', 'C', 'entry'), ('L', 'v', 2, 'gone', 'C', 'exit');
                 INSERT INTO stay (lot, uuid, vehicle, state, began) VALUES ('L', 'lost', 'v', 'open', 1);
                 INSERT INTO occupancy (lot, base, since, moved) VALUES ('L', 5, 1, 3);
                 INSERT INTO outage (lot, since) VALUES ('L', 1), ('L', 2), ('M', 1);
                 INSERT INTO api_key (digest, user, label, made) VALUES (x'00', 'nobody', '', 1);",
            )
            .unwrap();
        let expected = Flaw::ALL.map(|flaw| (flaw, 1));
        assert_eq!(findings(&records).unwrap().flaws, expected);
    }

    #[test]
    fn a_file_that_is_no_database_or_is_broken_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("platform.db");
        assert!(check(&path).is_err() && !path.exists(), "it is not made");
        std::fs::write(&path, "x".repeat(8192)).unwrap();
        assert!(check(&path).is_err());
        std::fs::remove_file(&path).unwrap();
        let mut connection = Connection::open(&path).unwrap();
        migrate::migrate(&mut connection).unwrap();
        for number in 0..1000 {
            let sql = "INSERT INTO block VALUES (?1, 'x', 0)";
            connection.execute(sql, [number.to_string()]).unwrap();
        }
        drop(connection);
        assert!(check(&path).unwrap().is_sound());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 4096;
        bytes[last..].fill(0xff);
        std::fs::write(&path, bytes).unwrap();
        assert!(!check(&path).is_ok_and(|found| found.is_sound()));
    }
}

//! The same throughput with millions of records as with none.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::server::{Places, lot_text};
use crate::supplier::{LOT, Spread};
use crate::throughput::{Contest, Extent};

/// Records that a platform of some size keeps: ten large car parks for two years.
pub(crate) const STORED: u64 = 10_000_000;
/// Over how many seconds they are spread, up to a day ago: less than what is kept, so that none is
/// moved away while it is measured.
const SPREAD_SECONDS: u64 = 300 * 86_400;
/// One day, in seconds.
const DAY: i64 = 86_400;
/// The gateway that is not there.
const NOBODY: &str = "base_url = \"http://127.0.0.1:9\"";

/// What it came to.
pub(crate) struct Figures {
    /// The empty platform, and the full one.
    pub(crate) contest: Contest,
    /// Records of each kind in the full one.
    pub(crate) stored: u64,
    /// Bytes of the full one's database.
    pub(crate) bytes: u64,
    /// How long the full one took to start.
    pub(crate) started: Duration,
}

/// Measures at so many connections.
pub(crate) async fn measure(
    places: &Places,
    extent: Extent,
    connections: usize,
    stored: u64,
) -> anyhow::Result<Figures> {
    let lot = lot_text(LOT, 1, NOBODY);
    let (empty, full) = (places.fresh("empty", false)?, places.fresh("full", false)?);
    let database = full.join("data/platform.db");
    // Its own schema, whatever that is by now.
    let making = places.platform_in(&full, false, &lot)?;
    made(&database).await?;
    drop(making);
    fill(&database, stored).context("the records cannot be made")?;
    let bytes = fs::metadata(&database)?.len();
    let random = Spread {
        lots: 0,
        random: true,
    };
    let (empty, full) = (
        places.platform_in(&empty, false, &lot)?,
        places.platform_in(&full, false, &lot)?,
    );
    let started = full.started;
    let servers = [("empty", empty, random), ("full", full, random)];
    let contest = Contest::run(false, connections, servers, extent).await?;
    Ok(Figures {
        contest,
        stored,
        bytes,
        started,
    })
}

/// Waits until the tables are there: a platform listens before it has made them.
async fn made(path: &Path) -> anyhow::Result<()> {
    /// Longest that it may take.
    const MADE: Duration = Duration::from_secs(30);
    let since = Instant::now();
    let is_there = || -> rusqlite::Result<bool> {
        let from = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let sql = "SELECT count(*) FROM sqlite_master WHERE name = 'recognition_by_moment'";
        from.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)? > 0))
    };
    while !is_there().unwrap_or(false) {
        anyhow::ensure!(since.elapsed() < MADE, "the platform makes no tables");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Puts `stored` recognitions and as many decisions there, as if they had come one by one; their
/// uuids lie everywhere among those that will come.
fn fill(path: &Path, stored: u64) -> anyhow::Result<()> {
    let to = Connection::open(path)?;
    to.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY; BEGIN;",
    )?;
    // Made anew from what is there: sorting once costs less than a place found for each.
    let indexes: Vec<(String, String)> = to
        .prepare(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
             AND tbl_name IN ('recognition', 'decision')",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        to.execute(&format!("DROP INDEX {name}"), [])?;
    }
    let step = u64::try_from(i64::MAX)? / stored.max(1);
    let first = Timestamp::now().as_second() - DAY - i64::try_from(SPREAD_SECONDS)?;
    let numbers = format!(
        "WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {stored})"
    );
    let (uuid, at) = (
        format!("printf('%016x%016x', i * {step}, i)"),
        format!("{first} + i * {SPREAD_SECONDS} / {stored}"),
    );
    to.execute_batch(&format!(
        "{numbers} INSERT INTO recognition (id, lot, uuid, device, at, plate, color, reliability,
           image, pushed, fetched)
         SELECT i + 1, '{LOT}', {uuid}, 'CAM-01', {at}, '粤B' || printf('%05d', i % 100000), 'blue', 96,
           'https://192.0.2.10:8443/pictures/' || i || '.jpg', 1, 0 FROM numbers;
         {numbers} INSERT INTO decision (lot, number, uuid, at, pass, reason, facts, record)
         SELECT '{LOT}', i + 1, {uuid}, {at}, 1, 'DEFAULT_ALLOW 允许通行',
           '{{\"blocked\":null,\"permits\":[],\"inside\":0,\"entered\":null}}', i + 1 FROM numbers;"
    ))?;
    for (_, sql) in &indexes {
        to.execute_batch(sql)?;
    }
    to.execute_batch("COMMIT; PRAGMA journal_mode = WAL;")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_filled_with_records_that_have_each_a_decision_and_every_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.db");
        let made = Connection::open(&path).unwrap();
        made.execute_batch(
            "CREATE TABLE recognition (id INTEGER PRIMARY KEY, lot, uuid, device, at, plate, color,
               reliability, image, pushed, fetched, UNIQUE (uuid, lot));
             CREATE INDEX recognition_by_time ON recognition (lot, at);
             CREATE TABLE decision (lot, number, uuid, at, pass, reason, facts, record,
               PRIMARY KEY (lot, number)) WITHOUT ROWID;
             CREATE INDEX decision_by_record ON decision (record);",
        )
        .unwrap();
        drop(made);
        fill(&path, 1000).unwrap();
        let from = Connection::open(&path).unwrap();
        let count = |sql: &str| from.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let joined = "SELECT count(*) FROM recognition r JOIN decision d ON d.record = r.id
                      AND d.uuid = r.uuid WHERE r.uuid < '8'";
        assert_eq!(count(joined), 1000);
        let indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
        assert_eq!(count(indexes), 2);
    }
}

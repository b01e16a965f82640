use jiff::Timestamp;

use super::stays::{crossing, lot, rules, stays};
use super::*;
use crate::store::archive::month::Month;
use crate::store::archive::oldest;

const DAY: i64 = 86_400;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn cross(connection: &Connection, record: Record) {
    passage::cross(connection, &lot(), record, &rules(), Timestamp::UNIX_EPOCH).unwrap();
}

fn correct(connection: &Connection, uuid: &str, plate: &str) {
    let (uuid, plate) = (RecordId::new(uuid).unwrap(), Plate::read(plate).unwrap());
    let act = audit::Act {
        by: "王工",
        what: "correct",
        target: uuid.as_str(),
        reason: "看图",
    };
    let done = correction::correct(
        connection,
        &lot(),
        &uuid,
        plate.as_ref(),
        &act,
        second(50 * DAY),
    );
    assert!(done.unwrap());
}

/// Moves everything there is from before `cutoff`.
fn archive(connection: &Connection, folder: &Path, cutoff: Timestamp) -> usize {
    let mut moved = 0;
    while let Some(chunk) = oldest(connection, cutoff).unwrap() {
        chunk.keep(folder).unwrap();
        match chunk.forget(connection).unwrap() {
            0 => break,
            rows => moved += rows,
        }
    }
    moved
}

/// What `sql` finds in the file of a month.
fn found(folder: &Path, month: &str, sql: &str) -> Vec<String> {
    let month = Month::look(&Month::path(folder, month)).unwrap();
    let mut query = month.connection().prepare(sql).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn uuids(folder: &Path, month: &str, table: &str) -> Vec<String> {
    found(
        folder,
        month,
        &format!("SELECT uuid FROM {table} ORDER BY uuid"),
    )
}

fn count(connection: &Connection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    connection.query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// UNPUSH-2
#[test]
fn old_records_go_to_the_file_of_their_month_and_both_halves_of_a_stay_go_together() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    // 1970-01-31 and 1970-02-01 in China; the second stay ends after the cutoff.
    cross(&connection, crossing("u1", "IN", "粤B12345", 100));
    cross(&connection, crossing("u2", "OUT", "粤B12345", 31 * DAY));
    cross(&connection, crossing("u3", "IN", "粤B99999", 200));
    cross(&connection, crossing("u4", "OUT", "粤B99999", 41 * DAY));
    cross(&connection, crossing("u5", "IN", "粤B55555", 300));
    let cutoff = second(40 * DAY);
    assert_eq!(archive(&connection, folder.path(), cutoff), 3);
    assert_eq!(Month::all(folder.path()).unwrap(), ["1970-01", "1970-02"]);
    assert_eq!(uuids(folder.path(), "1970-01", "crossing"), ["u1"]);
    assert_eq!(uuids(folder.path(), "1970-01", "stay"), ["u1"]);
    assert_eq!(uuids(folder.path(), "1970-02", "crossing"), ["u2"]);
    let left = stays(&connection).into_iter();
    let left: Vec<_> = left.map(|row| (row.0, row.2)).collect();
    let row = |uuid: &str, state: &str| (uuid.to_owned(), state.to_owned());
    assert_eq!(left, [row("u3", "closed"), row("u5", "open")]);
    assert_eq!(archive(&connection, folder.path(), cutoff), 0);
    assert!(check::faults(&connection).unwrap().is_empty());
}

#[test]
fn what_a_person_said_of_a_crossing_is_in_the_file_with_it_and_the_next_number_follows() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    cross(&connection, crossing("u1", "OUT", "粤B1234S", 100));
    cross(&connection, crossing("u2", "OUT", "粤B99999", 41 * DAY));
    correct(&connection, "u1", "粤B12340");
    correct(&connection, "u1", "粤B12345");
    archive(&connection, folder.path(), second(40 * DAY));
    let sql = "SELECT plate FROM correction ORDER BY number";
    assert_eq!(
        found(folder.path(), "1970-01", sql),
        ["粤B12340", "粤B12345"]
    );
    correct(&connection, "u2", "粤B99998");
    let sql = "SELECT max(number) FROM correction";
    let newest: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(newest, 3, "a number is never given twice");
}

#[test]
fn a_move_that_is_cut_off_before_anything_was_deleted_is_made_again_and_nothing_stands_there_twice()
{
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    for number in 0..3 {
        let uuid = format!("u{number}");
        cross(&connection, crossing(&uuid, "OUT", "粤B12345", number));
    }
    let chunk = oldest(&connection, second(40 * DAY)).unwrap().unwrap();
    chunk.keep(folder.path()).unwrap();
    drop(chunk);
    assert_eq!(count(&connection, "crossing"), 3);
    assert_eq!(archive(&connection, folder.path(), second(40 * DAY)), 6);
    assert_eq!(
        uuids(folder.path(), "1970-01", "crossing"),
        ["u0", "u1", "u2"]
    );
    assert_eq!(
        count(&connection, "crossing") + count(&connection, "stay"),
        0
    );
    assert_eq!(count(&connection, "passage"), 0);
    let again = Month::look(&Month::path(folder.path(), "1970-01")).unwrap();
    assert_eq!(again.again().unwrap(), 0);
}

#[test]
fn what_changes_while_it_is_moved_stays_until_it_is_kept_as_it_is_and_both_accounts_are_there() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    cross(&connection, crossing("u1", "ELSEWHERE", "粤B12345", 100));
    let cutoff = second(40 * DAY);
    let chunk = oldest(&connection, cutoff).unwrap().unwrap();
    chunk.keep(folder.path()).unwrap();
    let changed = "UPDATE crossing SET fetched = 1";
    connection.execute(changed, []).unwrap();
    assert_eq!(chunk.forget(&connection).unwrap(), 0);
    assert_eq!(count(&connection, "crossing"), 1);
    assert_eq!(archive(&connection, folder.path(), cutoff), 1);
    let path = Month::path(folder.path(), "1970-01");
    assert_eq!(Month::look(&path).unwrap().again().unwrap(), 1);
    let first = found(
        folder.path(),
        "1970-01",
        "SELECT fetched || '' FROM crossing",
    );
    assert_eq!(first, ["0"], "nothing is overwritten");
    let then = found(folder.path(), "1970-01", "SELECT row FROM again");
    assert!(then[0].contains("\"fetched\":1"), "{then:?}");
}

#[test]
fn a_crossing_of_which_somebody_has_just_said_something_waits_for_that_to_be_kept() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    cross(&connection, crossing("u1", "ELSEWHERE", "粤B1234S", 100));
    let chunk = oldest(&connection, second(40 * DAY)).unwrap().unwrap();
    chunk.keep(folder.path()).unwrap();
    correct(&connection, "u1", "粤B12345");
    chunk.forget(&connection).unwrap();
    assert_eq!(count(&connection, "crossing"), 1);
    archive(&connection, folder.path(), second(40 * DAY));
    assert_eq!(count(&connection, "crossing"), 0);
    let said = found(folder.path(), "1970-01", "SELECT plate FROM correction");
    assert_eq!(said, ["粤B12345"]);
}

#[test]
fn what_cannot_be_written_to_the_archive_or_is_not_found_in_it_stays() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    let in_the_way = folder.path().join("archive");
    std::fs::write(&in_the_way, "").unwrap();
    cross(&connection, crossing("u1", "OUT", "", 1));
    let chunk = oldest(&connection, second(40 * DAY)).unwrap().unwrap();
    let kept = chunk.keep(&in_the_way);
    assert!(matches!(kept, Err(StoreError::File(_))), "{kept:?}");
    // A file that takes rows and loses them.
    chunk.keep(folder.path()).unwrap();
    let month = Connection::open(Month::path(folder.path(), "1970-01")).unwrap();
    month
        .execute_batch(
            "DELETE FROM crossing;
             CREATE TRIGGER lost BEFORE INSERT ON crossing BEGIN SELECT RAISE(IGNORE); END;
             CREATE TRIGGER lost_again BEFORE INSERT ON again BEGIN SELECT RAISE(IGNORE); END;",
        )
        .unwrap();
    let kept = chunk.keep(folder.path());
    assert!(
        matches!(kept, Err(StoreError::NotKept { table: "crossing" })),
        "{kept:?}"
    );
    assert_eq!(count(&connection, "crossing"), 1);
}

/// Rows are numbered anew in each file: a number that is free here may be taken there.
#[test]
fn recognitions_that_had_the_same_number_one_after_the_other_are_both_found_with_their_decisions() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    let recognize = |uuid: &str, second: i64| {
        let seen = crossing(uuid, "IN", "粤B12345", second);
        keep(&connection, RecordKind::Recognition, &lot(), seen).unwrap();
        let sql = "INSERT INTO decision (lot, number, uuid, at, pass, reason, facts, record)
             SELECT 'L1', (SELECT coalesce(max(number), 0) + 1 FROM decision), ?1, ?2, 1, 'WHY ' || ?1, '{}', id
             FROM recognition WHERE uuid = ?1";
        connection
            .execute(sql, rusqlite::params![uuid, second])
            .unwrap();
    };
    recognize("u1", 100);
    recognize("u2", 50 * DAY);
    assert_eq!(archive(&connection, folder.path(), second(40 * DAY)), 2);
    connection.execute("DELETE FROM recognition", []).unwrap();
    recognize("u3", 200);
    assert_eq!(
        archive(&connection, folder.path(), second(40 * DAY)),
        1,
        "the newest decision stays"
    );
    recognize("u4", 51 * DAY);
    assert_eq!(archive(&connection, folder.path(), second(40 * DAY)), 1);
    let sql =
        "SELECT r.uuid || ' ' || d.reason FROM recognition r JOIN decision d ON d.record = r.id
         AND d.uuid = r.uuid ORDER BY 1";
    assert_eq!(
        found(folder.path(), "1970-01", sql),
        ["u1 WHY u1", "u3 WHY u3"]
    );
    let month = Month::look(&Month::path(folder.path(), "1970-01")).unwrap();
    assert_eq!(month.again().unwrap(), 0);
}

/// A file of years ago, whose form is an older one.
#[test]
fn a_file_of_an_older_version_is_read_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    for (_, sql) in migrate::RELEASED {
        let path = Month::path(folder.path(), "2026-01");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(sql).unwrap();
        let crossings = count(&old, "crossing");
        drop(old);
        let before = std::fs::read(&path).unwrap();
        let month = Month::look(&path).unwrap();
        migrate::must_be_newest(month.connection()).unwrap();
        assert_eq!(count(month.connection(), "crossing"), crossings);
        assert_eq!(month.again().unwrap(), 0);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn other_files_in_the_folder_are_no_months() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "2026-01.db",
        "2025-12.db",
        "2026-13.db",
        "2026-01.db-journal",
        "notes.db",
    ] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    assert_eq!(Month::all(folder.path()).unwrap(), ["2025-12", "2026-01"]);
    let nowhere = folder.path().join("nowhere");
    assert!(Month::all(&nowhere).unwrap().is_empty());
}

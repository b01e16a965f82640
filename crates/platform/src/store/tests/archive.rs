use jiff::Timestamp;

use super::stays::{crossing, lot, rules, stays};
use super::*;
use crate::store::archive::move_some;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn archived(folder: &Path, month: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(folder.join(format!("{month}.jsonl"))).unwrap_or_default();
    let mut found: Vec<_> = text
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("kind"), text("uuid"))
        })
        .collect();
    found.sort();
    found
}

/// UNPUSH-2
#[test]
fn old_records_go_to_the_file_of_their_month_and_both_halves_of_a_stay_go_together() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    let keep = |record| {
        passage::cross(&connection, &lot(), record, &rules(), Timestamp::UNIX_EPOCH).unwrap()
    };
    // 1970-01-31 and 1970-02-01 in China; the second stay ends after the cutoff.
    keep(crossing("u1", "IN", "粤B12345", 100));
    keep(crossing("u2", "OUT", "粤B12345", 31 * 86_400));
    keep(crossing("u3", "IN", "粤B99999", 200));
    keep(crossing("u4", "OUT", "粤B99999", 41 * 86_400));
    keep(crossing("u5", "IN", "粤B55555", 300));
    let cutoff = second(40 * 86_400);
    let mut moved = 0;
    loop {
        match move_some(&connection, folder.path(), cutoff).unwrap() {
            0 => break,
            some => moved += some,
        }
    }
    assert_eq!(moved, 3);
    let row = |kind: &str, uuid: &str| (kind.to_owned(), uuid.to_owned());
    let january = [row("crossing", "u1"), row("stay", "u1")];
    assert_eq!(archived(folder.path(), "1970-01"), january);
    assert_eq!(archived(folder.path(), "1970-02"), [row("crossing", "u2")]);
    let left: Vec<_> = stays(&connection)
        .into_iter()
        .map(|row| (row.0, row.2))
        .collect();
    assert_eq!(left, [row("u3", "closed"), row("u5", "open")]);
    let again = move_some(&connection, folder.path(), cutoff).unwrap();
    assert_eq!(again, 0);
}

#[test]
fn what_cannot_be_written_to_the_archive_stays() {
    let (connection, folder) = (empty(), tempfile::tempdir().unwrap());
    let in_the_way = folder.path().join("archive");
    std::fs::write(&in_the_way, "").unwrap();
    passage::cross(
        &connection,
        &lot(),
        crossing("u1", "OUT", "", 1),
        &rules(),
        Timestamp::UNIX_EPOCH,
    )
    .unwrap();
    let moved = move_some(&connection, &in_the_way, second(1_000_000));
    assert!(matches!(moved, Err(StoreError::File(_))));
    let uuid = RecordId::new("u1").unwrap();
    assert!(
        find(&connection, RecordKind::Crossing, &lot(), &uuid)
            .unwrap()
            .is_some()
    );
}

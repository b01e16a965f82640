use boshi_protocol::delivery::{Key, Reason, Settled};
use boshi_protocol::id::{DeviceNo, LotId, RecordId};
use boshi_protocol::page::PageRequest;
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use tempfile::TempDir;

mod again;
mod forget;
mod payments;
mod runs;
mod stays;

use self::again::retold;
use super::{
    Command, Crossing, Entry, Journal, JournalError, Letter, Outworn, Recognition, Settlement,
    open, writer,
};

fn lot() -> LotId {
    LotId::new("LOT-1").unwrap()
}

fn record(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

fn recognition(name: &str, millis: i64) -> Recognition {
    Recognition {
        lot: lot(),
        lane: "01".to_owned(),
        device: DeviceNo::new("CAM-01").unwrap(),
        record: record(name),
        plate: Plate::read("粤B12345").unwrap(),
        color: PlateColor::Blue,
        reliability: Some(90),
        image: Some("picture".to_owned()),
        at: at(millis),
        replayed: false,
        event: Some(format!("event-{name}")),
    }
}

fn crossing(name: &str, millis: i64) -> Crossing {
    let it = recognition(name, millis);
    Crossing {
        lot: it.lot,
        lane: it.lane,
        device: it.device,
        side: boshi_protocol::lane::Side::Entry,
        record: it.record,
        plate: it.plate,
        color: it.color,
        at: it.at,
    }
}

fn settled(key: Key, settled: Settled) -> Entry {
    Entry::Settled(Settlement {
        lot: lot(),
        key,
        settled,
        attempts: 5,
        at: at(99_000),
    })
}

fn failed() -> Settled {
    Settled::Failed {
        reason: Reason::Interrupted,
    }
}

fn journal(dir: &TempDir) -> Journal {
    Journal::open(&dir.path().join("journal.db")).unwrap()
}

/// Everything from before this is too old.
fn outworn(before: i64) -> Outworn {
    Outworn {
        attempts: at(before),
        records: at(before),
    }
}

fn page(size: u32, current: u32) -> PageRequest {
    PageRequest {
        size,
        current,
        capped: false,
    }
}

/// D-18
#[tokio::test]
async fn what_was_written_is_pending_in_order_after_the_file_is_opened_again() {
    let dir = TempDir::new().unwrap();
    let first = journal(&dir);
    let entries = vec![
        Entry::Recognition(recognition("b", 2)),
        Entry::Crossing(crossing("b", 3)),
        Entry::Recognition(recognition("a", 1)),
    ];
    first.write(entries).await.unwrap();
    let done = settled(Key::crossing(record("b")), Settled::Delivered);
    first.write(vec![done]).await.unwrap();
    drop(first);

    let again = journal(&dir);
    let pending = again.pending(&lot()).await.unwrap();
    let keys: Vec<Key> = pending.into_iter().map(|pending| pending.key).collect();
    let expected = ["b", "a"].map(|name| Key::recognition(record(name)));
    assert_eq!(keys, expected);
    let key = Key::recognition(record("a"));
    let read = again.letters(&lot(), vec![key.clone()]).await.unwrap();
    assert_eq!(read, [(key, Letter::Recognition(recognition("a", 1)))]);
    let nobody = |event| retold(event, "", 0);
    assert!(again.seen(&lot(), nobody("event-a")).await.unwrap());
    assert!(!again.seen(&lot(), nobody("event-c")).await.unwrap());
}

/// UNPUSH-1: only what failed, whole seconds, both bounds included; UNPUSH-2: asked twice.
#[tokio::test]
async fn failed_pushes_are_found_by_their_own_second_however_often_asked() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for (name, millis) in [("a", 9_999), ("b", 10_000), ("c", 12_999), ("d", 13_000)] {
        let entries = vec![
            Entry::Recognition(recognition(name, millis)),
            Entry::Crossing(crossing(name, millis)),
            settled(Key::recognition(record(name)), failed()),
            settled(Key::crossing(record(name)), failed()),
        ];
        journal.write(entries).await.unwrap();
    }
    let pending = Entry::Recognition(recognition("pending", 11_000));
    journal.write(vec![pending]).await.unwrap();
    let late = settled(Key::recognition(record("b")), Settled::Delivered);
    journal.write(vec![late]).await.unwrap();
    let (begin, end) = (at(10_500), at(12_000));
    for _ in 0..2 {
        let found = journal
            .unpushed_recognitions(&lot(), begin, end, page(10, 1))
            .await;
        let expected = vec![recognition("b", 10_000), recognition("c", 12_999)];
        assert_eq!(found, Ok((2, expected)));
        let found = journal
            .unpushed_crossings(&lot(), begin, end, page(10, 1))
            .await;
        let expected = vec![crossing("b", 10_000), crossing("c", 12_999)];
        assert_eq!(found, Ok((2, expected)));
    }
}

/// PAGE-1
#[tokio::test]
async fn pages_are_stable_and_one_past_the_end_is_empty() {
    let dir = TempDir::new().unwrap();
    let journal = journal(&dir);
    for name in ["c", "a", "b"] {
        let taken = Entry::Recognition(recognition(name, 10_000));
        let lost = settled(Key::recognition(record(name)), failed());
        journal.write(vec![taken, lost]).await.unwrap();
    }
    for (current, names) in [(1, vec!["a", "b"]), (2, vec!["c"]), (3, vec![])] {
        let asked = page(2, current);
        let found = journal
            .unpushed_recognitions(&lot(), at(0), at(20_000), asked)
            .await;
        let expected = names
            .into_iter()
            .map(|name| recognition(name, 10_000))
            .collect();
        assert_eq!(found, Ok((3, expected)));
    }
    let summary = journal.summary(&lot()).await.unwrap();
    let failed = ("recognition".to_owned(), "failed".to_owned(), 3);
    assert_eq!(summary.pushes, [failed]);
}

/// D-5
#[tokio::test]
async fn a_command_and_its_reply_are_remembered_over_a_restart() {
    let dir = TempDir::new().unwrap();
    let command = Entry::Command(Command {
        lot: lot(),
        digest: [7; 32],
        device: DeviceNo::new("CAM-01").unwrap(),
        mode: "3".to_owned(),
        plate: None,
        at: at(1_000),
    });
    let answered = Entry::CommandAnswered {
        lot: lot(),
        digest: [7; 32],
        reply: "reply".to_owned(),
        at: at(2_000),
    };
    journal(&dir).write(vec![command, answered]).await.unwrap();
    let again = journal(&dir);
    let found = again.commands_since(at(1_000)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].digest, found[0].reply.as_deref()),
        ([7; 32], Some("reply"))
    );
    assert_eq!(again.commands_since(at(1_001)).await, Ok(vec![]));
}

/// Every commit appends the pages it changed to the log once.
#[test]
fn what_is_queued_together_is_committed_together() {
    let pages_logged = |sizes: &[usize]| -> i64 {
        let dir = TempDir::new().unwrap();
        let mut connection = open::writing(&dir.path().join("journal.db")).unwrap();
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        connection.query_row(truncate, [], |_| Ok(())).unwrap();
        let mut names = ["a", "b", "c", "d"].into_iter();
        for size in sizes {
            let (batch, answers): (Vec<_>, Vec<_>) = names
                .by_ref()
                .take(*size)
                .map(|name| writer::Write::new(vec![Entry::Recognition(recognition(name, 1))]))
                .unzip();
            writer::commit(&mut connection, batch);
            for answer in answers {
                assert_eq!(answer.blocking_recv(), Ok(Ok(())));
            }
        }
        let passive = "PRAGMA wal_checkpoint(PASSIVE)";
        connection.query_row(passive, [], |row| row.get(1)).unwrap()
    };
    assert_eq!(pages_logged(&[4]), pages_logged(&[1]));
    assert_eq!(pages_logged(&[1, 1, 1, 1]), 4 * pages_logged(&[1]));
}

#[test]
fn a_disk_that_is_full_gives_an_error_and_nothing_is_half_written() {
    let dir = TempDir::new().unwrap();
    let mut connection = open::writing(&dir.path().join("journal.db")).unwrap();
    let pages: i64 = connection
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    let mut big = recognition("big", 1);
    big.image = Some("x".repeat(1 << 20));
    let entries = vec![
        Entry::Recognition(recognition("small", 1)),
        Entry::Recognition(big),
    ];
    let (write, answer) = writer::Write::new(entries);
    writer::commit(&mut connection, vec![write]);
    let answer = answer.blocking_recv().unwrap();
    assert!(
        matches!(answer, Err(JournalError::Storage(_))),
        "{answer:?}"
    );
    let kept: i64 = connection
        .query_row("SELECT count(*) FROM recognition", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0);
}

/// D-18: or what was written behind it would be told to have failed, and be written again.
#[test]
fn nothing_is_written_behind_a_write_at_which_the_database_gave_the_transaction_up() {
    let dir = TempDir::new().unwrap();
    let mut connection = open::writing(&dir.path().join("journal.db")).unwrap();
    // As SQLite does when a page of the file cannot be read.
    let gives_up = "CREATE TEMP TRIGGER gives_up BEFORE INSERT ON recognition \
                    WHEN new.record = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'gave up'); END";
    connection.execute_batch(gives_up).unwrap();
    let (batch, answers): (Vec<_>, Vec<_>) = ["before", "bad", "behind"]
        .map(|name| writer::Write::new(vec![Entry::Recognition(recognition(name, 1))]))
        .into_iter()
        .unzip();
    writer::commit(&mut connection, batch);
    for answer in answers {
        let answer = answer.blocking_recv().unwrap().unwrap_err();
        assert!(answer.to_string().contains("gave up"), "{answer}");
    }
    let kept = |connection: &rusqlite::Connection| {
        let sql = "SELECT count(*) FROM recognition";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(kept(&connection), Ok(0));
    let (write, answer) = writer::Write::new(vec![Entry::Recognition(recognition("behind", 1))]);
    writer::commit(&mut connection, vec![write]);
    assert_eq!(answer.blocking_recv(), Ok(Ok(())));
    assert_eq!(kept(&connection), Ok(1));
}

mod archive;
mod events;
mod stays;

use std::task::{Context, Poll, Waker};

use boshi_protocol::id::LotId;
use proptest::prelude::*;

use super::record::{find, keep};
use super::*;
use boshi_protocol::id::{DeviceNo, RecordId};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::time::WireTime;

fn any_record() -> impl Strategy<Value = Record> {
    let plate = prop::sample::select(vec!["", "粤B12345", "粤B1234S"]);
    let reliability = prop::option::of(prop::sample::select(vec![0_u8, 80]));
    (
        plate,
        reliability,
        0..3_i64,
        any::<bool>(),
        0..2_u8,
        "[ab]?",
        0..3_i64,
    )
        .prop_map(
            |(plate, reliability, second, pushed, uuid, image, told)| Record {
                uuid: RecordId::new(&format!("u{uuid}")).unwrap(),
                device: DeviceNo::new("R1").unwrap(),
                at: WireTime::from_timestamp(jiff::Timestamp::from_second(second).unwrap()),
                plate: Plate::read(plate).unwrap(),
                color: PlateColor::Blue,
                reliability,
                image,
                pushed,
                fetched: !pushed,
                told,
            },
        )
}

fn empty() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::migrate(&mut connection).unwrap();
    connection
}

fn kept(records: &[(bool, Record)]) -> Vec<Option<Record>> {
    let connection = empty();
    let lot = LotId::new("L1").unwrap();
    let kind = |crossing| {
        if crossing {
            RecordKind::Crossing
        } else {
            RecordKind::Recognition
        }
    };
    for (crossing, record) in records {
        keep(&connection, kind(*crossing), &lot, record.clone()).unwrap();
    }
    let names = [(false, "u0"), (false, "u1"), (true, "u0"), (true, "u1")];
    let found = names.map(|(crossing, uuid)| {
        find(
            &connection,
            kind(crossing),
            &lot,
            &RecordId::new(uuid).unwrap(),
        )
        .unwrap()
    });
    found.into()
}

proptest! {
    /// D-13, CROSS-3, D-19
    #[test]
    fn records_converge_in_whatever_order_and_however_often_they_arrive(
        (given, shuffled) in prop::collection::vec((any::<bool>(), any_record()), 1..8)
            .prop_flat_map(|given| {
                let twice = [given.clone(), given.clone()].concat();
                (Just(given), Just(twice).prop_shuffle())
            }),
    ) {
        prop_assert_eq!(kept(&given), kept(&shuffled));
    }
}

#[tokio::test]
async fn a_write_that_fails_undoes_only_itself_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let insert = "INSERT INTO block VALUES ('粤B12345', 'x', 0)";
    store
        .write(move |db| Ok(db.execute_batch(insert)?))
        .await
        .unwrap();
    let again = store.write(move |db| Ok(db.execute_batch(insert)?)).await;
    assert!(matches!(again, Err(StoreError::Database(_))));
    let count = |db: &Connection| Ok(db.query_row("SELECT count(*) FROM block", [], |r| r.get(0))?);
    let rows: i64 = store.read(count).await.unwrap();
    assert_eq!(rows, 1);
}

/// Writes that share a transaction without savepoints are all done again when one of them fails.
#[tokio::test]
async fn a_record_that_fails_beside_others_undoes_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(store.write(move |_| {
        let _ = blocked.recv();
        Ok(())
    }));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let by = Instant::now() + std::time::Duration::from_secs(60);
    let mut insert = |plate: &'static str, fails: bool| {
        let mut runs = 0;
        let mut write = Box::pin(store.write_by(by, move |db| {
            runs += 1;
            db.execute("INSERT INTO block VALUES (?, 'x', 0)", [plate])?;
            match fails {
                true => Err(StoreError::Corrupt("plate")),
                false => Ok(runs),
            }
        }));
        assert!(write.as_mut().poll(&mut context).is_pending());
        write
    };
    let before = insert("粤B00001", false);
    let wrong = insert("粤B00002", true);
    let after = insert("粤B00003", false);
    release.send(()).unwrap();
    first.await.unwrap();
    assert_eq!(before.await.unwrap(), 2, "undone with the one that failed");
    assert!(matches!(wrong.await, Err(StoreError::Corrupt("plate"))));
    assert_eq!(after.await.unwrap(), 1, "never begun before the failure");
    let plates = |db: &Connection| {
        let mut query = db.prepare("SELECT plate FROM block ORDER BY plate")?;
        let plates = query.query_map([], |row| row.get::<_, String>(0))?;
        Ok(plates.collect::<Result<Vec<_>, _>>()?)
    };
    let plates = store.read(plates).await.unwrap();
    assert_eq!(plates, ["粤B00001", "粤B00003"]);
}

/// D-1: whoever cannot be served soon is told at once, and nobody else suffers from it.
#[tokio::test]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_has_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let (started, running) = std::sync::mpsc::channel::<()>();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(store.write(move |_| {
        started.send(()).unwrap();
        let _ = blocked.recv();
        Ok(())
    }));
    assert!(first.as_mut().poll(&mut context).is_pending());
    running.recv().unwrap();
    let (mut taken, mut refused) = (Vec::new(), 0);
    for _ in 0..writer::QUEUE + 10 {
        let mut write = Box::pin(store.write(|_| Ok(())));
        match write.as_mut().poll(&mut context) {
            Poll::Pending => taken.push(write),
            Poll::Ready(Err(StoreError::Busy)) => refused += 1,
            Poll::Ready(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((taken.len(), refused), (writer::QUEUE, 10));
    assert_eq!(store.figures().waiting(), writer::QUEUE);
    assert_eq!(store.figures().turned_away_count(), 10);
    release.send(()).unwrap();
    first.await.unwrap();
    for write in taken {
        write.await.unwrap();
    }
}

/// D-17: what nobody waits for any more is not written when its turn comes at last.
#[tokio::test]
async fn a_write_whose_turn_comes_too_late_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let (started, running) = std::sync::mpsc::channel::<()>();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(store.write(move |_| {
        started.send(()).unwrap();
        let _ = blocked.recv();
        Ok(())
    }));
    assert!(first.as_mut().poll(&mut context).is_pending());
    running.recv().unwrap();
    let insert = "INSERT INTO block VALUES ('粤B12345', 'x', 0)";
    let late = store.write_by(Instant::now(), move |db| Ok(db.execute_batch(insert)?));
    assert!(matches!(late.await, Err(StoreError::Late)));
    release.send(()).unwrap();
    first.await.unwrap();
    let count = |db: &Connection| Ok(db.query_row("SELECT count(*) FROM block", [], |r| r.get(0))?);
    let rows: i64 = store.write(count).await.unwrap();
    assert_eq!((rows, store.figures().late_count()), (0, 1));
}

/// D-13: or what was written behind it would be told to have failed although it is there.
#[tokio::test]
async fn nothing_is_written_behind_a_write_at_which_the_database_gave_the_transaction_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(store.write(move |_| {
        let _ = blocked.recv();
        Ok(())
    }));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let mut insert = |plate: &'static str, gives_up: bool| {
        let mut write = Box::pin(store.write(move |db| {
            db.execute("INSERT INTO block VALUES (?, 'x', 0)", [plate])?;
            if gives_up {
                // As SQLite does when a page of the file cannot be read.
                db.execute_batch("ROLLBACK")?;
                return Err(StoreError::Corrupt("page"));
            }
            Ok(())
        }));
        assert!(write.as_mut().poll(&mut context).is_pending());
        write
    };
    let writes = [
        insert("粤B00001", false),
        insert("粤B00002", true),
        insert("粤B00003", false),
    ];
    release.send(()).unwrap();
    let _ = first.await;
    for write in writes {
        write.await.unwrap_err();
    }
    let count = |db: &Connection| Ok(db.query_row("SELECT count(*) FROM block", [], |r| r.get(0))?);
    let rows: i64 = store.write(count).await.unwrap();
    assert_eq!(rows, 0);
    let write =
        |db: &Connection| Ok(db.execute("INSERT INTO block VALUES ('粤B00003', 'x', 0)", [])?);
    assert_eq!(store.write(write).await.unwrap(), 1);
}

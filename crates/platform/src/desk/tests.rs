use boshi_protocol::endpoint::{Endpoint, Message, ReceiveCrossGate, ReceivePlateNumber};
use boshi_protocol::fields::{Fields, Tolerance};
use boshi_protocol::plate::Plate;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::decision::{Permit, PermitKind};

const NOW: &str = "2026-01-15T00:00:00Z";

fn read<E: Endpoint>(text: Value) -> E::Request {
    let object = text.as_object().unwrap().into();
    E::Request::read(&Fields::new(&object, Tolerance::Tolerant)).unwrap()
}

fn recognition() -> PlateNumber {
    read::<ReceivePlateNumber>(json!({
        "deviceNo": "R1", "uuid": "u1", "recognitionTime": "20260115 08:00:00",
        "image": "http://p/1.jpg", "plateNumber": "粤B12345", "color": "blue", "reliability": 80
    }))
}

fn desk(folder: &tempfile::TempDir) -> Desk {
    boshi_transport::certificate::install_crypto();
    let config = Config::parse(
        r#"
[[supplier]]
app_id = "S"
secret = "s"
[[lot]]
id = "L1"
supplier = "S"
base_url = "http://127.0.0.1:1"
entry = "allow"
exit = "refuse"
[[lot.lane]]
recognizer = "R1"
direction = "exit"
"#,
    );
    let lots = Lots::new(&config.unwrap(), NOW.parse().unwrap()).unwrap();
    let store = Store::open(&folder.path().join("p.db")).unwrap();
    Desk::new(store, Arc::new(lots), Counts::default())
}

fn paid(lot: &LotId, now: Timestamp) -> Permit {
    Permit {
        kind: PermitKind::Paid,
        lots: vec![lot.clone()],
        lanes: Vec::new(),
        hours: None,
        from: now,
        to: "2026-01-16T00:00:00Z".parse().unwrap(),
    }
}

async fn count(desk: &Desk, sql: &'static str) -> i64 {
    desk.store
        .read(move |db| Ok(db.query_row(sql, [], |row| row.get(0))?))
        .await
        .unwrap()
}

fn code(reply: &Reply<()>) -> String {
    match reply {
        Reply::Answer(Answer::Accepted { note, .. }) => note.split(' ').next().unwrap().to_owned(),
        Reply::Answer(Answer::Refused(refusal)) => refusal.code().to_owned(),
        Reply::Unavailable(refusal) => format!("503 {}", refusal.code()),
    }
}

/// D-13, RECOG-1
#[tokio::test]
async fn the_same_recognition_is_stored_once_and_passes_once_it_has_been_paid() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder);
    let lot = LotId::new("L1").unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let first = desk.recognized(lot.clone(), recognition(), now, now).await;
    assert_eq!(code(&first), "NO_PERMIT");
    let plate = Plate::read("粤B12345").unwrap().unwrap();
    let paid = paid(&lot, now);
    desk.store
        .write(move |db| facts::add_permit(db, &plate, &paid, "", "王工", now))
        .await
        .unwrap();
    let second = desk.recognized(lot, recognition(), now, now).await;
    assert_eq!(code(&second), "PAID");
    assert_eq!(count(&desk, "SELECT count(*) FROM recognition").await, 1);
    assert_eq!(count(&desk, "SELECT count(*) FROM decision").await, 2);
}

/// RECOG-1, D-13: whoever types a plate again wants an answer about that one, be it smaller or greater
/// than the one before; what was said in the same second and less surely does not count.
#[tokio::test]
async fn a_plate_that_was_typed_again_is_the_one_that_is_decided_on() {
    let lot = LotId::new("L1").unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    let told = |plate: &str, reliability: Option<u8>| PlateNumber {
        plate: Plate::read(plate).unwrap(),
        reliability,
        ..recognition()
    };
    let cases = [
        (("粤B12345", Some(100)), (0, Some(100)), "PAID"),
        (("粤B99999", Some(100)), (0, Some(100)), "PAID"),
        (("粤B12345", None), (0, None), "PAID"),
        (("粤B12345", Some(80)), (0, Some(100)), "PAID"),
        (("", Some(100)), (0, None), "PAID"),
        (("粤B12345", Some(100)), (0, Some(80)), "NO_PERMIT"),
        (("粤B12345", Some(100)), (0, None), "NO_PERMIT"),
        (("粤B12345", Some(100)), (3, Some(80)), "PAID"),
        (("粤B12345", Some(100)), (3, None), "PAID"),
        // One that was under way for longer than the one after it.
        (("粤B12345", Some(80)), (-3, Some(100)), "NO_PERMIT"),
    ];
    for (first, (seconds, later), expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(&folder);
        let (plate, paid) = (Plate::read("粤B55555").unwrap().unwrap(), paid(&lot, now));
        desk.store
            .write(move |db| facts::add_permit(db, &plate, &paid, "", "王工", now))
            .await
            .unwrap();
        let before = desk.recognized(lot.clone(), told(first.0, first.1), now, now);
        assert_ne!(code(&before.await), "PAID", "{first:?}");
        let at = now + SignedDuration::from_secs(seconds);
        let after = desk.recognized(lot.clone(), told("粤B55555", later), at, now);
        let case = (first, seconds, later);
        assert_eq!(code(&after.await), expected, "{case:?}");
    }
}

/// The smaller text, or the higher reliability, of what was said before does not outlast what the booth typed.
#[tokio::test]
async fn the_plate_that_was_told_last_is_the_one_that_is_kept() {
    let lot = LotId::new("L1").unwrap();
    let now: Timestamp = NOW.parse().unwrap();
    for (sure, later) in [(Some(100), Some(100)), (Some(90), None)] {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(&folder);
        let mut at = now;
        for (plate, reliability) in [("粤B12345", sure), ("粤B12346", later)] {
            let told = PlateNumber {
                plate: Plate::read(plate).unwrap(),
                reliability,
                ..recognition()
            };
            desk.recognized(lot.clone(), told, at, now).await;
            at += SignedDuration::from_secs(3);
        }
        let kept = "SELECT count(*) FROM recognition WHERE plate = '粤B12346'";
        assert_eq!(count(&desk, kept).await, 1, "{sure:?} {later:?}");
    }
}

/// CROSS-3
#[tokio::test]
async fn a_crossing_before_its_recognition_is_kept_and_its_repetition_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder);
    let now: Timestamp = NOW.parse().unwrap();
    for _ in 0..2 {
        let crossing = read::<ReceiveCrossGate>(json!({
            "deviceNo": "R1", "uuid": "u1", "plateNumber": "粤B12345", "color": "blue",
            "crossTime": "20260115 08:00:09"
        }));
        let answer = desk
            .crossed(LotId::new("L1").unwrap(), crossing, now, now)
            .await;
        assert!(matches!(answer, Reply::Answer(Answer::Accepted { .. })));
    }
    assert_eq!(count(&desk, "SELECT count(*) FROM crossing").await, 1);
}

/// RECOG-1
#[tokio::test]
async fn a_lot_that_nobody_registered_is_refused_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder);
    let lot = LotId::new("L9").unwrap();
    let now = NOW.parse().unwrap();
    let answer = desk.recognized(lot, recognition(), now, now).await;
    assert_eq!(code(&answer), "UNKNOWN_LOT");
    assert_eq!(count(&desk, "SELECT count(*) FROM recognition").await, 0);
}

/// D-1, PUSH-3
#[tokio::test]
async fn what_cannot_be_stored_is_unavailable_and_not_a_decision_against_the_vehicle() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(&folder);
    let drop_table = desk
        .store
        .write(|db| Ok(db.execute_batch("DROP TABLE recognition")?));
    drop_table.await.unwrap();
    let lot = LotId::new("L1").unwrap();
    let now = NOW.parse().unwrap();
    let reply = desk.recognized(lot, recognition(), now, now);
    assert_eq!(code(&reply.await), "503 NOT_STORED");
}

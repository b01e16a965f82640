//! What a recognizer tells again, long after.

use super::*;
use crate::journal::ToldAgain;

pub(super) fn retold(event: &str, plate: &str, millis: i64) -> ToldAgain {
    ToldAgain {
        event: event.to_owned(),
        device: DeviceNo::new("CAM-01").unwrap(),
        plate: Plate::read(plate).unwrap(),
        at: at(millis),
    }
}

/// RECOG-1: a visit is one recognition, of whichever of its readings the acknowledgement got lost.
#[tokio::test]
async fn another_reading_of_a_visit_that_is_written_down_was_taken() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
    let (begun, ended) = (60_000, 90_000);
    let outcome = |name: &str, outcome: &str| Entry::Outcome {
        lot: lot(),
        record: record(name),
        outcome: outcome.to_owned(),
        at: at(ended),
    };
    let other = Recognition {
        plate: Plate::read("京A66666").unwrap(),
        ..recognition("interrupted", begun)
    };
    let entries = vec![
        Entry::Recognition(recognition("a", begun)),
        outcome("a", "crossed"),
        Entry::Recognition(other),
        outcome("interrupted", "interrupted"),
    ];
    journal.write(entries).await.unwrap();
    for (plate, millis, taken) in [
        ("粤B12345", begun - 3_000, true),
        ("粤B12345", begun - 3_001, false),
        ("粤B12345", begun + 15_000, true),
        ("粤B12345", ended + 3_000, true),
        ("粤B12345", ended + 3_001, false),
        ("粤B54321", begun, false),
        // How long it lasted nobody knows.
        ("京A66666", begun + 3_000, true),
        ("京A66666", begun + 15_000, false),
        ("", begun, false),
    ] {
        let told = retold("unknown", plate, millis);
        let seen = journal.seen(&lot(), told).await.unwrap();
        assert_eq!(seen, taken, "{plate} at {millis}");
    }
    let elsewhere = ToldAgain {
        device: DeviceNo::new("CAM-02").unwrap(),
        ..retold("unknown", "粤B12345", begun)
    };
    assert!(!journal.seen(&lot(), elsewhere).await.unwrap());
}

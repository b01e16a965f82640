//! What a camera pushes, read as it is read from the network: for `crates/fuzz` alone.

use super::message::{self, Message, Said};
use super::reply::{self, Taken};
use crate::config::{CameraClock, VzDialect};

/// Reads `bytes` as a push in either dialect, and answers it; whether they are one.
///
/// # Panics
/// When a reading is more certain than certain or has an id without end, when an input or a port is
/// none, when the answer opens, or when one of QY does not tell it to stop.
pub fn vz_http(bytes: &[u8]) -> bool {
    let dialects = [VzDialect::Vz, VzDialect::Qy];
    let read = dialects.map(|dialect| {
        let said = message::read(bytes, dialect, CameraClock::China);
        said.map(|said| holds(said, dialect)).is_ok()
    });
    assert_eq!(read[0], read[1], "the dialects differ in their words alone");
    read[0]
}

fn holds(said: Said, dialect: VzDialect) {
    match said.message {
        Message::Plate(seen) => {
            assert!(seen.reliability.is_none_or(|it| it <= 100));
            assert!(seen.id.is_none_or(|it| it.chars().count() <= 96));
            assert!(seen.color.is_none() || seen.plate.is_some());
            let (plate_id, offline) = (seen.plate_id, seen.offline);
            let answer = reply::to_plate(dialect, &Taken { plate_id, offline }, None);
            let answer = &answer["Response_AlarmInfoPlate"];
            assert_eq!(answer["info"], "no", "RECOG-3");
            assert!(dialect == VzDialect::Vz || answer["content"] == "retransfer_stop");
        }
        Message::Input { number, .. } => assert!((1..=16).contains(&number)),
        Message::Serial { port, bytes } => {
            assert!(port < 4);
            let told = reply::serial(port, &bytes);
            let again = message::uplinked(&told).expect("what we write");
            assert_eq!(again, (port, bytes));
        }
        Message::Beat | Message::Other(_) => {}
    }
}

//! What a camera of 大华 sends, read as it is read from the network: for `crates/fuzz` alone.

use super::message;
use super::traffic::{self, Told, TrafficError};
use crate::config::CameraClock;
use crate::devices::multipart::{Kind, Parts, PartsError};

/// What is told by one text.
pub(super) type Text = Vec<Result<Told, TrafficError>>;

/// Reads `bytes` as a push, as the answer to a call, as a text of the stream of events, and as that
/// stream itself, with the boundary `X`.
///
/// # Panics
/// When what the stream tells depends on where the bytes were cut.
pub fn dahua(bytes: &[u8]) {
    let _ = message::taken(200, bytes);
    let _ = message::closed(200, bytes);
    if let Ok((said, camera)) = message::read(bytes) {
        let _ = message::reply(&said, camera.as_deref());
    }
    let _ = traffic::read(bytes, CameraClock::China);
    let whole = stream("X", &[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, stream("X", &pieces), "byte by byte");
    let (one, other) = bytes.split_at(bytes.len() / 2);
    assert_eq!(whole, stream("X", &[one, other]), "in two");
}

/// What a stream tells that comes in these pieces, and goes on.
pub(super) fn stream(boundary: &str, pieces: &[&[u8]]) -> (Vec<Text>, Option<PartsError>) {
    let mut parts = Parts::new(boundary);
    let mut told = Vec::new();
    for piece in pieces {
        parts.push(piece);
        loop {
            match parts.next() {
                Ok(Some(part)) if part.kind == Kind::Picture => {}
                Ok(Some(part)) => told.push(traffic::read(&part.body, CameraClock::Utc)),
                Ok(None) => break,
                Err(error) => return (told, Some(error)),
            }
        }
    }
    (told, None)
}

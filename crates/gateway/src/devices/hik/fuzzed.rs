//! What a camera of 海康 sends, read as it is read from the network: for `crates/fuzz` alone.

use super::{event, isapi, push};
use crate::devices::digest;
use crate::devices::multipart::{MAX_PART_BYTES, Part, Parts, PartsError, boundary};

/// Reads `bytes` as the parts of a stream, in one piece and byte by byte.
///
/// # Panics
/// When the parts depend on where the bytes were cut, or one is longer than it may be.
pub fn hik_parts(bytes: &[u8]) {
    let whole = all(&[bytes]);
    let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(whole, all(&pieces), "byte by byte");
    let (one, other) = bytes.split_at(bytes.len() / 2);
    assert_eq!(whole, all(&[one, other]), "in two");
    for part in whole.iter().flatten() {
        assert!(part.body.len() <= MAX_PART_BYTES);
    }
}

fn all(pieces: &[&[u8]]) -> Result<Vec<Part>, PartsError> {
    let mut parts = Parts::new("X");
    let mut found = Vec::new();
    for piece in pieces {
        parts.push(piece);
        while let Some(part) = parts.next()? {
            found.push(part);
        }
    }
    parts.end();
    while let Some(part) = parts.next()? {
        found.push(part);
    }
    Ok(found)
}

/// Reads `bytes` as a push, as an event, and as each answer to a call; whether they are an event.
pub fn hik_document(bytes: &[u8]) -> bool {
    let _ = push::take_apart("multipart/form-data; boundary=X", bytes);
    let _ = isapi::taken(200, bytes);
    let _ = isapi::level(bytes);
    let _ = isapi::gate_status(bytes);
    let _ = isapi::device_info(bytes);
    event::read(bytes).is_ok()
}

/// Reads a text as the head of an answer: a challenge to log in, and a content type.
pub fn hik_head(text: &str) {
    let _ = boundary(text);
    let request = digest::Request {
        user: "gateway",
        password: "a long and secret password",
        method: "PUT",
        path: "/ISAPI/System/deviceInfo",
    };
    if let Ok(mut challenge) = digest::challenge([text].into_iter())
        && let Ok(header) = challenge.answer(request)
    {
        assert!(!header.contains(request.password), "D-7");
    }
}

//! What a camera of 大华 sends, read as it is read from the network: for `crates/fuzz` alone.

use super::message;

/// Reads `bytes` as a push, and as the answer to a call.
pub fn dahua(bytes: &[u8]) {
    let _ = message::taken(200, bytes);
    if let Ok((said, camera)) = message::read(bytes) {
        let _ = message::reply(&said, camera.as_deref());
    }
}

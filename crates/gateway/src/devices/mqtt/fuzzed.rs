//! What a broker sends, read as it is read from the network: for `crates/fuzz` alone.

use super::frame::{FrameError, Frames, Packet};

/// Reads `bytes` as packets of a broker.
///
/// # Panics
/// When what comes depends on how it is cut.
pub fn mqtt(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, 1), whole, "cut at every byte");
}

fn read(bytes: &[u8], piece: usize) -> (Vec<Packet>, Option<FrameError>) {
    let mut frames = Frames::default();
    let mut packets = Vec::new();
    for piece in bytes.chunks(piece) {
        frames.room().extend_from_slice(piece);
        loop {
            match frames.next() {
                Ok(Some(packet)) => packets.push(packet),
                Ok(None) => break,
                Err(error) => return (packets, Some(error)),
            }
        }
    }
    (packets, None)
}

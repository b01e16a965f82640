//! What comes from a line with boards on it: for `crates/fuzz` alone.

use super::frame::{Frame, Frames};

/// Reads `bytes` in pieces as long as the first byte says.
///
/// # Panics
/// When a frame is read that is not there, or more than there can be: either would mislead or hang
/// whoever reads.
pub fn olm(bytes: &[u8]) {
    let Some((length, bytes)) = bytes.split_first() else {
        return;
    };
    let (mut frames, mut all) = (Frames::default(), Vec::new());
    for piece in bytes.chunks(usize::from(*length).max(1)) {
        frames.push(piece);
        while let Some(frame) = frames.next() {
            all.push(frame);
            assert!(all.len() <= bytes.len(), "it reads more than has come");
        }
    }
    for frame in all {
        assert!(is_in(bytes, &frame), "{frame:?} is not there");
    }
}

/// What a frame holds, behind its head.
fn is_in(bytes: &[u8], frame: &Frame) -> bool {
    let (address, command, data) = (frame.address, frame.command, frame.data.as_slice());
    let starts = (0..bytes.len()).filter(|start| {
        let head = bytes.get(*start..start + 5);
        head.is_some_and(|it| it[0] == address && it[2..] == [0xFF, 0xFF, command])
    });
    let mut rests = starts.map(|start| &bytes[start + 5..]);
    rests.any(|rest| {
        let short = rest.get(1..).is_some_and(|it| it.starts_with(data));
        short || rest.get(2..).is_some_and(|it| it.starts_with(data))
    })
}

//! What a camera says over TCP, read as it is read from the network: for `crates/fuzz` alone.

use super::frame::{self, Frame, FrameError, Frames, Word};

/// Reads `bytes` as frames, in one piece, byte by byte and in two, and what each holds.
///
/// # Panics
/// When the frames depend on how they are cut, hold more than has come, or tell of an input or a
/// picture that is none.
pub fn vz_tcp(bytes: &[u8]) {
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(read(bytes, 1), whole, "byte by byte");
    assert_eq!(read(bytes, bytes.len().div_ceil(2).max(1)), whole, "in two");
    let payloads = whole.0.iter().filter_map(|it| match it {
        Frame::Json(payload) => Some(payload),
        Frame::Heartbeat | Frame::Other => None,
    });
    let held: usize = payloads.clone().map(Vec::len).sum();
    assert!(held <= bytes.len(), "it reads more than has come");
    payloads.for_each(|payload| word(payload));
    // A frame without its head is a word, too.
    word(bytes);
}

fn read(bytes: &[u8], piece: usize) -> (Vec<Frame>, Option<FrameError>) {
    let (mut frames, mut all) = (Frames::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        frames.push(piece);
        loop {
            match frames.next() {
                Ok(Some(frame)) => all.push(frame),
                Ok(None) => break,
                Err(error) => return (all, Some(error)),
            }
        }
    }
    (all, None)
}

fn word(payload: &[u8]) {
    match frame::word(payload) {
        Ok(Word::Input { number, .. }) => assert!((1..=16).contains(&number)),
        Ok(Word::Plate(_, seen)) => {
            assert!(seen.reliability.is_none_or(|it| it <= 100));
            let length = seen.image.map_or(0, |it| it.len());
            assert!(length <= payload.len(), "a picture longer than its frame");
        }
        Ok(Word::Serial(serial)) => assert!(serial.chars().count() <= 64),
        Ok(Word::Refused(name, code)) => {
            assert!(code != 200 && name.chars().count() <= 40);
        }
        Ok(Word::Newest(record)) => assert!(record >= 0),
        Ok(Word::Other) | Err(_) => {}
    }
}

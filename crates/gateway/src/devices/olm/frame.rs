//! Frames of the boards: bytes in whatever pieces, whole frames out.
//!
//! The address, the version, the number of the packet, the command, the length (one byte or two), so
//! many bytes, and a checksum over all of it.

use crate::devices::modbus::frame::crc;

/// The version whose length has one byte, and that whose length has two.
const SHORT: u8 = 0x64;
const LONG: u8 = 0xC8;

/// The number of a packet that is the only one.
const ONLY: u8 = 0xFF;

/// Address, version, number, command.
const HEAD: usize = 5;

/// Most bytes that a frame holds here, by the one byte of its length.
pub(super) const MOST: usize = 255;

/// Most bytes of an answer: the longest that is known has ten.
const MOST_ANSWERED: usize = 64;

/// Commands.
pub(super) const CONNECT: u8 = 0x00;
pub(super) const SHOW_OLD: u8 = 0x6E;
pub(super) const SHOW: u8 = 0x6F;
pub(super) const SPACES: u8 = 0xE3;

/// A whole frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) address: u8,
    pub(super) command: u8,
    pub(super) data: Vec<u8>,
}

impl Frame {
    /// As it travels.
    pub(super) fn encode(&self) -> Vec<u8> {
        let length = u8::try_from(self.data.len());
        let length = length.expect("what is sent is cut to the length of a frame");
        let mut bytes = vec![self.address, SHORT, ONLY, ONLY, self.command, length];
        bytes.extend_from_slice(&self.data);
        bytes.extend(crc(&bytes).to_le_bytes());
        bytes
    }

    /// The frame with this answer to it.
    pub(super) fn answered(&self, data: &[u8]) -> Frame {
        Frame {
            data: data.to_vec(),
            ..*self
        }
    }

    /// Whether it is the answer to `question`. A converter that repeats what is sent through it does
    /// not answer.
    pub(super) fn answers(&self, question: &Frame) -> bool {
        let same = (self.address, self.command) == (question.address, question.command);
        same && !self.data.is_empty() && self.data != question.data
    }
}

/// What has come and is not read yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: Vec<u8>,
}

/// What stands at a place of the buffer.
enum Found {
    Whole(Frame, usize),
    Beginning,
    Nothing,
}

impl Frames {
    /// A piece has come.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole frame; what is none is passed over, also what only looked like the beginning
    /// of one.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let mut beginning = self.buffer.len();
        for start in 0..self.buffer.len() {
            match find(&self.buffer[start..]) {
                Found::Whole(frame, length) => {
                    self.buffer.drain(..start + length);
                    return Some(frame);
                }
                Found::Beginning => beginning = beginning.min(start),
                Found::Nothing => {}
            }
        }
        self.buffer.drain(..beginning);
        None
    }

    /// Forgets what has come.
    pub(super) fn clear(&mut self) {
        self.buffer.clear();
    }
}

fn find(bytes: &[u8]) -> Found {
    let expected = |at: usize, right: fn(u8) -> bool| bytes.get(at).is_none_or(|it| right(*it));
    let only = |byte| byte == ONLY;
    if !expected(1, |byte| byte == SHORT || byte == LONG)
        || !expected(2, only)
        || !expected(3, only)
    {
        return Found::Nothing;
    }
    let wide = bytes.get(1) == Some(&LONG);
    let (length, before) = match bytes.get(HEAD..) {
        Some([low, high, ..]) if wide => (usize::from(u16::from_le_bytes([*low, *high])), HEAD + 2),
        Some([length, ..]) if !wide => (usize::from(*length), HEAD + 1),
        Some(_) | None => return Found::Beginning,
    };
    if length > MOST_ANSWERED {
        return Found::Nothing;
    }
    let end = before + length;
    let Some(sum) = bytes.get(end..end + 2) else {
        return Found::Beginning;
    };
    if crc(&bytes[..end]).to_le_bytes() != sum {
        return Found::Nothing;
    }
    let frame = Frame {
        address: bytes[0],
        command: bytes[4],
        data: bytes[before..end].to_vec(),
    };
    Found::Whole(frame, end + 2)
}

#[cfg(test)]
pub(super) mod tests;

//! Modbus on the wire: the few functions that relay modules have, over TCP with its own head
//! (MBAP) or as serial frames with their checksum (RTU) through a TCP connection. No I/O.

use crate::config::{ANYBODY, Framing};

/// Longest frame in bytes, in either framing.
pub(super) const MAX_FRAME: usize = 260;

/// Bytes of the head of a TCP frame, with the unit.
const HEAD: usize = 7;

/// Most bits that one reading may ask for.
const MAX_BITS: u16 = 2000;

/// The exception by which what is between the network and a serial line says that the unit did not
/// answer. Whether it has done what it was told is then as unknown as without any answer.
pub(super) const ABSENT: u8 = 0x0B;

/// What FC05 writes to switch a relay on.
pub(super) const ON: u16 = 0xFF00;

/// What FC05 writes to switch a relay off.
pub(super) const OFF: u16 = 0;

/// What a module is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// FC01: how relays are.
    Coils { at: u16, count: u16 },
    /// FC02: how inputs are.
    Inputs { at: u16, count: u16 },
    /// FC05: [`ON`], [`OFF`], or what a maker has added.
    WriteCoil { at: u16, value: u16 },
    /// FC10 with two registers.
    WritePair { at: u16, values: [u16; 2] },
}

/// What a module answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// As many bits as were asked for.
    Bits(Vec<bool>),
    /// It was written.
    Written,
    /// The module will not; nothing was done.
    Exception(u8),
}

/// What the bytes so far are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decoded {
    /// Not a whole frame yet.
    Incomplete,
    /// The answer, in so many bytes.
    Answer(Answer, usize),
    /// The answer to an earlier question: so many bytes to be passed over.
    Stale(usize),
}

/// These bytes are no answer to the question; what follows them means nothing either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("不是 Modbus 帧")]
    NoFrame,
    #[error("校验和不符")]
    Checksum,
    #[error("应答的站号或功能码不符")]
    Mismatch,
    #[error("应答内容与请求不符")]
    Content,
}

/// Who is asked, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) framing: Framing,
    pub(super) unit: u8,
}

impl Call {
    const fn function(self) -> u8 {
        match self {
            Call::Coils { .. } => 0x01,
            Call::Inputs { .. } => 0x02,
            Call::WriteCoil { .. } => 0x05,
            Call::WritePair { .. } => 0x10,
        }
    }

    fn pdu(self) -> Vec<u8> {
        let mut pdu = vec![self.function()];
        let mut word = |value: u16| pdu.extend(value.to_be_bytes());
        match self {
            Call::Coils { at, count } | Call::Inputs { at, count } => {
                word(at);
                word(count);
            }
            Call::WriteCoil { at, value } => {
                word(at);
                word(value);
            }
            Call::WritePair { at, values } => {
                word(at);
                word(2);
                pdu.push(4);
                pdu.extend(values.into_iter().flat_map(u16::to_be_bytes));
            }
        }
        pdu
    }

    /// Reads the answer, whose function code is the call's, from its bytes after that code.
    fn answer(self, body: &[u8]) -> Result<Answer, FrameError> {
        match self {
            Call::Coils { count, .. } | Call::Inputs { count, .. } => {
                let bytes = bytes_of(count);
                match body.split_first() {
                    Some((length, bits))
                        if usize::from(*length) == bytes && bits.len() == bytes =>
                    {
                        let bit = |n: usize| bits[n / 8] >> (n % 8) & 1 == 1;
                        Ok(Answer::Bits((0..usize::from(count)).map(bit).collect()))
                    }
                    Some(_) | None => Err(FrameError::Content),
                }
            }
            // Both are answered with the beginning of the question.
            Call::WriteCoil { .. } | Call::WritePair { .. } if body == &self.pdu()[1..5] => {
                Ok(Answer::Written)
            }
            Call::WriteCoil { .. } | Call::WritePair { .. } => Err(FrameError::Content),
        }
    }

    /// Bytes of the answer after its function code.
    fn answer_length(self) -> usize {
        match self {
            Call::Coils { count, .. } | Call::Inputs { count, .. } => 1 + bytes_of(count),
            Call::WriteCoil { .. } | Call::WritePair { .. } => 4,
        }
    }
}

fn bytes_of(count: u16) -> usize {
    usize::from(count.min(MAX_BITS)).div_ceil(8)
}

impl Peer {
    /// The question as bytes; `transaction` is told by the answer over TCP.
    pub(super) fn encode(self, call: Call, transaction: u16) -> Vec<u8> {
        let pdu = call.pdu();
        let mut frame = Vec::with_capacity(pdu.len() + HEAD);
        match self.framing {
            Framing::Tcp => {
                let length = u16::try_from(pdu.len() + 1).expect("a question has 12 bytes at most");
                for word in [transaction, 0, length] {
                    frame.extend(word.to_be_bytes());
                }
                frame.push(self.unit);
                frame.extend(pdu);
            }
            Framing::Rtu => {
                frame.push(self.unit);
                frame.extend(pdu);
                frame.extend(crc(&frame).to_le_bytes());
            }
        }
        frame
    }

    /// What the bytes that have come are, as an answer to that question.
    pub(super) fn decode(
        self,
        bytes: &[u8],
        call: Call,
        transaction: u16,
    ) -> Result<Decoded, FrameError> {
        match self.framing {
            Framing::Tcp => self.decode_tcp(bytes, call, transaction),
            Framing::Rtu => self.decode_rtu(bytes, call),
        }
    }

    fn decode_tcp(self, bytes: &[u8], call: Call, transaction: u16) -> Result<Decoded, FrameError> {
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else {
            return Ok(Decoded::Incomplete);
        };
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let length = usize::from(word(4));
        // A unit, a function code and one byte at least.
        if word(2) != 0 || !(3..=MAX_FRAME - HEAD + 1).contains(&length) {
            return Err(FrameError::NoFrame);
        }
        let Some(pdu) = rest.get(..length - 1) else {
            return Ok(Decoded::Incomplete);
        };
        if word(0) != transaction {
            return Ok(Decoded::Stale(HEAD + length - 1));
        }
        let answer = self.read(head[6], pdu, call)?;
        Ok(Decoded::Answer(answer, HEAD + length - 1))
    }

    fn decode_rtu(self, bytes: &[u8], call: Call) -> Result<Decoded, FrameError> {
        let [_, function, ..] = *bytes else {
            return Ok(Decoded::Incomplete);
        };
        let body = match function & 0x80 {
            0 => call.answer_length(),
            _ => 1,
        };
        let length = 2 + body;
        let Some(frame) = bytes.get(..length + 2) else {
            return Ok(Decoded::Incomplete);
        };
        let (frame, sum) = frame.split_at(length);
        if crc(frame).to_le_bytes() != sum {
            return Err(FrameError::Checksum);
        }
        let answer = self.read(frame[0], &frame[1..], call)?;
        Ok(Decoded::Answer(answer, length + 2))
    }

    fn read(self, unit: u8, pdu: &[u8], call: Call) -> Result<Answer, FrameError> {
        let (function, body) = pdu.split_first().ok_or(FrameError::NoFrame)?;
        let ours = unit == self.unit || self.unit == ANYBODY;
        if !ours || function & 0x7F != call.function() {
            return Err(FrameError::Mismatch);
        }
        match (function & 0x80, body) {
            (0, body) => call.answer(body),
            (_, [code]) => Ok(Answer::Exception(*code)),
            (_, _) => Err(FrameError::Content),
        }
    }
}

/// CRC-16/MODBUS.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte), |sum, _| match sum & 1 {
            1 => sum >> 1 ^ 0xA001,
            _ => sum >> 1,
        })
    })
}

#[cfg(test)]
mod tests;

//! What a Modbus module answers, read as an answer to each question: for `crates/fuzz` alone.

use super::frame::{Answer, Call, Decoded, ON, Peer};
use crate::config::Framing;

/// The number of the question, which answers over TCP repeat.
const TRANSACTION: u16 = 7;

/// Reads `bytes` as an answer to each kind of question, in either framing.
///
/// # Panics
/// When an answer has another number of bits than was asked for, or what is to be passed over is more
/// than has come: either would hang or mislead who reads.
pub fn modbus(bytes: &[u8]) {
    let calls = [
        Call::Coils { at: 0, count: 8 },
        Call::Inputs { at: 3, count: 17 },
        Call::WriteCoil { at: 1, value: ON },
        Call::WritePair {
            at: 3,
            values: [4, 5],
        },
    ];
    for framing in [Framing::Tcp, Framing::Rtu] {
        let peer = Peer { framing, unit: 1 };
        for call in calls {
            match peer.decode(bytes, call, TRANSACTION) {
                Ok(Decoded::Stale(length)) => assert!((1..=bytes.len()).contains(&length)),
                Ok(Decoded::Answer(_, length)) if length > bytes.len() => {
                    panic!("{length} bytes are read of {}", bytes.len())
                }
                Ok(Decoded::Answer(Answer::Bits(bits), _)) => match call {
                    Call::Coils { count, .. } | Call::Inputs { count, .. } => {
                        assert_eq!(bits.len(), usize::from(count));
                    }
                    Call::WriteCoil { .. } | Call::WritePair { .. } => {
                        panic!("who writes is answered bits")
                    }
                },
                Ok(
                    Decoded::Answer(Answer::Written | Answer::Exception(_), _)
                    | Decoded::Incomplete,
                ) => {}
                Err(_) => {}
            }
        }
    }
}

//! What a module answers to a request, without I/O.

/// A request for bits or a write of one relay: a function, an address, and a number or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) function: u8,
    pub(super) at: u16,
    pub(super) value: u16,
}

/// Exceptions: a function that it has not, an address that it has not, a value that it has not.
pub(super) const NO_FUNCTION: u8 = 1;
pub(super) const NO_ADDRESS: u8 = 2;
pub(super) const NO_VALUE: u8 = 3;

/// Most bits that may be asked for at once.
const MOST_BITS: u16 = 2_000;

impl Request {
    /// Reads one; else the exception that says why not.
    pub(super) fn read(pdu: &[u8]) -> Result<Request, Vec<u8>> {
        let function = pdu.first().copied().unwrap_or_default();
        let [_, a, b, c, d] = *pdu else {
            return Err(exception(function, NO_FUNCTION));
        };
        Ok(Request {
            function,
            at: u16::from_be_bytes([a, b]),
            value: u16::from_be_bytes([c, d]),
        })
    }

    /// The answer to a question for bits.
    pub(super) fn bits(self, get: impl Fn(u16) -> bool) -> Vec<u8> {
        if self.value == 0 || self.value > MOST_BITS {
            return exception(self.function, NO_VALUE);
        }
        let mut bytes = vec![0_u8; usize::from(self.value).div_ceil(8)];
        for number in 0..self.value {
            let bit = u8::from(get(self.at.saturating_add(number)));
            bytes[usize::from(number / 8)] |= bit << (number % 8);
        }
        let mut answer = vec![self.function, u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
        answer.extend(bytes);
        answer
    }
}

/// What refuses a function.
pub(super) fn exception(function: u8, code: u8) -> Vec<u8> {
    vec![function | 0x80, code]
}

/// The checksum of serial frames.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0xFFFF;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            let carry = sum & 1 == 1;
            sum >>= 1;
            if carry {
                sum ^= 0xA001;
            }
        }
    }
    sum
}

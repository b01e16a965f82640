//! What a board is told: frames, and the lines in them.

/// Address, version, two bytes of number, command, length.
const HEAD: usize = 6;

/// Most bytes that are kept while a frame is not whole.
const MOST: usize = HEAD + 255 + 2;

/// A frame to some board.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) unit: u8,
    pub(super) command: u8,
    pub(super) data: Vec<u8>,
}

/// What has come and is not read yet.
#[derive(Debug, Default)]
pub(super) struct Requests(Vec<u8>);

/// A line in a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) comes: u8,
    pub(super) color: [u8; 3],
    pub(super) text: Vec<u8>,
}

/// The lines of a request, each with its place, and what is to be said.
pub(super) type Lines = (Vec<(usize, Line)>, Vec<u8>);

impl Requests {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        let over = self.0.len().saturating_sub(2 * MOST);
        self.0.drain(..over);
    }

    /// The next frame with a right checksum; bytes that begin none are passed over.
    pub(super) fn next(&mut self) -> Option<Request> {
        loop {
            let [unit, version, first, second, command, length, ..] = *self.0 else {
                return None;
            };
            let end = HEAD + usize::from(length);
            if (version, first, second) != (0x64, 0xFF, 0xFF) {
                self.0.remove(0);
                continue;
            }
            let sum = self.0.get(end..end + 2)?;
            if checksum(&self.0[..end]).to_le_bytes() != sum {
                self.0.remove(0);
                continue;
            }
            let data = self.0[HEAD..end].to_vec();
            self.0.drain(..end + 2);
            return Some(Request {
                unit,
                command,
                data,
            });
        }
    }
}

impl Request {
    /// The frame that answers it.
    pub(super) fn answer(&self, data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).unwrap_or(u8::MAX);
        let mut frame = vec![self.unit, 0x64, 0xFF, 0xFF, self.command, length];
        frame.extend(data);
        frame.extend(checksum(&frame).to_le_bytes());
        frame
    }
}

/// What a request to show several lines says; `None` when it is not written as the document says, to
/// the last byte.
pub(super) fn lines(request: &Request) -> Option<Lines> {
    let mut data = request.data.as_slice();
    let is_new = request.command == 0x6F;
    let _stored = byte(&mut data)?;
    if is_new {
        let _seconds = byte(&mut data)?;
    }
    let count = usize::from(byte(&mut data)?);
    if !(1..=4).contains(&count) {
        return None;
    }
    let mut lines = Vec::new();
    for place in 1..=count {
        let [number, comes, _speed, _stays, _repeats] = bytes::<5>(&mut data)?;
        if is_new {
            let [_font, 0] = bytes::<2>(&mut data)? else {
                return None;
            };
        }
        let [red, green, blue, _] = bytes::<4>(&mut data)?;
        let length = usize::from(byte(&mut data)?);
        let text = take(&mut data, length).filter(|_| (1..=32).contains(&length))?;
        let end = if place == count { 0x00 } else { 0x0D };
        if byte(&mut data)? != end {
            return None;
        }
        let line = Line {
            comes,
            color: [red, green, blue],
            text: text.to_vec(),
        };
        lines.push((usize::from(number), line));
    }
    let [0x0A, length] = bytes::<2>(&mut data)? else {
        return None;
    };
    let said = take(&mut data, usize::from(length))?;
    (byte(&mut data)? == 0 && data.is_empty()).then(|| (lines, said.to_vec()))
}

fn byte(data: &mut &[u8]) -> Option<u8> {
    bytes::<1>(data).map(|[byte]| byte)
}

fn bytes<const COUNT: usize>(data: &mut &[u8]) -> Option<[u8; COUNT]> {
    let (first, rest) = data.split_first_chunk::<COUNT>()?;
    *data = rest;
    Some(*first)
}

fn take<'a>(data: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = data.split_at_checked(length)?;
    *data = rest;
    Some(taken)
}

/// CRC-16 as in Modbus: reflected 0x8005, from 0xFFFF.
pub(super) fn checksum(bytes: &[u8]) -> u16 {
    let mut sum = 0xFFFF_u16;
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

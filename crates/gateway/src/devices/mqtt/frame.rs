//! MQTT 3.1.1 as a client speaks it: bytes in whatever pieces, whole packets out. No I/O.
//!
//! Only what is needed: clean sessions, and messages delivered once at most or once at least. What is
//! subscribed to with that never comes with exactly-once delivery.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::devices::push::MOST_BYTES;

/// Largest message: the pictures of a vehicle, as over HTTP, and what stands around them.
pub(in crate::devices) const MOST: usize = MOST_BYTES + 64 * 1024;

/// Bytes that a length is written in at most.
const LENGTH_BYTES: usize = 4;

const CONNECT: u8 = 0x10;
const CONNACK: u8 = 0x20;
const PUBLISH: u8 = 0x30;
const PUBACK: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;
const PINGREQ: u8 = 0xC0;
const PINGRESP: u8 = 0xD0;
const DISCONNECT: u8 = 0xE0;

/// What a broker says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// The connection is taken when it is 0.
    Connected(u8),
    Message(Message),
    /// A message that is larger than [`MOST`], of which only the head is kept.
    TooLarge(Message, usize),
    /// A message of ours has arrived.
    Arrived,
    /// Of each filter in the order in which they were asked for, whether it is served.
    Subscribed(Vec<bool>),
    Pong,
}

/// A message under a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    /// Whether the broker had kept it from an earlier time.
    pub(super) retained: bool,
    /// What it is acknowledged by, if it is to be.
    pub(super) id: Option<u16>,
}

/// Why bytes are no packets: there is no finding back but by a new connection.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    #[error("MQTT 报文类型 {0:02X} 不应由服务器发送")]
    Kind(u8),
    #[error("MQTT 报文长度应在 4 字节内写完")]
    Length,
    #[error("MQTT 报文 {0:02X} 内容不完整")]
    Short(u8),
    #[error("MQTT 主题应为 UTF-8，且不含通配符")]
    Topic,
}

/// What has come and is not read yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    buffer: BytesMut,
    /// Bytes of a message that is too large, which are yet to come.
    skip: usize,
}

impl Frames {
    /// Where the next piece goes.
    pub(super) fn room(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole packet, if there is one.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, FrameError> {
        let skipped = self.skip.min(self.buffer.len());
        self.buffer.advance(skipped);
        self.skip -= skipped;
        let Some((kind, head, length)) = head(&self.buffer)? else {
            return Ok(None);
        };
        if length > MOST {
            return self.too_large(kind, head, length);
        }
        if self.buffer.len() < head + length {
            // What is known to come needs room once.
            self.buffer.reserve(head + length - self.buffer.len());
            return Ok(None);
        }
        self.buffer.advance(head);
        let body = self.buffer.split_to(length).freeze();
        packet(kind, body).map(Some)
    }

    /// Reads the head of a message, and has the rest passed over.
    fn too_large(
        &mut self,
        kind: u8,
        head: usize,
        length: usize,
    ) -> Result<Option<Packet>, FrameError> {
        if kind & 0xF0 != PUBLISH {
            return Err(FrameError::Kind(kind));
        }
        let [high, low, ..] = self.buffer[head..] else {
            return Ok(None);
        };
        let topic = usize::from(u16::from_be_bytes([high, low]));
        let needed = 2 + topic + 2;
        if self.buffer.len() < head + needed {
            return Ok(None);
        }
        self.buffer.advance(head);
        let beginning = self.buffer.split_to(needed).freeze();
        self.skip = length - needed;
        let message = message(kind, beginning)?;
        Ok(Some(Packet::TooLarge(message, length)))
    }
}

/// The first byte, how many bytes it and the length have, and the length.
fn head(buffer: &[u8]) -> Result<Option<(u8, usize, usize)>, FrameError> {
    let Some((kind, rest)) = buffer.split_first() else {
        return Ok(None);
    };
    let mut length = 0;
    for (place, byte) in rest.iter().take(LENGTH_BYTES).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((*kind, place + 2, length)));
        }
    }
    if rest.len() >= LENGTH_BYTES {
        return Err(FrameError::Length);
    }
    Ok(None)
}

fn packet(kind: u8, body: Bytes) -> Result<Packet, FrameError> {
    match (kind, &body[..]) {
        (CONNACK, [_, code]) => Ok(Packet::Connected(*code)),
        (PUBACK, [_, _]) => Ok(Packet::Arrived),
        (SUBACK, [_, _, served @ ..]) => {
            let served = served.iter().map(|code| *code <= 2);
            Ok(Packet::Subscribed(served.collect()))
        }
        (PINGRESP, []) => Ok(Packet::Pong),
        (CONNACK | PUBACK | SUBACK | PINGRESP, _) => Err(FrameError::Short(kind)),
        (kind, _) if kind & 0xF0 == PUBLISH => message(kind, body).map(Packet::Message),
        (kind, _) => Err(FrameError::Kind(kind)),
    }
}

fn message(kind: u8, mut body: Bytes) -> Result<Message, FrameError> {
    let short = || FrameError::Short(kind);
    let length = usize::from(body.try_get_u16().map_err(|_| short())?);
    if body.len() < length {
        return Err(short());
    }
    let topic = body.split_to(length);
    let topic = std::str::from_utf8(&topic).map_err(|_| FrameError::Topic)?;
    if topic.is_empty() || topic.contains(['+', '#', '\0']) {
        return Err(FrameError::Topic);
    }
    let id = match (kind >> 1) & 3 {
        0 => None,
        1 => Some(body.try_get_u16().map_err(|_| short())?),
        _ => return Err(FrameError::Kind(kind)),
    };
    Ok(Message {
        topic: topic.to_owned(),
        payload: body,
        retained: kind & 1 == 1,
        id,
    })
}

/// Who connects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connect<'a> {
    pub(super) client: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    /// Seconds without a word after which the broker may end the connection.
    pub(super) keep_alive: u16,
}

/// Asks for a connection without a past.
pub(super) fn connect(it: &Connect<'_>) -> Vec<u8> {
    const CLEAN: u8 = 0x02;
    let mut flags = CLEAN;
    let mut rest = Vec::new();
    text(&mut rest, it.client);
    if let Some(user) = it.user {
        flags |= 0x80;
        text(&mut rest, user);
        if let Some(password) = it.password {
            flags |= 0x40;
            text(&mut rest, password);
        }
    }
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    body.extend([4, flags]);
    body.extend(it.keep_alive.to_be_bytes());
    body.extend(rest);
    framed(CONNECT, &body)
}

/// Asks for what is said under topics, each at least once.
pub(super) fn subscribe(id: u16, filters: &[String]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for filter in filters {
        text(&mut body, filter);
        body.push(1);
    }
    framed(SUBSCRIBE, &body)
}

/// Says something under a topic: at least once when it has an `id`, else once at most.
pub(super) fn publish(topic: &str, payload: &[u8], id: Option<u16>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    body.extend(id.map(u16::to_be_bytes).into_iter().flatten());
    body.extend_from_slice(payload);
    framed(PUBLISH | u8::from(id.is_some()) << 1, &body)
}

/// A message has come.
pub(super) fn arrived(id: u16) -> Vec<u8> {
    framed(PUBACK, &id.to_be_bytes())
}

/// Asks for a sign of life.
pub(super) fn ping() -> Vec<u8> {
    framed(PINGREQ, &[])
}

/// Takes leave.
pub(super) fn disconnect() -> Vec<u8> {
    framed(DISCONNECT, &[])
}

/// What is written here was checked to be shorter than a text can be.
fn text(to: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("names and topics are checked to be short");
    to.extend(length.to_be_bytes());
    to.extend_from_slice(text.as_bytes());
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    let mut left = body.len();
    loop {
        let byte = u8::try_from(left & 0x7F).expect("seven bits are a byte");
        left >>= 7;
        frame.push(if left > 0 { byte | 0x80 } else { byte });
        if left == 0 {
            break;
        }
    }
    frame.extend_from_slice(body);
    frame
}

#[cfg(test)]
mod tests;

//! Requests and replies of the twelve endpoints.

use std::fmt::Debug;

use boshi_protocol::endpoint::{
    CheckConnect, Endpoint, QueryInOutPayRecord, QueryInOutRecord, QueryPlaceStatus,
    QueryPrePayRecord, QueryUnPushCrossInfo, QueryUnPushRecognitionInfo, ReceiveAbnormal,
    ReceiveCrossGate, ReceiveOpenGate, ReceivePlateNumber, ReceiveShowMsg, Side,
};
use boshi_protocol::envelope::{Incoming, read_reply, reply_text, request_text};
use boshi_protocol::fields::Tolerance::{Strict, Tolerant};
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::token::Credentials;
use jiff::Timestamp;

/// How an endpoint's messages are looked at; each says whether strict accepts.
struct Reader {
    request: fn(&[u8]) -> bool,
    reply: fn(&[u8]) -> bool,
}

const fn reader<E: Endpoint>() -> Reader
where
    E::Request: Debug,
    E::Response: Debug,
{
    Reader {
        request: request_of::<E>,
        reply: reply_of::<E>,
    }
}

const READERS: [Reader; 12] = [
    reader::<ReceivePlateNumber>(),
    reader::<ReceiveCrossGate>(),
    reader::<ReceiveAbnormal>(),
    reader::<ReceiveOpenGate>(),
    reader::<ReceiveShowMsg>(),
    reader::<QueryPlaceStatus>(),
    reader::<QueryUnPushCrossInfo>(),
    reader::<QueryUnPushRecognitionInfo>(),
    reader::<QueryInOutRecord>(),
    reader::<QueryInOutPayRecord>(),
    reader::<QueryPrePayRecord>(),
    reader::<CheckConnect>(),
];

/// A request whose first byte chooses the endpoint; whether it is one, strictly.
pub fn request(bytes: &[u8]) -> bool {
    let (reader, body) = chosen(bytes);
    (reader.request)(body)
}

/// A reply, likewise.
pub fn reply(bytes: &[u8]) -> bool {
    let (reader, body) = chosen(bytes);
    (reader.reply)(body)
}

/// What every request has; read as either side does. What strict accepts, tolerant accepts equally (D-3).
pub(crate) fn envelope(body: &[u8]) {
    for side in [Side::Platform, Side::Supplier] {
        let read = |tolerance| Incoming::parse(body, tolerance).and_then(|it| it.envelope(side));
        if let Ok(strict) = read(Strict) {
            assert_eq!(Ok(strict), read(Tolerant));
        }
    }
}

fn chosen(bytes: &[u8]) -> (&'static Reader, &[u8]) {
    let (first, body) = bytes.split_first().unwrap_or((&b'a', bytes));
    // A letter chooses as well as a byte: `a` is the first endpoint.
    let place = usize::from(first.wrapping_sub(b'a')) % READERS.len();
    (&READERS[place], body)
}

/// What strict accepts, tolerant accepts equally (D-3); and what we write of it, strict reads and writes as the same.
fn request_of<E: Endpoint>(body: &[u8]) -> bool
where
    E::Request: Debug,
{
    let read = |body: &[u8], tolerance| -> Option<E::Request> {
        let incoming = Incoming::parse(body, tolerance).ok()?;
        incoming.request::<E>().ok()
    };
    let (strict, tolerant) = (read(body, Strict), read(body, Tolerant));
    let accepted = strict.is_some();
    if accepted {
        assert_eq!(shown(&strict), shown(&tolerant), "{}", E::PATH);
    }
    if let Some(request) = tolerant {
        let write = |request: &E::Request| {
            request_text::<E>(request, &lot(), &credentials(), Timestamp::UNIX_EPOCH)
        };
        let text = write(&request);
        let again = read(text.as_bytes(), Strict);
        assert_eq!(again.as_ref().map(write), Some(text), "{}", E::PATH);
    }
    accepted
}

fn reply_of<E: Endpoint>(body: &[u8]) -> bool
where
    E::Response: Debug,
{
    let read = |tolerance| read_reply::<E>(body, tolerance).ok();
    let (strict, tolerant) = (read(Strict), read(Tolerant));
    let accepted = strict.is_some();
    if accepted {
        assert_eq!(shown(&strict), shown(&tolerant), "{}", E::PATH);
    }
    if let Some(answer) = tolerant {
        let text = reply_text::<E>(&answer);
        let again = read_reply::<E>(text.as_bytes(), Strict).ok();
        let again = again.as_ref().map(reply_text::<E>);
        assert_eq!(again, Some(text), "{}", E::PATH);
    }
    accepted
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn lot() -> LotId {
    LotId::new("LOT-1").expect("a sound id")
}

fn credentials() -> Credentials {
    let app = AppId::new("99848791").expect("a sound id");
    Credentials::new(app, "secret".to_owned().into())
}

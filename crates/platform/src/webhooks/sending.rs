//! One attempt to send a message.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::signed::{Message, Outside};
use crate::store::StoreError;
use crate::store::delivery::Attempt;
use crate::store::event::Event;

/// Bytes of an answer that are read, and kept in the log of attempts: enough to see what it was.
const MOST_SAID_BYTES: usize = 256;

/// An event as it is sent.
///
/// # Errors
/// When its data is no JSON, which this program never writes.
pub(super) fn message(event: &Event) -> Result<Message, StoreError> {
    Ok(Message {
        id: event.id(),
        body: event.json()?,
    })
}

/// Sends `message` once.
pub(super) async fn attempt(
    outside: &Outside,
    webhook: String,
    message: Message,
    (kind, attempt): (&'static str, u32),
    deadline: Duration,
) -> Attempt {
    let (at, began, event) = (Timestamp::now(), Instant::now(), message.id.clone());
    let answered = outside.post(message, at, deadline, MOST_SAID_BYTES).await;
    let (status, said) = match answered {
        Ok(reply) => (Some(reply.status), shown(&reply.body)),
        Err(why) => (None, why.to_string()),
    };
    Attempt {
        webhook,
        event,
        kind,
        attempt,
        at,
        took: began.elapsed(),
        status,
        said,
    }
}

/// The beginning of an answer as a line of text.
fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let shown = text.chars().map(|character| match character.is_control() {
        true => ' ',
        false => character,
    });
    shown.collect::<String>().trim().to_owned()
}

impl Attempt {
    /// Whether the receiver has taken it.
    pub(crate) fn is_taken(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

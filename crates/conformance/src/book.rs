//! Every exchange of a run, with its times: what verdicts rest on and reports show.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::http::{Request, Response};
use crate::text::Text;

/// Most exchanges of one run: a peer that pushes without end must not fill the memory.
const MAX_EXCHANGES: usize = 20_000;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its place in the book.
    pub number: usize,
    /// The case that was under way.
    pub case: String,
    /// Whether the other side asked.
    pub incoming: bool,
    /// The request.
    pub request: Request,
    /// Its JSON object, if it is one.
    object: Option<Map<String, Value>>,
    /// When it was sent, or had been read.
    pub at: Timestamp,
    /// The same on the runtime's clock.
    pub instant: Instant,
    /// The response, once there is one.
    pub response: Option<Response>,
    /// What was done instead of a plain response, or why there is none.
    pub note: Option<Text>,
    /// How long it took until there was.
    pub took: Option<Duration>,
}

impl Exchange {
    /// The request's JSON object; `None` when it is none.
    pub fn fields(&self) -> Option<&Map<String, Value>> {
        self.object.as_ref()
    }

    /// A text field of the request; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        let value = self.fields().and_then(|fields| fields.get(name));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The request's body, with its token masked.
    pub fn masked_body(&self) -> String {
        mask(&String::from_utf8_lossy(&self.request.body))
    }

    /// Whether the other side sent this to `path`.
    pub fn came_to(&self, path: &str) -> bool {
        self.incoming && self.request.path.ends_with(path)
    }
}

/// Characters of a token that are shown: enough to tell one from another, too few to use it.
const TOKEN_SHOWN: usize = 4;

/// A JSON text with its token masked; a text without one is as it was.
pub fn mask(body: &str) -> String {
    let Some(at) = body.find("\"token\"") else {
        return body.to_owned();
    };
    let (before, rest) = body.split_at(at + "\"token\"".len());
    let Some(open) = rest.find('"') else {
        return body.to_owned();
    };
    let (colon, rest) = rest.split_at(open + 1);
    let end = rest.find('"').unwrap_or(rest.len());
    let shown: String = rest[..end].chars().take(TOKEN_SHOWN).collect();
    format!("{before}{colon}{shown}…{}", &rest[end..])
}

/// The exchanges so far.
pub struct Book {
    clock: Clock,
    pages: Mutex<Pages>,
    changed: watch::Sender<usize>,
}

#[derive(Default)]
struct Pages {
    exchanges: Vec<Exchange>,
    case: String,
}

impl Book {
    /// An empty one.
    pub fn new(clock: Clock) -> Book {
        Book {
            clock,
            pages: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// What is exchanged from now on belongs to the case of that id.
    pub fn turn_to(&self, case: &str) {
        case.clone_into(&mut self.pages().case);
    }

    /// Writes down a request; `None` when the book is full.
    pub fn begin(&self, incoming: bool, request: Request) -> Option<usize> {
        let mut pages = self.pages();
        let number = pages.exchanges.len();
        if number >= MAX_EXCHANGES {
            return None;
        }
        let instant = Instant::now();
        let object = serde_json::from_slice(&request.body).ok();
        let case = pages.case.clone();
        pages.exchanges.push(Exchange {
            number,
            case,
            incoming,
            request,
            object,
            at: self.clock.at(instant),
            instant,
            response: None,
            note: None,
            took: None,
        });
        drop(pages);
        self.changed.send_modify(|changes| *changes += 1);
        Some(number)
    }

    /// Writes down what became of it.
    pub fn end(&self, number: Option<usize>, response: Option<Response>, note: Option<Text>) {
        let mut pages = self.pages();
        if let Some(exchange) = number.and_then(|number| pages.exchanges.get_mut(number)) {
            exchange.response = response;
            exchange.note = note;
            exchange.took = Some(exchange.instant.elapsed());
        }
        drop(pages);
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// How many there are: what comes later has this number or a higher one.
    pub fn mark(&self) -> usize {
        self.pages().exchanges.len()
    }

    /// Those from `mark` on that fit.
    pub fn since(&self, mark: usize, fits: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        let pages = self.pages();
        let later = pages.exchanges.iter().skip(mark);
        later.filter(|exchange| fits(exchange)).cloned().collect()
    }

    /// How many of those from `mark` on fit.
    fn count(&self, mark: usize, fits: impl Fn(&Exchange) -> bool) -> usize {
        let pages = self.pages();
        let later = pages.exchanges.iter().skip(mark);
        later.filter(|exchange| fits(exchange)).count()
    }

    /// Waits until `count` exchanges from `mark` on fit, for `within` at most, and gives those
    /// that do.
    pub async fn wait(
        &self,
        mark: usize,
        count: usize,
        within: Duration,
        fits: impl Fn(&Exchange) -> bool,
    ) -> Vec<Exchange> {
        let mut changes = self.changed.subscribe();
        let enough = async {
            loop {
                changes.borrow_and_update();
                if self.count(mark, &fits) >= count {
                    return;
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(within, enough).await;
        self.since(mark, fits)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-7
    #[test]
    fn a_token_is_masked_wherever_it_stands() {
        let body = r#"{"version":"1.0","token": "2e6eef5a0bba5a666004298e76b2f1cf","time":"x"}"#;
        assert_eq!(
            mask(body),
            r#"{"version":"1.0","token": "2e6e…","time":"x"}"#
        );
        assert_eq!(mask("{}"), "{}");
        assert_eq!(mask(r#"{"token":"2e6eef"#), r#"{"token":"2e6e…"#);
    }
}

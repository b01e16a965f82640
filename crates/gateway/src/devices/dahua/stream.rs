//! The stream of events of a camera (`snapManager.cgi`), opened anew whenever it ends.

use std::convert::Infallible;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::State;
use super::message;
use super::traffic::{self, Told};
use crate::devices::caller::Caller;
use crate::devices::listening::{End, Ends, PartStream};
use crate::devices::multipart::Kind;
use crate::devices::teller::Teller;

/// Listens to one camera.
#[derive(Debug)]
pub(crate) struct Listener {
    seen: Arc<State>,
    caller: Caller,
    /// What could not be read last, to log it once.
    complaint: String,
}

impl Listener {
    pub(super) fn new(seen: Arc<State>, caller: Caller) -> Listener {
        let complaint = String::new();
        Listener {
            seen,
            caller,
            complaint,
        }
    }

    /// Listens until `stop`.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        let listening = async {
            let mut ends = Ends::default();
            loop {
                let Err(end) = self.listen(&teller).await;
                let why = end.to_string();
                self.seen.health.lost(&why);
                ends.pause(&self.seen.config.name, why).await;
            }
        };
        stop.run_until_cancelled(listening).await;
    }

    async fn listen(&mut self, teller: &Teller) -> Result<Infallible, End> {
        let config = &self.seen.config;
        let seconds = config.beats_every().as_secs();
        let path = message::events_path(config.heard_channel(), seconds);
        let silence = config.patience();
        let mut stream = PartStream::open(&mut self.caller, &path, silence).await?;
        loop {
            stream.more().await?;
            self.seen.heard(None, teller).await;
            while let Some(part) = stream.part()? {
                // Pictures come behind a text whose vehicle has been told already.
                if part.kind != Kind::Picture {
                    self.take(&part.body, teller).await;
                }
            }
        }
    }

    async fn take(&mut self, text: &[u8], teller: &Teller) {
        let clock = self.seen.config.clock.unwrap_or_default();
        for told in traffic::read(text, clock) {
            match told {
                Ok(Told::Vehicle(vehicle)) => {
                    self.seen.health.heard(text);
                    teller.tell(self.seen.plate(&vehicle)).await;
                }
                Ok(Told::Other(code)) => {
                    tracing::debug!(code, "a camera tells what is of no use");
                }
                Err(error) => self.complain(error.to_string(), text),
            }
        }
    }

    fn complain(&mut self, why: String, text: &[u8]) {
        self.seen.health.nonsense(&why, text);
        if self.complaint != why {
            let name = &self.seen.config.name;
            tracing::warn!(name, why, "a camera says what cannot be read");
        }
        self.complaint = why;
    }
}

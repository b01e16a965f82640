//! The alert stream of a camera, opened anew whenever it ends.

use std::convert::Infallible;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::State;
use super::event::{self, Said};
use super::isapi;
use crate::devices::caller::Caller;
use crate::devices::listening::{End, Ends, PartStream};
use crate::devices::multipart::Kind;
use crate::devices::teller::Teller;

/// Listens to one camera.
#[derive(Debug)]
pub(crate) struct Listener {
    seen: Arc<State>,
    caller: Caller,
}

impl Listener {
    pub(super) fn new(seen: Arc<State>, caller: Caller) -> Listener {
        Listener { seen, caller }
    }

    /// Listens until `stop`.
    pub(crate) async fn run(mut self, teller: Teller, stop: CancellationToken) {
        let listening = async {
            let mut ends = Ends::default();
            loop {
                let Err(end) = self.listen(&teller).await;
                let why = why(&end);
                self.seen.health.faulty(&why);
                ends.pause(&self.seen.config.name, why).await;
            }
        };
        stop.run_until_cancelled(listening).await;
    }

    async fn listen(&mut self, teller: &Teller) -> Result<Infallible, End> {
        let silence = self.seen.config.alert_silence;
        let opened = PartStream::open(&mut self.caller, isapi::ALERT_STREAM, silence).await;
        let mut stream = opened?;
        let name = &self.seen.config.name;
        tracing::debug!(name, "an alert stream is open");
        loop {
            stream.more().await?;
            self.seen.health.heard_again();
            while let Some(part) = stream.part()? {
                // Pictures, where there are any, come behind what has been told already.
                if matches!(part.kind, Kind::Xml | Kind::Unknown) {
                    self.take(&part.body, teller).await;
                }
            }
        }
    }

    async fn take(&self, document: &[u8], teller: &Teller) {
        match event::read(document) {
            Ok(Said::Plate(seen)) => {
                self.seen.health.heard(document);
                teller.tell(self.seen.plate(*seen, None)).await;
            }
            Ok(Said::Input(input)) => {
                self.seen.health.heard(document);
                self.seen.nudge(input);
            }
            Ok(Said::Beat) => {}
            Ok(Said::Other(kind)) => tracing::debug!(kind, "a camera tells what is of no use"),
            Err(error) => self.seen.complains(&error.to_string()),
        }
    }
}

/// A camera that refuses says so as it does to every call.
fn why(end: &End) -> String {
    match end {
        End::Status(status) => {
            isapi::refusal(&format!("HTTP {status} {}", isapi::ALERT_STREAM), None)
        }
        end => end.to_string(),
    }
}

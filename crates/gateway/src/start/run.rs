//! This run of the program, written down as it goes on, so that the next start can explain itself.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::journal::{Entry, Journal, JournalError, RunStep};

/// How often it is written down that the program is alive: so much is not known of a crash.
const EVERY: Duration = Duration::from_secs(60);

/// This run.
#[derive(Clone)]
pub(super) struct ThisRun {
    journal: Journal,
}

impl ThisRun {
    /// The run begins to serve; also when the disk does not take that.
    pub(super) async fn begin(journal: Journal) -> ThisRun {
        let this = ThisRun { journal };
        let version = env!("CARGO_PKG_VERSION");
        if let Err(error) = this.write(RunStep::Started { version }).await {
            tracing::error!(%error, "started, which the journal does not know");
        }
        this
    }

    /// Says again and again that the program is alive, until `stop`.
    pub(super) async fn stays_alive(self, stop: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            // A disk that fails is told of by those who have records to write.
            let _ = self.write(RunStep::Alive).await;
        }
    }

    /// The run ended in good order.
    pub(super) async fn end(self) {
        if let Err(error) = self.write(RunStep::Stopped).await {
            tracing::error!(%error, "stopped, which the journal does not know");
        }
    }

    async fn write(&self, step: RunStep) -> Result<(), JournalError> {
        let at = Timestamp::now();
        self.journal.write(vec![Entry::Run { step, at }]).await
    }
}

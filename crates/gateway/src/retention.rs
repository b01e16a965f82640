//! What is older than the retention goes: records, and pictures that nothing shows any more.

use std::time::Duration;

use boshi_protocol::id::LotId;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::journal::{Entry, Journal};
use crate::pictures::Pictures;

/// How often it is looked for what has become too old: so often that it is never much at once, and
/// no vehicle waits behind it.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// What is kept, and for how long.
pub(crate) struct Retention {
    pub(crate) lots: Vec<LotId>,
    pub(crate) journal: Journal,
    pub(crate) pictures: Pictures,
    pub(crate) keep: SignedDuration,
}

impl Retention {
    pub(crate) fn new(
        configured: &config::Retention,
        lots: Vec<LotId>,
        journal: Journal,
        pictures: Pictures,
    ) -> Retention {
        let days = i64::from(configured.days.get());
        Retention {
            lots,
            journal,
            pictures,
            keep: SignedDuration::from_hours(24 * days),
        }
    }

    /// Forgets at once and then every now and then, until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        while stop.run_until_cancelled(every.tick()).await.is_some() {
            self.forget(Timestamp::now()).await;
        }
    }

    async fn forget(&self, now: Timestamp) {
        let Ok(before) = now.checked_sub(self.keep) else {
            return;
        };
        for lot in &self.lots {
            let lot = lot.clone();
            let forget = Entry::Forget { lot, before };
            if let Err(error) = self.journal.write(vec![forget]).await {
                tracing::error!(%error, "what is too old cannot be deleted");
            }
        }
        let shown = self.journal.pictures_of_places().await;
        let removed = match shown {
            Ok(shown) => self.pictures.forget(before, shown).await,
            Err(error) => Err(std::io::Error::other(error)),
        };
        match removed {
            Ok(0) => {}
            Ok(pictures) => tracing::info!(pictures, "pictures that were too old are deleted"),
            Err(error) => tracing::error!(%error, "pictures that are too old cannot be deleted"),
        }
    }
}

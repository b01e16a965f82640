//! One look at everything that is watched.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::LotId;
use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::{Monitor, MonitoredLot};
use crate::config;
use crate::driver::Snapshot;
use crate::journal::Entry;

/// Longest wait for a lot or the journal to say how it is. Whoever takes longer is not well.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a look is good for: whoever asks more often, or in a crowd, takes no time of the lots.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// What was seen.
pub(super) struct View {
    at: Instant,
    pub(super) lots: Vec<LotView>,
    /// Whether the journal took a write.
    pub(super) journal: bool,
}

/// What was seen of a lot.
pub(super) struct LotView {
    pub(super) configured: config::Lot,
    /// None when its task did not answer.
    pub(super) snapshot: Option<Snapshot>,
    /// How old the oldest record is that is still to be pushed; zero when there is none.
    pub(super) oldest_pending: Option<Duration>,
    /// By how many seconds the platform's clock is ahead.
    pub(super) skew_seconds: i64,
}

/// What readiness is about.
pub(super) struct Health<'a> {
    pub(super) journal: bool,
    /// Each lot with how many of its entries are not on disk; none when its task does not answer.
    pub(super) lots: Vec<(&'a LotId, Option<usize>)>,
}

impl Monitor {
    /// How everything is, or was a moment ago.
    pub(super) async fn look(&self) -> Arc<View> {
        // Held while looking: those who come meanwhile get the same.
        let mut latest = self.latest.lock().await;
        if let Some(view) = latest.as_ref().filter(|view| view.at.elapsed() < GOOD_FOR) {
            return Arc::clone(view);
        }
        let writing = timeout(ANSWER, self.journal.write(vec![Entry::Probe]));
        let lots = join_all(self.lots.iter().map(|lot| self.look_at(lot)));
        let (written, lots) = tokio::join!(writing, lots);
        let view = Arc::new(View {
            at: Instant::now(),
            lots,
            journal: matches!(written, Ok(Ok(()))),
        });
        *latest = Some(Arc::clone(&view));
        view
    }

    async fn look_at(&self, lot: &MonitoredLot) -> LotView {
        let id = &lot.configured.id;
        let snapshot = timeout(ANSWER, lot.driver.snapshot());
        let pending = timeout(ANSWER, self.journal.oldest_pending(id));
        let (snapshot, pending) = tokio::join!(snapshot, pending);
        let now = Timestamp::now();
        LotView {
            configured: lot.configured.clone(),
            snapshot: snapshot.ok().and_then(Result::ok),
            oldest_pending: pending.ok().and_then(Result::ok).map(|oldest| {
                let age = oldest.map(|at| now.duration_since(at));
                age.and_then(|age| age.try_into().ok()).unwrap_or_default()
            }),
            skew_seconds: self.door.skew_seconds(id),
        }
    }
}

impl View {
    pub(super) fn health(&self) -> Health<'_> {
        let lots = self.lots.iter().map(|lot| {
            let snapshot = lot.snapshot.as_ref();
            (&lot.configured.id, snapshot.map(|it| it.unwritten))
        });
        Health {
            journal: self.journal,
            lots: lots.collect(),
        }
    }
}

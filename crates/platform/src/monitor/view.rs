//! One look at everything that is watched.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::id::LotId;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout};

use super::Monitor;
use crate::lots::Lot;
use crate::store::WRITES_WAITING;
use crate::store::outgoing::{Outgoing, outgoing};
use crate::watch::Standing;

/// Longest wait for the records to take a write. Whoever takes longer is not well.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a look is good for: whoever asks more often, or in a crowd, takes no time of the lots.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// Most lots that are named because they are down, or their clock is wrong: more tell nobody more.
const MOST_NAMED: usize = 100;

/// What was seen.
pub(crate) struct View {
    at: Instant,
    /// Whether the records took a write.
    pub(super) writable: bool,
    waiting: usize,
    pub(super) lots: LotsView,
    /// What is on its way to others; none when that could not be read.
    pub(super) outgoing: Option<Outgoing>,
}

/// What was seen of the lots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LotsView {
    pub(super) unheard: usize,
    pub(super) up: usize,
    pub(super) suspected: usize,
    pub(super) outage: usize,
    /// Whose clock is off by more than half of what is allowed (D-4).
    pub(super) skewed: usize,
    /// That answer and were never asked in full for what they could not push (D-19).
    pub(super) unreconciled: usize,
    /// For how long the lot that answers was not asked for which that is the longest.
    pub(super) reconcile_lag: Duration,
    /// The longest outages.
    pub(super) down: Vec<(LotId, Duration)>,
    /// The clocks that are off the most, in seconds.
    pub(super) off: Vec<(LotId, i64)>,
}

impl Monitor {
    /// How everything is, or was a moment ago.
    pub(super) async fn look(&self) -> Arc<View> {
        // Held while looking: those who come meanwhile get the same.
        let mut latest = self.latest.lock().await;
        if let Some(view) = latest.as_ref().filter(|view| view.at.elapsed() < GOOD_FOR) {
            return Arc::clone(view);
        }
        let written = timeout(ANSWER, self.store.proves_writable()).await;
        let outgoing = timeout(ANSWER, self.store.read(outgoing)).await;
        let allowed = self.clock.window.as_secs();
        let view = Arc::new(View {
            at: Instant::now(),
            writable: matches!(written, Ok(Ok(()))),
            waiting: self.store.figures().waiting(),
            outgoing: outgoing.ok().and_then(Result::ok),
            lots: LotsView::of(&self.lots.all(), allowed, Timestamp::now()),
        });
        *latest = Some(Arc::clone(&view));
        view
    }
}

impl View {
    /// What is not as it should be; nothing when the platform is ready.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.writable {
            reasons.push("记录库无法写入".to_owned());
        }
        if self.waiting >= WRITES_WAITING {
            reasons.push(format!("写入队列已满：{} 个请求在等待", self.waiting));
        }
        reasons
    }
}

impl LotsView {
    fn of(lots: &[Arc<Lot>], allowed: u64, now: Timestamp) -> LotsView {
        let mut seen = LotsView::default();
        for lot in lots {
            let presence = lot.presence();
            match presence.watch.standing() {
                Standing::Unheard { .. } => seen.unheard += 1,
                Standing::Up => seen.up += 1,
                Standing::Suspected { .. } => seen.suspected += 1,
                Standing::Outage { since } => {
                    seen.outage += 1;
                    seen.down.push((lot.id.clone(), age(since, now)));
                }
            }
            if let Standing::Up | Standing::Suspected { .. } = presence.watch.standing() {
                match presence.reconciled {
                    None => seen.unreconciled += 1,
                    Some(at) => seen.reconcile_lag = seen.reconcile_lag.max(age(at, now)),
                }
            }
            if let Some(skew) = presence.skew_alarm(allowed) {
                seen.skewed += 1;
                seen.off.push((lot.id.clone(), skew));
            }
        }
        seen.down.sort_by_key(|(_, down)| std::cmp::Reverse(*down));
        seen.down.truncate(MOST_NAMED);
        seen.off
            .sort_by_key(|(_, skew)| std::cmp::Reverse(skew.unsigned_abs()));
        seen.off.truncate(MOST_NAMED);
        seen
    }
}

pub(super) fn age(at: Timestamp, now: Timestamp) -> Duration {
    let age: SignedDuration = now.duration_since(at);
    age.try_into().unwrap_or_default()
}

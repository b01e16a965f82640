//! The heartbeat of one lot (BEAT-1): asks, tells the watch, and writes down what has changed.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::endpoint::CheckConnect;
use boshi_protocol::envelope::Answer;
use rusqlite::Connection;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Heartbeat;
use crate::counts::Counts;
use crate::lots::Lot;
use crate::store::{Store, StoreError, outage};
use crate::watch::Change;

/// Longest wait before the first heartbeat: a person looks whether the lots are there, and a
/// thousand lots are not to be asked at once.
const FIRST_WITHIN: Duration = Duration::from_secs(2);

/// Heartbeats under way at once, each of which holds a connection: ten thousand lots are asked in a
/// few seconds when they answer, and within an interval when none of them does.
const AT_ONCE: usize = 1024;

/// Lots of which the first heartbeat is awaited without a thought: more of them are asked over a
/// longer time, so many a second.
const FIRST_PER_SECOND: u32 = 500;

/// How often it is tried to write down that an outage has begun or ended while the writer is busy.
const TRIES: u32 = 10;
/// The pause between two tries: a full queue is written within a second.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Watches lots. Clones share what there may be at once.
#[derive(Clone)]
pub(crate) struct Watcher {
    store: Store,
    settings: Heartbeat,
    counts: Counts,
    at_once: Arc<Semaphore>,
}

impl Watcher {
    pub(crate) fn new(store: Store, settings: Heartbeat, counts: Counts) -> Watcher {
        Watcher {
            store,
            settings,
            counts,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Watches `lot`, one of so many, until `stop`.
    pub(crate) async fn watch(self, lot: Arc<Lot>, lots: usize, stop: CancellationToken) {
        let interval = self.settings.interval;
        let mut next = Instant::now() + share(first_within(lots).min(interval), 0.0);
        while !stop.is_cancelled() {
            let change = tokio::select! {
                () = stop.cancelled() => return,
                () = lot.called.notified() => lot.presence().watch.heard(lot.peer.now()),
                () = tokio::time::sleep_until(next) => {
                    let beat = stop.run_until_cancelled(self.beat(&lot));
                    let Some(change) = beat.await else { return };
                    next = Instant::now() + share(interval, 0.8);
                    change
                }
            };
            if let Some(change) = change {
                self.counts.change(&change);
                note(&lot, &self.store, change).await;
            }
        }
    }

    pub(crate) async fn beat(&self, lot: &Lot) -> Option<Change> {
        // Never closed; and without it a lot would still have to be asked.
        let _place = self.at_once.acquire().await;
        let change = beat(lot, self.settings.timeout).await;
        let answered = lot.presence().heartbeat.as_ref().is_some_and(Result::is_ok);
        self.counts.heartbeat(answered);
        change
    }
}

/// Over what time the first heartbeats of so many lots are spread.
fn first_within(lots: usize) -> Duration {
    let lots = u32::try_from(lots).unwrap_or(u32::MAX);
    FIRST_WITHIN.max(Duration::from_secs(u64::from(lots / FIRST_PER_SECOND)))
}

async fn beat(lot: &Lot, timeout: Duration) -> Option<Change> {
    let asked = lot.peer.call::<CheckConnect>(&(), lot.peer.now(), timeout);
    let answered = match asked.await {
        Ok(Answer::Accepted { .. }) => Ok(()),
        Ok(Answer::Refused(refusal)) => Err(format!("车场应答：{refusal}")),
        Err(fault) => Err(fault.to_string()),
    };
    let mut presence = lot.presence();
    let change = match &answered {
        Ok(()) => presence.watch.heard(lot.peer.now()),
        Err(_) => presence.watch.missed(),
    };
    presence.heartbeat = Some(answered);
    change
}

pub(crate) async fn note(lot: &Lot, store: &Store, change: Change) {
    let id = lot.id.clone();
    let written = match change {
        Change::Appeared => {
            info!(lot = %id, "the lot answers");
            lot.returned.notify_one();
            Ok(())
        }
        Change::Lost { since } => {
            let why = lot.presence().heartbeat.clone().and_then(Result::err);
            warn!(lot = %id, %since, why, "the lot does not answer");
            let now = lot.peer.now();
            patiently(store, move |db| outage::begin(db, &id, since, now)).await
        }
        Change::Returned { since } => {
            info!(lot = %id, %since, "the lot answers again");
            let until = lot.peer.now();
            let written = patiently(store, move |db| outage::end(db, &id, until)).await;
            // After the end is written: the pass begins before outages that have ended (D-19).
            lot.returned.notify_one();
            written
        }
    };
    if let Err(error) = written {
        error!(lot = %lot.id, %error, "an outage could not be written down");
    }
}

/// Writes down what happens once and is not told again, also when the writer is busy for a while: an
/// outage whose end is lost would go on in the records.
async fn patiently(
    store: &Store,
    write: impl Fn(&Connection) -> Result<(), StoreError> + Clone + Send + 'static,
) -> Result<(), StoreError> {
    for _ in 1..TRIES {
        match store.write(write.clone()).await {
            Err(StoreError::Busy) => tokio::time::sleep(BETWEEN_TRIES).await,
            written => return written,
        }
    }
    store.write(write).await
}

/// Somewhere between `least` of `whole` and all of it, so that lots do not march in step.
pub(crate) fn share(whole: Duration, least: f64) -> Duration {
    // Without randomness they do march in step, which is no reason to stop watching.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    let part = f64::from(random) / f64::from(u32::MAX);
    whole.mul_f64(least + (1.0 - least) * part)
}

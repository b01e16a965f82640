//! The heartbeat of one lot (BEAT-1): asks, tells the watch, and writes down what has changed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::endpoint::CheckConnect;
use boshi_protocol::envelope::Answer;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

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

/// The pause before it is tried again to write down that an outage has begun or ended: a full queue is
/// written within that.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Beginnings and ends of outages of a lot that wait to be written: a lot that comes and goes with every
/// heartbeat for hours, on a disk that is broken for as long.
const MOST_OWED: usize = 1024;

/// What is to be written down of a lot, the oldest first. It happens once and is not told again: an
/// outage whose end is lost would go on in the records.
#[derive(Debug, Default)]
pub(crate) struct Owed(VecDeque<Told>);

/// What is to be written down. Written again it changes nothing.
#[derive(Clone, Copy, Debug)]
enum Told {
    Began { since: Timestamp, at: Timestamp },
    Ended { at: Timestamp },
}

impl Lot {
    fn owes(&self) -> bool {
        !self.owed().0.is_empty()
    }
}

impl Owed {
    fn add(&mut self, told: Told) {
        if self.0.len() == MOST_OWED {
            self.0.pop_front();
        }
        self.0.push_back(told);
    }

    /// Takes over what the lot owed in whose place this one is.
    pub(crate) fn take_over(&mut self, before: &mut Owed) {
        self.0.append(&mut before.0);
    }
}

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
        loop {
            let again = Instant::now() + BETWEEN_TRIES;
            let change = tokio::select! {
                () = stop.cancelled() => break,
                () = lot.called.notified() => lot.presence().watch.heard(lot.peer.now()),
                () = tokio::time::sleep_until(again), if lot.owes() => None,
                () = tokio::time::sleep_until(next) => {
                    let beat = stop.run_until_cancelled(self.beat(&lot));
                    let Some(change) = beat.await else { break };
                    next = Instant::now() + share(interval, 0.8);
                    change
                }
            };
            match change {
                Some(change) => {
                    self.counts.change(&change);
                    note(&lot, &self.store, change).await;
                }
                None => settle_later(&lot, &self.store).await,
            }
        }
        // Otherwise nobody would know of it any more.
        settle_later(&lot, &self.store).await;
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
    // A call of its own while it was asked is as good as an answer.
    let has_called = lot.called.notified().now_or_never().is_some();
    let mut presence = lot.presence();
    let change = match &answered {
        Err(_) if !has_called => presence.watch.missed(),
        Ok(()) | Err(_) => presence.watch.heard(lot.peer.now()),
    };
    presence.heartbeat = Some(answered);
    change
}

/// Says what has changed, and writes it down; what cannot be written now is owed.
pub(crate) async fn note(lot: &Lot, store: &Store, change: Change) {
    let (id, at) = (&lot.id, lot.peer.now());
    match change {
        Change::Appeared => info!(lot = %id, "the lot answers"),
        Change::Lost { since } => {
            let why = lot.presence().heartbeat.clone().and_then(Result::err);
            warn!(lot = %id, %since, why, "the lot does not answer");
            lot.owed().add(Told::Began { since, at });
        }
        Change::Returned { since } => {
            info!(lot = %id, %since, "the lot answers again");
            lot.owed().add(Told::Ended { at });
        }
    }
    if let Err(error) = settle(lot, store).await {
        error!(lot = %id, %error, "an outage could not be written down: tried until it is");
    }
    if let Change::Appeared | Change::Returned { .. } = change {
        // After the end is written: the pass begins before outages that have ended (D-19).
        lot.returned.notify_one();
    }
}

/// Writes down what is owed, in its order, as far as that can be done now.
async fn settle(lot: &Lot, store: &Store) -> Result<(), StoreError> {
    loop {
        let Some(told) = lot.owed().0.front().copied() else {
            return Ok(());
        };
        let id = lot.id.clone();
        let written = store.write(move |db| match told {
            Told::Began { since, at } => outage::begin(db, &id, since, at),
            Told::Ended { at } => outage::end(db, &id, at),
        });
        written.await?;
        lot.owed().0.pop_front();
    }
}

/// The same once more. That it could not be done was said the first time.
pub(crate) async fn settle_later(lot: &Lot, store: &Store) {
    if let Err(error) = settle(lot, store).await {
        debug!(lot = %lot.id, %error, "an outage could not be written down yet");
    }
}

/// Somewhere between `least` of `whole` and all of it, so that lots do not march in step.
pub(crate) fn share(whole: Duration, least: f64) -> Duration {
    // Without randomness they do march in step, which is no reason to stop watching.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    let part = f64::from(random) / f64::from(u32::MAX);
    whole.mul_f64(least + (1.0 - least) * part)
}

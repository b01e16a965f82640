//! Brings events to one endpoint: a few at a time, each on its own, so that one that is refused holds
//! up no other and a slow endpoint holds up no other endpoint.
//!
//! What is to be sent is on disk before it is sent, and is there until it was taken: whenever the
//! process dies, it is sent at least once, under the same id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::schedule::Policy;
use super::sending::{self, attempt};
use crate::counts::Counts;
use crate::events::{Filter, Tail};
use crate::signed::Outside;
use crate::store::delivery::{self, Taken, Waiting, advance, drop_gone, first_waiting, take_up};
use crate::store::event::{Event, Place, Resumed, find};
use crate::store::{Store, StoreError};

/// Events under way to one endpoint at once.
const UNDER_WAY: usize = 4;
/// Failures in a row after which one at a time is tried: whoever is down is not hammered.
const FAILING: u32 = 5;
/// Events without one that is wanted, after which it is written down how far the courier has come:
/// as many are looked at again after a crash.
const LOOKED_AT: i64 = 1000;
/// Pause when the records cannot be read or written.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Longest that what is under way may take once the platform is to stop; what is not answered by
/// then is sent again.
const LEAVE: Duration = Duration::from_secs(3);
/// Longest wait without a look at what is due: a wall clock that was set moves what is due.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Brings events to an endpoint.
pub(super) struct Courier {
    pub(super) name: String,
    pub(super) store: Store,
    pub(super) tail: Arc<Tail>,
    pub(super) outside: Outside,
    pub(super) filter: Filter,
    pub(super) policy: Arc<Policy>,
    pub(super) counts: Counts,
    /// Somebody has put more in its way.
    pub(super) more: Arc<Notify>,
    /// Every event up to here was looked at; written down up to `noted`.
    pub(super) done: i64,
    pub(super) noted: i64,
    pub(super) under_way: BTreeSet<i64>,
    pub(super) failures: u32,
    /// The endpoint is not there any more.
    pub(super) is_removed: bool,
}

/// What became of an attempt.
struct Tried {
    event: i64,
    /// Whether it was taken and whether the endpoint is still enabled; or the attempt could not be
    /// written down.
    result: Result<(bool, bool), StoreError>,
}

impl Courier {
    /// Works until `stop`, or until the endpoint is disabled; `over` ends it at once.
    pub(super) async fn run(self, over: CancellationToken, stop: CancellationToken) {
        over.run_until_cancelled(self.work(stop)).await;
    }

    async fn work(mut self, stop: CancellationToken) {
        let mut flying = JoinSet::new();
        let (mut known, more) = (self.tail.watch(), Arc::clone(&self.more));
        loop {
            known.mark_unchanged();
            let next = match self.send_some(&mut flying).await {
                Ok(next) => next,
                Err(error) => {
                    error!(webhook = self.name, %error, "what is to be sent cannot be read");
                    Instant::now() + AFTER_FAILURE
                }
            };
            if self.is_removed {
                info!(webhook = self.name, "it is not there any more");
                return;
            }
            let has_room = self.room() > 0;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(tried) = flying.join_next() => match tried {
                    Ok(tried) => {
                        if !self.settled(tried).await {
                            return;
                        }
                    }
                    Err(error) => error!(webhook = self.name, %error, "an attempt has panicked"),
                },
                changed = known.changed(), if has_room => if changed.is_err() { break },
                () = more.notified(), if has_room => {}
                () = sleep_until(next), if has_room => {}
            }
        }
        let rest = async { while flying.join_next().await.is_some() {} };
        if tokio::time::timeout(LEAVE, rest).await.is_err() {
            info!(
                webhook = self.name,
                "what is under way is sent again after the next start"
            );
        }
    }

    /// Sends what is due, as far as there is room; when to look again.
    async fn send_some(&mut self, flying: &mut JoinSet<Tried>) -> Result<Instant, StoreError> {
        loop {
            let room = self.room();
            let (name, most) = (self.name.clone(), self.under_way.len() + room + 1);
            let waiting = self.store.read(move |db| first_waiting(db, &name, most));
            let mut waiting = waiting.await?;
            waiting.retain(|waiting| !self.under_way.contains(&waiting.event));
            let now = Timestamp::now();
            let due: Vec<Waiting> = waiting
                .iter()
                .take_while(|waiting| waiting.due <= now)
                .take(room)
                .copied()
                .collect();
            let is_full = due.len() == room;
            let next = waiting.get(due.len()).map(|waiting| waiting.due);
            for waiting in due {
                self.send(waiting, flying).await?;
            }
            if is_full || !self.take_up().await? {
                let wait = next.map(|next| next.duration_since(now).unsigned_abs());
                return Ok(Instant::now() + wait.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN));
            }
        }
    }

    fn room(&self) -> usize {
        let most = match self.failures {
            FAILING.. => 1,
            _ => UNDER_WAY,
        };
        most.saturating_sub(self.under_way.len())
    }

    async fn send(
        &mut self,
        waiting: Waiting,
        flying: &mut JoinSet<Tried>,
    ) -> Result<(), StoreError> {
        let found = self.store.read(move |db| find(db, waiting.event)).await?;
        let Some(event) = found else {
            warn!(
                webhook = self.name,
                event = waiting.event,
                "too old to be sent"
            );
            let name = self.name.clone();
            let dropped = self
                .store
                .write(move |db| drop_gone(db, &name, waiting.event));
            return dropped.await;
        };
        self.under_way.insert(waiting.event);
        let (name, outside) = (self.name.clone(), self.outside.clone());
        let policy = (Arc::clone(&self.policy), self.counts.clone());
        let store = self.store.clone();
        flying.spawn(async move {
            Tried {
                event: waiting.event,
                result: bring(store, name, outside, policy, event, waiting.attempts + 1).await,
            }
        });
        Ok(())
    }

    /// Whether to go on.
    async fn settled(&mut self, tried: Tried) -> bool {
        self.under_way.remove(&tried.event);
        match tried.result {
            Ok((true, _)) => self.failures = 0,
            Ok((false, true)) => self.failures = self.failures.saturating_add(1),
            Ok((false, false)) => {
                warn!(webhook = self.name, "nothing is sent to it any more");
                return false;
            }
            Err(error) => {
                error!(webhook = self.name, %error, "an attempt could not be written down");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
        true
    }

    /// Puts some of what is new in its own way; whether there may be something to send now.
    async fn take_up(&mut self) -> Result<bool, StoreError> {
        let done = Place {
            number: self.done,
            second: None,
        };
        if self.tail.watch().borrow().number <= self.done {
            return Ok(false);
        }
        let Some(scan) = self.tail.after(done, &self.filter).await? else {
            return self.skip_gone(done).await;
        };
        let (name, now) = (self.name.clone(), Timestamp::now());
        if scan.events.is_empty() {
            self.done = scan.upto.number;
            if self.done - self.noted >= LOOKED_AT {
                self.noted = self.done;
                let done = self.done;
                let noted = self.store.write(move |db| advance(db, &name, done));
                self.is_removed = !noted.await?;
            }
            return Ok(!self.is_removed);
        }
        let (filter, from) = (self.filter.clone(), self.done);
        let taken = self
            .store
            .write(move |db| take_up(db, &name, from, &filter, now));
        let upto = match taken.await? {
            Taken::Upto(upto) => upto,
            Taken::Gone => return self.skip_gone(done).await,
            Taken::Removed => {
                self.is_removed = true;
                return Ok(false);
            }
        };
        let is_further = upto.number > self.done;
        (self.done, self.noted) = (upto.number, upto.number);
        Ok(is_further)
    }

    /// Goes on with the oldest event: what came before it is not in the log any more.
    async fn skip_gone(&mut self, done: Place) -> Result<bool, StoreError> {
        if let Resumed::Gone(before) = self.tail.resume(Some(done)).await? {
            let (from, to) = (done.number + 1, before.number);
            warn!(
                webhook = self.name,
                from, to, "events were gone before they could be sent"
            );
            self.done = before.number;
        }
        Ok(true)
    }
}

/// Sends an event once and writes down what became of it: whether it was taken, and whether the
/// endpoint is still enabled.
async fn bring(
    store: Store,
    name: String,
    outside: Outside,
    (policy, counts): (Arc<Policy>, Counts),
    event: Arc<Event>,
    number: u32,
) -> Result<(bool, bool), StoreError> {
    let message = sending::message(&event)?;
    let kind = event.kind.as_str();
    let tried = attempt(&outside, name, message, (kind, number), policy.deadline).await;
    counts.attempt(tried.status, tried.is_taken());
    let random = f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX);
    let verdict = policy.verdict(number, tried.status, random);
    let (give_up, taken) = (policy.give_up, tried.is_taken());
    let settled = store.write(move |db| {
        delivery::settle(db, &event, &tried, (verdict, give_up), Timestamp::now())
    });
    Ok((taken, settled.await?))
}

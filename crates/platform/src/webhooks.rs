//! Webhooks: events that are sent to other people's systems, signed, at least once each.
//!
//! Each endpoint has a [`courier`] of its own. Who may add one makes the platform call addresses of
//! its own network, so only an administrator may.

mod courier;
mod endpoint;
pub(crate) mod schedule;
mod sending;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;
use uuid::Uuid;

use self::courier::Courier;
pub(crate) use self::endpoint::Endpoint;
use self::schedule::Policy;
use crate::china::ChinaTime;
use crate::counts::Counts;
use crate::events::Tail;
use crate::registry::EntryError;
use crate::signed::Message;
use crate::store::audit::Act;
use crate::store::delivery::{Attempt, note, put_due};
use crate::store::webhook::{self, Known};
use crate::store::{Store, StoreError};

/// Most endpoints: each reads the log and keeps connections.
pub(crate) const MOST_ENDPOINTS: usize = 50;
/// The kind of the message that only tries whether an endpoint can be reached.
pub(crate) const TEST: &str = "webhook.test";
/// Rows that are written at once: a few milliseconds in which others wait for the writer.
const CHUNK: usize = 500;

/// The endpoints and whoever serves them.
pub(crate) struct Webhooks {
    store: Store,
    tail: Arc<Tail>,
    policy: Arc<Policy>,
    counts: Counts,
    tasks: TaskTracker,
    stop: CancellationToken,
    working: Mutex<HashMap<String, Working>>,
    /// Held during a change.
    changing: tokio::sync::Mutex<()>,
}

/// A courier that works.
struct Working {
    over: CancellationToken,
    more: Arc<Notify>,
}

/// Why an endpoint cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WebhookError {
    /// There is no such endpoint.
    #[error("没有此推送")]
    Unknown,
    /// There are enough.
    #[error("推送已达上限 {MOST_ENDPOINTS} 个")]
    TooMany,
    /// A field makes no sense.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Webhooks {
    pub(crate) fn new(
        (store, tail): (Store, Arc<Tail>),
        (policy, counts): (Policy, Counts),
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Webhooks {
        Webhooks {
            store,
            tail,
            policy: Arc::new(policy),
            counts,
            tasks,
            stop,
            working: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Takes up every endpoint where it was.
    pub(crate) async fn begin(&self) -> Result<(), StoreError> {
        for known in self.store.read(webhook::all).await? {
            self.serve(&known);
        }
        Ok(())
    }

    /// Puts an endpoint in or changes it, as `change` says of the one that is there.
    pub(crate) async fn put(
        &self,
        name: String,
        change: impl FnOnce(Option<Endpoint>) -> Result<Endpoint, EntryError>,
        by: String,
    ) -> Result<Known, WebhookError> {
        let _alone = self.changing.lock().await;
        let all = self.store.read(webhook::all).await?;
        let before = all.iter().find(|known| known.endpoint.name == name);
        if before.is_none() && all.len() >= MOST_ENDPOINTS {
            return Err(WebhookError::TooMany);
        }
        let endpoint = change(before.map(|known| known.endpoint.clone()))?;
        endpoint.check()?;
        self.rest(&name);
        let written = self.store.write(move |db| {
            let at = whose(&endpoint.url);
            let act = act(&by, "webhook.put", &endpoint.name, &at);
            webhook::put(db, &endpoint, &act, Timestamp::now())?;
            webhook::find(db, &endpoint.name)
        });
        let known = match written.await {
            Ok(known) => known.ok_or(WebhookError::Unknown)?,
            Err(error) => {
                if let Some(before) = before {
                    self.serve(before);
                }
                return Err(error.into());
            }
        };
        self.serve(&known);
        Ok(known)
    }

    /// Takes an endpoint out, with everything that waits for it.
    pub(crate) async fn remove(&self, name: String, by: String) -> Result<(), WebhookError> {
        let _alone = self.changing.lock().await;
        let gone = name.clone();
        let removed = self.store.write(move |db| {
            let act = act(&by, "webhook.remove", &gone, "");
            webhook::remove(db, &gone, &act, Timestamp::now())
        });
        if !removed.await? {
            return Err(WebhookError::Unknown);
        }
        self.rest(&name);
        Ok(())
    }

    /// Sends a message that only tries whether the endpoint takes it.
    pub(crate) async fn test(&self, name: &str) -> Result<Attempt, WebhookError> {
        let endpoint = self.known(name).await?.endpoint;
        let (id, now) = (format!("test-{}", Uuid::now_v7()), Timestamp::now());
        let body = json!({
            "id": id, "kind": TEST, "at": ChinaTime::new(now), "lot": null, "data": {}
        });
        let message = Message {
            id,
            body: body.to_string(),
        };
        let (outside, name) = (endpoint.outside()?, endpoint.name);
        let deadline = self.policy.deadline;
        let tried = sending::attempt(&outside, name, message, (TEST, 1), deadline).await;
        self.counts.attempt(tried.status, tried.is_taken());
        let noted = tried.clone();
        let taken = tried.is_taken();
        self.store.write(move |db| note(db, &noted, taken)).await?;
        Ok(tried)
    }

    /// Sends these events, again if need be.
    pub(crate) async fn resend(
        &self,
        name: &str,
        mut events: Vec<i64>,
        by: String,
    ) -> Result<(), WebhookError> {
        let name = self.known(name).await?.endpoint.name;
        while !events.is_empty() {
            let some: Vec<i64> = events.drain(..events.len().min(CHUNK)).collect();
            let (name, by, now) = (name.clone(), by.clone(), Timestamp::now());
            let written = self.store.write(move |db| {
                for event in &some {
                    put_due(db, &name, *event, now)?;
                }
                let what = format!("{} 个事件", some.len());
                let act = act(&by, "webhook.resend", &name, &what);
                crate::store::audit::note(db, None, &act, now)
            });
            written.await?;
        }
        let working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(working) = working.get(&name) {
            working.more.notify_one();
        }
        Ok(())
    }

    /// The endpoint of that name.
    pub(crate) async fn known(&self, name: &str) -> Result<Known, WebhookError> {
        let name = name.to_owned();
        let found = self.store.read(move |db| webhook::find(db, &name));
        found.await?.ok_or(WebhookError::Unknown)
    }

    /// Whether somebody works for the endpoint of that name.
    #[cfg(test)]
    pub(crate) fn serves(&self, name: &str) -> bool {
        let working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
        working.contains_key(name)
    }

    /// Ends the work for an endpoint.
    fn rest(&self, name: &str) {
        let mut working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(working) = working.remove(name) {
            working.over.cancel();
        }
    }

    /// Begins the work for an endpoint, if it is enabled.
    fn serve(&self, known: &Known) {
        let endpoint = &known.endpoint;
        if !endpoint.enabled {
            return;
        }
        let outside = match endpoint.outside() {
            Ok(outside) => outside,
            Err(error) => {
                error!(webhook = endpoint.name, %error, "it cannot be served");
                return;
            }
        };
        let (over, more) = (CancellationToken::new(), Arc::new(Notify::new()));
        let courier = Courier {
            name: endpoint.name.clone(),
            store: self.store.clone(),
            tail: Arc::clone(&self.tail),
            outside,
            filter: endpoint.filter(),
            policy: Arc::clone(&self.policy),
            counts: self.counts.clone(),
            more: Arc::clone(&more),
            done: known.done,
            noted: known.done,
            under_way: BTreeSet::new(),
            failures: 0,
            is_removed: false,
        };
        self.tasks
            .spawn(courier.run(over.clone(), self.stop.clone()));
        let mut working = self.working.lock().unwrap_or_else(PoisonError::into_inner);
        working.insert(endpoint.name.clone(), Working { over, more });
    }
}

/// Whose address it is: what follows may be a secret, and everybody may look at what was done (D-7).
fn whose(url: &str) -> String {
    let url = reqwest::Url::parse(url);
    url.map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
}

fn act<'a>(by: &'a str, what: &'a str, target: &'a str, reason: &'a str) -> Act<'a> {
    Act {
        by,
        what,
        target,
        reason,
    }
}

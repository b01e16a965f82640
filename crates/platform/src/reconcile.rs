//! Fetching what a lot could not push (D-19): when it answers again, when the platform starts, and
//! every now and then, since the way from the lot to us may be broken while ours to it works.

pub mod plan;
mod query;
mod round;
mod row;

use schemars::JsonSchema;
use std::sync::Arc;

use boshi_transport::call::Fault;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::plan::{Known, Plan, Skew, Window, pause};
use crate::config::{Heartbeat, Reconcile};
use crate::counts;
use crate::lots::Lot;
use crate::store::{Store, StoreError, outage};
use crate::watch::Standing;
use crate::watcher::share;

/// Most pages of one query: a hundred thousand records. A window that holds more is asked about in
/// halves.
pub const MAX_PAGES: u32 = 1000;

/// Pages that are asked for at once, over all lots: after a restart every lot is asked. A place is
/// held for a page, not for a pass, so that lots that dawdle over every one, or have a week to tell,
/// hold up no other.
const ASKED_AT_ONCE: usize = 256;

/// Pages that are merged at once: they go through the one writer, before which vehicles wait too.
const MERGED_AT_ONCE: usize = 16;

/// What a pass brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, JsonSchema)]
pub struct Counts {
    /// Recognitions that the lot could not push.
    pub recognitions: u64,
    /// Crossings that the lot could not push.
    pub crossings: u64,
    /// How many of both were not here yet.
    pub new: u64,
    /// Rows that could not be read, and are left out.
    pub unreadable: u64,
}

/// How a pass ended.
#[derive(Clone, Debug)]
pub struct Pass {
    /// When it began.
    pub began: Timestamp,
    /// What it brought, or why it failed.
    pub result: Result<Counts, String>,
}

/// Why a pass failed; what it has brought so far is kept.
#[derive(Debug, thiserror::Error)]
pub enum PassError {
    /// A page did not come (D-2).
    #[error("{path} 第 {page} 页：{fault}")]
    Fault {
        /// The query.
        path: &'static str,
        /// Its page.
        page: u32,
        /// Why.
        fault: Fault,
    },
    /// The lot refused a query.
    #[error("{path} 被车场拒绝：{words}")]
    Refused {
        /// The query.
        path: &'static str,
        /// In the lot's words.
        words: String,
    },
    /// A single second holds more than can be asked for.
    #[error("一秒内的记录超过 {} 页", MAX_PAGES)]
    TooMany,
    /// The records could not be kept.
    #[error("记录未能保存：{0}")]
    Store(#[from] StoreError),
}

impl Counts {
    pub(crate) fn add(&mut self, more: Counts) {
        self.recognitions += more.recognitions;
        self.crossings += more.crossings;
        self.new += more.new;
        self.unreadable += more.unreadable;
    }
}

/// Fetches from lots and merges.
#[derive(Clone)]
pub struct Reconciler {
    store: Store,
    settings: Reconcile,
    tally: counts::Counts,
    asking: Arc<Semaphore>,
    merging: Arc<Semaphore>,
}

/// Keeps `lot` reconciled until `stop`.
pub(crate) async fn keep_reconciled(
    lot: Arc<Lot>,
    reconciler: Reconciler,
    settings: Reconcile,
    heartbeat: Heartbeat,
    stop: CancellationToken,
) {
    let mut failures = 0;
    let mut next = Instant::now() + settings.interval;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = lot.returned.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
        let standing = lot.presence().watch.standing();
        failures = match standing {
            // Its return is told.
            Standing::Unheard { .. } | Standing::Outage { .. } => 0,
            Standing::Up | Standing::Suspected { .. } => {
                match stop.run_until_cancelled(reconciler.pass(&lot)).await {
                    None => return,
                    Some(Ok(_)) => 0,
                    Some(Err(_)) => failures + 1,
                }
            }
        };
        let wait = match failures {
            0 => settings.interval,
            _ => pause(failures, heartbeat.interval, settings.interval),
        };
        next = Instant::now() + share(wait, 0.8);
    }
}

impl Reconciler {
    /// Merges into `store`.
    pub fn new(store: Store, settings: Reconcile, tally: counts::Counts) -> Reconciler {
        Reconciler {
            store,
            settings,
            tally,
            asking: Arc::new(Semaphore::new(ASKED_AT_ONCE)),
            merging: Arc::new(Semaphore::new(MERGED_AT_ONCE)),
        }
    }

    /// Asks `lot` for all that it could not push since the last pass that succeeded, and once in a while
    /// for all that it may have. Passes on one
    /// lot wait for each other. A pass that fails leaves the checkpoint at what is complete; the
    /// next one repeats the rest, which changes nothing that is here already.
    ///
    /// # Errors
    /// The first page that did not come or could not be kept.
    pub async fn pass(&self, lot: &Lot) -> Result<Counts, PassError> {
        let _alone = lot.reconciling.lock().await;
        let began = lot.peer.now();
        let skew = lot.presence().skew;
        let result = self.fetch_all(lot, skew, began).await;
        match &result {
            Ok(counts) if counts.recognitions + counts.crossings > 0 => {
                info!(lot = %lot.id, ?counts, "fetched what the lot could not push");
            }
            Ok(_) => {}
            Err(error) => {
                warn!(lot = %lot.id, %error, "fetching what the lot could not push failed")
            }
        }
        let told = result
            .as_ref()
            .map(|counts| *counts)
            .map_err(ToString::to_string);
        self.tally.pass(told.as_ref().ok().copied());
        let mut presence = lot.presence();
        if told.is_ok() {
            presence.reconciled = Some(began);
            // What was seen meanwhile is still to be made up for.
            if presence.skew == skew {
                presence.skew = Skew::default();
            }
        }
        presence.pass = Some(Pass {
            began,
            result: told,
        });
        drop(presence);
        result
    }

    async fn fetch_all(
        &self,
        lot: &Lot,
        skew: Skew,
        began: Timestamp,
    ) -> Result<Counts, PassError> {
        let plan = self.plan(lot, skew, began).await?;
        let mut counts = self.fetch_window(lot, plan.recent, began).await?;
        if let Some(older) = plan.older {
            counts.add(self.fetch_window(lot, older, began).await?);
        }
        if plan.is_whole {
            let id = lot.id.clone();
            let noted = self
                .store
                .write(move |db| outage::asked_for_all(db, &id, began));
            noted.await?;
        }
        Ok(counts)
    }

    async fn fetch_window(
        &self,
        lot: &Lot,
        whole: Window,
        began: Timestamp,
    ) -> Result<Counts, PassError> {
        let (mut window, mut counts) = (whole, Counts::default());
        loop {
            match self.fetch(lot, window).await {
                Ok(found) => {
                    counts.add(found);
                    self.advance(lot, window.end.timestamp(), began).await?;
                    match whole.after(window) {
                        Some(rest) => window = rest,
                        None => return Ok(counts),
                    }
                }
                Err(PassError::TooMany) => {
                    warn!(lot = %lot.id, ?window, "more than {MAX_PAGES} pages: asked in halves");
                    window = window.first_half().ok_or(PassError::TooMany)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn plan(&self, lot: &Lot, skew: Skew, now: Timestamp) -> Result<Plan, StoreError> {
        let id = lot.id.clone();
        let recent = SignedDuration::try_from(self.settings.overlap)
            .ok()
            .and_then(|overlap| now.checked_sub(overlap).ok());
        let known = self.store.read(move |db| {
            let after = recent.unwrap_or(Timestamp::UNIX_EPOCH);
            Ok(Known {
                checkpoint: outage::checkpoint(db, &id)?,
                outage: outage::recent_since(db, &id, after)?,
                whole: outage::whole(db, &id)?,
                skew,
            })
        });
        Ok(Plan::new(known.await?, &self.settings, now))
    }

    /// Everything up to `at` is here, or up to `now`, when the pass began, if that was before.
    async fn advance(&self, lot: &Lot, at: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let id = lot.id.clone();
        let moved = self
            .store
            .write(move |db| outage::advance(db, &id, at.min(now), now));
        moved.await
    }
}

//! What happened since the start, counted until somebody asks.
//!
//! By words of fixed sets, never by lot, plate or person: a page has the same length with one lot as
//! with ten thousand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boshi_transport::monitor::{Histogram, Words};
use boshi_transport::serve::Outcome;

use crate::commands::{Act, State};
use crate::decision::Decision;
use crate::reconcile;
use crate::watch::Change;

/// What happened since the start. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<Counted>>);

/// The counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    /// Calls of suppliers, as `endpoint outcome code`.
    pub(crate) calls: Words,
    /// How long their answers took, by endpoint.
    pub(crate) replies: BTreeMap<&'static str, Histogram>,
    /// Decisions, as `pass reason`.
    pub(crate) decisions: Words,
    /// Commands that have ended, as `what state`.
    pub(crate) commands: Words,
    /// Heartbeats, `answered` or `missed`.
    pub(crate) heartbeats: Words,
    /// Outages that began.
    pub(crate) outages: u64,
    /// Passes of the reconciliation, `complete` or `failed`.
    pub(crate) passes: Words,
    /// What they brought.
    pub(crate) fetched: reconcile::Counts,
    /// Attempts to send an event to a webhook: `taken`, `refused` or `unanswered`.
    pub(crate) attempts: Words,
    /// Requests of operators, as `method status`.
    pub(crate) operators: Words,
}

impl Counts {
    /// As they are now.
    pub(crate) fn now(&self) -> Counted {
        self.lock().clone()
    }

    pub(crate) fn call(&self, outcome: Outcome<'_>) {
        let endpoint = outcome.path.trim_start_matches('/');
        let code = match outcome.code {
            "" => "-",
            code => code,
        };
        let mut counted = self.lock();
        let calls = &mut counted.calls;
        calls.add(&format!("{endpoint} {} {code}", outcome.word));
        counted
            .replies
            .entry(endpoint)
            .or_default()
            .add(outcome.took);
    }

    pub(crate) fn decision(&self, decision: &Decision) {
        let (pass, reason) = (decision.pass, decision.reason.code());
        self.lock().decisions.add(&format!("{pass} {reason}"));
    }

    pub(crate) fn command(&self, act: &Act, state: State) {
        let (what, state) = (act.what(), state.as_str());
        self.lock().commands.add(&format!("{what} {state}"));
    }

    pub(crate) fn heartbeat(&self, answered: bool) {
        let word = if answered { "answered" } else { "missed" };
        self.lock().heartbeats.add(word);
    }

    pub(crate) fn change(&self, change: &Change) {
        match change {
            Change::Lost { .. } => self.lock().outages += 1,
            Change::Appeared | Change::Returned { .. } => {}
        }
    }

    pub(crate) fn pass(&self, brought: Option<reconcile::Counts>) {
        let mut counted = self.lock();
        let word = if brought.is_some() {
            "complete"
        } else {
            "failed"
        };
        counted.passes.add(word);
        counted.fetched.add(brought.unwrap_or_default());
    }

    pub(crate) fn attempt(&self, status: Option<u16>, taken: bool) {
        let word = match (taken, status) {
            (true, _) => "taken",
            (false, Some(_)) => "refused",
            (false, None) => "unanswered",
        };
        self.lock().attempts.add(word);
    }

    pub(crate) fn operator(&self, method: &str, status: u16) {
        self.lock().operators.add(&format!("{method} {status}"));
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// How long the answers of every endpoint took.
    pub(crate) fn replies(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        self.replies.iter().map(|(endpoint, it)| (*endpoint, it))
    }
}

//! How the writer does.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use boshi_transport::monitor::Histogram;

/// How the writer does.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Beyond the queue for a moment, while one is being turned away.
    waiting: AtomicUsize,
    written: AtomicU64,
    turned_away: AtomicU64,
    late: AtomicU64,
    failed: AtomicU64,
    commits: Mutex<Histogram>,
}

impl Figures {
    /// How many writes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many were committed, or refused by the rules of the records.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// How many found the queue full.
    pub(crate) fn turned_away_count(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }

    /// How many waited for longer than anybody wanted them, and were left out.
    pub(crate) fn late_count(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// How many transactions failed.
    pub(crate) fn failed_count(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// How long transactions took, from their beginning until they were on disk.
    pub(crate) fn commits(&self) -> Histogram {
        let commits = self.commits.lock();
        commits.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn turned_away(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self, jobs: usize) {
        self.waiting.fetch_sub(jobs, Ordering::Relaxed);
    }

    pub(super) fn late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, jobs: usize, took: Duration) {
        let jobs = u64::try_from(jobs).unwrap_or(u64::MAX);
        self.written.fetch_add(jobs, Ordering::Relaxed);
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits.add(took);
    }
}

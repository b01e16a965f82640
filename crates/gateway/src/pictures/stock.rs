//! How many bytes of pictures there are, without counting them again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Mutex, MutexGuard, Notify};

/// The bytes of pictures as far as they were counted, and what has come and gone since. Two who keep
/// the same picture at once count it twice, until the next count.
#[derive(Clone, Debug, Default)]
pub(super) struct Stock {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    bytes: AtomicU64,
    grown: Notify,
    /// Held while pictures are counted or deleted: what goes meanwhile would be reckoned twice.
    counting: Mutex<()>,
}

impl Stock {
    pub(super) fn bytes(&self) -> u64 {
        self.shared.bytes.load(Ordering::Relaxed)
    }

    /// Waits until pictures have come since this was waited for last.
    pub(super) async fn grown(&self) {
        self.shared.grown.notified().await;
    }

    /// A picture has come.
    pub(super) fn add(&self, bytes: u64) {
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.shared.grown.notify_one();
    }

    /// Nobody else counts or deletes until the guard is dropped.
    pub(super) async fn hold(&self) -> MutexGuard<'_, ()> {
        self.shared.counting.lock().await
    }

    /// So many bytes are gone.
    pub(super) fn gone(&self, bytes: u64) {
        let less = |all: u64| Some(all.saturating_sub(bytes));
        let order = Ordering::Relaxed;
        // Never `None`, so it cannot fail.
        let _ = self.shared.bytes.fetch_update(order, order, less);
    }

    /// There were `counted` bytes when `before` were thought to be there; what has come since is
    /// added to them.
    pub(super) fn counted(&self, before: u64, counted: u64) {
        let correct = |all: u64| Some(all.saturating_sub(before).saturating_add(counted));
        let order = Ordering::Relaxed;
        let _ = self.shared.bytes.fetch_update(order, order, correct);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_the_pictures_are_counted_is_not_forgotten() {
        let stock = Stock::default();
        stock.add(100);
        let before = stock.bytes();
        stock.add(30);
        stock.counted(before, 5_000);
        assert_eq!(stock.bytes(), 5_030);
        stock.gone(5_031);
        assert_eq!(stock.bytes(), 0);
    }
}

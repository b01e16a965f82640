//! The end of the log in memory: read once for all who follow it, and bounded. Whoever is further
//! behind reads from the table.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::Filter;
use crate::store::event::{Event, MOST_AT_ONCE, Place, Resumed, Scan, newest, resume, scan};
use crate::store::{Store, StoreError};

/// Events in memory: half a minute of ten thousand lots.
const MOST_RECENT: usize = 4096;
/// Bytes of their data in memory, also when suppliers send long texts.
const MOST_RECENT_BYTES: usize = 8 * 1024 * 1024;
/// Time between two readings: those who follow are woken at most so often, and an event is at most
/// so late.
const PACE: Duration = Duration::from_millis(20);
/// Time until it is tried again when the log cannot be read.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The end of the log, and whoever waits for more.
pub(crate) struct Tail {
    store: Store,
    recent: RwLock<Recent>,
    /// Up to where `recent` goes.
    known: watch::Sender<Place>,
}

/// Consecutive events.
#[derive(Debug, Default)]
struct Recent {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Tail {
    /// The end of the log in `store` as it is now.
    ///
    /// # Errors
    /// What the database said.
    pub(crate) async fn open(store: Store) -> Result<Arc<Tail>, StoreError> {
        let (known, _) = watch::channel(store.read(newest).await?);
        Ok(Arc::new(Tail {
            store,
            recent: RwLock::default(),
            known,
        }))
    }

    /// Keeps up with the log until `stop`.
    pub(crate) async fn keep(self: Arc<Tail>, stop: CancellationToken) {
        let mut written = self.store.events();
        loop {
            let pace = match self.catch_up().await {
                Ok(()) => PACE,
                Err(error) => {
                    error!(%error, "the log of events cannot be read");
                    AFTER_FAILURE
                }
            };
            let more = async {
                tokio::time::sleep(pace).await;
                let behind = |newest: &i64| *newest > self.known.borrow().number;
                written.wait_for(behind).await.is_ok()
            };
            if stop.run_until_cancelled(more).await != Some(true) {
                return;
            }
        }
    }

    /// Tells when there is more; holds the newest place.
    pub(crate) fn watch(&self) -> watch::Receiver<Place> {
        self.known.subscribe()
    }

    /// Where a follower goes on that has everything up to `asked`; from now on when it does not
    /// say.
    ///
    /// # Errors
    /// What the database said.
    pub(crate) async fn resume(&self, asked: Option<Place>) -> Result<Resumed, StoreError> {
        let Some(asked) = asked else {
            return Ok(Resumed::There(*self.known.borrow()));
        };
        self.store.read(move |db| resume(db, asked)).await
    }

    /// What `filter` wants of what follows `after`, as [`scan`].
    ///
    /// # Errors
    /// What the database said.
    pub(crate) async fn after(
        &self,
        after: Place,
        filter: &Filter,
    ) -> Result<Option<Scan>, StoreError> {
        if let Some(scan) = self.recent(after, filter) {
            return Ok(Some(scan));
        }
        let filter = filter.clone();
        self.store.read(move |db| scan(db, after, &filter)).await
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        if self.known.receiver_count() == 0 {
            // Nobody follows: whoever comes reads from the table what it has missed.
            self.forget();
            let newest = self.store.read(newest).await?;
            self.known.send_replace(newest);
            return Ok(());
        }
        loop {
            let place = *self.known.borrow();
            let more = self
                .store
                .read(move |db| scan(db, place, &Filter::default()));
            // What was deleted meanwhile is not in memory: whoever wants it is told by the table.
            let Some(more) = more.await? else {
                self.forget();
                let newest = self.store.read(newest).await?;
                self.known.send_replace(newest);
                continue;
            };
            if more.events.is_empty() {
                return Ok(());
            }
            self.take(more.events);
            self.known.send_replace(more.upto);
        }
    }

    fn take(&self, events: Vec<Arc<Event>>) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            recent.bytes += event.data.len();
            recent.events.push_back(event);
        }
        while recent.events.len() > MOST_RECENT || recent.bytes > MOST_RECENT_BYTES {
            let Some(oldest) = recent.events.pop_front() else {
                break;
            };
            recent.bytes -= oldest.data.len();
        }
    }

    fn forget(&self) {
        *self.recent.write().unwrap_or_else(PoisonError::into_inner) = Recent::default();
    }

    /// What memory holds of it, if it goes back so far.
    fn recent(&self, after: Place, filter: &Filter) -> Option<Scan> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        let behind = match recent.events.front() {
            Some(oldest) => after.number - (oldest.place.number - 1),
            None => after.number - self.known.borrow().number,
        };
        let mut scan = Scan {
            events: Vec::new(),
            upto: after,
        };
        for event in recent.events.iter().skip(usize::try_from(behind).ok()?) {
            if scan.events.len() >= MOST_AT_ONCE {
                break;
            }
            scan.upto = event.place;
            if filter.wants(event.kind, event.lots.as_deref()) {
                scan.events.push(Arc::clone(event));
            }
        }
        Some(scan)
    }
}

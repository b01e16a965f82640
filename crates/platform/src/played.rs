//! A platform whose time and whose network somebody plays.
//!
//! Its handlers, store, commands, heartbeats and reconciliation are those of the program. Only what
//! decides when something is done is not: the loops that wait for the machine's clock.

use std::sync::Arc;

use axum::Router;
use boshi_protocol::freshness::Freshness;
use boshi_transport::call::Shared;
use boshi_transport::played::{Wire, serve};
use futures_util::FutureExt as _;

use crate::commands::{Commands, End, NotSent, Order};
use crate::config::Config;
use crate::counts::Counts;
use crate::desk::Desk;
use crate::lots::{Lot, Lots, LotsError};
use crate::reconcile::{self, PassError, Reconciler};
use crate::server::{Door, router};
use crate::store::{Store, StoreError, outage};
use crate::turnstile::Turnstile;
use crate::watch::{Standing, Watch};
use crate::watcher::{Watcher, note, settle_later};

/// A platform with one lot.
pub struct Played {
    lot: Arc<Lot>,
    store: Store,
    router: Router,
    commands: Commands,
    watcher: Watcher,
    reconciler: Reconciler,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum PlayedError {
    /// The lots make no sense.
    #[error(transparent)]
    Lots(#[from] LotsError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration has no lot.
    #[error("the configuration has no lot")]
    NoLot,
}

impl Played {
    /// Starts on what the run before has left.
    ///
    /// # Errors
    /// [`PlayedError`]
    pub async fn start(config: &Config, wire: Arc<dyn Wire>) -> Result<Played, PlayedError> {
        let now = wire.now();
        let lots = Lots::sharing(Shared::played(wire), config, now)?;
        let lots = Arc::new(lots);
        let lot = lots.all().into_iter().next().ok_or(PlayedError::NoLot)?;
        let store = Store::open(&config.store())?;
        let counts = Counts::default();
        let open = store.read(outage::all_open).await?.remove(&lot.id);
        lot.presence().watch = Watch::new(config.heartbeat.misses, now, open);
        let commands = Commands::new(store.clone(), config.command.deadline, counts.clone());
        let commands = commands.patient();
        commands.give_up_old(now).await?;
        let door = Door {
            lots: Arc::clone(&lots),
            freshness: Freshness::within(config.clock.window),
            turnstile: Arc::new(Turnstile::new(&config.limits)),
            counts: counts.clone(),
        };
        let desk = Desk::new(store.clone(), lots, counts.clone()).patient();
        Ok(Played {
            router: router(door, Arc::new(desk)),
            watcher: Watcher::new(store.clone(), config.heartbeat.clone(), counts.clone()),
            reconciler: Reconciler::new(store.clone(), config.reconcile.clone(), counts),
            lot,
            store,
            commands,
        })
    }

    /// Answers one request; then what it tells of the lot is taken note of.
    pub async fn serve(&self, path: &str, body: String) -> (u16, Vec<u8>) {
        let answered = serve(self.router.clone(), path, body).await;
        if self.lot.called.notified().now_or_never().is_some() {
            let heard = self.lot.presence().watch.heard(self.lot.peer.now());
            if let Some(change) = heard {
                note(&self.lot, &self.store, change).await;
            }
        }
        answered
    }

    /// One heartbeat, and what follows from it.
    pub async fn beat(&self) {
        match self.watcher.beat(&self.lot).await {
            Some(change) => note(&self.lot, &self.store, change).await,
            None => settle_later(&self.lot, &self.store).await,
        }
    }

    /// Whether the lot has come back since this was asked last, so that a pass is due at once.
    pub fn has_returned(&self) -> bool {
        self.lot.returned.notified().now_or_never().is_some()
    }

    /// Whether the lot is one to be asked: its return is told otherwise.
    pub fn is_there(&self) -> bool {
        let standing = self.lot.presence().watch.standing();
        matches!(standing, Standing::Up | Standing::Suspected { .. })
    }

    /// Fetches what the lot could not push.
    ///
    /// # Errors
    /// [`PassError`]
    pub async fn pass(&self) -> Result<reconcile::Counts, PassError> {
        self.reconciler.pass(&self.lot).await
    }

    /// Gives a command.
    ///
    /// # Errors
    /// [`NotSent`]
    pub async fn give(&self, order: Order) -> Result<End, NotSent> {
        self.commands.give(&self.lot, order).await
    }
}

//! Registers, changes and retires suppliers and lots while the platform runs: first in the store,
//! then in what everybody works with, one change after the other.

use std::sync::Arc;

use boshi_protocol::id::{AppId, LotId};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::addresses::Addresses;
use crate::config::{Heartbeat, Reconcile};
use crate::lots::{Lot, Lots, LotsError, Source};
use crate::reconcile::{Reconciler, keep_reconciled};
use crate::registry::{LotEntry, Supplier};
use crate::store::audit::Act;
use crate::store::{Store, StoreError, outage, registry};
use crate::watch::Watch;
use crate::watcher::Watcher;

/// Changes the registry, and looks after the lots in it.
pub(crate) struct Registrar {
    pub(crate) store: Store,
    pub(crate) lots: Arc<Lots>,
    pub(crate) reconciler: Reconciler,
    pub(crate) watcher: Watcher,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) reconcile: Reconcile,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// Held during a change.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

/// Why something cannot be registered or retired.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrarError {
    /// The configuration file says what it is.
    #[error("已写在配置文件中，请修改配置文件")]
    Configured,
    /// There is no such thing.
    #[error("没有此登记")]
    Unknown,
    /// A supplier still has a lot.
    #[error("供应商还有车场 {0}")]
    InUse(String),
    /// A new supplier needs a secret.
    #[error("新供应商需要 secret")]
    NoSecret,
    /// The entry makes no sense.
    #[error(transparent)]
    Lot(#[from] LotsError),
    /// The records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be known of a supplier; a secret that is not given stays.
pub(crate) struct Wanted {
    pub(crate) app_id: AppId,
    pub(crate) name: String,
    /// The new secret; the one before it stays valid until it is told to go (D-6).
    pub(crate) secret: Option<SecretString>,
    /// Only the present secret is valid from now on.
    pub(crate) forget_previous: bool,
    /// From where it may call; as before when none are given.
    pub(crate) addresses: Option<Addresses>,
}

impl Registrar {
    /// Takes up everything that is registered beside the configuration, and looks after all lots.
    pub(crate) async fn begin(&self) -> Result<(), StoreError> {
        let (suppliers, lots) = self.store.read(registry::load).await?;
        for supplier in suppliers {
            match self.lots.supplier(&supplier.app_id) {
                None => self.lots.put_supplier(supplier, Source::Registry),
                Some(_) => {
                    let app_id = supplier.app_id;
                    info!(%app_id, "registered, but the configuration says what it is");
                }
            }
        }
        for (id, entry) in lots {
            if self.lots.get(&id).is_some() {
                info!(lot = %id, "registered, but the configuration says what it is");
                continue;
            }
            match self.lots.make(&id, entry, Source::Registry, self.unheard()) {
                Ok(lot) => self.lots.put(lot),
                Err(error) => warn!(lot = %id, %error, "a registered lot cannot be used"),
            }
        }
        let open = self.store.read(outage::all_open).await?;
        for lot in self.lots.all() {
            let since = open.get(&lot.id).copied();
            lot.presence().watch = Watch::new(self.heartbeat.misses, Timestamp::now(), since);
            self.attend(&lot);
        }
        Ok(())
    }

    /// Registers a lot, or changes it; with `dry` only says whether that could be done.
    pub(crate) async fn put_lot(
        &self,
        id: LotId,
        entry: LotEntry,
        by: String,
        dry: bool,
    ) -> Result<Arc<Lot>, RegistrarError> {
        let _alone = self.changing.lock().await;
        let before = self.lots.get(&id);
        if before.is_some_and(|before| before.source == Source::Config) {
            return Err(RegistrarError::Configured);
        }
        let lot = self
            .lots
            .make(&id, entry, Source::Registry, self.unheard())?;
        if dry {
            return Ok(lot);
        }
        let kept = Arc::clone(&lot);
        let written = self.store.write(move |db| {
            let act = act(&by, "lot.put", &kept.entry.name);
            registry::put_lot(db, &kept.id, &kept.entry, &act, Timestamp::now())
        });
        written.await?;
        self.lots.put(Arc::clone(&lot));
        self.attend(&lot);
        Ok(lot)
    }

    /// Retires a lot: its supplier is refused from now on, its outage is over, its records stay.
    pub(crate) async fn retire_lot(&self, id: LotId, by: String) -> Result<(), RegistrarError> {
        let _alone = self.changing.lock().await;
        match self.lots.get(&id).map(|lot| lot.source) {
            None => return Err(RegistrarError::Unknown),
            Some(Source::Config) => return Err(RegistrarError::Configured),
            Some(Source::Registry) => {}
        }
        let retired = id.clone();
        let written = self.store.write(move |db| {
            let act = act(&by, "lot.retire", retired.as_str());
            registry::retire_lot(db, &retired, &act, Timestamp::now())
        });
        written.await?;
        self.lots.remove(&id);
        // Its watcher may have begun an outage after that was written, and nobody else would end it.
        let ended = self
            .store
            .write(move |db| outage::end(db, &id, Timestamp::now()));
        Ok(ended.await?)
    }

    /// Registers a supplier, or changes it, and its lots with it; with `dry` only says whether that
    /// could be done.
    pub(crate) async fn put_supplier(
        &self,
        wanted: Wanted,
        by: String,
        dry: bool,
    ) -> Result<Supplier, RegistrarError> {
        let _alone = self.changing.lock().await;
        let before = self.lots.supplier(&wanted.app_id);
        if before
            .as_ref()
            .is_some_and(|known| known.source == Source::Config)
        {
            return Err(RegistrarError::Configured);
        }
        let before = before.map(|known| known.supplier);
        let changed = wanted.secret.is_some();
        let secret = wanted
            .secret
            .or_else(|| Some(before.as_ref()?.secret.clone()));
        let addresses = wanted
            .addresses
            .or_else(|| Some(before.as_ref()?.addresses.clone()));
        let previous = match before {
            _ if wanted.forget_previous => None,
            Some(before) if changed => Some(before.secret),
            Some(before) => before.previous,
            None => None,
        };
        let supplier = Supplier {
            app_id: wanted.app_id,
            name: wanted.name,
            secret: secret.ok_or(RegistrarError::NoSecret)?,
            previous,
            addresses: addresses.unwrap_or_default(),
        };
        if dry {
            return Ok(supplier);
        }
        let kept = supplier.clone();
        let written = self.store.write(move |db| {
            let what = if changed {
                "supplier.rotate"
            } else {
                "supplier.put"
            };
            let act = act(&by, what, kept.app_id.as_str());
            registry::put_supplier(db, &kept, &act, Timestamp::now())
        });
        written.await?;
        let app_id = supplier.app_id.clone();
        self.lots.put_supplier(supplier.clone(), Source::Registry);
        for lot in self.lots.all() {
            if *lot.credentials.app_id() == app_id {
                let entry = lot.entry.clone();
                let lot = self.lots.make(&lot.id, entry, lot.source, self.unheard())?;
                self.lots.put(Arc::clone(&lot));
                self.attend(&lot);
            }
        }
        Ok(supplier)
    }

    /// Retires a supplier that has no lots any more.
    pub(crate) async fn retire_supplier(
        &self,
        app_id: AppId,
        by: String,
    ) -> Result<(), RegistrarError> {
        let _alone = self.changing.lock().await;
        match self.lots.supplier(&app_id).map(|known| known.source) {
            None => return Err(RegistrarError::Unknown),
            Some(Source::Config) => return Err(RegistrarError::Configured),
            Some(Source::Registry) => {}
        }
        let retired = app_id.clone();
        let written = self.store.write(move |db| {
            let act = act(&by, "supplier.retire", retired.as_str());
            registry::retire_supplier(db, &retired, &act, Timestamp::now())
        });
        if let Some(lot) = written.await? {
            return Err(RegistrarError::InUse(lot));
        }
        self.lots.remove_supplier(&app_id);
        Ok(())
    }

    fn unheard(&self) -> Watch {
        Watch::new(self.heartbeat.misses, Timestamp::now(), None)
    }

    /// Watches and reconciles a lot until it is over.
    fn attend(&self, lot: &Arc<Lot>) {
        let (over, stop) = (lot.over.clone(), self.stop.clone());
        let watcher = self.watcher.clone();
        let watching = watcher.watch(Arc::clone(lot), self.lots.count(), stop.clone());
        let reconciling = keep_reconciled(
            Arc::clone(lot),
            self.reconciler.clone(),
            self.reconcile.clone(),
            self.heartbeat.clone(),
            stop,
        );
        self.tasks
            .spawn(over.clone().run_until_cancelled_owned(watching));
        self.tasks
            .spawn(over.run_until_cancelled_owned(reconciling));
    }
}

fn act<'a>(by: &'a str, what: &'a str, target: &'a str) -> Act<'a> {
    Act {
        by,
        what,
        target,
        reason: "",
    }
}

//! The lots: what is configured of each, how to call it, and what was last heard of it.

use schemars::JsonSchema;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId};
use boshi_protocol::token::Credentials;
use boshi_transport::call::{Peer, PeerError, PeerSettings, Shared};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::addresses::Addresses;
use crate::config::{Config, ConfigError};
use crate::decision::{Direction, Policy};
use crate::external::External;
use crate::reconcile::Pass;
use crate::reconcile::plan::Skew;
use crate::registry::{EntryError, LotEntry, Supplier, wrong};
use crate::watch::Watch;
use crate::watcher::Owed;

/// Why the lots cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LotsError {
    /// A secret or a certificate cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An entry makes no sense.
    #[error("lot {lot}: {reason}")]
    Entry {
        /// Which.
        lot: LotId,
        /// Why.
        reason: EntryError,
    },
    /// A lot cannot be called.
    #[error("lot {lot}: {reason}")]
    Peer {
        /// Which.
        lot: LotId,
        /// Why.
        reason: PeerError,
    },
}

/// What decides about vehicles at a lot.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What happens to vehicles without a permit.
    pub policy: Policy,
    /// Which way each recognizer looks.
    pub directions: HashMap<DeviceNo, Direction>,
    /// Where what was decided at a recognizer is shown.
    pub displays: HashMap<DeviceNo, DeviceNo>,
}

/// A car park.
pub struct Lot {
    /// Its name on the wire.
    pub id: LotId,
    /// Everything that is set of it.
    pub entry: LotEntry,
    /// Whose entry that is.
    pub source: Source,
    /// What its supplier signs with.
    pub credentials: Credentials,
    /// It has signed with the current secret, so that is what is signed with for it, too (D-6).
    has_current_secret: AtomicBool,
    /// From where its supplier may call.
    pub addresses: Addresses,
    /// It was retired, or another has taken its place.
    pub(crate) over: CancellationToken,
    /// What decides about its vehicles.
    pub rules: Arc<Rules>,
    /// Who is asked beside them.
    pub external: Option<External>,
    /// Its gateway.
    pub peer: Peer,
    /// Signs of life by calls of its own, for the watcher.
    pub(crate) called: Notify,
    /// It answers again, for the reconciler.
    pub(crate) returned: Notify,
    /// Held by the one pass that fetches what was missed.
    pub(crate) reconciling: tokio::sync::Mutex<()>,
    presence: Mutex<Presence>,
    owed: Mutex<Owed>,
}

/// What was last heard of a lot.
#[derive(Clone, Debug)]
pub struct Presence {
    /// Whether it is there.
    pub watch: Watch,
    /// Whether the last heartbeat was answered, and if not, why; none before the first.
    pub heartbeat: Option<Result<(), String>>,
    /// By how many seconds its clock was ahead of ours in its last call (D-4).
    pub skew_seconds: Option<i64>,
    /// How far its clock was off at most since it was last asked for all that it could not push.
    pub skew: Skew,
    /// From where its supplier called last without being let in; none once it was.
    pub refused_from: Option<IpAddr>,
    /// How the last pass ended that fetched what was missed; none before the first.
    pub pass: Option<Pass>,
    /// When the last pass began that fetched everything; none since the start.
    pub reconciled: Option<Timestamp>,
}

/// Whether an entry is the configuration file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// It is, and is changed there only.
    Config,
    /// It was registered.
    Registry,
}

/// A supplier, and whose entry it is.
#[derive(Clone, Debug)]
pub struct Known {
    /// The supplier.
    pub supplier: Supplier,
    /// Whose entry it is.
    pub source: Source,
}

/// All lots and suppliers, in the order of their ids.
#[derive(Default)]
pub struct Lots {
    by_id: RwLock<BTreeMap<LotId, Arc<Lot>>>,
    suppliers: RwLock<BTreeMap<AppId, Known>>,
    shared: Shared,
}

impl Lots {
    /// The configured lots, at `now` unheard of.
    ///
    /// # Errors
    /// When a secret or a certificate cannot be read or used.
    pub fn new(config: &Config, now: Timestamp) -> Result<Lots, LotsError> {
        Lots::sharing(Shared::default(), config, now)
    }

    /// The same, reached over a wire that somebody plays.
    pub(crate) fn sharing(
        shared: Shared,
        config: &Config,
        now: Timestamp,
    ) -> Result<Lots, LotsError> {
        let lots = Lots {
            shared,
            ..Lots::default()
        };
        for known in &config.suppliers {
            lots.put_supplier(known.entry()?, Source::Config);
        }
        let watch = Watch::new(config.heartbeat.misses, now, None);
        for lot in &config.lots {
            let made = lots.make(&lot.id, lot.entry()?, Source::Config, watch.clone())?;
            lots.put(made);
        }
        Ok(lots)
    }

    /// The lot of that id.
    pub fn get(&self, id: &LotId) -> Option<Arc<Lot>> {
        let lots = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        lots.get(id).cloned()
    }

    /// Every lot.
    pub fn all(&self) -> Vec<Arc<Lot>> {
        let lots = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        lots.values().cloned().collect()
    }

    /// What time it is here.
    pub(crate) fn now(&self) -> Timestamp {
        self.shared.now()
    }

    /// How many lots there are.
    pub fn count(&self) -> usize {
        let lots = self.by_id.read().unwrap_or_else(PoisonError::into_inner);
        lots.len()
    }

    /// The supplier of that id.
    pub fn supplier(&self, id: &AppId) -> Option<Known> {
        let suppliers = self
            .suppliers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        suppliers.get(id).cloned()
    }

    /// Every supplier.
    pub fn suppliers(&self) -> Vec<Known> {
        let suppliers = self
            .suppliers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        suppliers.values().cloned().collect()
    }

    /// Makes a lot of an entry, of which nothing is known but `watch`, without anybody being able to
    /// find it yet.
    ///
    /// # Errors
    /// What is wrong with the entry, or that its supplier is not known.
    pub(crate) fn make(
        &self,
        id: &LotId,
        entry: LotEntry,
        source: Source,
        watch: Watch,
    ) -> Result<Arc<Lot>, LotsError> {
        let failed = |reason| LotsError::Entry {
            lot: id.clone(),
            reason,
        };
        entry.check().map_err(failed)?;
        let supplier = AppId::new(&entry.supplier).ok();
        let supplier = supplier.and_then(|app_id| self.supplier(&app_id));
        let supplier = supplier.ok_or_else(|| failed(wrong("supplier", "没有此供应商")))?;
        let credentials = supplier.supplier.credentials();
        let settings = PeerSettings {
            base_url: entry.base_url.clone(),
            lot: id.clone(),
            // D-6: until it has shown that it has the current one.
            credentials: credentials.before_rotation(),
            ca_pem: entry.ca_pem.clone().map(String::into_bytes),
            connect_timeout: Duration::from_millis(entry.connect_ms),
        };
        let peer = Peer::sharing(settings, &self.shared);
        let peer = peer.map_err(|reason| LotsError::Peer {
            lot: id.clone(),
            reason,
        })?;
        let addresses = supplier.supplier.addresses;
        let supplier = (credentials, addresses);
        Lot::new(id, entry, source, supplier, peer, watch).map(Arc::new)
    }

    /// Puts a lot in the place of the one of its id, which is over: what is known of that by now is
    /// known of this one, and a pass that is cut off with it is begun again (D-19).
    pub(crate) fn put(&self, lot: Arc<Lot>) {
        let mut lots = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = lots.insert(lot.id.clone(), Arc::clone(&lot)) {
            before.over.cancel();
            let known = before.presence().clone();
            *lot.presence() = known;
            lot.owed().take_over(&mut before.owed());
            let is_known = before.has_current_secret.load(Ordering::Relaxed);
            if is_known && lot.credentials.same_as(&before.credentials) {
                lot.shows_current_secret();
            }
            lot.returned.notify_one();
        }
    }

    /// Takes a lot out.
    pub(crate) fn remove(&self, id: &LotId) {
        let mut lots = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = lots.remove(id) {
            before.over.cancel();
        }
    }

    pub(crate) fn put_supplier(&self, supplier: Supplier, source: Source) {
        let mut suppliers = self
            .suppliers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        suppliers.insert(supplier.app_id.clone(), Known { supplier, source });
    }

    pub(crate) fn remove_supplier(&self, id: &AppId) {
        let mut suppliers = self
            .suppliers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        suppliers.remove(id);
    }
}

impl Rules {
    /// What an entry says, which was checked.
    fn of(lot: &LotEntry) -> Rules {
        let lanes = lot.lanes.iter();
        let directions =
            lanes.filter_map(|lane| Some((DeviceNo::new(&lane.recognizer).ok()?, lane.direction)));
        let lanes = lot.lanes.iter();
        let displays = lanes.filter_map(|lane| {
            let display = lane.display.as_deref()?;
            Some((
                DeviceNo::new(&lane.recognizer).ok()?,
                DeviceNo::new(display).ok()?,
            ))
        });
        Rules {
            policy: Policy {
                entry: lot.entry,
                exit: lot.exit,
                capacity: lot.capacity,
                free: SignedDuration::from_mins(i64::from(lot.free_minutes)),
            },
            directions: directions.collect(),
            displays: displays.collect(),
        }
    }
}

impl Lot {
    fn new(
        id: &LotId,
        entry: LotEntry,
        source: Source,
        (credentials, addresses): (Credentials, Addresses),
        peer: Peer,
        watch: Watch,
    ) -> Result<Lot, LotsError> {
        let failed = |reason| LotsError::Entry {
            lot: id.clone(),
            reason,
        };
        Ok(Lot {
            id: id.clone(),
            rules: Arc::new(Rules::of(&entry)),
            external: entry.external().map_err(failed)?,
            peer,
            entry,
            source,
            credentials,
            has_current_secret: AtomicBool::new(false),
            addresses,
            over: CancellationToken::new(),
            called: Notify::new(),
            returned: Notify::new(),
            reconciling: tokio::sync::Mutex::default(),
            presence: Mutex::new(Presence {
                watch,
                heartbeat: None,
                skew_seconds: None,
                skew: Skew::default(),
                refused_from: None,
                pass: None,
                reconciled: None,
            }),
            owed: Mutex::default(),
        })
    }

    /// What was last heard of it.
    pub fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has signed with the current secret of its supplier, and is called with that from now on (D-6).
    pub(crate) fn shows_current_secret(&self) {
        if !self.has_current_secret.swap(true, Ordering::Relaxed) {
            self.peer.rotate_to(self.credentials.clone());
        }
    }

    /// What is to be written down of it.
    pub(crate) fn owed(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    /// By how many seconds the clock is off, if that is more than half of the `allowed` ones (D-4).
    pub(crate) fn skew_alarm(&self, allowed: u64) -> Option<i64> {
        let skew = self.skew_seconds?;
        (allowed > 0 && skew.unsigned_abs() * 2 > allowed).then_some(skew)
    }
}

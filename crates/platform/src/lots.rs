//! The lots: what is configured of each, how to call it, and what was last heard of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId};
use boshi_protocol::token::Credentials;
use boshi_transport::call::{Peer, PeerError, PeerSettings};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::config::{self, Config, ConfigError};
use crate::decision::{Direction, Policy};
use crate::external::External;
use crate::reconcile::Pass;
use crate::watch::Watch;

/// Longest that a connection to a lot may take to come about: longer is lost, not slow.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the lots cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LotsError {
    /// A secret or a certificate cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
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
    /// Its name for people.
    pub name: String,
    /// Whose it is.
    pub supplier: AppId,
    /// Where its gateway is.
    pub base_url: String,
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
    /// How the last pass ended that fetched what was missed; none before the first.
    pub pass: Option<Pass>,
}

/// All lots, in the order of their ids.
pub struct Lots {
    by_id: BTreeMap<LotId, Arc<Lot>>,
    credentials: HashMap<AppId, Credentials>,
}

impl Lots {
    /// The configured lots, at `now` unheard of.
    ///
    /// # Errors
    /// When a secret or a certificate cannot be read or used.
    pub fn new(config: &Config, now: Timestamp) -> Result<Lots, LotsError> {
        let suppliers = config.suppliers.iter();
        let credentials: HashMap<AppId, Credentials> = suppliers
            .map(|known| Ok((known.app_id.clone(), known.credentials()?)))
            .collect::<Result<_, ConfigError>>()?;
        let watch = Watch::new(config.heartbeat.misses, now, None);
        let mut by_id = BTreeMap::new();
        for lot in &config.lots {
            let signed = credentials
                .get(&lot.supplier)
                .expect("the check of the configuration has found the supplier of every lot");
            let made = Lot::new(lot, signed.clone(), watch.clone())?;
            by_id.insert(lot.id.clone(), Arc::new(made));
        }
        Ok(Lots { by_id, credentials })
    }

    /// The lot of that id.
    pub fn get(&self, id: &LotId) -> Option<&Arc<Lot>> {
        self.by_id.get(id)
    }

    /// Every lot.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Lot>> {
        self.by_id.values()
    }

    /// What the supplier of `lot` signs with.
    pub fn credentials(&self, lot: &Lot) -> &Credentials {
        self.credentials
            .get(&lot.supplier)
            .expect("every lot was made with the credentials of its supplier")
    }
}

impl Rules {
    fn of(lot: &config::Lot) -> Rules {
        let directions = lot.lanes.iter();
        let directions = directions.map(|lane| (lane.recognizer.clone(), lane.direction));
        let displays = lot.lanes.iter();
        let displays =
            displays.filter_map(|lane| Some((lane.recognizer.clone(), lane.display.clone()?)));
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
    fn new(lot: &config::Lot, credentials: Credentials, watch: Watch) -> Result<Lot, LotsError> {
        let peer = Peer::new(PeerSettings {
            base_url: lot.base_url.clone(),
            lot: lot.id.clone(),
            credentials,
            ca_pem: lot.authority()?,
            connect_timeout: CONNECT_TIMEOUT,
        });
        Ok(Lot {
            id: lot.id.clone(),
            name: lot.name.clone(),
            supplier: lot.supplier.clone(),
            base_url: lot.base_url.clone(),
            rules: Arc::new(Rules::of(lot)),
            external: lot.external()?,
            peer: peer.map_err(|reason| LotsError::Peer {
                lot: lot.id.clone(),
                reason,
            })?,
            called: Notify::new(),
            returned: Notify::new(),
            reconciling: tokio::sync::Mutex::default(),
            presence: Mutex::new(Presence {
                watch,
                heartbeat: None,
                skew_seconds: None,
                pass: None,
            }),
        })
    }

    /// What was last heard of it.
    pub fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

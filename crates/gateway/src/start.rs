//! The whole gateway: started, and stopped in good time.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::delivery::{Policy, Recovered};
use boshi_protocol::freshness::Freshness;
use boshi_protocol::lane::Side;
use boshi_transport::accept::{Limits, serve};
use boshi_transport::call::{Peer, PeerError, PeerSettings};
use boshi_transport::certificate::{CertificateError, LocalAuthority, server_config_from_pem};
use boshi_transport::serve::Gatekeeper;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{self, Config, ConfigError};
use crate::devices::Controller;
use crate::devices::attached::Attached;
use crate::devices::intake::{self, Intake};
use crate::devices::mailbox::Mailboxes;
use crate::devices::polled::{self, Polled};
use crate::display::Display;
use crate::driver::{Driver, Handle, LaneEquipment, Outward};
use crate::journal::{Entry, Journal, JournalError};
use crate::local::{self, Local, LocalLot};
use crate::lot::{Input, Lot, Rules};
use crate::pictures::Pictures;
use crate::push::Pusher;
use crate::replay::Replays;
use crate::secret_file;
use crate::serve::{self as standard, Door, Served, ServedLot};

/// Longest that a connection to the platform may take: an attempt has two seconds.
const CONNECT: Duration = Duration::from_secs(2);

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration or a file it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The platform cannot be called as configured.
    #[error("platform: {0}")]
    Peer(#[from] PeerError),
    /// The client for the devices.
    #[error("devices: {0}")]
    Client(#[from] reqwest::Error),
    /// A file or folder of the gateway's own.
    #[error("{path:?}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Another gateway uses the folder.
    #[error("{path:?} is in use by another gateway")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// An address cannot be listened on.
    #[error("{field} {address}: {reason}")]
    Listen {
        /// The key of the configuration.
        field: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::Error,
    },
}

/// A gateway that serves.
pub struct Running {
    /// Where the platform reaches it.
    pub standard: SocketAddr,
    /// Where the devices reach it.
    pub devices: SocketAddr,
    /// Where the booth and this machine's tools reach it.
    pub local: SocketAddr,
    tasks: TaskTracker,
    _lock: File,
}

impl Running {
    /// Returns when the gateway has stopped, after it was told to.
    pub async fn finished(self) {
        self.tasks.wait().await;
    }
}

/// Checks everything that can be checked without starting: the configuration and each file it
/// names.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(config: &Config) -> Result<(), StartError> {
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        server_config_from_pem(certificate, key)?;
    }
    for lot in &config.lots {
        peer(config, lot)?;
    }
    Ok(())
}

/// Starts the gateway; it serves until `stop`, then finishes what is under way, for a bounded time.
///
/// # Errors
/// What is missing, unreadable, of a newer version or in use.
pub async fn start(config: Config, stop: CancellationToken) -> Result<Running, StartError> {
    fs::create_dir_all(&config.data).map_err(file(&config.data))?;
    let lock = lock(&config.data)?;
    let journal = Journal::open(&config.journal())?;
    let folder = config.data.join("pictures");
    let pictures = Pictures::open(&folder).map_err(file(&folder))?;
    let path = config.local_key();
    let key = secret_file::open_or_create(&path).map_err(file(&path))?;
    let tls = tls(&config)?;
    let (standard_on, standard_at) = listen("listen.standard", config.listen.standard).await?;
    let (devices_on, devices_at) = listen("listen.devices", config.listen.devices).await?;
    let (local_on, local_at) = listen("listen.local", config.listen.local).await?;
    let tasks = TaskTracker::new();
    let mut lots = Vec::with_capacity(config.lots.len());
    let mut mailboxes = Mailboxes::default();
    for lot in &config.lots {
        lots.push(start_lot(&config, lot, &journal, &mut mailboxes, &stop, &tasks).await?);
    }
    let ids = config.lots.iter().map(|lot| lot.id.clone());
    let freshness = Freshness::within(config.clock.window);
    let door = Arc::new(Door::new(config.platform.credentials()?, freshness, ids));
    let limits = Limits::default();
    let intake = intake(&config, &lots, &pictures, &journal);
    let local = Local {
        lots: lots.iter().map(StartedLot::local).collect(),
        journal: journal.clone(),
        door: Arc::clone(&door),
        key: secret_file::digest(&key),
        stop: stop.clone(),
    };
    let served = served(&config, lots, pictures, journal).await?;
    let door: Arc<dyn Gatekeeper> = door;
    let routes = standard::router(door, Arc::new(served));
    tasks.spawn(serve(standard_on, tls, routes, limits, stop.clone()));
    let polled = Polled {
        mailboxes,
        stop: stop.clone(),
    };
    let routes = intake::router(Arc::new(intake)).merge(polled::router(Arc::new(polled)));
    tasks.spawn(serve(devices_on, None, routes, limits, stop.clone()));
    let routes = local::router(Arc::new(local));
    tasks.spawn(serve(local_on, None, routes, limits, stop));
    tasks.close();
    Ok(Running {
        standard: standard_at,
        devices: devices_at,
        local: local_at,
        tasks,
        _lock: lock,
    })
}

/// A lot whose task runs.
struct StartedLot {
    configured: config::Lot,
    driver: Handle,
    displays: Vec<Display>,
}

impl StartedLot {
    fn local(&self) -> LocalLot {
        LocalLot {
            configured: self.configured.clone(),
            driver: self.driver.clone(),
            displays: self.displays.clone(),
        }
    }
}

/// Starts the task of a lot, and takes up where an earlier run ended (D-18).
async fn start_lot(
    config: &Config,
    lot: &config::Lot,
    journal: &Journal,
    mailboxes: &mut Mailboxes,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<StartedLot, StartError> {
    let recovered = recover(lot, journal).await?;
    let gates = journal.gates(&lot.id).await?;
    let machine = Lot::new(lot, rules(config)?, &gates);
    let client = Controller::client()?;
    let mut displays = Vec::new();
    let equipment = lot.lanes.iter().map(|lane| {
        let controller = if lane.fetches_commands() {
            Controller::that_fetches(mailboxes.of(&lane.device_key), config.timing.act)
        } else {
            let url = lane.device_url.clone();
            Controller::new(client.clone(), url, lane.device_key.clone())
        };
        let beside = displays_of(lot, lane, &controller, stop);
        displays.extend(beside.iter().map(|(_, display)| display.clone()));
        LaneEquipment {
            controller,
            layout: lane.layout(),
            devices: lane.devices().cloned().collect(),
            displays: beside,
        }
    });
    let equipment = equipment.collect();
    let pusher = Pusher {
        lot: lot.id.clone(),
        peer: peer(config, lot)?,
        journal: journal.clone(),
        public_url: config.public_url.clone(),
    };
    let outward = |results| Outward::new(equipment, pusher, results);
    let (driver, handle) = Driver::new(machine, Clock::start(), journal.clone(), outward);
    tasks.spawn(driver.run(stop.clone()));
    handle
        .tell(Input::Recover(recovered))
        .await
        .map_err(|_| JournalError::Closed)?;
    Ok(StartedLot {
        configured: lot.clone(),
        driver: handle,
        displays,
    })
}

/// What an earlier run left behind. Abnormalities that lasted when it ended are closed: what still
/// lasts is found anew.
async fn recover(lot: &config::Lot, journal: &Journal) -> Result<Vec<Recovered>, StartError> {
    let pending = journal.pending(&lot.id).await?;
    let open = journal.open_occurrences(&lot.id).await?;
    if !pending.is_empty() || !open.is_empty() {
        tracing::info!(
            lot = %lot.id,
            pending = pending.len(),
            abnormalities = open.len(),
            "an earlier run left records to be pushed, which are taken up"
        );
    }
    let at = Timestamp::now();
    let closed = open
        .into_iter()
        .map(|occurrence| Entry::AbnormalityCleared {
            lot: lot.id.clone(),
            occurrence,
            at,
        });
    journal.write(closed.collect()).await?;
    let pending = pending.into_iter().map(|it| {
        if it.failed {
            Recovered::FailedAbnormality(it.key.id)
        } else {
            Recovered::Pending(it.key)
        }
    });
    Ok(pending.collect())
}

fn rules(config: &Config) -> Result<Rules, StartError> {
    let policy = Policy {
        attempts: config.push.attempts,
        budget: config.push.budget,
        probe_interval: config.push.probe,
        ..Policy::default()
    };
    Ok(Rules {
        timing: config.timing.clone(),
        policy,
        supervision: config.supervision.clone(),
        texts: config.texts()?,
    })
}

fn displays_of(
    lot: &config::Lot,
    lane: &config::Lane,
    controller: &Controller,
    stop: &CancellationToken,
) -> Vec<(Side, Display)> {
    let sides = lane.layout();
    let sides = sides.sides().iter().copied();
    let display = |side: Side| {
        let idle = match side {
            Side::Entry => &lot.display.entry_idle,
            Side::Exit => &lot.display.exit_idle,
        };
        let device = lane.display_of(side)?.clone();
        let (controller, idle) = (controller.clone(), idle.clone());
        let stay = lot.display.message;
        let display = Display::start(controller, device, idle, stay, stop.clone());
        Some((side, display))
    };
    sides.filter_map(display).collect()
}

fn peer(config: &Config, lot: &config::Lot) -> Result<Peer, StartError> {
    Ok(Peer::new(PeerSettings {
        base_url: config.platform.base_url.clone(),
        lot: lot.id.clone(),
        credentials: config.platform.credentials()?,
        ca_pem: config.platform.authority()?,
        connect_timeout: CONNECT,
    })?)
}

fn intake(config: &Config, lots: &[StartedLot], pictures: &Pictures, journal: &Journal) -> Intake {
    let drivers = lots.iter();
    let drivers = drivers.map(|lot| (lot.configured.id.clone(), lot.driver.clone()));
    Intake {
        attached: Attached::new(&config.lots),
        drivers: drivers.collect(),
        pictures: pictures.clone(),
        journal: journal.clone(),
        remembered: std::sync::Mutex::default(),
    }
}

async fn served(
    config: &Config,
    lots: Vec<StartedLot>,
    pictures: Pictures,
    journal: Journal,
) -> Result<Served, StartError> {
    let orders = Replays::new(config.clock.window);
    let since = Timestamp::now() - orders.keeps_for();
    orders.recall(journal.commands_since(since).await?);
    let lots = lots.into_iter().map(|lot| {
        let served = ServedLot {
            driver: lot.driver,
            displays: lot.displays,
            configured: lot.configured,
        };
        (served.configured.id.clone(), served)
    });
    Ok(Served {
        lots: lots.collect::<HashMap<_, _>>(),
        journal,
        pictures,
        public_url: config.public_url.clone(),
        orders,
        texts: Replays::new(config.clock.window),
    })
}

/// One process a folder: two would push everything twice.
fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join("gateway.lock");
    let lock = File::create(&path).map_err(file(&path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse {
            path: data.to_owned(),
        }),
        Err(TryLockError::Error(reason)) => Err(file(&path)(reason)),
    }
}

fn tls(config: &Config) -> Result<Option<Arc<rustls::ServerConfig>>, StartError> {
    if config.tls.plain {
        return Ok(None);
    }
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        return Ok(Some(server_config_from_pem(certificate, key)?));
    }
    let authority = LocalAuthority::open_or_create(&config.data.join("tls"))?;
    Ok(Some(authority.server_config(&config.tls.names)?))
}

async fn listen(
    field: &'static str,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |reason| StartError::Listen {
        field,
        address,
        reason,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn file(path: &Path) -> impl Fn(io::Error) -> StartError {
    let path = path.to_owned();
    move |reason| StartError::File {
        path: path.clone(),
        reason,
    }
}

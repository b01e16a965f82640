//! The whole platform: started, and stopped in good time.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use boshi_protocol::freshness::Freshness;
use boshi_service::key::Key;
use boshi_service::{Folder, ServiceError, take};
use boshi_transport::accept::{Limits, Load, serve_counted};
use boshi_transport::bucket::Rate;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::commands::Commands;
use crate::config::{self, Config, ConfigError};
use crate::counts::Counts;
use crate::desk::Desk;
use crate::disk_watch::{DiskState, watch_disk};
use crate::events::Tail;
use crate::lots::{Lots, LotsError};
use crate::monitor::Monitor;
use crate::operators::{self, Operators};
use crate::password::Passwords;
use crate::reconcile::Reconciler;
use crate::registrar::Registrar;
use crate::retention::{Calendar, keep_archived, keep_events_few};
use crate::server::{Door, router};
use crate::store::{Store, StoreError, event};
use crate::turnstile::Turnstile;
use crate::watcher::Watcher;
use crate::webhooks::Webhooks;
use crate::webhooks::schedule::Policy;

/// Longest that commands under way may take once the listeners have stopped: most are over by then,
/// and a service manager does not wait for ever.
const DRAIN: Duration = Duration::from_secs(10);

/// Why the platform cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration or a file it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A lot.
    #[error(transparent)]
    Lots(#[from] LotsError),
    /// The folder, the key, the certificate or an address.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The records.
    #[error("{path:?}: {reason}")]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: StoreError,
    },
}

/// A platform that serves.
pub struct Running {
    /// Where suppliers reach it.
    pub standard: SocketAddr,
    /// Where operators reach it.
    pub operators: SocketAddr,
    /// Where it is watched, if it is.
    pub monitoring: Option<SocketAddr>,
    tasks: TaskTracker,
    commands: Commands,
    _folder: Folder,
}

/// Checks everything that can be checked without starting: the configuration and each file it
/// names.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(config: &Config) -> Result<(), StartError> {
    config.tls.named().map_err(ServiceError::from)?;
    Lots::new(config, Timestamp::now())?;
    Ok(())
}

/// Starts the platform; it serves until `stop`, then finishes what is under way, for a bounded time.
///
/// # Errors
/// What is missing, unreadable, of a newer version or in use.
pub async fn start(config: Config, stop: CancellationToken) -> Result<Running, StartError> {
    start_within(config, Limits::default(), stop).await
}

/// As [`start`], with addresses that bear no more than `limits`, that for suppliers as many as the
/// configuration has it.
///
/// # Errors
/// As [`start`].
pub async fn start_within(
    config: Config,
    limits: Limits,
    stop: CancellationToken,
) -> Result<Running, StartError> {
    let folder = Folder::take(&config.data, "platform.lock")?;
    let tls = config
        .tls
        .server(&config.data.join("tls"), &own_names(&config));
    let tls = tls.map_err(ServiceError::from)?;
    let path = config.operator_key();
    let key = Key::open_or_create(&path).map_err(ServiceError::file(&path))?;
    let lots = Arc::new(Lots::new(&config, Timestamp::now())?);
    let (standard, standard_at) = take("listen.standard", config.listen.standard).await?;
    let (operator, operator_at) = take("listen.operators", config.listen.operators).await?;
    if !operator_at.ip().is_loopback() {
        warn!(%operator_at, "operators' keys cross the network in plain text: use a proxy with TLS");
    }
    let watched = match config.listen.monitoring {
        Some(address) => Some(take("listen.monitoring", address).await?),
        None => None,
    };
    let tasks = TaskTracker::new();
    let (parts, alive) = open(&config, Arc::clone(&lots), tasks.clone(), stop.clone()).await?;
    // Before anybody is let in: a lot that is not known yet would be refused, not put off.
    begin(&parts, &config, alive, &tasks, &stop).await?;
    let turnstile = Arc::new(Turnstile::new(&config.limits));
    let door = Door {
        lots: Arc::clone(&lots),
        freshness: Freshness::within(config.clock.window),
        turnstile: Arc::clone(&turnstile),
        counts: parts.counts.clone(),
    };
    let suppliers = router(door, Arc::clone(&parts.desk));
    let mut listeners = Listeners::new(tasks.clone(), stop.clone());
    let of_suppliers = of_suppliers(&config.limits, limits);
    listeners.serve("standard", standard, tls, suppliers, of_suppliers);
    let routes = operators::router(Arc::clone(&parts), key);
    listeners.serve("operators", operator, None, routes, limits);
    let monitoring = watched.as_ref().map(|(_, address)| *address);
    if let Some((listener, _)) = watched {
        let disk = DiskState::default();
        let watching = watch_disk(config.data.clone(), disk.clone(), stop);
        tasks.spawn(watching);
        let load = Arc::<Load>::default();
        listeners.loads.push(("monitoring", Arc::clone(&load)));
        let monitor = Monitor {
            store: parts.store.clone(),
            lots,
            counts: parts.counts.clone(),
            turnstile,
            places: Arc::clone(&parts.places),
            disk,
            listeners: listeners.loads.clone(),
            clock: config.clock.clone(),
            latest: tokio::sync::Mutex::default(),
        };
        listeners.counted(listener, None, monitor.routes(), limits, load);
    }
    tasks.close();
    Ok(Running {
        standard: standard_at,
        operators: operator_at,
        monitoring,
        tasks,
        commands: parts.commands.clone(),
        _folder: folder,
    })
}

/// Serves addresses until `stop`, and counts who comes.
struct Listeners {
    tasks: TaskTracker,
    stop: CancellationToken,
    loads: Vec<(&'static str, Arc<Load>)>,
}

impl Listeners {
    fn new(tasks: TaskTracker, stop: CancellationToken) -> Listeners {
        let loads = Vec::new();
        Listeners { tasks, stop, loads }
    }

    fn serve(
        &mut self,
        name: &'static str,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        routes: Router,
        limits: Limits,
    ) {
        let load = Arc::<Load>::default();
        self.loads.push((name, Arc::clone(&load)));
        self.counted(listener, tls, routes, limits, load);
    }

    fn counted(
        &self,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        routes: Router,
        limits: Limits,
        load: Arc<Load>,
    ) {
        let stop = self.stop.clone();
        let serving = serve_counted(listener, tls, routes, limits, load, stop);
        self.tasks.spawn(serving);
    }
}

/// What the address for suppliers bears.
fn of_suppliers(limits: &config::Limits, others: Limits) -> Limits {
    let many = |number: NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
    let per_second = f64::from(limits.requests_per_address.get());
    Limits {
        connections: many(limits.connections),
        per_origin: many(limits.connections_per_address),
        asking: Rate {
            per_second,
            burst: per_second,
        },
        ..others
    }
}

/// Looks after the lots, and after the age of the records.
async fn begin(
    parts: &Operators,
    config: &Config,
    alive: Option<Timestamp>,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> Result<(), StartError> {
    let begun = async {
        parts.registrar.begin().await?;
        parts.webhooks.begin().await
    };
    let begun = begun.await;
    begun.map_err(|reason| StartError::Store {
        path: config.store(),
        reason,
    })?;
    let months = config.retention.months;
    let store = parts.store.clone();
    let (archive, calendar) = (config.archive(), Calendar::after(alive));
    tasks.spawn(keep_archived(
        store,
        archive,
        months,
        calendar,
        stop.clone(),
    ));
    let (store, calendar) = (parts.store.clone(), Calendar::after(alive));
    tasks.spawn(keep_events_few(
        store,
        config.events,
        calendar,
        stop.clone(),
    ));
    Ok(())
}

impl Running {
    /// Returns when the platform has stopped, after it was told to.
    pub async fn finished(self) {
        self.tasks.wait().await;
        let commands = self.commands.finished();
        if tokio::time::timeout(DRAIN, commands).await.is_err() {
            warn!("commands are left without an end: unknown from the next start on");
        }
    }
}

/// Opens the records and takes up from them where the last process stopped; and when that last noted
/// anything that happened.
pub(crate) async fn open(
    config: &Config,
    lots: Arc<Lots>,
    tasks: TaskTracker,
    stop: CancellationToken,
) -> Result<(Arc<Operators>, Option<Timestamp>), StartError> {
    let path = config.store();
    let failed = |reason| StartError::Store {
        path: path.clone(),
        reason,
    };
    let store = Store::open(&path).map_err(failed)?;
    // Before this run has noted anything.
    let newest = store.read(event::newest).await.map_err(failed)?;
    let alive = newest
        .second
        .and_then(|second| Timestamp::from_second(second).ok());
    let counts = Counts::default();
    let commands = Commands::new(store.clone(), config.command.deadline, counts.clone());
    let now = Timestamp::now();
    let left = commands.give_up_old(now).await.map_err(failed)?;
    if left > 0 {
        warn!(
            left,
            "commands were under way when the platform was killed: now unknown"
        );
    }
    let reconciler = Reconciler::new(store.clone(), config.reconcile.clone(), counts.clone());
    let tail = Tail::open(store.clone()).await.map_err(failed)?;
    tasks.spawn(Arc::clone(&tail).keep(stop.clone()));
    let policy = Policy {
        deadline: config.webhooks.deadline,
        retry: config.webhooks.retry.clone(),
        give_up: config.webhooks.give_up,
    };
    let sent = (store.clone(), Arc::clone(&tail));
    let told = (policy, counts.clone());
    let webhooks = Webhooks::new(sent, told, tasks.clone(), stop.clone());
    let registrar = Registrar {
        store: store.clone(),
        lots: Arc::clone(&lots),
        reconciler: reconciler.clone(),
        watcher: Watcher::new(store.clone(), config.heartbeat.clone(), counts.clone()),
        heartbeat: config.heartbeat.clone(),
        reconcile: config.reconcile.clone(),
        tasks,
        stop: stop.clone(),
        changing: tokio::sync::Mutex::default(),
    };
    let operators = Operators {
        desk: Arc::new(Desk::new(store.clone(), Arc::clone(&lots), counts.clone())),
        counts,
        reconciler,
        registrar,
        passwords: Passwords::new(),
        window: config.clock.window,
        months: config.retention.months,
        commands,
        lots,
        store,
        tail,
        webhooks,
        places: Arc::default(),
        stop,
    };
    Ok((Arc::new(operators), alive))
}

/// The address that the suppliers are given, if it is one.
fn own_names(config: &Config) -> Vec<String> {
    let own = config.listen.standard.ip();
    let named = (!own.is_unspecified()).then(|| own.to_string());
    named.into_iter().collect()
}

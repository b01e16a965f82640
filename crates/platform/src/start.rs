//! The whole platform: started, and stopped in good time.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::freshness::Freshness;
use boshi_service::key::Key;
use boshi_service::{Folder, ServiceError, take};
use boshi_transport::accept::{Limits, serve};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::commands::Commands;
use crate::config::{Config, ConfigError};
use crate::desk::Desk;
use crate::lots::{Lots, LotsError};
use crate::operators::{self, Operators};
use crate::password::Passwords;
use crate::reconcile::Reconciler;
use crate::registrar::Registrar;
use crate::retention::keep_archived;
use crate::server::{Door, router};
use crate::store::{Store, StoreError};

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
    let tasks = TaskTracker::new();
    let parts = open(&config, Arc::clone(&lots), tasks.clone(), stop.clone()).await?;
    let door = Door {
        lots: Arc::clone(&lots),
        freshness: Freshness::within(config.clock.window),
    };
    let suppliers = router(door, Arc::clone(&parts.desk));
    let limits = Limits::default();
    tasks.spawn(serve(standard, tls, suppliers, limits, stop.clone()));
    let store = &parts.store;
    parts
        .registrar
        .begin()
        .await
        .map_err(|reason| StartError::Store {
            path: config.store(),
            reason,
        })?;
    let months = config.retention.months;
    let archiving = keep_archived(store.clone(), config.archive(), months, stop.clone());
    tasks.spawn(archiving);
    let routes = operators::router(Arc::clone(&parts), key);
    tasks.spawn(serve(operator, None, routes, limits, stop));
    tasks.close();
    Ok(Running {
        standard: standard_at,
        operators: operator_at,
        tasks,
        commands: parts.commands.clone(),
        _folder: folder,
    })
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

/// Opens the records and takes up from them where the last process stopped.
async fn open(
    config: &Config,
    lots: Arc<Lots>,
    tasks: TaskTracker,
    stop: CancellationToken,
) -> Result<Arc<Operators>, StartError> {
    let path = config.store();
    let failed = |reason| StartError::Store {
        path: path.clone(),
        reason,
    };
    let store = Store::open(&path).map_err(failed)?;
    let commands = Commands::new(store.clone(), config.command.deadline);
    let now = Timestamp::now();
    let left = commands.give_up_old(now).await.map_err(failed)?;
    if left > 0 {
        warn!(
            left,
            "commands were under way when the platform was killed: now unknown"
        );
    }
    let reconciler = Reconciler::new(store.clone(), config.reconcile.overlap);
    let registrar = Registrar {
        store: store.clone(),
        lots: Arc::clone(&lots),
        reconciler: reconciler.clone(),
        heartbeat: config.heartbeat.clone(),
        reconcile: config.reconcile.clone(),
        tasks,
        stop,
        changing: tokio::sync::Mutex::default(),
    };
    Ok(Arc::new(Operators {
        desk: Arc::new(Desk::new(store.clone(), Arc::clone(&lots))),
        reconciler,
        registrar,
        passwords: Passwords::new(),
        window: config.clock.window,
        commands,
        lots,
        store,
    }))
}

/// The address that the suppliers are given, if it is one.
fn own_names(config: &Config) -> Vec<String> {
    let own = config.listen.standard.ip();
    let named = (!own.is_unspecified()).then(|| own.to_string());
    named.into_iter().collect()
}

//! The whole platform: started, and stopped in good time.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::freshness::Freshness;
use boshi_transport::accept::{Limits, serve};
use boshi_transport::certificate::{CertificateError, LocalAuthority, server_config_from_pem};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::commands::Commands;
use crate::config::{Config, ConfigError};
use crate::desk::Desk;
use crate::key::Key;
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
    /// A file or folder of the platform's own.
    #[error("{path:?}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Another platform uses the folder.
    #[error("{path:?} is in use by another platform")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The records.
    #[error("{path:?}: {reason}")]
    Store {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: StoreError,
    },
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

/// A platform that serves.
pub struct Running {
    /// Where suppliers reach it.
    pub standard: SocketAddr,
    /// Where operators reach it.
    pub operators: SocketAddr,
    tasks: TaskTracker,
    commands: Commands,
    _lock: File,
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
    Lots::new(config, Timestamp::now())?;
    Ok(())
}

/// Starts the platform; it serves until `stop`, then finishes what is under way, for a bounded time.
///
/// # Errors
/// What is missing, unreadable, of a newer version or in use.
pub async fn start(config: Config, stop: CancellationToken) -> Result<Running, StartError> {
    fs::create_dir_all(&config.data).map_err(file(&config.data))?;
    let lock = lock(&config.data)?;
    let tls = tls(&config)?;
    let path = config.operator_key();
    let key = Key::open_or_create(&path).map_err(file(&path))?;
    let lots = Arc::new(Lots::new(&config, Timestamp::now())?);
    let (standard, standard_at) = listen("listen.standard", config.listen.standard).await?;
    let (operator, operator_at) = listen("listen.operators", config.listen.operators).await?;
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
        _lock: lock,
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

/// One process a folder: two would each give up the other's commands.
fn lock(data: &Path) -> Result<File, StartError> {
    let path = data.join("platform.lock");
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
    let mut names = config.tls.names.clone();
    let own = config.listen.standard.ip();
    if !own.is_unspecified() {
        names.push(own.to_string());
    }
    names.sort_unstable();
    names.dedup();
    let authority = LocalAuthority::open_or_create(&config.data.join("tls"))?;
    Ok(Some(authority.server_config(&names)?))
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

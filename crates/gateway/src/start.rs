//! The whole gateway: started, and stopped in good time.

mod drivers;
mod listeners;
mod lots;
pub(crate) mod recover;
mod run;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use boshi_protocol::freshness::Freshness;
use boshi_service::key::Key;
use boshi_service::{Folder, ServiceError};
use boshi_transport::accept::Limits;
use boshi_transport::call::PeerError;
use boshi_transport::serve::Gatekeeper;
use boshi_transport::unknown::refuse_unknown;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::listeners::{Listeners, Taken};
use self::lots::{StartedLot, Surroundings, peer};
use self::run::ThisRun;
use crate::clock::Clock;
use crate::config::{self, Config, ConfigError};
use crate::devices::answer::refusal;
use crate::devices::attached::Attached;
use crate::devices::controllers::Controllers;
use crate::devices::flood::Floods;
use crate::devices::hik;
use crate::devices::intake::{self, Intake};
use crate::devices::outfit::EquipError;
use crate::devices::polled::{self, Polled};
use crate::devices::push::Pushing;
use crate::disk_watch::{DiskState, DiskWatch};
use crate::journal::{Journal, JournalError};
use crate::local::{self, Local};
use crate::monitor::Monitor;
use crate::pictures::Pictures;
use crate::reload::{InForce, Reloaded, Reloader};
use crate::replay::Replays;
use crate::retention::Retention;
use crate::serve::{self as standard, Door, Served, ServedLot};

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
    /// The folder, the key, the certificate or an address.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl From<EquipError> for StartError {
    fn from(error: EquipError) -> StartError {
        match error {
            EquipError::Client(error) => StartError::Client(error),
            EquipError::Config(error) => StartError::Config(error),
        }
    }
}

/// A gateway that serves.
pub struct Running {
    /// Where the platform reaches it.
    pub standard: SocketAddr,
    /// Where the devices reach it.
    pub devices: SocketAddr,
    /// Where the booth and this machine's tools reach it.
    pub local: SocketAddr,
    /// Where machines that watch reach it, if they do.
    pub monitoring: Option<SocketAddr>,
    reloader: Reloader,
    tasks: TaskTracker,
    run: ThisRun,
    _folder: Folder,
}

impl Running {
    /// Brings `new` into force as far as that is possible while the gateway runs: neither lanes nor
    /// outbox are touched. When something is wrong with it, all stays as it is.
    ///
    /// # Errors
    /// What is wrong.
    pub fn reload(&self, new: &Config) -> Result<Reloaded, StartError> {
        check(new)?;
        Ok(self.reloader.reload(new)?)
    }

    /// Returns when the gateway has stopped, after it was told to.
    pub async fn finished(self) {
        self.tasks.wait().await;
        self.run.end().await;
    }
}

/// Checks everything that can be checked without starting: the configuration and each file it
/// names.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(config: &Config) -> Result<(), StartError> {
    config.tls.named().map_err(ServiceError::from)?;
    for (place, lot) in config.lots.iter().enumerate() {
        peer(config, lot)?;
        hik::check_trust(place, lot)?;
    }
    Ok(())
}

/// Starts the gateway; it serves until `stop`, then finishes what is under way, for a bounded time.
///
/// # Errors
/// What is missing, unreadable, of a newer version or in use.
pub async fn start(config: Config, stop: CancellationToken) -> Result<Running, StartError> {
    start_within(config, Limits::default(), stop).await
}

/// As [`start`], with addresses that bear no more than `limits`.
///
/// # Errors
/// As [`start`].
pub async fn start_within(
    config: Config,
    limits: Limits,
    stop: CancellationToken,
) -> Result<Running, StartError> {
    let folder = Folder::take(&config.data, "gateway.lock")?;
    let journal = Journal::open(&config.journal())?;
    let before = journal.runs(1).await?.pop();
    let at = config.data.join("pictures");
    let pictures = Pictures::open(&at).map_err(ServiceError::file(&at))?;
    let path = config.local_key();
    let key = Key::open_or_create(&path).map_err(ServiceError::file(&path))?;
    let tls = config.tls.server(&config.data.join("tls"), &[]);
    let tls = tls.map_err(ServiceError::from)?;
    let on = Taken::all(&config.listen).await?;
    let tasks = TaskTracker::new();
    // Should the rest fail, what is started until then ends.
    let stop = stop.child_token();
    let half_done = stop.clone().drop_guard();
    let mut controllers = Controllers::default();
    let (in_force, following) = watch::channel(Arc::new(config.clone()));
    let around = Surroundings::new(&config, following.clone(), &journal, &stop, &tasks);
    let mut lots = around.start_lots(&mut controllers).await?;
    let left = lots.iter().map(|lot| lot.left).sum();
    recover::explain(before.as_ref(), left, Timestamp::now());
    let run = ThisRun::begin(journal.clone()).await;
    tasks.spawn(run.clone().stays_alive(stop.clone()));
    let freshness = Freshness::within(config.clock.window);
    let credentials = config.platform.credentials()?;
    let door = Arc::new(Door::new(credentials, freshness, around.skews));
    let peers = lots.iter().map(|lot| lot.peer.clone()).collect();
    let reloader = Reloader::new(in_force, Arc::clone(&door), peers);
    let listeners = Listeners::new(limits, tasks.clone(), stop.clone());
    let controllers = Arc::new(controllers);
    let (beside, clock) = (&config.lots, around.clock);
    let intake = intake(beside, &lots, clock, &pictures, &journal, &controllers);
    let intake = Arc::new(intake);
    let pushing = drivers::run(&mut lots, &intake, &tasks, &stop);
    let disk = keep_house(&following, &lots, &journal, &pictures, &tasks, &stop);
    let local = Local {
        lots: lots.iter().map(StartedLot::local).collect(),
        journal: journal.clone(),
        door: Arc::clone(&door),
        disk: disk.clone(),
        key,
        stop: stop.clone(),
    };
    let monitoring = on.monitoring.map(|(listener, at)| {
        let seen = lots.iter().map(StartedLot::monitored).collect();
        let (journal, door) = (journal.clone(), Arc::clone(&door));
        let monitor = Monitor::new(seen, journal, door, listeners.loads(), disk);
        listeners.serve("monitoring", listener, None, monitor.routes());
        at
    });
    let served = served(&config, lots, pictures, journal).await?;
    let door: Arc<dyn Gatekeeper> = door;
    let routes = standard::router(door, Arc::new(served));
    listeners.serve("standard", on.standard.0, tls, routes);
    let routes = device_routes(intake, controllers, pushing, &stop);
    listeners.serve("devices", on.devices.0, None, routes);
    listeners.serve("local", on.local.0, None, local::router(Arc::new(local)));
    tasks.close();
    half_done.disarm();
    Ok(Running {
        standard: on.standard.1,
        devices: on.devices.1,
        local: on.local.1,
        monitoring,
        reloader,
        tasks,
        run,
        _folder: folder,
    })
}

/// Everything that devices call.
fn device_routes(
    intake: Arc<Intake>,
    controllers: Arc<Controllers>,
    pushing: Pushing,
    stop: &CancellationToken,
) -> Router {
    let polled = Polled {
        controllers,
        stop: stop.clone(),
    };
    let routes = intake::router(intake)
        .merge(polled::router(Arc::new(polled)))
        .merge(pushing.routes());
    refuse_unknown(routes, refusal)
}

/// What goes on in the background: old records go, and pictures when there is no room.
fn keep_house(
    in_force: &InForce,
    lots: &[StartedLot],
    journal: &Journal,
    pictures: &Pictures,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> DiskState {
    let retention = Retention {
        in_force: in_force.clone(),
        journal: journal.clone(),
        pictures: pictures.clone(),
    };
    tasks.spawn(retention.run(stop.clone()));
    let state = DiskState::default();
    let watched = lots.iter();
    let watched = watched.map(|lot| (lot.configured.id.clone(), lot.driver.clone()));
    let watch = DiskWatch {
        data: in_force.borrow().data.clone(),
        pictures: pictures.clone(),
        in_force: in_force.clone(),
        state: state.clone(),
        lots: watched.collect(),
    };
    tasks.spawn(watch.run(stop.clone()));
    state
}

fn intake(
    configured: &[config::Lot],
    lots: &[StartedLot],
    clock: Clock,
    pictures: &Pictures,
    journal: &Journal,
    controllers: &Arc<Controllers>,
) -> Intake {
    let drivers = lots.iter();
    let drivers = drivers.map(|lot| (lot.configured.id.clone(), lot.driver.clone()));
    Intake {
        attached: Attached::new(configured),
        clock,
        drivers: drivers.collect(),
        pictures: pictures.clone(),
        journal: journal.clone(),
        remembered: std::sync::Mutex::default(),
        floods: Floods::default(),
        controllers: Arc::clone(controllers),
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

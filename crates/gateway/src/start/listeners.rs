//! The addresses that are served.

use std::sync::Arc;

use axum::Router;
use boshi_service::{Address, ServiceError, take};
use boshi_transport::accept::{Limits, Load, serve_counted};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config;

/// What each address is called in the configuration.
const NAMES: [&str; 4] = ["standard", "devices", "local", "monitoring"];

/// Serves addresses until `stop`, and counts who comes.
pub(super) struct Listeners {
    limits: Limits,
    tasks: TaskTracker,
    stop: CancellationToken,
    loads: Vec<(&'static str, Arc<Load>)>,
}

impl Listeners {
    /// Each of which bears its share of `limits`.
    pub(super) fn new(limits: Limits, tasks: TaskTracker, stop: CancellationToken) -> Listeners {
        let loads = NAMES.map(|name| (name, Arc::default()));
        Listeners {
            limits: limits.sharing(descriptors(), NAMES.len() as u64),
            tasks,
            stop,
            loads: loads.into(),
        }
    }

    /// How busy each address is.
    pub(super) fn loads(&self) -> Vec<(&'static str, Arc<Load>)> {
        self.loads.clone()
    }

    /// Serves `routes` on the address of that name.
    pub(super) fn serve(
        &self,
        name: &'static str,
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        routes: Router,
    ) {
        let mut known = self.loads.iter();
        let (_, load) = known
            .find(|(known, _)| *known == name)
            .expect("each address has its name here");
        let (load, stop) = (Arc::clone(load), self.stop.clone());
        let serving = serve_counted(listener, tls, routes, self.limits, load, stop);
        self.tasks.spawn(serving);
    }
}

/// How many file descriptors the process may have.
fn descriptors() -> u64 {
    #[cfg(unix)]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        limit.current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    u64::MAX
}

/// Every address of the configuration, taken.
pub(super) struct Taken {
    pub(super) standard: Address,
    pub(super) devices: Address,
    pub(super) local: Address,
    pub(super) monitoring: Option<Address>,
}

impl Taken {
    pub(super) async fn all(listen: &config::Listen) -> Result<Taken, ServiceError> {
        Ok(Taken {
            standard: take("listen.standard", listen.standard).await?,
            devices: take("listen.devices", listen.devices).await?,
            local: take("listen.local", listen.local).await?,
            monitoring: match listen.monitoring {
                Some(address) => Some(take("listen.monitoring", address).await?),
                None => None,
            },
        })
    }
}

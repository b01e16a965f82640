//! A new configuration while the gateway runs: rules and texts take over, lanes and outbox go on.

use std::sync::{Arc, Mutex, PoisonError};

use boshi_transport::call::Peer;
use tokio::sync::watch;

use crate::config::{Changed, Config, ConfigError};
use crate::lot::Rules;
use crate::serve::Door;

/// The configuration that counts now, for those who follow it.
pub(crate) type InForce = watch::Receiver<Arc<Config>>;

/// What became of a new configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// What counts from now on, by its keys.
    pub applied: Vec<String>,
    /// What stays as it was until the gateway is started anew.
    pub restart: Vec<String>,
}

/// Brings new configurations into force.
pub(crate) struct Reloader {
    in_force: watch::Sender<Arc<Config>>,
    door: Arc<Door>,
    peers: Vec<Peer>,
    /// One at a time.
    turn: Mutex<()>,
}

impl Reloader {
    /// Changes what `in_force` says, and how `door` and `peers` know each other.
    pub(crate) fn new(
        in_force: watch::Sender<Arc<Config>>,
        door: Arc<Door>,
        peers: Vec<Peer>,
    ) -> Reloader {
        Reloader {
            in_force,
            door,
            peers,
            turn: Mutex::default(),
        }
    }

    /// Applies what of `new` can be applied; or none of it, when something is wrong with it.
    pub(crate) fn reload(&self, new: &Config) -> Result<Reloaded, ConfigError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Changed {
            config,
            mut applied,
            restart,
        } = self.in_force.borrow().taken_over_by(new);
        Rules::of(&config)?;
        // Its file may hold another secret than before.
        let credentials = config.platform.credentials()?;
        if self.door.rotate_to(credentials.clone()) {
            applied.retain(|key| key != SECRET);
            applied.push(SECRET.to_owned());
        }
        for peer in &self.peers {
            peer.rotate_to(credentials.clone());
        }
        self.in_force.send_replace(Arc::new(config));
        Ok(Reloaded { applied, restart })
    }
}

const SECRET: &str = "platform.secret";

//! The platform's configuration: one commented TOML file.

mod check;
mod lots;
mod sections;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use boshi_service::Tls;
use boshi_service::config;
use serde::Deserialize;

pub use boshi_service::config::ConfigError;

pub use self::lots::{Lane, Lot, Supplier};
pub use self::sections::{
    Clock, Command, Events, Heartbeat, Limits, Listen, Reconcile, Retention, Webhooks,
};

/// The whole configuration with its defaults, commented.
pub const COMMENTED: &str = include_str!("../platform.toml");

/// What the variable that holds a supplier's secret begins with; its `app_id` follows.
pub const SECRET_VARIABLE: &str = "BOSHI_PLATFORM_SECRET_";

/// Everything that is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the records, the keys and the certificates are kept.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// Where to listen.
    #[serde(default)]
    pub listen: Listen,
    /// The certificate of the standard's endpoints.
    #[serde(default)]
    pub tls: Tls,
    /// Clocks.
    #[serde(default)]
    pub clock: Clock,
    /// Watching the lots.
    #[serde(default)]
    pub heartbeat: Heartbeat,
    /// Fetching what was missed.
    #[serde(default)]
    pub reconcile: Reconcile,
    /// Commanding gates.
    #[serde(default)]
    pub command: Command,
    /// How long records are kept.
    #[serde(default)]
    pub retention: Retention,
    /// How much suppliers may ask.
    #[serde(default)]
    pub limits: Limits,
    /// The log of events.
    #[serde(default)]
    pub events: Events,
    /// Sending events to other systems.
    #[serde(default)]
    pub webhooks: Webhooks,
    /// The suppliers.
    #[serde(default, rename = "supplier")]
    pub suppliers: Vec<Supplier>,
    /// The lots.
    #[serde(default, rename = "lot")]
    pub lots: Vec<Lot>,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`], which says where and why.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::parse(&config::read("the configuration", path)?)
    }

    /// Reads and checks `text`. The files it names are read when the platform starts, and by
    /// [`crate::check`].
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] and [`ConfigError::Value`].
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        config::parse(text, check::config)
    }

    /// Where the records are.
    pub fn store(&self) -> PathBuf {
        self.data.join("platform.db")
    }

    /// Where records go that are older than what is kept.
    pub fn archive(&self) -> PathBuf {
        self.data.join("archive")
    }

    /// Where the key of the operators' interface is.
    pub fn operator_key(&self) -> PathBuf {
        self.data.join("operator.key")
    }
}

fn default_data() -> PathBuf {
    PathBuf::from("./platform-data")
}

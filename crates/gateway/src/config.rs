//! The gateway's configuration: one commented TOML file.

mod check;
mod secret;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId, PlaceNo};
use boshi_protocol::token::Credentials;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// The whole configuration with its defaults, commented.
pub const COMMENTED: &str = include_str!("../gateway.toml");

/// The variable that holds the platform's secret, before any file.
pub const SECRET_VARIABLE: &str = "BOSHI_GATEWAY_SECRET";

/// Everything that is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the journal, the pictures and the keys are kept.
    #[serde(default = "default_data")]
    pub data: PathBuf,
    /// How the platform reaches this gateway, without a slash at the end.
    pub public_url: String,
    /// Where to listen.
    #[serde(default)]
    pub listen: Listen,
    /// The certificate of the standard's endpoints.
    #[serde(default)]
    pub tls: Tls,
    /// The platform.
    pub platform: Platform,
    /// Pushing.
    #[serde(default)]
    pub push: Push,
    /// Watching the devices.
    #[serde(default)]
    pub supervision: Supervision,
    /// Keeping.
    #[serde(default)]
    pub retention: Retention,
    /// Clocks.
    #[serde(default)]
    pub clock: Clock,
    /// The lots.
    #[serde(default, rename = "lot")]
    pub lots: Vec<Lot>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// For the platform.
    pub standard: SocketAddr,
    /// For the devices: plain HTTP.
    pub devices: SocketAddr,
}

/// The certificate of the standard's endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// PEM file; absent with `key`: self-made.
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// HTTP only.
    pub plain: bool,
}

/// The platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Where its endpoints hang.
    pub base_url: String,
    /// Who we are to it.
    #[serde(deserialize_with = "id")]
    pub app_id: AppId,
    #[serde(default, deserialize_with = "optional_secret")]
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "optional_secret")]
    previous_secret: Option<SecretString>,
    /// The authority of its certificate, PEM.
    pub ca_file: Option<PathBuf>,
}

/// Pushing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Push {
    /// Failures in a row after which a push has failed (PUSH-2).
    pub attempts: NonZeroU32,
    /// Longest wait of a vehicle for a dead network, in seconds (D-17).
    pub budget_seconds: NonZeroU64,
    /// How often a refused vehicle is asked about again, in seconds (RECOG-2).
    pub refused_poll_seconds: NonZeroU64,
}

/// Watching the devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supervision {
    check_minutes: Option<NonZeroU32>,
    check_seconds: Option<NonZeroU32>,
}

/// Keeping.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How long records stay queryable, in days (UNPUSH-2).
    pub days: NonZeroU32,
}

/// Clocks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// How far the platform's clock may be off, in seconds; 0 checks nothing (D-4).
    pub window_seconds: u64,
}

/// A car park.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Assigned by the platform.
    #[serde(deserialize_with = "id")]
    pub id: LotId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Its lanes.
    #[serde(default, rename = "lane")]
    pub lanes: Vec<Lane>,
    /// Its spaces.
    #[serde(default, rename = "place")]
    pub places: Vec<Place>,
}

/// A lane.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// Its name, `01`.
    pub name: String,
    /// The gate it belongs to, `东二门`.
    pub gate: String,
    /// Which way vehicles go.
    pub direction: Direction,
    /// The plate recognizer.
    #[serde(deserialize_with = "id")]
    pub recognizer: DeviceNo,
    /// The barrier.
    #[serde(deserialize_with = "id")]
    pub barrier: DeviceNo,
    /// The display.
    #[serde(default, deserialize_with = "optional_id")]
    pub display: Option<DeviceNo>,
    /// Whether a loop lies before the barrier.
    #[serde(default = "yes")]
    pub trigger_loop: bool,
    /// Whether an anti-smash loop lies under the barrier.
    #[serde(default = "yes")]
    pub safety_loop: bool,
    /// Whether the barrier tells where its arm is.
    #[serde(default = "yes")]
    pub limit_switch: bool,
    /// Where commands to the devices go.
    pub device_url: String,
    /// What the devices and the gateway show each other.
    #[serde(deserialize_with = "device_key")]
    pub device_key: SecretString,
}

/// Which way vehicles go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// In.
    Entry,
    /// Out.
    Exit,
    /// Both.
    Mixed,
}

/// A parking space.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its number.
    #[serde(deserialize_with = "id")]
    pub number: PlaceNo,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Not what the program understands; names the line and the key.
    #[error("{0}")]
    Syntax(String),
    /// A value that makes no sense.
    #[error("{field} is {value}: expected {expected}")]
    Value {
        /// The key.
        field: String,
        /// What it is.
        value: String,
        /// What it should be.
        expected: String,
    },
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`], which says where and why.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::parse(&secret::read(path)?)
    }

    /// Reads and checks `text`.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] and [`ConfigError::Value`].
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        let config: Config =
            toml::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
        check::config(&config)?;
        Ok(config)
    }
}

impl Platform {
    /// What the gateway and the platform share (T-6, D-6): the secret from the environment, the
    /// file or the value, in this order.
    ///
    /// # Errors
    /// [`ConfigError`] when there is none or its file cannot be read.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        let current = secret::find(
            std::env::var(SECRET_VARIABLE).ok(),
            self.secret_file.as_deref(),
            self.secret.as_ref(),
        )?;
        let credentials = Credentials::new(self.app_id.clone(), current);
        Ok(match &self.previous_secret {
            Some(previous) => credentials.while_rotating_from(previous.clone()),
            None => credentials,
        })
    }
}

impl Supervision {
    /// How often every device's connection is checked (ABN-3): 5 minutes unless said otherwise.
    pub fn interval(&self) -> Duration {
        let minutes = self.check_minutes.map_or(5, NonZeroU32::get);
        let seconds = self.check_seconds.map(|seconds| u64::from(seconds.get()));
        Duration::from_secs(seconds.unwrap_or(u64::from(minutes) * 60))
    }
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            standard: SocketAddr::from(([127, 0, 0, 1], 8443)),
            devices: SocketAddr::from(([127, 0, 0, 1], 8444)),
        }
    }
}

impl Default for Push {
    fn default() -> Push {
        Push {
            attempts: const { NonZeroU32::new(5).expect("5 is not 0") },
            budget_seconds: const { NonZeroU64::new(10).expect("10 is not 0") },
            refused_poll_seconds: const { NonZeroU64::new(2).expect("2 is not 0") },
        }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            days: const { NonZeroU32::new(180).expect("180 is not 0") },
        }
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            window_seconds: 300,
        }
    }
}

fn default_data() -> PathBuf {
    PathBuf::from("./gateway-data")
}

fn yes() -> bool {
    true
}

fn id<'de, D, K>(from: D) -> Result<boshi_protocol::id::Id<K>, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    boshi_protocol::id::Id::new(&text).map_err(serde::de::Error::custom)
}

fn optional_id<'de, D, K>(from: D) -> Result<Option<boshi_protocol::id::Id<K>>, D::Error>
where
    D: Deserializer<'de>,
{
    id(from).map(Some)
}

fn device_key<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    device_key(from).map(Some)
}

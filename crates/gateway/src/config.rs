//! The gateway's configuration: one commented TOML file.

mod board;
mod camera;
mod change;
mod check;
mod dahua;
mod driven;
mod equipment;
mod hik;
mod hx;
mod log;
mod lot;
mod mqtt;
mod spaces;
#[cfg(test)]
mod tests;
mod timing;
mod topic;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_protocol::id::AppId;
use boshi_protocol::token::Credentials;
use boshi_service::Tls;
use boshi_service::config::{self, find_secret, value};
use secrecy::SecretString;
use serde::Deserialize;

pub use boshi_service::config::ConfigError;

pub use self::board::{Color, Multiline, Olm};
pub use self::camera::{CameraBarrier, CameraClock, Confirm, UrlKey, Vz, VzDialect, VzMqtt, VzTcp};
pub use self::change::Changed;
pub use self::dahua::{Dahua, DahuaBarrier, DahuaEvents, DahuaHold};
pub use self::driven::Equipment;
pub(crate) use self::equipment::line_of;
pub use self::equipment::{
    ANYBODY, BAUDS, Framing, Input, InputsBy, Modbus, ModbusModule, Parity, PulseBy, RelayBarrier,
    Role, SerialLine, StopBits, is_host, is_serial,
};
pub use self::hik::{Hik, HikBarrier, HikMode, Password};
pub use self::hx::Hx;
pub use self::log::LogLevel;
pub use self::lot::{Direction, Display, Lane, Lot, POLL, Place};
pub use self::mqtt::Mqtt;
pub use self::spaces::{SpaceFields, SpaceWords, Spaces, SpacesDialect};
pub use self::timing::Timing;
pub use self::topic::{Topic, TopicError};

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
    /// How long a lane waits for what.
    #[serde(default)]
    pub timing: Timing,
    /// Watching the devices.
    #[serde(default)]
    pub supervision: Supervision,
    /// Keeping.
    #[serde(default)]
    pub retention: Retention,
    /// Clocks.
    #[serde(default)]
    pub clock: Clock,
    /// Messages of abnormalities that differ from the standard's, by code (ABN-2, D-15).
    #[serde(default)]
    pub abnormal_texts: BTreeMap<String, String>,
    /// The least important of what is logged.
    #[serde(default)]
    pub log: LogLevel,
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
    /// For the booth and this machine's own tools: plain HTTP.
    pub local: SocketAddr,
    /// For machines that watch: plain HTTP without a key; not at all when there is no address.
    pub monitoring: Option<SocketAddr>,
}

/// The platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// Where its endpoints hang.
    pub base_url: String,
    /// Who we are to it.
    #[serde(deserialize_with = "value::id")]
    pub app_id: AppId,
    #[serde(default, deserialize_with = "value::optional_secret")]
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "value::optional_secret")]
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
    /// Longest wait of a vehicle for a dead network (D-17).
    #[serde(deserialize_with = "value::span")]
    pub budget: Duration,
    /// Pause between two probes of a dead network when nothing else is pushed (PUSH-5).
    #[serde(deserialize_with = "value::span")]
    pub probe: Duration,
}

/// Watching the devices.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supervision {
    /// How often every device's connection is checked (ABN-3).
    #[serde(deserialize_with = "value::span")]
    pub check: Duration,
    /// How long after its last heartbeat a device is asked for.
    #[serde(deserialize_with = "value::span")]
    pub silence: Duration,
}

/// Keeping.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// How long records stay queryable, in days (UNPUSH-2).
    pub days: NonZeroU32,
    /// How long attempts to push can be looked up, in days; not longer than their records.
    pub attempt_days: NonZeroU32,
    /// Most bytes of pictures; the oldest go first.
    #[serde(deserialize_with = "value::bytes")]
    pub pictures: u64,
}

/// Clocks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// How far the platform's clock may be off; zero checks nothing (D-4).
    #[serde(deserialize_with = "value::span_or_zero")]
    pub window: Duration,
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`ConfigError`], which says where and why.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        Config::parse(&config::read("the configuration", path)?)
    }

    /// Reads and checks `text`.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] and [`ConfigError::Value`].
    pub fn parse(text: &str) -> Result<Config, ConfigError> {
        config::parse(text, check::config)
    }

    /// The file with the key of the local interface.
    pub fn local_key(&self) -> PathBuf {
        self.data.join("local.key")
    }

    /// The file of the secret that is shared with the platform, if it is in one.
    pub fn secret_file(&self) -> Option<&Path> {
        self.platform.secret_file.as_deref()
    }

    /// Every file that is named.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let Tls {
            certificate, key, ..
        } = &self.tls;
        let named = [certificate, key, &self.platform.ca_file];
        let cameras = self.lots.iter().flat_map(|lot| &lot.hik);
        let cameras = cameras.flat_map(|it| [&it.ca_file, &it.certificate_file]);
        let named = named.into_iter().chain(cameras);
        named
            .filter_map(|path| path.as_deref())
            .chain(self.secret_file())
    }

    /// The file of the journal.
    pub fn journal(&self) -> PathBuf {
        self.data.join("journal.db")
    }
}

impl Platform {
    /// What the gateway and the platform share (T-6, D-6): the secret from the environment, the
    /// file or the value, in this order.
    ///
    /// # Errors
    /// [`ConfigError`] when there is none or its file cannot be read.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        let current = find_secret(
            "platform.secret",
            Some(SECRET_VARIABLE),
            self.secret_file.as_deref(),
            self.secret.as_ref(),
        )?;
        let credentials = Credentials::new(self.app_id.clone(), current);
        Ok(match &self.previous_secret {
            Some(previous) => credentials.while_rotating_from(previous.clone()),
            None => credentials,
        })
    }

    /// The authority of the platform's certificate, if one is named.
    ///
    /// # Errors
    /// [`ConfigError`] when its file cannot be read.
    pub fn authority(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let path = self.ca_file.as_deref();
        let text = path.map(|path| config::read("platform.ca_file", path));
        let text = text.transpose()?;
        Ok(text.map(String::into_bytes))
    }
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            standard: SocketAddr::from(([127, 0, 0, 1], 8443)),
            devices: SocketAddr::from(([127, 0, 0, 1], 8444)),
            local: SocketAddr::from(([127, 0, 0, 1], 8445)),
            monitoring: None,
        }
    }
}

impl Default for Push {
    fn default() -> Push {
        Push {
            attempts: const { NonZeroU32::new(5).expect("5 is not 0") },
            budget: Duration::from_secs(10),
            probe: Duration::from_secs(30),
        }
    }
}

impl Default for Supervision {
    fn default() -> Supervision {
        Supervision {
            check: Duration::from_secs(5 * 60),
            silence: Duration::from_secs(30),
        }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            days: const { NonZeroU32::new(180).expect("180 is not 0") },
            attempt_days: const { NonZeroU32::new(30).expect("30 is not 0") },
            pictures: 20_000_000_000,
        }
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock {
            window: Duration::from_secs(300),
        }
    }
}

fn default_data() -> PathBuf {
    PathBuf::from("./gateway-data")
}

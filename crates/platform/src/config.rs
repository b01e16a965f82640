//! The platform's configuration: one commented TOML file.

mod check;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId};
use boshi_service::Tls;
use boshi_service::config::{self, find_secret, value};
use secrecy::SecretString;
use serde::Deserialize;

pub use boshi_service::config::ConfigError;

use crate::addresses::Addresses;
use crate::decision::{self, Direction};
use crate::registry::{self, ExternalEntry, LaneEntry, LotEntry};

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

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// For the suppliers.
    pub standard: SocketAddr,
    /// For operators and their tools: plain HTTP.
    pub operators: SocketAddr,
    /// For machines that watch it: plain HTTP; nobody does when none is given.
    pub monitoring: Option<SocketAddr>,
}

/// Clocks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// How far a supplier's clock may be off; zero checks nothing (D-4).
    #[serde(deserialize_with = "value::span_or_zero")]
    pub window: Duration,
}

/// Watching the lots (BEAT-1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeat {
    /// How often a lot is asked whether it is there.
    #[serde(deserialize_with = "value::span")]
    pub interval: Duration,
    /// How long it may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub timeout: Duration,
    /// Unanswered heartbeats in a row after which an outage begins.
    pub misses: NonZeroU32,
}

/// Fetching what was missed (D-19).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reconcile {
    /// How often, also when nothing seems wrong.
    #[serde(deserialize_with = "value::span")]
    pub interval: Duration,
    /// How far before the last pass each pass begins.
    #[serde(deserialize_with = "value::span_or_zero")]
    pub overlap: Duration,
}

/// Commanding gates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Command {
    /// How long a gate may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub deadline: Duration,
}

/// How long records are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Whole months in the database, beside the present one; older ones go to the archive.
    pub months: u8,
}

/// How much suppliers may ask, so that no one of them takes the others' share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at once; further ones wait.
    pub connections: NonZeroU32,
    /// Connections at once of one remote address; further ones are closed.
    pub connections_per_address: NonZeroU32,
    /// Requests a second of one remote address; further ones get a 429.
    pub requests_per_address: NonZeroU32,
    /// Requests at once of one supplier; further ones get a 503.
    pub under_way_per_supplier: NonZeroU32,
    /// Requests at once of one lot; further ones get a 503.
    pub under_way_per_lot: NonZeroU32,
    /// Requests a second of one lot, over time; further ones get a 429.
    pub requests_per_lot: NonZeroU32,
}

/// The log of events, from which streams and webhooks are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Events {
    /// Days for which events are kept.
    pub days: u16,
    /// Most events that are kept, however young.
    pub most: u64,
}

/// Sending events to other systems.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// How long a receiver may take to answer.
    #[serde(deserialize_with = "value::span")]
    pub deadline: Duration,
    /// How long to wait after each failed attempt before the next.
    #[serde(deserialize_with = "value::spans")]
    pub retry: Vec<Duration>,
    /// How long an endpoint may fail without a success before nothing is sent to it any more.
    #[serde(deserialize_with = "value::span")]
    pub give_up: Duration,
}

/// Whoever runs the equipment of lots.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplier {
    /// Who it is to us.
    #[serde(deserialize_with = "value::id")]
    pub app_id: AppId,
    #[serde(default, deserialize_with = "value::optional_secret")]
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "value::optional_secret")]
    previous_secret: Option<SecretString>,
    #[serde(default)]
    addresses: Addresses,
}

/// A car park.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Its name on the wire.
    #[serde(deserialize_with = "value::id")]
    pub id: LotId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Whose it is.
    #[serde(deserialize_with = "value::id")]
    pub supplier: AppId,
    /// Where its gateway serves the standard's endpoints.
    pub base_url: String,
    /// The authority of the gateway's certificate, PEM.
    pub ca_file: Option<PathBuf>,
    /// For unknown vehicles that enter.
    pub entry: decision::Default,
    /// For unknown vehicles that leave.
    pub exit: decision::Default,
    /// Vehicles that it holds; as many as come when none.
    pub capacity: Option<u32>,
    /// Minutes after its entry in which a vehicle leaves without having paid.
    #[serde(default)]
    pub free_minutes: u16,
    /// A system that is asked before a vehicle may pass.
    external: Option<External>,
    /// Its lanes.
    #[serde(default, rename = "lane")]
    pub lanes: Vec<Lane>,
}

/// A lane.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// The plate recognizer.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// Which way vehicles go past it.
    pub direction: Direction,
    /// The display that tells the driver what was decided; none when none should.
    #[serde(default, deserialize_with = "value::optional_id")]
    pub display: Option<DeviceNo>,
}

/// A system that is asked whether a vehicle may pass.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct External {
    url: String,
    #[serde(default, deserialize_with = "value::optional_secret")]
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    #[serde(default = "default_deadline", deserialize_with = "value::span")]
    deadline: Duration,
    #[serde(default = "default_fallback")]
    fallback: decision::Fallback,
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

impl Supplier {
    /// The supplier, with its secret from the environment, the file or the value, in this order
    /// (D-6).
    ///
    /// # Errors
    /// [`ConfigError`] when there is none or its file cannot be read.
    pub fn entry(&self) -> Result<registry::Supplier, ConfigError> {
        Ok(registry::Supplier {
            app_id: self.app_id.clone(),
            name: String::new(),
            secret: find_secret(
                &format!("supplier {}: secret", self.app_id),
                Some(&format!("{SECRET_VARIABLE}{}", self.app_id)),
                self.secret_file.as_deref(),
                self.secret.as_ref(),
            )?,
            previous: self.previous_secret.clone(),
            addresses: self.addresses.clone(),
        })
    }
}

impl Lot {
    /// Everything that is set of the lot, with the files that it names.
    ///
    /// # Errors
    /// [`ConfigError`] when one of them cannot be read.
    pub fn entry(&self) -> Result<LotEntry, ConfigError> {
        let lanes = self.lanes.iter().map(|lane| LaneEntry {
            name: String::new(),
            recognizer: lane.recognizer.to_string(),
            direction: lane.direction,
            display: lane.display.as_ref().map(DeviceNo::to_string),
        });
        let external = self.external.as_ref();
        let external = external.map(|named| named.entry(&self.id)).transpose()?;
        Ok(LotEntry {
            name: self.name.clone(),
            supplier: self.supplier.to_string(),
            base_url: self.base_url.clone(),
            ca_pem: self.authority()?,
            connect_ms: registry::CONNECT_MS,
            entry: self.entry,
            exit: self.exit,
            capacity: self.capacity,
            free_minutes: self.free_minutes,
            external,
            lanes: lanes.collect(),
        })
    }

    /// The authority of the gateway's certificate, if one is named.
    fn authority(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.ca_file else {
            return Ok(None);
        };
        let text = config::read("ca_file", path)?;
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return Err(ConfigError::value(
                format!("ca_file of lot {}", self.id),
                format!("{path:?}"),
                "a file with a certificate in PEM",
            ));
        }
        Ok(Some(text))
    }
}

impl External {
    fn entry(&self, lot: &LotId) -> Result<ExternalEntry, ConfigError> {
        let field = |name: &str| format!("lot {lot}: external.{name}");
        let secret = find_secret(
            &field("secret"),
            None,
            self.secret_file.as_deref(),
            self.secret.as_ref(),
        )?;
        let ca = self.ca_file.as_ref();
        let ca_pem = ca
            .map(|path| config::read(&field("ca_file"), path))
            .transpose()?;
        Ok(ExternalEntry {
            url: self.url.clone(),
            secret,
            ca_pem,
            deadline_ms: u64::try_from(self.deadline.as_millis()).unwrap_or(u64::MAX),
            fallback: self.fallback,
        })
    }
}

impl Default for Listen {
    fn default() -> Listen {
        Listen {
            standard: SocketAddr::from(([127, 0, 0, 1], 9443)),
            operators: SocketAddr::from(([127, 0, 0, 1], 9444)),
            monitoring: None,
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

impl Default for Heartbeat {
    fn default() -> Heartbeat {
        Heartbeat {
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
            misses: const { NonZeroU32::new(3).expect("3 is not 0") },
        }
    }
}

impl Default for Reconcile {
    fn default() -> Reconcile {
        Reconcile {
            interval: Duration::from_secs(10 * 60),
            overlap: Duration::from_secs(60 * 60),
        }
    }
}

impl Default for Command {
    fn default() -> Command {
        Command {
            deadline: Duration::from_secs(10),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        let number = |number| NonZeroU32::new(number).expect("a limit is not 0");
        Limits {
            connections: number(4096),
            // A quarter: four addresses that go mad at once still leave each other theirs.
            connections_per_address: number(1024),
            // A thousand lots behind one address, each of whose lanes asks every other second.
            requests_per_address: number(4000),
            // A quarter of the writes that may wait.
            under_way_per_supplier: number(256),
            // Three for each of ten lanes.
            under_way_per_lot: number(32),
            // Ten lanes where a refused vehicle waits ask five times a second together.
            requests_per_lot: number(20),
        }
    }
}

impl Default for Retention {
    fn default() -> Retention {
        Retention { months: 24 }
    }
}

impl Default for Webhooks {
    fn default() -> Webhooks {
        const SECOND: u64 = 1;
        const MINUTE: u64 = 60 * SECOND;
        const HOUR: u64 = 60 * MINUTE;
        // About two days in all: a weekend's failure of a receiver is made good.
        let retry = [
            5 * SECOND,
            30 * SECOND,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            HOUR,
            2 * HOUR,
            4 * HOUR,
            8 * HOUR,
            8 * HOUR,
            12 * HOUR,
            12 * HOUR,
        ];
        Webhooks {
            deadline: Duration::from_secs(15),
            retry: retry.map(Duration::from_secs).into(),
            give_up: Duration::from_secs(72 * HOUR),
        }
    }
}

impl Default for Events {
    fn default() -> Events {
        Events {
            days: 14,
            most: 5_000_000,
        }
    }
}

/// Well within the two seconds after which a supplier tries again (D-17).
fn default_deadline() -> Duration {
    Duration::from_millis(800)
}

fn default_fallback() -> decision::Fallback {
    decision::Fallback::Own
}

fn default_data() -> PathBuf {
    PathBuf::from("./platform-data")
}

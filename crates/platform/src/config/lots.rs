//! The suppliers and lots that are configured.

use std::path::PathBuf;
use std::time::Duration;

use boshi_protocol::id::{AppId, DeviceNo, LotId};
use boshi_service::config::{self, ConfigError, find_secret, value};
use secrecy::SecretString;
use serde::Deserialize;

use super::SECRET_VARIABLE;
use crate::addresses::Addresses;
use crate::decision::{self, Direction};
use crate::registry::{self, ExternalEntry, LaneEntry, LotEntry};

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

/// Well within the two seconds after which a supplier tries again (D-17).
fn default_deadline() -> Duration {
    Duration::from_millis(800)
}

fn default_fallback() -> decision::Fallback {
    decision::Fallback::Own
}

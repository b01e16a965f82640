//! The configuration of a run: one commented TOML a side.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use crate::case::Side;
use crate::hands::{Act, Sight, Step};
use crate::net::{Address, NotAnAddress};
use crate::token::Signer;

/// The commented configuration for judging a supplier.
pub const SUPPLIER_TOML: &str = include_str!("../supplier.toml");

/// The commented configuration for judging a platform.
pub const PLATFORM_TOML: &str = include_str!("../platform.toml");

/// Where the secret comes from first.
const SECRET_VARIABLE: &str = "BOSHI_CONFORM_SECRET";

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{field} {path:?}")]
    File {
        /// The field that names it.
        field: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is no such configuration.
    #[error("{0}")]
    Text(#[from] toml::de::Error),
    /// The address is none.
    #[error("peer.base_url")]
    Address(#[from] NotAnAddress),
    /// A field is empty, or has a value that makes no sense.
    #[error("{field}：收到 {came:?}，应为{wanted}")]
    Field {
        /// Which.
        field: String,
        /// What it is.
        came: String,
        /// What is expected.
        wanted: &'static str,
    },
    /// There is no secret.
    #[error("缺少 secret、secret_file 或环境变量 {SECRET_VARIABLE} (no secret)")]
    NoSecret,
    /// `https` without an authority to trust.
    #[error("peer.ca_file：https 需要信任的 CA 证书 (https needs the authority to trust)")]
    NoAuthority,
    /// Certificate without key, or key without certificate.
    #[error("listen.certificate 与 listen.key 须同时给出 (both or neither)")]
    HalfCertificate,
}

/// What a run is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `parkingLotId`.
    pub lot: String,
    /// `appId`.
    pub app_id: String,
    secret: Option<SecretText>,
    secret_file: Option<PathBuf>,
    /// What the report says of the judged product.
    #[serde(default)]
    pub about: About,
    /// Who is judged.
    pub peer: PeerSettings,
    /// Where the kit listens.
    pub listen: ListenSettings,
    /// Another lot of another supplier, to be refused.
    pub other: Option<Other>,
    /// The test lot's devices.
    pub devices: Devices,
    /// The vehicles.
    pub plates: Plates,
    /// What may take how long.
    #[serde(default)]
    pub timing: Timing,
    /// What can be done without a person: the steps of each act.
    #[serde(default)]
    pub acts: BTreeMap<Act, Vec<Step>>,
    /// What can be seen without a person: the step whose answer it is.
    #[serde(default)]
    pub sights: BTreeMap<Sight, Step>,
}

/// What the report says of the judged product; nothing that is left out.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct About {
    /// Whose product it is.
    pub company: String,
    /// What it is called.
    pub product: String,
    /// Its version.
    pub version: String,
    /// Who has run the kit.
    pub tester: String,
}

/// Who is judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerSettings {
    /// What the paths of the endpoints hang under.
    pub base_url: String,
    /// The authority of its certificate, PEM.
    pub ca_file: Option<PathBuf>,
}

/// Where the kit listens for the side that is judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenSettings {
    /// Address and port.
    pub address: SocketAddr,
    /// Plain HTTP.
    #[serde(default)]
    pub plain: bool,
    /// PEM file of the certificate; without it one is made.
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// Folder of the self-made authority, whose `ca.pem` the other side trusts.
    #[serde(default = "default_authority")]
    pub authority: PathBuf,
    /// Names and addresses that the self-made certificate is for.
    #[serde(default)]
    pub names: Vec<String>,
}

/// Another lot of another supplier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Its `parkingLotId`.
    pub lot: String,
    /// Its supplier's `appId`.
    pub app_id: String,
    secret: SecretText,
}

/// The test lot's devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// The recognizer at the gate under test.
    pub recognizer: String,
    /// Its barrier.
    #[serde(default)]
    pub barrier: String,
    /// Its display.
    #[serde(default)]
    pub display: String,
    /// Numbers of parking spaces, of different states if possible.
    #[serde(default)]
    pub places: Vec<String>,
}

/// The vehicles.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plates {
    /// The plate that may pass; judging a supplier, that of the vehicle at the gate.
    pub allowed: String,
    /// The plate that may not pass; judging a supplier, any other plate.
    #[serde(default)]
    pub refused: String,
}

/// What may take how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Failures in a row after which a push has failed.
    pub attempts: usize,
    /// Longest that a reply to the kit may take.
    #[serde(deserialize_with = "read_duration")]
    pub reply: Duration,
    /// Longest from an act until the push that follows it.
    #[serde(deserialize_with = "read_duration")]
    pub push: Duration,
    /// Longest between two attempts of the same push.
    #[serde(deserialize_with = "read_duration")]
    pub attempt: Duration,
    /// Longest from the first attempt until the vehicle is let through.
    #[serde(deserialize_with = "read_duration")]
    pub release: Duration,
    /// Pause between two pushes of a refused recognition.
    #[serde(deserialize_with = "read_duration")]
    pub poll: Duration,
    /// How far a measured time may be off.
    #[serde(deserialize_with = "read_duration")]
    pub tolerance: Duration,
    /// How long an arm is given to move, and to be looked at.
    #[serde(deserialize_with = "read_duration")]
    pub settle: Duration,
    /// How long is watched that nothing comes.
    #[serde(deserialize_with = "read_duration")]
    pub quiet: Duration,
    /// How often a supplier checks its devices.
    #[serde(deserialize_with = "read_duration")]
    pub device_check: Duration,
    /// How long a loop may be pressed.
    #[serde(deserialize_with = "read_duration")]
    pub loop_alarm: Duration,
    /// Longest until a failed abnormality comes after the network is back.
    #[serde(deserialize_with = "read_duration")]
    pub recovery: Duration,
    /// How often a platform asks whether the lot is there.
    #[serde(deserialize_with = "read_duration")]
    pub heartbeat: Duration,
    /// How long the kit is away to see what a platform does afterwards.
    #[serde(deserialize_with = "read_duration")]
    pub outage: Duration,
    /// Longest until a platform asks for what it missed.
    #[serde(deserialize_with = "read_duration")]
    pub reconcile: Duration,
    /// How far a clock may be off.
    #[serde(deserialize_with = "read_duration")]
    pub clock_window: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            attempts: 5,
            reply: Duration::from_secs(10),
            push: Duration::from_secs(10),
            attempt: Duration::from_secs(15),
            release: Duration::from_secs(10),
            poll: Duration::from_secs(2),
            tolerance: Duration::from_secs(1),
            settle: Duration::from_secs(4),
            quiet: Duration::from_secs(8),
            device_check: Duration::from_secs(300),
            loop_alarm: Duration::from_secs(30),
            recovery: Duration::from_secs(60),
            heartbeat: Duration::from_secs(60),
            outage: Duration::from_secs(180),
            reconcile: Duration::from_secs(900),
            clock_window: Duration::from_secs(300),
        }
    }
}

/// A secret in a configuration, which no debugging text shows.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct SecretText(String);

impl std::fmt::Debug for SecretText {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SecretText")
    }
}

fn default_authority() -> PathBuf {
    PathBuf::from("./conform-tls")
}

fn read_duration<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text).map_err(serde::de::Error::custom)
}

/// Reads `"200ms"`, `"10s"`, `"5m"` or `"1h"`.
///
/// # Errors
/// What is expected, when it is something else.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let number = number.parse::<u64>().ok().filter(|_| milliseconds > 0);
    let number = number.ok_or_else(|| format!("{text:?} 应为带单位的时间，如 \"10s\""))?;
    Ok(Duration::from_millis(number.saturating_mul(milliseconds)))
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(&read("--config", path)?)?;
        config.check()?;
        let address = config.target()?;
        if address.tls && config.peer.ca_file.is_none() {
            return Err(ConfigError::NoAuthority);
        }
        if config.listen.certificate.is_some() != config.listen.key.is_some() {
            return Err(ConfigError::HalfCertificate);
        }
        config.signer()?;
        Ok(config)
    }

    /// The commented configuration for judging `side`.
    pub fn example(side: Side) -> &'static str {
        match side {
            Side::Supplier => SUPPLIER_TOML,
            Side::Platform => PLATFORM_TOML,
        }
    }

    /// Where the side that is judged listens.
    ///
    /// # Errors
    /// When its base URL is none.
    pub fn target(&self) -> Result<Address, NotAnAddress> {
        Address::parse(&self.peer.base_url)
    }

    /// What requests are signed with.
    ///
    /// # Errors
    /// When there is no secret.
    pub fn signer(&self) -> Result<Signer, ConfigError> {
        let secret = match (
            std::env::var(SECRET_VARIABLE),
            &self.secret,
            &self.secret_file,
        ) {
            (Ok(secret), ..) => secret,
            (Err(_), Some(secret), _) => secret.0.clone(),
            (Err(_), None, Some(path)) => read("secret_file", path)?.trim().to_owned(),
            (Err(_), None, None) => return Err(ConfigError::NoSecret),
        };
        if secret.is_empty() {
            return Err(wrong("secret", "", "非空的密钥 (a secret)"));
        }
        Ok(Signer {
            app_id: self.app_id.clone(),
            secret: SecretString::from(secret),
        })
    }
}

impl Config {
    /// What no type says.
    fn check(&self) -> Result<(), ConfigError> {
        let named = [
            ("lot", &self.lot),
            ("app_id", &self.app_id),
            ("devices.recognizer", &self.devices.recognizer),
            ("plates.allowed", &self.plates.allowed),
        ];
        if let Some((field, _)) = named.iter().find(|(_, value)| value.trim().is_empty()) {
            return Err(wrong(*field, "", "非空文字 (a text)"));
        }
        if self.plates.refused == self.plates.allowed {
            let wanted = "与 plates.allowed 不同的车牌 (another plate)";
            return Err(wrong("plates.refused", &self.plates.refused, wanted));
        }
        if self.timing.attempts == 0 {
            return Err(wrong(
                "timing.attempts",
                "0",
                "不小于 1 的次数 (1 at least)",
            ));
        }
        let timing = &self.timing;
        let times = [
            ("timing.reply", timing.reply),
            ("timing.push", timing.push),
            ("timing.attempt", timing.attempt),
            ("timing.poll", timing.poll),
            ("timing.heartbeat", timing.heartbeat),
        ];
        if let Some((field, _)) = times.iter().find(|(_, time)| time.is_zero()) {
            return Err(wrong(*field, "0", "大于零的时间 (more than zero)"));
        }
        let acts = self.acts.iter();
        let acts = acts.flat_map(|(act, steps)| steps.iter().map(move |it| (name(act), it)));
        let sights = self.sights.iter().map(|(sight, step)| (name(sight), step));
        for (name, step) in acts.chain(sights) {
            step.check()
                .map_err(|(came, wanted)| wrong(name, came, wanted))?;
        }
        Ok(())
    }
}

/// The name of an act or a sight in the configuration.
pub(crate) fn name(word: &impl Serialize) -> String {
    let name = serde_json::to_value(word).ok();
    let name = name.and_then(|name| name.as_str().map(str::to_owned));
    name.unwrap_or_default()
}

impl Other {
    /// What its requests are signed with.
    pub fn signer(&self) -> Signer {
        Signer {
            app_id: self.app_id.clone(),
            secret: SecretString::from(self.secret.0.clone()),
        }
    }
}

fn wrong(field: impl Into<String>, came: impl Into<String>, wanted: &'static str) -> ConfigError {
    ConfigError::Field {
        field: field.into(),
        came: came.into(),
        wanted,
    }
}

fn read(field: &'static str, path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::File {
        field,
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_examples_are_configurations_with_the_defaults_that_they_tell() {
        for text in [SUPPLIER_TOML, PLATFORM_TOML] {
            let config: Config = toml::from_str(text).unwrap();
            assert_eq!(
                format!("{:?}", config.timing),
                format!("{:?}", Timing::default())
            );
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        for wrong in [
            "[timing]\nhast = \"1s\"",
            "[plates2]\na = 1",
            "[acts]\nvehicle-flies = []",
        ] {
            let text = format!(
                "{}\n{wrong}",
                SUPPLIER_TOML.replace("[timing]", "[timing.x]")
            );
            assert!(toml::from_str::<Config>(&text).is_err(), "{wrong}");
        }
    }

    /// D-7
    #[test]
    fn a_secret_is_in_no_debugging_text() {
        let text =
            SUPPLIER_TOML.replace("secret_file = ", "secret = \"TOPSECRET\"\nsecret_file = ");
        let config: Config = toml::from_str(&text).unwrap();
        assert!(!format!("{config:?} {:?}", config.signer()).contains("TOPSECRET"));
    }

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for text in ["", "5", "s", "5 s", "-1s", "1d"] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }
}

//! Gate cameras of 海康 (Hikvision) that speak ISAPI.

use std::path::PathBuf;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::driven::{Equipment, of_camera};
use super::{Confirm, Input, RelayBarrier, UrlKey};

/// A gate camera of 海康.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hik {
    /// What people call it.
    pub name: String,
    /// Where it is, `host:80`.
    pub address: String,
    /// Whom the gateway logs in as.
    pub user: String,
    /// With which password; it never leaves the gateway, only digests of it do.
    pub password: Password,
    /// The authorities of its certificate, PEM: then it is called over HTTPS.
    pub ca_file: Option<PathBuf>,
    /// Its certificate itself, PEM, in place of those: then it is called over HTTPS, and no other is taken.
    pub certificate_file: Option<PathBuf>,
    /// Its serial number: another camera at that address is not listened to.
    pub serial: Option<String>,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// What it shows in the address that it pushes to, `http://GATEWAY:8444/hik/KEY`, if it does.
    pub key: Option<UrlKey>,
    /// Whether its readings are taken from its alert stream.
    #[serde(default)]
    pub alert_stream: bool,
    /// How long its alert stream may be without a word before it is opened anew.
    #[serde(default = "alert_silence", deserialize_with = "value::span")]
    pub alert_silence: Duration,
    /// How often each input and the state of the barrier are asked for.
    #[serde(default = "poll", deserialize_with = "value::span")]
    pub poll: Duration,
    /// How many looks in a row must show a new state before it counts.
    #[serde(default = "looks")]
    pub looks: u8,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// The barrier that it drives.
    pub barrier: Option<HikBarrier>,
    /// The contacts on its inputs.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// A barrier that a camera of 海康 drives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HikBarrier {
    /// The barrier.
    #[serde(deserialize_with = "value::id")]
    pub device: DeviceNo,
    /// The camera's channel that it belongs to.
    #[serde(default = "first")]
    pub channel: u16,
    /// The output that is driven in place of the barrier, from 1, for a camera that has no command
    /// for barriers.
    pub output: Option<u16>,
    /// Whether the camera is asked for the state of the barrier, which is then its limit switch.
    #[serde(default = "yes")]
    pub status: bool,
    /// What shows that a command was obeyed.
    #[serde(default)]
    pub confirm: Confirm,
    /// What the camera is told to keep the arm up: models differ.
    #[serde(default = "hold")]
    pub hold: Vec<HikMode>,
    /// What it is told to end that.
    #[serde(default = "release")]
    pub release: Vec<HikMode>,
}

/// What a camera of 海康 can be told to do with a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HikMode {
    /// Up.
    Open,
    /// Down.
    Close,
    /// Kept as it is.
    Lock,
    /// No longer kept.
    Unlock,
}

/// A password that is not shown again (D-7).
#[derive(Clone, Debug)]
pub struct Password(SecretString);

/// How often a camera is asked whether it is there that is asked for nothing else.
const ALIVE: Duration = Duration::from_secs(10);

/// Shortest time after its last answer that a camera counts as there.
const SHORTEST_PATIENCE: Duration = Duration::from_secs(3);

impl Hik {
    /// How often it is asked for something.
    pub fn asks(&self) -> Duration {
        match self.asked() {
            0 => ALIVE,
            asked => self.poll / asked,
        }
    }

    /// How many things it is asked for again and again.
    fn asked(&self) -> u32 {
        let status = u32::from(self.barrier.as_ref().is_some_and(|it| it.status));
        u32::try_from(self.inputs.len()).unwrap_or(u32::MAX - 1) + status
    }

    /// How long after its last answer it counts as lost: three misses.
    pub fn patience(&self) -> Duration {
        ((self.asks() + self.answer) * 3).max(SHORTEST_PATIENCE)
    }
}

impl Equipment for Hik {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        of_camera(&self.recognizer, self.barrier.as_ref().map(|it| &it.device))
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    fn key(&self) -> Option<&UrlKey> {
        self.key.as_ref()
    }
}

impl HikBarrier {
    /// As the relays of a barrier: what a command means is said elsewhere.
    pub fn relays(&self) -> RelayBarrier {
        RelayBarrier {
            device: self.device.clone(),
            open: self.output.unwrap_or(1),
            hold: None,
            close: None,
            // The camera times it.
            pulse: Duration::from_millis(500),
        }
    }
}

impl HikMode {
    /// As the camera calls it.
    pub fn word(self) -> &'static str {
        match self {
            HikMode::Open => "open",
            HikMode::Close => "close",
            HikMode::Lock => "lock",
            HikMode::Unlock => "unlock",
        }
    }
}

impl Password {
    /// The password itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<SecretString> for Password {
    fn from(secret: SecretString) -> Password {
        Password(secret)
    }
}

impl PartialEq for Password {
    /// Both are this machine's own, so that it does not matter how long it takes.
    fn eq(&self, other: &Password) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Password {}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Password, D::Error> {
        value::secret(from).map(Password)
    }
}

fn yes() -> bool {
    true
}

fn first() -> u16 {
    1
}

fn hold() -> Vec<HikMode> {
    vec![HikMode::Open, HikMode::Lock]
}

fn release() -> Vec<HikMode> {
    vec![HikMode::Unlock, HikMode::Close]
}

fn alert_silence() -> Duration {
    Duration::from_secs(60)
}

fn poll() -> Duration {
    Duration::from_millis(200)
}

fn looks() -> u8 {
    2
}

fn answer() -> Duration {
    Duration::from_secs(1)
}

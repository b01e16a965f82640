//! Gate cameras of 大华 (Dahua) that speak ITSAPI, experimental.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use serde::Deserialize;

use super::driven::{Equipment, of_camera};
use super::{Confirm, Password, RelayBarrier, UrlKey};

/// A gate camera of 大华.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dahua {
    /// What people call it.
    pub name: String,
    /// Whether it is known that nobody has tried this with a camera.
    #[serde(default)]
    pub experimental: bool,
    /// Where it is, `host:80`.
    pub address: String,
    /// Whom the gateway logs in as.
    pub user: String,
    /// With which password; it never leaves the gateway, only digests of it do.
    pub password: Password,
    /// Its `DeviceID`: what another camera says is refused.
    pub serial: Option<String>,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// What it shows in the addresses that it pushes to: `http://GATEWAY:8444/dahua/KEY/…`.
    pub key: UrlKey,
    /// How often it says that it is there.
    #[serde(default = "heartbeat", deserialize_with = "value::span")]
    pub heartbeat: Duration,
    /// How old a reading may be that opens: the camera does not say which come from its memory.
    #[serde(default = "late", deserialize_with = "value::span")]
    pub late: Duration,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// The barrier that it drives.
    pub barrier: Option<DahuaBarrier>,
}

/// A barrier that a camera of 大华 drives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DahuaBarrier {
    /// The barrier.
    #[serde(deserialize_with = "value::id")]
    pub device: DeviceNo,
    /// The camera's channel that it belongs to.
    #[serde(default = "first")]
    pub channel: u16,
    /// What shows that a command was obeyed.
    #[serde(default)]
    pub confirm: Confirm,
}

impl Equipment for Dahua {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        of_camera(&self.recognizer, self.barrier.as_ref().map(|it| &it.device))
    }

    fn key(&self) -> Option<&UrlKey> {
        Some(&self.key)
    }
}

impl DahuaBarrier {
    /// As the relays of a barrier: what a command means is said elsewhere.
    pub fn relays(&self) -> RelayBarrier {
        RelayBarrier {
            device: self.device.clone(),
            open: 1,
            hold: None,
            close: None,
            // The camera times it.
            pulse: Duration::from_millis(500),
        }
    }
}

fn first() -> u16 {
    1
}

fn heartbeat() -> Duration {
    Duration::from_secs(30)
}

fn late() -> Duration {
    Duration::from_secs(30)
}

fn answer() -> Duration {
    Duration::from_secs(1)
}

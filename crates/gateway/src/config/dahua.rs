//! Gate cameras of 大华 (Dahua) that push (ITSAPI) or are listened to (CGI), experimental.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use serde::Deserialize;

use super::camera::some_span;
use super::driven::{Equipment, of_camera};
use super::{CameraClock, Confirm, Password, RelayBarrier, UrlKey};

/// How often a camera that pushes says that it is there, unless it is configured otherwise.
const PUSHED: Duration = Duration::from_secs(30);

/// How often one that is listened to is asked to say so: as the documented call has it.
const STREAMED: Duration = Duration::from_secs(5);

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
    /// How its readings come.
    #[serde(default)]
    pub events: DahuaEvents,
    /// What it shows in the addresses that it pushes to, `http://GATEWAY:8444/dahua/KEY/…`, if it does.
    pub key: Option<UrlKey>,
    /// The channel whose events it is asked for; that of its barrier, or the first, when it is left out.
    pub channel: Option<u16>,
    /// What the seconds of its stream are; what it pushes says that itself.
    pub clock: Option<CameraClock>,
    /// How often it says that it is there.
    #[serde(default, deserialize_with = "some_span")]
    pub heartbeat: Option<Duration>,
    /// How old a reading may be that opens: the camera does not say which come from its memory.
    #[serde(default = "late", deserialize_with = "value::span")]
    pub late: Duration,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// The barrier that it drives.
    pub barrier: Option<DahuaBarrier>,
}

/// How the readings of a camera of 大华 come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DahuaEvents {
    /// It pushes them (ITSAPI), with pictures.
    #[default]
    Push,
    /// They are taken from its stream of events (`snapManager.cgi`), without pictures.
    Stream,
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
    /// What it is told to keep the arm up, if it is told: then only the arm shows whether it does.
    pub hold: Option<DahuaHold>,
}

/// What a camera of 大华 is told to keep an arm up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DahuaHold {
    /// `openType=Always`, a word of its own web interface that is documented nowhere for this call.
    Always,
}

impl Dahua {
    /// How often it says that it is there.
    pub fn beats_every(&self) -> Duration {
        self.heartbeat.unwrap_or(match self.events {
            DahuaEvents::Push => PUSHED,
            DahuaEvents::Stream => STREAMED,
        })
    }

    /// How long after its last word it counts as lost: three misses.
    pub fn patience(&self) -> Duration {
        self.beats_every().saturating_mul(3)
    }

    /// The channel whose events it is asked for.
    pub fn heard_channel(&self) -> u16 {
        let barrier = self.barrier.as_ref().map(|it| it.channel);
        self.channel.or(barrier).unwrap_or_else(first)
    }
}

impl Equipment for Dahua {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        of_camera(&self.recognizer, self.barrier.as_ref().map(|it| &it.device))
    }

    fn key(&self) -> Option<&UrlKey> {
        self.key.as_ref()
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

fn late() -> Duration {
    Duration::from_secs(30)
}

fn answer() -> Duration {
    Duration::from_secs(1)
}

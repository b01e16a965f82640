//! Cameras of 华夏智信 (HX), experimental.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use serde::Deserialize;

use super::driven::{Equipment, of_camera};
use super::{CameraBarrier, CameraClock, UrlKey, Vz, VzDialect};

/// A camera of 华夏智信 that pushes forms (HTTP, mode 5).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hx {
    /// What people call it.
    pub name: String,
    /// Whether it is known that nobody has tried this with a camera.
    #[serde(default)]
    pub experimental: bool,
    /// What it shows in the address that it pushes to: `http://GATEWAY:8444/hx/KEY`.
    pub key: UrlKey,
    /// Its `cam_id`: what another camera says is refused.
    pub serial: Option<String>,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// How often it says that it is there; that is also when it is told to open.
    #[serde(default = "heartbeat", deserialize_with = "value::span")]
    pub heartbeat: Duration,
    /// How long the answer to a plate waits for the command to open.
    #[serde(default, deserialize_with = "value::span_or_zero")]
    pub reply_wait: Duration,
    /// The highest confidence that it tells, which nobody says.
    #[serde(default = "surest")]
    pub surest: u32,
    /// What the seconds of its clock are.
    #[serde(default)]
    pub clock: CameraClock,
    /// The barrier on its output.
    pub barrier: Option<CameraBarrier>,
}

impl Hx {
    /// As a camera that speaks another form of what those of 臻识 do: one driver serves both.
    pub fn as_vz(&self) -> Vz {
        Vz {
            name: self.name.clone(),
            dialect: VzDialect::Hx,
            key: self.key.clone(),
            serial: self.serial.clone(),
            recognizer: self.recognizer.clone(),
            comet: true,
            wait: None,
            heartbeat: self.heartbeat,
            reply_wait: self.reply_wait,
            surest: self.surest,
            clock: self.clock,
            barrier: self.barrier.clone(),
            inputs: Vec::new(),
        }
    }
}

impl Equipment for Hx {
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

fn heartbeat() -> Duration {
    Duration::from_secs(30)
}

fn surest() -> u32 {
    100
}

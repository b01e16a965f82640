//! Cameras that the gateway's own drivers speak to.

use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::value;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};

use super::driven::{Equipment, of_camera};
use super::{Input, RelayBarrier, Topic};

/// A camera of 臻识 (VZ, also sold as 火眼臻睛), or one of 芊熠 (QY) or Alphadigi that speaks its
/// dialect.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vz {
    /// What people call it.
    pub name: String,
    /// Whose dialect it speaks.
    #[serde(default)]
    pub dialect: VzDialect,
    /// What it shows in the address that it pushes to: `http://GATEWAY:8444/vz/KEY`.
    pub key: UrlKey,
    /// Its serial number: what another camera says is refused.
    pub serial: Option<String>,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// Whether it asks for commands again and again (comet, 长连接).
    #[serde(default = "yes")]
    pub comet: bool,
    /// How long such a question is kept waiting for a command: shorter than the camera waits for
    /// an answer. Five seconds when it is left out; not at all in the dialect of QY, of which
    /// nobody says that it may.
    #[serde(default, deserialize_with = "some_span")]
    pub wait: Option<Duration>,
    /// How often it says that it is there, when it does not ask for commands.
    #[serde(default = "heartbeat", deserialize_with = "value::span")]
    pub heartbeat: Duration,
    /// How long the answer to a plate waits for the command to open; not at all, unless the camera
    /// has no other way to be told.
    #[serde(default, deserialize_with = "value::span_or_zero")]
    pub reply_wait: Duration,
    /// The highest confidence that it tells.
    #[serde(skip, default = "surest")]
    pub surest: u32,
    /// What the seconds of its clock are.
    #[serde(default)]
    pub clock: CameraClock,
    /// The barrier on its outputs.
    pub barrier: Option<CameraBarrier>,
    /// The contacts on its inputs.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// A camera of 臻识 that the gateway connects to, over TCP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VzTcp {
    /// What people call it.
    pub name: String,
    /// Where it is, `host:8131`.
    pub address: String,
    /// Its serial number: another camera at that address is not listened to.
    pub serial: Option<String>,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// How often its inputs are looked at.
    #[serde(default = "poll", deserialize_with = "value::span")]
    pub poll: Duration,
    /// How many looks in a row must show a new state before it counts.
    #[serde(default = "looks")]
    pub looks: u8,
    /// How long it may take to answer.
    #[serde(default = "answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// How far back it is asked for what it has read while nobody was connected; not at all, when it is
    /// zero.
    #[serde(default, deserialize_with = "value::span")]
    pub history: Duration,
    /// The barrier on its outputs.
    pub barrier: Option<CameraBarrier>,
    /// The contacts on its inputs.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// A camera of 臻识 that speaks through the lot's MQTT broker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VzMqtt {
    /// What people call it.
    pub name: String,
    /// Its serial number, `{sn}` in the topics.
    pub serial: String,
    /// The recognizer that it is.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// Under which topics it speaks.
    #[serde(default = "up")]
    pub up: Topic,
    /// Under which it is spoken to.
    #[serde(default = "down")]
    pub down: Topic,
    /// Under which it answers.
    #[serde(default = "reply")]
    pub reply: Topic,
    /// 0: a command that the camera is not there for is lost; 1: some brokers keep it for later.
    #[serde(default)]
    pub command_qos: u8,
    /// How often it says that it is there.
    #[serde(default = "keep_alive", deserialize_with = "value::span")]
    pub heartbeat: Duration,
    /// How long it may take to answer a command.
    #[serde(default = "mqtt_answer", deserialize_with = "value::span")]
    pub answer: Duration,
    /// Whether what it tells of its gate shows where the arm is.
    #[serde(default)]
    pub gate_status: bool,
    /// What the seconds of its clock are.
    #[serde(default)]
    pub clock: CameraClock,
    /// The barrier on its outputs.
    pub barrier: Option<CameraBarrier>,
    /// The contacts on its inputs.
    #[serde(default, rename = "input")]
    pub inputs: Vec<Input>,
}

/// Whose dialect a camera speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VzDialect {
    /// 臻识.
    #[default]
    Vz,
    /// 芊熠, Alphadigi.
    Qy,
    /// 华夏智信, which has a table of its own.
    #[serde(skip)]
    Hx,
}

/// What the seconds of a camera's clock are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraClock {
    /// Seconds since 1970 in UTC, as documented.
    #[default]
    Utc,
    /// China's wall clock as if it were UTC, eight hours ahead, as some cameras have it.
    China,
}

/// A barrier on the outputs of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraBarrier {
    /// The barrier.
    #[serde(deserialize_with = "value::id")]
    pub device: DeviceNo,
    /// The output that opens it, from 1.
    #[serde(default = "first")]
    pub open: u16,
    /// The output that keeps it open; that which opens it, when it is left out.
    pub hold: Option<u16>,
    /// How long the output is closed to open it.
    #[serde(default = "pulse", deserialize_with = "value::span")]
    pub pulse: Duration,
    /// What shows that a command was obeyed.
    #[serde(default)]
    pub confirm: Confirm,
}

/// What shows that a command to a barrier was obeyed, when its driver cannot see the relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// The limit switch of the arm.
    #[default]
    Arm,
    /// That the camera took the command: the arm may all the same not have moved.
    Taken,
}

/// A key in an address, which only the device and the gateway know.
#[derive(Clone, Debug)]
pub struct UrlKey(SecretString);

/// How long a question for commands is kept waiting: shorter than cameras wait by default, long
/// enough that hundreds of them cost nothing.
const WAIT: Duration = Duration::from_secs(5);

/// How long after an answer a camera that asks for commands counts as lost if it does not ask
/// again.
const UNASKED: Duration = Duration::from_secs(10);

/// Shortest key: what stands between anybody in the lot's network and a recognition.
const SHORTEST_KEY: usize = 8;

impl CameraBarrier {
    /// As the relays of a barrier.
    pub fn relays(&self) -> RelayBarrier {
        RelayBarrier {
            device: self.device.clone(),
            open: self.open,
            hold: self.hold,
            close: None,
            pulse: self.pulse,
        }
    }
}

impl Vz {
    /// How long a question for commands is kept waiting for one.
    pub fn waits(&self) -> Duration {
        self.wait.unwrap_or(match self.dialect {
            VzDialect::Vz => WAIT,
            VzDialect::Qy | VzDialect::Hx => Duration::ZERO,
        })
    }

    /// How long after its last word the camera counts as lost: three misses (a question for
    /// commands is followed by the next one at once).
    pub fn patience(&self) -> Duration {
        if self.comet && self.dialect == VzDialect::Vz {
            self.waits() + UNASKED
        } else {
            self.heartbeat * 3
        }
    }
}

impl Equipment for Vz {
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
        Some(&self.key)
    }
}

impl Equipment for VzTcp {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        of_camera(&self.recognizer, self.barrier.as_ref().map(|it| &it.device))
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

impl VzMqtt {
    /// Under which topics it speaks, as its maker has it.
    pub const UP: &str = "device/{sn}/message/up/{name}";
    /// Under which it is spoken to.
    pub const DOWN: &str = "device/{sn}/message/down/{name}";
    /// Under which it answers.
    pub const REPLY: &str = "device/{sn}/message/down/{name}/reply";
    /// How long its outputs can be closed for a while.
    pub const PULSES: std::ops::RangeInclusive<Duration> =
        Duration::from_millis(500)..=Duration::from_secs(5);
}

impl Equipment for VzMqtt {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self) -> Vec<&DeviceNo> {
        of_camera(&self.recognizer, self.barrier.as_ref().map(|it| &it.device))
    }

    fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

impl UrlKey {
    /// The key itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for UrlKey {
    /// Both are this machine's own, so that it does not matter how long it takes.
    fn eq(&self, other: &UrlKey) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for UrlKey {}

impl<'de> Deserialize<'de> for UrlKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<UrlKey, D::Error> {
        let text = String::deserialize(from)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.len() < SHORTEST_KEY || !text.bytes().all(plain) {
            let expected = "at least 8 letters, digits, '-' or '_': it is part of an address";
            return Err(serde::de::Error::custom(format!("expected {expected}")));
        }
        Ok(UrlKey(text.into()))
    }
}

fn yes() -> bool {
    true
}

fn surest() -> u32 {
    100
}

fn first() -> u16 {
    1
}

pub(super) fn some_span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    value::span_or_zero(from).map(Some)
}

fn heartbeat() -> Duration {
    Duration::from_secs(30)
}

fn poll() -> Duration {
    Duration::from_millis(100)
}

fn looks() -> u8 {
    2
}

fn answer() -> Duration {
    Duration::from_secs(1)
}

fn keep_alive() -> Duration {
    Duration::from_secs(10)
}

fn mqtt_answer() -> Duration {
    Duration::from_secs(2)
}

fn up() -> Topic {
    topic(VzMqtt::UP)
}

fn down() -> Topic {
    topic(VzMqtt::DOWN)
}

fn reply() -> Topic {
    topic(VzMqtt::REPLY)
}

fn topic(text: &str) -> Topic {
    Topic::read(text).expect("the maker's topics are topics")
}

fn pulse() -> Duration {
    Duration::from_millis(500)
}

//! The lots: their lanes, devices and spaces.

use std::time::Duration;

use boshi_protocol::id::{DeviceNo, LotId, PlaceNo};
use boshi_protocol::lane;
use secrecy::SecretString;
use serde::Deserialize;

use super::{Dahua, Hik, Hx, Modbus, Mqtt, Olm, Spaces, Vz, VzMqtt, VzTcp};
use boshi_service::config::value;

/// What stands in place of a `device_url` when the controller fetches its commands.
pub const POLL: &str = "poll";

/// A car park.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// Assigned by the platform.
    #[serde(deserialize_with = "value::id")]
    pub id: LotId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Whether a command to open in normal mode without a plate is refused, which OPEN-5 would
    /// take for a forced one.
    #[serde(default)]
    pub forbid_empty_plate_open: bool,
    /// What its displays show.
    #[serde(default)]
    pub display: Display,
    /// Its lanes.
    #[serde(default, rename = "lane")]
    pub lanes: Vec<Lane>,
    /// Its modules of relays and contacts.
    #[serde(default)]
    pub modbus: Vec<Modbus>,
    /// Its cameras that speak the protocol of 臻识.
    #[serde(default)]
    pub vz: Vec<Vz>,
    /// Its cameras of 臻识 that the gateway connects to.
    #[serde(default)]
    pub vz_tcp: Vec<VzTcp>,
    /// Its gate cameras of 海康.
    #[serde(default)]
    pub hik: Vec<Hik>,
    /// Its cameras of 华夏智信.
    #[serde(default)]
    pub hx: Vec<Hx>,
    /// Its gate cameras of 大华.
    #[serde(default)]
    pub dahua: Vec<Dahua>,
    /// Its display boards.
    #[serde(default)]
    pub olm: Vec<Olm>,
    /// Its MQTT broker.
    pub mqtt: Option<Mqtt>,
    /// Its cameras of 臻识 that speak through that.
    #[serde(default)]
    pub vz_mqtt: Vec<VzMqtt>,
    /// What tells which of its spaces are taken.
    #[serde(default)]
    pub spaces: Vec<Spaces>,
    /// Its spaces.
    #[serde(default, rename = "place")]
    pub places: Vec<Place>,
}

/// What displays show, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Display {
    /// Shown where vehicles enter and nobody is there.
    pub entry_idle: String,
    /// Shown where vehicles leave and nobody is there.
    pub exit_idle: String,
    /// How long a text of the platform stays (SHOW-1).
    #[serde(deserialize_with = "value::span")]
    pub message: Duration,
}

/// A lane.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// Its name, `01`.
    pub name: String,
    /// The gate it belongs to, `东二`.
    pub gate: String,
    /// Which way vehicles go.
    pub direction: Direction,
    /// The plate recognizer; in a mixed lane the one that sees vehicles come in.
    #[serde(deserialize_with = "value::id")]
    pub recognizer: DeviceNo,
    /// In a mixed lane: the one that sees vehicles go out.
    #[serde(default, deserialize_with = "value::optional_id")]
    pub exit_recognizer: Option<DeviceNo>,
    /// The barrier.
    #[serde(deserialize_with = "value::id")]
    pub barrier: DeviceNo,
    /// The display; in a mixed lane the one that vehicles see that come in.
    #[serde(default, deserialize_with = "value::optional_id")]
    pub display: Option<DeviceNo>,
    /// In a mixed lane: the one that vehicles see that go out.
    #[serde(default, deserialize_with = "value::optional_id")]
    pub exit_display: Option<DeviceNo>,
    /// Whether a loop lies before the barrier.
    #[serde(default = "yes")]
    pub trigger_loop: bool,
    /// Whether an anti-smash loop lies under the barrier.
    #[serde(default = "yes")]
    pub safety_loop: bool,
    /// Whether the barrier tells where its arm is.
    #[serde(default = "yes")]
    pub limit_switch: bool,
    /// Where commands to devices go that no driver of the gateway's own speaks to, or [`POLL`].
    pub device_url: Option<String>,
    /// What those devices and the gateway show each other.
    #[serde(default, deserialize_with = "value::optional_secret")]
    pub device_key: Option<SecretString>,
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
    #[serde(deserialize_with = "value::id")]
    pub number: PlaceNo,
}

impl Lot {
    /// Whether a display board answers. Of what hangs on a camera that is connected to, nothing is
    /// known to come back; of one that speaks over MQTT, not in which form it does.
    pub fn answers(&self, board: &Olm) -> bool {
        let camera = board.camera.as_deref();
        let pushes = |name: &str| self.vz.iter().any(|known| known.name == name);
        board.expect_ack.unwrap_or(camera.is_none_or(pushes))
    }
}

impl Lane {
    /// What the lane's state machine has to know of its equipment.
    pub fn layout(&self) -> lane::Layout {
        let recognizer = self.recognizer.clone();
        let direction = match self.direction {
            Direction::Entry => lane::Direction::Entry { recognizer },
            Direction::Exit => lane::Direction::Exit { recognizer },
            Direction::Mixed => lane::Direction::Mixed {
                entry: recognizer,
                exit: self
                    .exit_recognizer
                    .clone()
                    .expect("a mixed lane was checked to have both recognizers"),
            },
        };
        lane::Layout {
            direction,
            barrier: self.barrier.clone(),
            trigger_loop: self.trigger_loop,
            safety_loop: self.safety_loop,
            limit_switch: self.limit_switch,
        }
    }

    /// The display that vehicles see that come from `side`.
    pub fn display_of(&self, side: lane::Side) -> Option<&DeviceNo> {
        match (self.direction, side) {
            (Direction::Mixed, lane::Side::Exit) => self.exit_display.as_ref(),
            (Direction::Entry | Direction::Exit | Direction::Mixed, _) => self.display.as_ref(),
        }
    }

    /// Whether its controller fetches its commands, instead of being called.
    pub fn fetches_commands(&self) -> bool {
        self.device_url.as_deref() == Some(POLL)
    }

    /// The recognizers, one or two.
    pub fn recognizers(&self) -> impl Iterator<Item = &DeviceNo> {
        std::iter::once(&self.recognizer).chain(&self.exit_recognizer)
    }

    /// The displays, none to two.
    pub fn displays(&self) -> impl Iterator<Item = &DeviceNo> {
        self.display.iter().chain(&self.exit_display)
    }

    /// Every device of the lane.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceNo> {
        let barrier = std::iter::once(&self.barrier);
        self.recognizers().chain(barrier).chain(self.displays())
    }
}

impl Default for Display {
    fn default() -> Display {
        Display {
            entry_idle: "欢迎光临".to_owned(),
            exit_idle: "一路平安".to_owned(),
            message: Duration::from_secs(10),
        }
    }
}

fn yes() -> bool {
    true
}

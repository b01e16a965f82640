//! What a virtual lot is made of, from code or from a small TOML or JSON file.

mod check;
mod detectors;
mod fault;
mod speaks;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use boshi_protocol::id::{DeviceNo, Id, PlaceNo};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

pub use self::detectors::{DetectorPlan, DetectorsSpeak};
pub use self::fault::LaneFault;
pub use self::speaks::{DisplaySpeaks, Speaks, Wiring};

use crate::equipment::{Direction, Heading, Setup, Sharpness, Timing};
use crate::module::Framing;
use crate::traffic::Ways;

/// A plan with everything in it, commented, for the gateway's commented configuration.
pub const COMMENTED: &str = include_str!("../../plan.toml");

/// Fastest a lot may run: beyond that, loops change faster than any gateway can be told.
pub const MAX_SPEED: f64 = 1_000.0;

/// A virtual lot.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LotPlan {
    /// How much faster than life everything happens in the lanes. What a gateway measures in real
    /// time (debouncing, an arm's travel) must be configured accordingly.
    #[serde(default = "as_fast_as_life")]
    pub speed: f64,
    /// What chance starts from: the same seed, the same chances.
    #[serde(default)]
    pub seed: u64,
    /// Where commands are taken; port 0: any.
    #[serde(default = "any_port")]
    pub listen: SocketAddr,
    /// How often devices say that they are alive, in real time.
    #[serde(
        default = "usual_heartbeat",
        deserialize_with = "crate::equipment::duration"
    )]
    pub heartbeat: Duration,
    /// Whether readings carry a picture.
    #[serde(default = "yes")]
    pub pictures: bool,
    /// The MQTT broker that cameras which speak `vz-mqtt` are clients of; a small one of the lot's own
    /// when it is left out.
    #[serde(default)]
    pub broker: Option<SocketAddr>,
    /// Where that one listens; port 0: any.
    #[serde(default = "any_port")]
    pub broker_listen: SocketAddr,
    /// What tells of the parking spaces, in place of the controller.
    #[serde(default)]
    pub detectors: Option<DetectorPlan>,
    /// The lanes.
    #[serde(rename = "lane")]
    pub lanes: Vec<LanePlan>,
    /// The parking spaces with a detector.
    #[serde(default, rename = "place", deserialize_with = "places")]
    pub places: Vec<PlaceNo>,
}

/// A lane and its devices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanePlan {
    /// Its name, `01`.
    pub name: String,
    /// The gate it belongs to, for the pictures.
    #[serde(default)]
    pub gate: String,
    /// Which way vehicles go.
    pub direction: Direction,
    /// The recognizer; in a mixed lane that of vehicles coming in.
    #[serde(deserialize_with = "device")]
    pub recognizer: DeviceNo,
    /// In a mixed lane: the recognizer of vehicles going out.
    #[serde(default, deserialize_with = "some_device")]
    pub exit_recognizer: Option<DeviceNo>,
    /// The barrier.
    #[serde(deserialize_with = "device")]
    pub barrier: DeviceNo,
    /// The display.
    #[serde(default, deserialize_with = "some_device")]
    pub display: Option<DeviceNo>,
    /// What the lane's devices and the gateway show each other; in the address that a camera
    /// pushes to.
    #[serde(deserialize_with = "key")]
    pub key: SecretString,
    /// What the lane's devices speak.
    #[serde(default)]
    pub speaks: Speaks,
    /// Where a camera that is connected to listens; port 0: any.
    #[serde(default = "any_port")]
    pub camera_listen: SocketAddr,
    /// What its barrier, its loops and its limit switches hang on.
    #[serde(default)]
    pub wiring: Wiring,
    /// Where a module listens; port 0: any.
    #[serde(default = "any_port")]
    pub module_listen: SocketAddr,
    /// How its frames are packed.
    #[serde(default)]
    pub module_framing: Framing,
    /// Whether its arm stays up when the relay that held it opens, until another one lowers it.
    #[serde(default)]
    pub stays_up: bool,
    /// What its display speaks.
    #[serde(default)]
    pub display_speaks: DisplaySpeaks,
    /// Where the serial server of a board listens; port 0: any.
    #[serde(default = "any_port")]
    pub board_listen: SocketAddr,
    /// Whether the trigger loop is told of.
    #[serde(default = "yes")]
    pub trigger_loop: bool,
    /// Whether the anti-smash loop is told of.
    #[serde(default = "yes")]
    pub safety_loop: bool,
    /// Whether the arm's limit switch is told of.
    #[serde(default = "yes")]
    pub limit_switch: bool,
    /// How well the recognizers read.
    #[serde(default)]
    pub sharpness: Sharpness,
    /// How often the relays of the loops bounce at each edge.
    #[serde(default)]
    pub bounces: u8,
    /// How its devices fail.
    #[serde(default)]
    pub faults: Vec<LaneFault>,
    /// How often what is no habit strikes, 0 to 1.
    #[serde(default = "every_third")]
    pub fault_share: f64,
    /// How long what takes.
    #[serde(default)]
    pub timing: Timing,
}

/// A plan that cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not what the program understands; names the line and the key.
    #[error("{0}")]
    Syntax(String),
    /// A value that makes no sense.
    #[error("{field} is {value}: expected {expected}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl LotPlan {
    /// A lot as fast as life with these lanes.
    #[must_use]
    pub fn new(lanes: Vec<LanePlan>) -> LotPlan {
        LotPlan {
            speed: as_fast_as_life(),
            seed: 0,
            listen: any_port(),
            heartbeat: usual_heartbeat(),
            pictures: true,
            broker: None,
            broker_listen: any_port(),
            detectors: None,
            lanes,
            places: Vec::new(),
        }
    }

    /// Reads and checks a plan in TOML.
    ///
    /// # Errors
    /// [`PlanError`], which says where and why.
    pub fn from_toml(text: &str) -> Result<LotPlan, PlanError> {
        let plan: LotPlan =
            toml::from_str(text).map_err(|error| PlanError::Syntax(error.to_string()))?;
        plan.check()?;
        Ok(plan)
    }

    /// Reads and checks a plan in JSON.
    ///
    /// # Errors
    /// [`PlanError`], which says where and why.
    pub fn from_json(text: &str) -> Result<LotPlan, PlanError> {
        let plan: LotPlan =
            serde_json::from_str(text).map_err(|error| PlanError::Syntax(error.to_string()))?;
        plan.check()?;
        Ok(plan)
    }

    /// The lanes by where they lead, for [`crate::traffic::journeys`].
    #[must_use]
    pub fn ways(&self) -> Ways {
        let named = |wanted: Direction| {
            let leads =
                |lane: &&LanePlan| lane.direction == wanted || lane.direction == Direction::Mixed;
            let lanes = self.lanes.iter().filter(leads);
            lanes.map(|lane| lane.name.clone()).collect()
        };
        Ways {
            entries: named(Direction::Entry),
            exits: named(Direction::Exit),
        }
    }
}

impl LanePlan {
    /// A lane with all its loops and a sharp recognizer, and without a display.
    #[must_use]
    pub fn new(
        name: &str,
        direction: Direction,
        recognizer: DeviceNo,
        barrier: DeviceNo,
        key: SecretString,
    ) -> LanePlan {
        LanePlan {
            name: name.to_owned(),
            gate: String::new(),
            direction,
            recognizer,
            exit_recognizer: None,
            barrier,
            display: None,
            key,
            speaks: Speaks::Generic,
            camera_listen: any_port(),
            wiring: Wiring::Camera,
            module_listen: any_port(),
            module_framing: Framing::Tcp,
            stays_up: false,
            display_speaks: DisplaySpeaks::Generic,
            board_listen: any_port(),
            trigger_loop: true,
            safety_loop: true,
            limit_switch: true,
            sharpness: Sharpness::default(),
            bounces: 0,
            faults: Vec::new(),
            fault_share: every_third(),
            timing: Timing::default(),
        }
    }

    /// Every device of the lane.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceNo> {
        [&self.recognizer, &self.barrier]
            .into_iter()
            .chain(&self.exit_recognizer)
            .chain(&self.display)
    }

    /// Those devices that a controller speaks for.
    pub(super) fn controlled(&self) -> impl Iterator<Item = &DeviceNo> {
        let generic = self.display_speaks == DisplaySpeaks::Generic;
        let board = self.display.as_ref().filter(|_| !generic);
        let on_module = self.wiring == Wiring::Module;
        let gate = on_module.then_some(&self.barrier);
        self.devices()
            .filter(move |it| Some(*it) != board && Some(*it) != gate)
    }

    /// The recognizer that sees vehicles going there.
    pub(super) fn recognizer(&self, heading: Heading) -> &DeviceNo {
        match (&self.exit_recognizer, heading) {
            (Some(exit), Heading::Out) => exit,
            (Some(_), Heading::In) | (None, _) => &self.recognizer,
        }
    }

    /// Where vehicles go.
    pub(super) fn headings(&self) -> &'static [Heading] {
        match self.direction {
            Direction::Entry => &[Heading::In],
            Direction::Exit => &[Heading::Out],
            Direction::Mixed => &[Heading::In, Heading::Out],
        }
    }

    pub(super) fn setup(&self) -> Setup {
        Setup {
            direction: self.direction,
            timing: self.timing.clone(),
            sharpness: self.sharpness,
            bounces: self.bounces,
        }
    }
}

fn as_fast_as_life() -> f64 {
    1.0
}

fn every_third() -> f64 {
    1.0 / 3.0
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A third of what a gateway takes for a lost device.
fn usual_heartbeat() -> Duration {
    Duration::from_secs(10)
}

fn yes() -> bool {
    true
}

fn device<'de, D: Deserializer<'de>, K>(from: D) -> Result<Id<K>, D::Error> {
    let text = String::deserialize(from)?;
    Id::new(&text).map_err(serde::de::Error::custom)
}

fn some_device<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DeviceNo>, D::Error> {
    device(from).map(Some)
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

fn places<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PlaceNo>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        #[serde(deserialize_with = "device")]
        number: PlaceNo,
    }
    let places = Vec::<Place>::deserialize(from)?;
    Ok(places.into_iter().map(|place| place.number).collect())
}

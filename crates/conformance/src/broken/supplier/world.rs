//! What there is at the small supplier's lot.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::config::Devices;
use crate::draft::object;

/// The smallest thing that begins as a JPEG does.
pub(super) const JPEG: [u8; 6] = [0xff, 0xd8, 0xff, 0xe0, 0xff, 0xd9];

/// A vehicle on the loop.
#[derive(Clone)]
pub(super) struct Vehicle {
    /// Unique for ever.
    pub(super) presence: u64,
    pub(super) uuid: String,
    pub(super) plate: String,
}

/// A push that has failed.
#[derive(Clone, PartialEq)]
pub(super) struct Failed {
    pub(super) is_recognition: bool,
    pub(super) fields: Map<String, Value>,
    /// The time by which it is selected, as it stands on the wire.
    pub(super) at: String,
}

/// The lot.
pub(super) struct World {
    pub(super) vehicle: Option<Vehicle>,
    pub(super) presences: u64,
    /// Recognitions of which an answer, or the last failure, is there.
    pub(super) settled: Vec<String>,
    pub(super) is_held: bool,
    pub(super) arm_is_late: bool,
    /// Whoever comes first is let through, whatever is answered.
    pub(super) first_passes: bool,
    /// Attempts that are not answered yet.
    pub(super) pushing: usize,
    pub(super) lifts: u64,
    pub(super) display: Vec<String>,
    /// Devices that are not there, by their code.
    pub(super) lost: BTreeMap<&'static str, u64>,
    pub(super) arm_stays_up: bool,
    pub(super) places: Vec<Map<String, Value>>,
    pub(super) failed: Vec<Failed>,
    /// The commands that were answered.
    pub(super) answered: Vec<(Vec<u8>, Map<String, Value>)>,
}

impl World {
    pub(super) fn new(devices: &Devices) -> World {
        let states = ["vacancy", "occupy", "occupy", "unusual"];
        let place = |(number, state): (&String, &str)| {
            let taken = state == "occupy";
            object(json!({
                "placeNo": number,
                "placeStatus": state,
                "image": STANDARD.encode(JPEG),
                "plateNumber": if taken { "粤B00001" } else { "" },
            }))
        };
        World {
            vehicle: None,
            presences: 0,
            settled: Vec::new(),
            is_held: false,
            arm_is_late: false,
            first_passes: false,
            pushing: 0,
            lifts: 0,
            display: Vec::new(),
            lost: BTreeMap::new(),
            arm_stays_up: false,
            places: devices.places.iter().zip(states).map(place).collect(),
            failed: Vec::new(),
            answered: Vec::new(),
        }
    }

    /// Whether that vehicle still stands there.
    pub(super) fn is_there(&self, presence: u64) -> bool {
        self.vehicle
            .as_ref()
            .is_some_and(|it| it.presence == presence)
    }
}

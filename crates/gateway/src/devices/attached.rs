//! Which key speaks for which lanes, and which device belongs to which lane.

use boshi_protocol::id::{DeviceNo, LotId, PlaceNo};
use boshi_protocol::lane::Layout;
use boshi_service::key::Key;
use secrecy::ExposeSecret as _;

use crate::config;
use crate::lot::LaneNo;

/// Every lane of every lot, as its devices see it.
#[derive(Debug)]
pub(crate) struct Attached {
    lanes: Vec<AttachedLane>,
    places: Vec<(LotId, PlaceNo)>,
}

/// A lane and the key of its devices.
#[derive(Clone, Debug)]
pub(crate) struct AttachedLane {
    pub(crate) lot: LotId,
    pub(crate) lane: LaneNo,
    pub(crate) layout: Layout,
    devices: Vec<DeviceNo>,
    /// None when no controller speaks for it.
    key: Option<Key>,
}

impl Attached {
    pub(crate) fn new(lots: &[config::Lot]) -> Attached {
        let lanes = lots.iter().flat_map(|lot| {
            let lanes = lot.lanes.iter().enumerate();
            lanes.map(|(place, lane)| AttachedLane {
                lot: lot.id.clone(),
                lane: LaneNo(place),
                layout: lane.layout(),
                devices: lane.devices().cloned().collect(),
                key: (lane.device_key.as_ref()).map(|key| Key::of(key.expose_secret())),
            })
        });
        let places = lots.iter().flat_map(|lot| {
            let places = lot.places.iter();
            places.map(|place| (lot.id.clone(), place.number.clone()))
        });
        Attached {
            lanes: lanes.collect(),
            places: places.collect(),
        }
    }

    /// The lanes that a key speaks for; none when nobody has it. Takes the same time whichever
    /// key fits (D-7).
    pub(crate) fn by_key(&self, key: &str) -> Vec<&AttachedLane> {
        self.lanes
            .iter()
            .filter(|lane| lane.key.as_ref().is_some_and(|own| own.opens(key)))
            .collect()
    }

    /// The lanes of a lot.
    pub(crate) fn of_lot(&self, lot: &LotId) -> Vec<&AttachedLane> {
        self.lanes.iter().filter(|lane| lane.lot == *lot).collect()
    }

    /// The space of that number in a lot of these lanes.
    pub(crate) fn place(&self, lanes: &[&AttachedLane], place: &PlaceNo) -> Option<&LotId> {
        let here = |lot: &LotId| lanes.iter().any(|lane| lane.lot == *lot);
        let found = |(lot, number): &&(LotId, PlaceNo)| number == place && here(lot);
        self.places.iter().find(found).map(|(lot, _)| lot)
    }
}

impl AttachedLane {
    /// Whether a device belongs to this lane.
    pub(crate) fn has(&self, device: &DeviceNo) -> bool {
        self.devices.contains(device)
    }
}

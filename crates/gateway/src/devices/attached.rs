//! Which key speaks for which lanes, and which device belongs to which lane.

use boshi_protocol::id::{DeviceNo, LotId, PlaceNo};
use boshi_protocol::lane::{Input as LaneInput, Layout, Position};
use boshi_service::key::Key;
use secrecy::ExposeSecret as _;

use super::event::{self, Event};
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
    /// The one end of its arm that can be seen, when the other cannot.
    only_end: Option<Position>,
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
                only_end: only_end(lot, &lane.barrier),
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

    /// What the lane is told of a loop or an arm; nothing when that says nothing. Of an arm of which
    /// only one end can be seen, one that has left that end is at the other, as far as anybody can
    /// know: it would be up for ever otherwise.
    pub(super) fn input(&self, event: &Event) -> Option<LaneInput> {
        match event {
            Event::Arm(arm) if arm.has_left => {
                let left = self.only_end.filter(|end| *end == arm.position)?;
                Some(LaneInput::BarrierSeen(match left {
                    Position::Up => Position::Down,
                    Position::Down => Position::Up,
                }))
            }
            _ => event::contact(&self.layout, event),
        }
    }

    /// Whether the event is of a device of its kind.
    pub(super) fn is_wired(&self, event: &Event) -> bool {
        match event {
            Event::Arm(arm) => arm.device == self.layout.barrier,
            _ => event::contact(&self.layout, event).is_some(),
        }
    }
}

/// The end of a barrier's arm that a contact shows, when nothing shows the other.
fn only_end(lot: &config::Lot, barrier: &DeviceNo) -> Option<Position> {
    let of_vz = lot.vz_mqtt.iter().filter(|camera| camera.gate_status);
    let of_vz = of_vz.filter_map(|camera| Some(&camera.barrier.as_ref()?.device));
    let of_hik = lot.hik.iter().filter_map(|camera| camera.barrier.as_ref());
    let of_hik = of_hik.filter(|it| it.status).map(|it| &it.device);
    if of_vz.chain(of_hik).any(|shown| shown == barrier) {
        return None;
    }
    let own = lot
        .contacts()
        .filter(|it| it.device.as_ref() == Some(barrier));
    let mut ends = own.filter_map(|it| it.role.end());
    let first = ends.next()?;
    ends.all(|end| end == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::event::ArmEvent;
    use super::*;
    use crate::config::Config;

    const CONFIG: &str = r#"
public_url = "https://lot"
[platform]
base_url = "http://platform"
app_id = "99848791"
secret = "s"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
[[lot.vz]]
name = "IN-01"
key = "a-long-random-word"
recognizer = "CAM-01"
[lot.vz.barrier]
device = "BAR-01"
[[lot.vz.input]]
number = 1
is = "trigger_loop"
device = "CAM-01"
"#;

    /// What the lane is told when the arm leaves this end, with these ends wired.
    fn told(wired: &[&str], left: Position) -> Option<LaneInput> {
        let mut text = CONFIG.to_owned();
        for (number, role) in (2..).zip(wired) {
            text += &format!(
                "[[lot.vz.input]]\nnumber = {number}\nis = \"{role}\"\ndevice = \"BAR-01\"\n"
            );
        }
        let config = Config::parse(&text).unwrap();
        let barrier = config.lots[0].lanes[0].barrier.clone();
        let attached = Attached::new(&config.lots);
        let event = Event::Arm(ArmEvent {
            has_left: true,
            ..ArmEvent::at(barrier, left)
        });
        assert!(attached.lanes[0].is_wired(&event));
        attached.lanes[0].input(&event)
    }

    /// ABN-4
    #[test]
    fn an_arm_whose_one_end_alone_is_wired_is_at_the_other_when_it_has_left_that() {
        let (up, down) = (Position::Up, Position::Down);
        let seen = |position| Some(LaneInput::BarrierSeen(position));
        assert_eq!(told(&["arm_up"], up), seen(down));
        assert_eq!(told(&["arm_down"], down), seen(up));
        assert_eq!(told(&["arm_up", "arm_down"], up), None);
        assert_eq!(told(&["arm_up", "arm_down"], down), None);
    }
}

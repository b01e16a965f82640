//! A plate recognizer: what it reads, when, and how wrongly.

use std::time::Duration;

use boshi_protocol::moment::Tick;
use boshi_protocol::plate::{Plate, PlateColor};
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _};
use serde::Deserialize;

use super::timing::{Timing, between};
use super::vehicle::{Vehicle, VehicleId};

/// Shortest pause between two readings, whatever a plan says: no camera is faster.
const LEAST_PAUSE: Duration = Duration::from_millis(40);

/// Characters that recognizers take for one another.
const LOOKALIKES: [(char, char); 6] = [
    ('0', 'D'),
    ('8', 'B'),
    ('5', 'S'),
    ('2', 'Z'),
    ('1', '7'),
    ('6', 'G'),
];

/// How well a recognizer reads.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sharpness {
    /// Whether it reads a vehicle again and again while it stands there.
    pub repeats: bool,
    /// Share of readings with a wrong character, 0 to 1.
    pub misreads: f64,
    /// Share of readings without a plate although there is one, 0 to 1.
    pub misses: f64,
    /// Whether it also reads vehicles that leave towards it in a mixed lane.
    pub reads_rear: bool,
}

impl Default for Sharpness {
    fn default() -> Sharpness {
        Sharpness {
            repeats: true,
            misreads: 0.0,
            misses: 0.0,
            reads_rear: true,
        }
    }
}

/// What a recognizer thinks it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The plate; `None`: it could not read one.
    pub plate: Option<Plate>,
    /// The colour.
    pub color: PlateColor,
    /// How sure it is, 0 to 100.
    pub reliability: u8,
}

#[derive(Clone, Debug)]
pub(super) struct Recognizer {
    sharpness: Sharpness,
    watches: Option<(VehicleId, Tick)>,
}

impl Recognizer {
    pub(super) fn new(sharpness: Sharpness) -> Recognizer {
        Recognizer {
            sharpness,
            watches: None,
        }
    }

    /// A vehicle comes into view: it will be read soon.
    pub(super) fn watch(
        &mut self,
        vehicle: VehicleId,
        now: Tick,
        timing: &Timing,
        random: &mut dyn Rng,
    ) {
        let wait = between(timing.first_read_after, timing.first_read_within, random);
        self.watches = Some((vehicle, now + wait));
    }

    /// The vehicle is out of view.
    pub(super) fn forget(&mut self, vehicle: VehicleId) {
        if self.watched() == Some(vehicle) {
            self.watches = None;
        }
    }

    pub(super) fn watched(&self) -> Option<VehicleId> {
        self.watches.map(|(vehicle, _)| vehicle)
    }

    pub(super) fn deadline(&self) -> Option<Tick> {
        self.watches.map(|(_, at)| at)
    }

    pub(super) fn reads_rear(&self) -> bool {
        self.sharpness.reads_rear
    }

    /// Reads the vehicle that it watches, which is `seen`.
    pub(super) fn read(
        &mut self,
        seen: &Vehicle,
        now: Tick,
        timing: &Timing,
        random: &mut dyn Rng,
    ) -> Reading {
        let again = now + timing.read_again.max(LEAST_PAUSE);
        self.watches = (self.watches)
            .filter(|_| self.sharpness.repeats)
            .map(|(vehicle, _)| (vehicle, again));
        let missed = random.random_bool(share(self.sharpness.misses));
        let misread = random.random_bool(share(self.sharpness.misreads));
        match &seen.plate {
            Some(plate) if seen.legible && !missed => Reading {
                plate: Some(if misread {
                    mistaken(plate, random)
                } else {
                    plate.clone()
                }),
                color: seen.color,
                reliability: random.random_range(if misread { 60..80 } else { 86..100 }),
            },
            Some(_) | None => Reading {
                plate: None,
                color: PlateColor::Other,
                reliability: 0,
            },
        }
    }
}

/// A share that is one, whatever a plan says.
fn share(stated: f64) -> f64 {
    if stated.is_finite() {
        stated.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// The plate with one character taken for another that looks like it.
pub(crate) fn mistaken(plate: &Plate, random: &mut dyn Rng) -> Plate {
    let text: Vec<char> = plate.as_str().chars().collect();
    let doubtful: Vec<(usize, char)> = (text.iter().enumerate())
        .filter_map(|(position, read)| lookalike(*read).map(|wrong| (position, wrong)))
        .collect();
    let Some((position, wrong)) = doubtful.choose(random).copied() else {
        return plate.clone();
    };
    let wrong_text: String = (text.iter().enumerate())
        .map(|(at, right)| if at == position { wrong } else { *right })
        .collect();
    Plate::read(&wrong_text)
        .ok()
        .flatten()
        .unwrap_or_else(|| plate.clone())
}

fn lookalike(read: char) -> Option<char> {
    LOOKALIKES.iter().find_map(|(one, other)| match read {
        _ if read == *one => Some(*other),
        _ if read == *other => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    fn read_by(sharpness: Sharpness, vehicle: &Vehicle) -> Reading {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut recognizer = Recognizer::new(sharpness);
        recognizer.watch(VehicleId(1), Tick::ZERO, &Timing::default(), &mut random);
        recognizer.read(vehicle, Tick::ZERO, &Timing::default(), &mut random)
    }

    fn vehicle(text: &str) -> Vehicle {
        Vehicle::new(Plate::read(text).unwrap(), PlateColor::Blue)
    }

    #[test]
    fn a_sharp_recognizer_reads_what_is_painted_on_the_plate() {
        let vehicle = vehicle("粤B12345");
        let reading = read_by(Sharpness::default(), &vehicle);
        assert_eq!(reading.plate, vehicle.plate);
        assert!(reading.reliability > 85);
    }

    #[test]
    fn a_misread_plate_differs_in_exactly_one_character() {
        let sharpness = Sharpness {
            misreads: 1.0,
            ..Sharpness::default()
        };
        let reading = read_by(sharpness, &vehicle("粤B12345"));
        let text = reading.plate.unwrap().to_string();
        let differing = text.chars().zip("粤B12345".chars());
        assert_eq!(differing.filter(|(one, other)| one != other).count(), 1);
        assert!(reading.reliability < 80);
    }

    #[test]
    fn a_dirty_plate_no_plate_and_a_missed_plate_are_read_as_none() {
        let misses = Sharpness {
            misses: 1.0,
            ..Sharpness::default()
        };
        let unread = [
            read_by(Sharpness::default(), &vehicle("粤B12345").illegible()),
            read_by(Sharpness::default(), &Vehicle::new(None, PlateColor::Other)),
            read_by(misses, &vehicle("粤B12345")),
        ];
        for reading in unread {
            assert_eq!((reading.plate, reading.reliability), (None, 0));
        }
    }
}

//! Vehicles to drive through a lot: the same ones for the same seed.

mod plates;
#[cfg(test)]
mod tests;

use std::time::Duration;

use boshi_protocol::plate::PlateColor;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use self::plates::Plates;
use crate::equipment::{Behaviour, Vehicle};

/// Which lanes lead where; a mixed lane is in both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Names of lanes that lead in.
    pub entries: Vec<String>,
    /// Names of lanes that lead out.
    pub exits: Vec<String>,
}

/// What traffic is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Usual time between two arrivals, in the lanes' time.
    pub pause: Duration,
    /// Usual time between entering and leaving, in the lanes' time.
    pub stay: Duration,
    /// How long a driver waits at an arm that stays down.
    pub patience: Duration,
    /// Share of vehicles whose plate cannot be read, 0 to 1.
    pub illegible: f64,
    /// Share of vehicles without a plate.
    pub without_plate: f64,
    /// Share of vehicles that back out of the entry.
    pub backing_out: f64,
    /// Share of vehicles that follow on the heels of the one before, close behind it.
    pub tailgating: f64,
}

/// A vehicle's way through the lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// When it arrives at the entry, in the lanes' time after the first could.
    pub arrives: Duration,
    /// The lane it comes in by.
    pub entry: String,
    /// The vehicle, as it comes in.
    pub vehicle: Vehicle,
    /// How long it stays after it was in.
    pub stay: Duration,
    /// The lane it leaves by, when the lot has one.
    pub exit: Option<String>,
}

impl Default for Mix {
    fn default() -> Mix {
        Mix {
            pause: Duration::from_secs(12),
            stay: Duration::from_secs(120),
            patience: Duration::from_secs(60),
            illegible: 0.02,
            without_plate: 0.01,
            backing_out: 0.02,
            tailgating: 0.02,
        }
    }
}

/// The journeys of `count` vehicles, in the order of arrival, no two with the same plate. None
/// without an entry.
#[must_use]
pub fn journeys(seed: u64, count: usize, ways: &Ways, mix: &Mix) -> Vec<Journey> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut plates = Plates::default();
    let mut arrives = Duration::ZERO;
    let mut journeys: Vec<Journey> = Vec::new();
    while journeys.len() < count {
        let tailgates = random.random_bool(share(mix.tailgating));
        let before = journeys.last().filter(|_| tailgates);
        let entry = match before {
            Some(before) => Some(before.entry.clone()),
            None => ways.entries.choose(&mut random).cloned(),
        };
        let Some(entry) = entry else {
            break;
        };
        if before.is_none() {
            arrives += mix.pause.mul_f64(random.random_range(0.2..1.8));
        }
        let behaviour = match before {
            Some(_) => Behaviour::Tailgate,
            None => driven(mix, &mut random),
        };
        let vehicle = vehicle(&mut plates, mix, &mut random).driven(behaviour);
        journeys.push(Journey {
            arrives,
            entry,
            vehicle,
            stay: mix.stay.mul_f64(random.random_range(0.5..1.5)),
            exit: ways.exits.choose(&mut random).cloned(),
        });
    }
    journeys
}

fn vehicle(plates: &mut Plates, mix: &Mix, random: &mut Xoshiro256PlusPlus) -> Vehicle {
    if random.random_bool(share(mix.without_plate)) {
        return Vehicle::new(None, PlateColor::Other);
    }
    let (plate, color) = plates.another(random);
    let vehicle = Vehicle::new(Some(plate), color);
    if random.random_bool(share(mix.illegible)) {
        vehicle.illegible()
    } else {
        vehicle
    }
}

fn driven(mix: &Mix, random: &mut Xoshiro256PlusPlus) -> Behaviour {
    if random.random_bool(share(mix.backing_out)) {
        let after = Duration::from_millis(random.random_range(500..3_000));
        return Behaviour::BackOut { after };
    }
    let patience = mix.patience;
    Behaviour::GiveUp { patience }
}

/// A share that is one, whatever is asked for.
fn share(stated: f64) -> f64 {
    if stated.is_finite() {
        stated.clamp(0.0, 1.0)
    } else {
        0.0
    }
}

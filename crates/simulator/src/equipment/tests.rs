//! Lanes on virtual time.

mod barrier;
mod driving;
mod properties;
mod recognizing;

use std::time::Duration;

use boshi_protocol::moment::Tick;
use boshi_protocol::plate::{Plate, PlateColor};
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// A lane, the time, and everything it has said.
struct World {
    lane: Lane,
    random: Xoshiro256PlusPlus,
    now: Tick,
    said: Vec<Timed<Output>>,
    numbered: u64,
}

fn setup(direction: Direction) -> Setup {
    Setup {
        direction,
        timing: Timing::default(),
        sharpness: Sharpness::default(),
        bounces: 0,
    }
}

fn car() -> Vehicle {
    Vehicle::new(Plate::read("粤B12345").unwrap(), PlateColor::Blue)
}

impl World {
    fn new(setup: Setup) -> World {
        World {
            lane: Lane::new(setup),
            random: Xoshiro256PlusPlus::seed_from_u64(42),
            now: Tick::ZERO,
            said: Vec::new(),
            numbered: 0,
        }
    }

    fn entry() -> World {
        World::new(setup(Direction::Entry))
    }

    fn feed(&mut self, input: Input) {
        let said = self.lane.handle(input, self.now, &mut self.random);
        self.said.extend(said);
    }

    fn arrive(&mut self, vehicle: Vehicle) -> VehicleId {
        self.numbered += 1;
        let id = VehicleId(self.numbered);
        self.feed(Input::Arrive(id, vehicle));
        id
    }

    fn command(&mut self, motion: Motion) -> ActId {
        self.numbered += 1;
        let act = ActId(self.numbered);
        self.feed(Input::Command(act, motion));
        act
    }

    /// Lets this much time pass.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.lane.deadline().filter(|due| *due <= until) {
            self.now = due;
            self.feed(Input::Tick);
        }
        self.now = until;
    }

    fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.said.iter().filter_map(|said| match &said.what {
            Output::Fact(fact) => Some(fact),
            Output::Signal(_) | Output::Answered { .. } | Output::Unanswered(_) => None,
        })
    }

    fn signals(&self) -> impl Iterator<Item = &Signal> {
        self.said.iter().filter_map(|said| match &said.what {
            Output::Signal(signal) => Some(signal),
            Output::Fact(_) | Output::Answered { .. } | Output::Unanswered(_) => None,
        })
    }

    fn count(&self, is_it: impl Fn(&Fact) -> bool) -> usize {
        self.facts().filter(|fact| is_it(fact)).count()
    }

    fn lifts(&self) -> usize {
        self.count(|fact| matches!(fact, Fact::Lifted { .. }))
    }

    fn outcome(&self, id: VehicleId) -> Option<Outcome> {
        self.facts().find_map(|fact| match fact {
            Fact::Gone { vehicle, outcome } if *vehicle == id => Some(*outcome),
            _ => None,
        })
    }

    /// The lift under which a vehicle crossed; `None`: it did not.
    fn crossed(&self, id: VehicleId) -> Option<Option<LiftNo>> {
        self.facts().find_map(|fact| match fact {
            Fact::Crossed { vehicle, lift } if *vehicle == id => Some(*lift),
            _ => None,
        })
    }

    fn readings(&self, id: VehicleId) -> Vec<Tick> {
        let read = |said: &&Timed<Output>| matches!(&said.what, Output::Fact(Fact::Read { vehicle, .. }) if *vehicle == id);
        self.said.iter().filter(read).map(|said| said.at).collect()
    }

    fn answer(&self, wanted: ActId) -> Option<Result<(), String>> {
        self.said.iter().find_map(|said| match &said.what {
            Output::Answered { act, result } if *act == wanted => Some(result.clone()),
            _ => None,
        })
    }
}

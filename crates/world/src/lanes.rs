//! What physically happens, and the controllers that tell the gateway of it.

use std::time::Duration;

use boshi_gateway::lot::{Input, LaneNo};
use boshi_protocol::lane;
use boshi_simulator::equipment::{Input as Physical, Outcome as Went};
use rand::RngExt as _;

use crate::road::Reaction;
use crate::world::{Planned, World};

/// How long a message takes between two machines of the lot.
pub(crate) const WIRE: Duration = Duration::from_millis(5);

/// Pause between two attempts to tell a gateway that is away.
const TELL_AGAIN: Duration = Duration::from_millis(500);

/// How often a device tells again what it has told.
const REPEATED: f64 = 0.03;

/// How often a recognizer tells a vehicle once more that has left, from its memory.
const REMEMBERED: f64 = 0.05;

/// For how many seconds it may have that there.
const MEMORY: u64 = 2 * 60 * 60;

impl World {
    /// Something physical happens in a lane.
    pub(crate) fn happens(&mut self, place: usize, input: Physical) {
        let wall = self.supplier.wall();
        let road = &mut self.roads[place];
        let known = road.history.len();
        let reactions = road.handle(input, self.at, wall, &mut self.random);
        for (at, fact) in &road.history[known..] {
            let vehicle = fact.vehicle().map(|vehicle| road.plate(vehicle));
            let (name, vehicle) = (road.name, vehicle.unwrap_or_default());
            let line = || format!("lane {name}: {fact:?} {vehicle}");
            self.story.tell(*at, line);
        }
        for reaction in reactions {
            match reaction {
                Reaction::Answered { run, act, result } => {
                    let done = lane::Input::ActDone { act, result };
                    let input = Input::Lane(LaneNo(place), done);
                    self.plan(self.at + WIRE, Planned::Reaches(run, Box::new(input)));
                }
                Reaction::Gone(vehicle, went) => {
                    if self.random.random_bool(REMEMBERED) {
                        let later = Duration::from_secs(self.random.random_range(1..MEMORY));
                        let remembers = Planned::Remembers(place, vehicle);
                        self.plan(self.at + later, remembers);
                    }
                    if went == Went::Crossed {
                        self.leaves_again(vehicle);
                    }
                }
            }
        }
        self.has_news(place);
    }

    pub(crate) fn has_news(&mut self, place: usize) {
        let road = &mut self.roads[place];
        if !road.telling && !road.news.is_empty() {
            road.telling = true;
            self.plan(self.at + WIRE, Planned::Tells(place));
        }
    }

    pub(crate) fn tells(&mut self, place: usize) {
        self.roads[place].telling = false;
        if self.supplier.played.is_none() {
            self.roads[place].telling = true;
            return self.plan(self.at + TELL_AGAIN, Planned::Tells(place));
        }
        let Some(inputs) = self.roads[place].next_news() else {
            return;
        };
        let again = inputs.clone();
        // Once it has ended, it takes nothing any more.
        let taken = inputs
            .into_iter()
            .all(|input| self.supplier.played.is_some() && self.takes(input));
        if taken {
            self.roads[place].taken();
            if self.random.random_bool(REPEATED) {
                self.repeats(again);
            }
        }
        self.has_news(place);
    }

    /// What a device tells is taken; what a recognizer has told before changes nothing, as at the door of
    /// the gateway: of what is not old, this run knows, and of what is, the journal.
    fn takes(&mut self, input: Input) -> bool {
        let Input::Read {
            lane,
            reading,
            event: Some(event),
            replayed_at,
        } = &input
        else {
            return self.tell(input);
        };
        let event = event.clone();
        if !self.supplier.remembered.insert(event.clone()) {
            return true;
        }
        let played = self.supplier.played.as_ref().expect("the gateway runs");
        if let Some(at) = *replayed_at {
            let seen = played.has_seen(&event, *lane, reading, at);
            if self.runtime.block_on(seen) {
                return true;
            }
        }
        self.tell(input)
    }

    /// The acknowledgement got lost, and the device tells the same again.
    fn repeats(&mut self, inputs: Vec<Input>) {
        for input in inputs {
            if self.supplier.played.is_some() {
                self.takes(input);
            }
        }
    }
}

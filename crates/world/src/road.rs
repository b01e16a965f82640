//! A lane as it physically is, and the controller that tells of it: in order, each event until it is
//! taken.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use boshi_gateway::lot::{self, LaneNo};
use boshi_protocol::lane::{self, Position, Reading, Side, Sighting};
use boshi_protocol::moment::Tick;
use boshi_protocol::plate::Plate;
use boshi_simulator::equipment::{
    ActId, Direction, Fact, Heading, Input, Lane, Motion, Output, Setup, Sharpness, Signal, Timing,
    Vehicle, VehicleId,
};
use rand::rngs::Xoshiro256PlusPlus;

/// What the controller has to tell.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Contact(lane::Input),
    /// The anti-smash loop, and how long it had been otherwise.
    Safety {
        pressed: bool,
        after: Duration,
    },
    Read {
        vehicle: VehicleId,
        reading: Reading,
        /// Its number at the recognizer.
        event: String,
        at: jiff::Timestamp,
    },
    /// A recognizer tells from its memory what it has told before.
    History(Seen),
}

/// What a recognizer has told, and keeps.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    reading: Reading,
    event: String,
    at: jiff::Timestamp,
}

pub(crate) struct Road {
    pub(crate) no: LaneNo,
    pub(crate) name: &'static str,
    pub(crate) lane: Lane,
    /// What is not told yet, the oldest first.
    pub(crate) news: VecDeque<News>,
    /// Whether the next attempt to tell is planned.
    pub(crate) telling: bool,
    /// Everything that physically happened.
    pub(crate) history: Vec<(Duration, Fact)>,
    vehicles: HashMap<VehicleId, Vehicle>,
    /// The gateway's name of each act of the barrier, with its run.
    acts: HashMap<ActId, (u64, lane::ActId)>,
    /// The first that was told, and taken, of each vehicle.
    told: HashMap<VehicleId, Seen>,
    readings: u32,
    safety_since: Duration,
    fire: bool,
    directions: Direction,
}

/// What follows at once.
pub(crate) enum Reaction {
    Answered {
        run: u64,
        act: lane::ActId,
        result: Result<(), String>,
    },
    Gone(VehicleId, boshi_simulator::equipment::Outcome),
}

impl Road {
    pub(crate) fn new(no: LaneNo, name: &'static str, direction: Direction) -> Road {
        let setup = Setup {
            direction,
            timing: Timing::default(),
            sharpness: Sharpness::default(),
            bounces: 2,
        };
        Road {
            no,
            name,
            lane: Lane::new(setup),
            news: VecDeque::new(),
            telling: false,
            history: Vec::new(),
            vehicles: HashMap::new(),
            acts: HashMap::new(),
            told: HashMap::new(),
            readings: 0,
            safety_since: Duration::ZERO,
            fire: false,
            directions: direction,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.lane.deadline().map(Tick::since_start)
    }

    pub(crate) fn handle(
        &mut self,
        input: Input,
        at: Duration,
        wall: jiff::Timestamp,
        random: &mut Xoshiro256PlusPlus,
    ) -> Vec<Reaction> {
        if let Input::Arrive(id, vehicle) = &input {
            self.vehicles.insert(*id, vehicle.clone());
        }
        let outputs = self.lane.handle(input, Tick::after_start(at), random);
        let mut reactions = Vec::new();
        for timed in outputs {
            match timed.what {
                Output::Signal(signal) => self.notice(signal, at, wall),
                Output::Fact(fact) => {
                    if let Fact::Gone { vehicle, outcome } = fact {
                        reactions.push(Reaction::Gone(vehicle, outcome));
                    }
                    self.history.push((at, fact));
                }
                Output::Answered { act, result } => {
                    let (run, act) = self.acts[&act];
                    reactions.push(Reaction::Answered { run, act, result });
                }
                Output::Unanswered(_) => {}
            }
        }
        reactions
    }

    /// The gateway of that run drives the barrier.
    pub(crate) fn driven(&mut self, run: u64, act: lane::ActId, motion: lane::Motion) -> Input {
        let number = ActId(self.acts.len() as u64);
        self.acts.insert(number, (run, act));
        let motion = match motion {
            lane::Motion::Pulse => Motion::Open,
            lane::Motion::Hold => Motion::Hold,
            lane::Motion::Release => Motion::Restore,
        };
        Input::Command(number, motion)
    }

    pub(crate) fn fire(&mut self, on: bool) {
        self.fire = on;
        self.news.push_back(News::Contact(lane::Input::Fire { on }));
    }

    /// How the contacts are now, for whoever asks.
    pub(crate) fn contacts(&self) -> Vec<lane::Input> {
        let sides: &[Heading] = match self.directions {
            Direction::Entry => &[Heading::In],
            Direction::Exit => &[Heading::Out],
            Direction::Mixed => &[Heading::In, Heading::Out],
        };
        let triggers = sides.iter().map(|heading| lane::Input::TriggerLoop {
            side: side(*heading),
            pressed: self.lane.trigger_pressed(*heading),
        });
        let arm = self.lane.arm_up().map(arm);
        let fire = lane::Input::Fire { on: self.fire };
        triggers.chain(arm).chain([fire]).collect()
    }

    /// What is to be told next, as the gateway takes it; nothing when there is nothing.
    pub(crate) fn next_news(&mut self) -> Option<Vec<lot::Input>> {
        loop {
            let inputs = match self.news.front()?.clone() {
                News::Contact(input) => vec![lot::Input::Lane(self.no, input)],
                News::Safety { pressed, after } => vec![
                    lot::Input::Lane(self.no, lane::Input::SafetyKept(after)),
                    lot::Input::Lane(self.no, lane::Input::SafetyLoop { pressed }),
                ],
                News::Read {
                    vehicle,
                    reading,
                    event,
                    at,
                } => {
                    let is_there = self.lane.vehicles().any(|it| it == vehicle);
                    if !is_there && self.told.contains_key(&vehicle) {
                        self.news.pop_front();
                        continue;
                    }
                    vec![lot::Input::Read {
                        lane: self.no,
                        reading,
                        event: Some(event),
                        replayed_at: (!is_there).then_some(at),
                    }]
                }
                News::History(Seen { reading, event, at }) => vec![lot::Input::Read {
                    lane: self.no,
                    reading,
                    event: Some(event),
                    replayed_at: Some(at),
                }],
            };
            return Some(inputs);
        }
    }

    /// The first of the news is taken.
    pub(crate) fn taken(&mut self) {
        if let Some(News::Read {
            vehicle,
            reading,
            event,
            at,
        }) = self.news.pop_front()
        {
            let seen = Seen { reading, event, at };
            self.told.entry(vehicle).or_insert(seen);
        }
    }

    /// Whether a reading of a vehicle was told and taken.
    pub(crate) fn is_told(&self, vehicle: VehicleId) -> bool {
        self.told.contains_key(&vehicle)
    }

    /// Whether a vehicle was read for the first time after it had crossed.
    pub(crate) fn is_read_late(&self, vehicle: VehicleId) -> bool {
        let mut its = self.history.iter().map(|(_, fact)| fact);
        let first = its.find(|fact| match fact {
            Fact::Crossed { vehicle: whose, .. } | Fact::Read { vehicle: whose, .. } => {
                *whose == vehicle
            }
            _ => false,
        });
        matches!(first, Some(Fact::Crossed { .. }))
    }

    /// The recognizer tells once more what it has told of a vehicle.
    pub(crate) fn remembers(&mut self, vehicle: VehicleId) {
        if let Some(seen) = self.told.get(&vehicle) {
            self.news.push_back(News::History(seen.clone()));
        }
    }

    /// Each press of the anti-smash loop, and by whom.
    pub(crate) fn presses(&self) -> Vec<(Duration, VehicleId)> {
        let crossed = |place: usize| {
            self.history[place..]
                .iter()
                .find_map(|(_, fact)| match fact {
                    Fact::Crossed { vehicle, .. } => Some(*vehicle),
                    _ => None,
                })
        };
        let facts = self.history.iter().enumerate();
        let presses = facts.filter(|(_, (_, fact))| *fact == Fact::SafetyPressed);
        presses
            .map(|(place, (at, _))| (*at, crossed(place).expect("somebody pressed it")))
            .collect()
    }

    /// When a vehicle was read first, if its plate was before `before`.
    pub(crate) fn read_before(&self, vehicle: VehicleId, before: Duration) -> Option<Duration> {
        let read = |fact: &Fact| match fact {
            Fact::Read {
                vehicle: whose,
                reading,
            } => *whose == vehicle && reading.plate.is_some(),
            _ => false,
        };
        let earlier = self.history.iter().take_while(|(at, _)| *at < before);
        let mut reads = earlier.filter(|(_, fact)| read(fact));
        reads.next().map(|(at, _)| *at)
    }

    /// Who stands on a trigger loop, as far as anybody does.
    pub(crate) fn who_waits(&self) -> Option<VehicleId> {
        let mut latest = self.history.iter().rev();
        latest
            .find_map(|(_, fact)| match fact {
                Fact::OnLoop(vehicle) => Some(Some(*vehicle)),
                Fact::Crossed { .. } | Fact::Gone { .. } => Some(None),
                _ => None,
            })
            .flatten()
    }

    /// The plate of a vehicle.
    pub(crate) fn plate_of(&self, vehicle: VehicleId) -> Option<Plate> {
        self.vehicles[&vehicle].plate.clone()
    }

    /// For which act of which run the barrier moved.
    pub(crate) fn act(&self, act: ActId) -> (u64, lane::ActId) {
        self.acts[&act]
    }

    /// What is painted on a vehicle.
    pub(crate) fn plate(&self, vehicle: VehicleId) -> String {
        let plate = self.vehicles[&vehicle].plate.as_ref();
        plate.map(ToString::to_string).unwrap_or_default()
    }

    /// Whether a vehicle pressed the anti-smash loop between these times.
    pub(crate) fn somebody_crossed(&self, from: Duration, to: Duration) -> bool {
        let mut history = self.history.iter();
        history.any(|(at, fact)| *fact == Fact::SafetyPressed && from <= *at && *at <= to)
    }

    pub(crate) fn is_mixed(&self) -> bool {
        matches!(self.directions, Direction::Mixed)
    }

    fn notice(&mut self, signal: Signal, at: Duration, wall: jiff::Timestamp) {
        self.news.push_back(match signal {
            Signal::TriggerLoop { heading, pressed } => {
                let side = side(heading);
                News::Contact(lane::Input::TriggerLoop { side, pressed })
            }
            Signal::SafetyLoop { pressed } => {
                let after = at - std::mem::replace(&mut self.safety_since, at);
                News::Safety { pressed, after }
            }
            Signal::Arm { up } => News::Contact(arm(up)),
            Signal::Read {
                heading,
                vehicle,
                reading,
            } => News::Read {
                vehicle,
                event: {
                    self.readings += 1;
                    format!("{}/{}", self.name, self.readings)
                },
                reading: Reading {
                    side: side(heading),
                    sighting: Sighting {
                        plate: reading.plate,
                        color: reading.color,
                        reliability: Some(reading.reliability),
                        picture: None,
                    },
                },
                at: wall,
            },
        });
    }
}

fn side(heading: Heading) -> Side {
    match heading {
        Heading::In => Side::Entry,
        Heading::Out => Side::Exit,
    }
}

fn arm(up: bool) -> lane::Input {
    lane::Input::BarrierSeen(if up { Position::Up } else { Position::Down })
}

//! The account of what physically happened in a lot, for comparison with what others recorded.
//!
//! It is kept from [`Fact`]s alone. What the gateway was told, took or made of it does not show
//! here, but for events that a controller had to give up.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::equipment::{ActId, Cause, Fact, LiftNo, Motion, Outcome, Reading, Vehicle, VehicleId};

/// Most entries of each kind: a busy lot of ten days. The oldest are forgotten, and counted.
pub const MAX_KEPT: usize = 100_000;

/// What happened in a lot.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    visits: VecDeque<Visit>,
    lifts: VecDeque<Lift>,
    acts: VecDeque<Act>,
    presses: VecDeque<Press>,
    given_up: VecDeque<GivenUp>,
    forgotten: u64,
}

/// A vehicle's visit to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its number.
    pub id: VehicleId,
    /// Where.
    pub lane: Arc<str>,
    /// The vehicle, with what is painted on its plate.
    pub vehicle: Vehicle,
    /// When it joined the queue.
    pub arrived: Timestamp,
    /// When it pressed the trigger loop.
    pub on_loop: Option<Timestamp>,
    /// The first reading, and when it was.
    pub read: Option<(Timestamp, Reading)>,
    /// How often it was read.
    pub readings: u32,
    /// When the arm was up for it.
    pub let_through: Option<Timestamp>,
    /// When it pressed the anti-smash loop (CROSS-1).
    pub crossed: Option<Timestamp>,
    /// The lift it crossed under; none when it broke through.
    pub lift: Option<LiftNo>,
    /// When and how it left.
    pub gone: Option<(Timestamp, Outcome)>,
}

/// An arm that lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lift {
    /// Where.
    pub lane: Arc<str>,
    /// Its number in this lane.
    pub number: LiftNo,
    /// When it began.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// The vehicle at the trigger loop; none: it lifted for nobody.
    pub waiting: Option<VehicleId>,
    /// Who crossed under it.
    pub crossed: Vec<VehicleId>,
    /// When the arm was down again.
    pub down: Option<Timestamp>,
}

/// A command that a barrier obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Where.
    pub lane: Arc<str>,
    /// When its relay switched.
    pub at: Timestamp,
    /// Which command.
    pub act: ActId,
    /// What it wanted.
    pub motion: Motion,
    /// The lift that it began, if the arm had to move.
    pub lift: Option<LiftNo>,
}

/// A press of an anti-smash loop; two vehicles close together are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// Where.
    pub lane: Arc<str>,
    /// From when.
    pub at: Timestamp,
    /// Until when.
    pub released: Option<Timestamp>,
}

/// An event that a controller could not tell the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// When it was given up.
    pub at: Timestamp,
    /// What it was: kind and device.
    pub event: String,
    /// Why.
    pub why: String,
}

impl Ledger {
    /// A vehicle comes to `lane`.
    pub fn arrived(&mut self, id: VehicleId, lane: &Arc<str>, vehicle: Vehicle, at: Timestamp) {
        let visit = Visit {
            id,
            lane: Arc::clone(lane),
            vehicle,
            arrived: at,
            on_loop: None,
            read: None,
            readings: 0,
            let_through: None,
            crossed: None,
            lift: None,
            gone: None,
        };
        make_room(&mut self.visits, &mut self.forgotten);
        // Lanes may tell of arrivals in another order than vehicles were numbered.
        let place = self.visits.partition_point(|before| before.id < id);
        self.visits.insert(place, visit);
    }

    /// Something happens in `lane`.
    pub fn record(&mut self, lane: &Arc<str>, at: Timestamp, fact: &Fact) {
        if let Some(visit) = fact.vehicle().and_then(|id| self.visit_mut(id)) {
            visit.record(at, fact);
        }
        match fact {
            Fact::Commanded { act, motion, lift } => {
                let act = Act {
                    lane: Arc::clone(lane),
                    at,
                    act: *act,
                    motion: *motion,
                    lift: *lift,
                };
                keep(&mut self.acts, act, &mut self.forgotten);
            }
            Fact::Lifted {
                lift,
                cause,
                waiting,
            } => {
                let lift = Lift {
                    lane: Arc::clone(lane),
                    number: *lift,
                    at,
                    cause: *cause,
                    waiting: *waiting,
                    crossed: Vec::new(),
                    down: None,
                };
                keep(&mut self.lifts, lift, &mut self.forgotten);
            }
            Fact::Crossed {
                vehicle,
                lift: Some(number),
            } => {
                if let Some(lift) = self.lift_mut(lane, *number) {
                    lift.crossed.push(*vehicle);
                }
            }
            Fact::ArmDown(number) => {
                if let Some(lift) = self.lift_mut(lane, *number) {
                    lift.down = Some(at);
                }
            }
            Fact::SafetyPressed => {
                let press = Press {
                    lane: Arc::clone(lane),
                    at,
                    released: None,
                };
                keep(&mut self.presses, press, &mut self.forgotten);
            }
            Fact::SafetyReleased => {
                let mut presses = self.presses.iter_mut().rev();
                if let Some(press) = presses.find(|press| press.lane == *lane) {
                    press.released = Some(at);
                }
            }
            Fact::Arrived(_)
            | Fact::OnLoop(_)
            | Fact::Read { .. }
            | Fact::LetThrough { .. }
            | Fact::Crossed { lift: None, .. }
            | Fact::Gone { .. }
            | Fact::ArmUp(_)
            | Fact::Closing(_) => {}
        }
    }

    /// A controller gives an event up.
    pub fn gave_up(&mut self, given_up: GivenUp) {
        keep(&mut self.given_up, given_up, &mut self.forgotten);
    }

    /// Every visit, in the order of the vehicles' numbers.
    pub fn visits(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter()
    }

    /// The visit of this vehicle.
    #[must_use]
    pub fn visit(&self, id: VehicleId) -> Option<&Visit> {
        let place = self.visits.binary_search_by_key(&id, |visit| visit.id);
        place.ok().and_then(|place| self.visits.get(place))
    }

    /// The visits with a crossing, in the order of the vehicles' numbers.
    pub fn crossings(&self) -> impl Iterator<Item = &Visit> {
        self.visits().filter(|visit| visit.crossed.is_some())
    }

    /// Every lift.
    pub fn lifts(&self) -> impl Iterator<Item = &Lift> {
        self.lifts.iter()
    }

    /// Lifts that were commanded for one vehicle with no vehicle there.
    pub fn idle_lifts(&self) -> impl Iterator<Item = &Lift> {
        self.lifts()
            .filter(|lift| matches!(lift.cause, Cause::Opened(_)) && lift.waiting.is_none())
    }

    /// Every command that a barrier obeyed.
    pub fn acts(&self) -> impl Iterator<Item = &Act> {
        self.acts.iter()
    }

    /// Every press of an anti-smash loop.
    pub fn presses(&self) -> impl Iterator<Item = &Press> {
        self.presses.iter()
    }

    /// Every event that was given up.
    pub fn given_up(&self) -> impl Iterator<Item = &GivenUp> {
        self.given_up.iter()
    }

    /// How many entries were dropped because there were more than [`MAX_KEPT`].
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    fn visit_mut(&mut self, id: VehicleId) -> Option<&mut Visit> {
        let place = self.visits.binary_search_by_key(&id, |visit| visit.id);
        place.ok().and_then(|place| self.visits.get_mut(place))
    }

    fn lift_mut(&mut self, lane: &Arc<str>, number: LiftNo) -> Option<&mut Lift> {
        let mut lifts = self.lifts.iter_mut().rev();
        lifts.find(|lift| lift.number == number && lift.lane == *lane)
    }
}

impl Visit {
    fn record(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::OnLoop(_) => self.on_loop = Some(at),
            Fact::Read { reading, .. } => {
                self.readings += 1;
                self.read.get_or_insert_with(|| (at, reading.clone()));
            }
            Fact::LetThrough { .. } => self.let_through = Some(at),
            Fact::Crossed { lift, .. } => {
                self.crossed = Some(at);
                self.lift = *lift;
            }
            Fact::Gone { outcome, .. } => self.gone = Some((at, *outcome)),
            Fact::Arrived(_)
            | Fact::Commanded { .. }
            | Fact::Lifted { .. }
            | Fact::ArmUp(_)
            | Fact::Closing(_)
            | Fact::ArmDown(_)
            | Fact::SafetyPressed
            | Fact::SafetyReleased => {}
        }
    }
}

fn keep<T>(kept: &mut VecDeque<T>, entry: T, forgotten: &mut u64) {
    make_room(kept, forgotten);
    kept.push_back(entry);
}

fn make_room<T>(kept: &mut VecDeque<T>, forgotten: &mut u64) {
    if kept.len() >= MAX_KEPT {
        kept.pop_front();
        *forgotten += 1;
    }
}

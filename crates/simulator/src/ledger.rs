//! The account of what physically happened in a lot, for comparison with what others recorded.
//!
//! It is kept from [`Fact`]s alone. What the gateway was told, took or made of it does not show
//! here, but for events that a controller had to give up.

mod entry;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

pub use self::entry::{Act, GivenUp, Lift, Press, Visit};

use crate::equipment::{Cause, Fact, LiftNo, Vehicle, VehicleId};

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

impl Ledger {
    /// A vehicle comes to `lane`.
    pub fn arrived(&mut self, id: VehicleId, lane: &Arc<str>, vehicle: Vehicle, at: Timestamp) {
        let visit = Visit::new(id, lane, vehicle, at);
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

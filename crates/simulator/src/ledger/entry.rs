//! What stands in a ledger.

use std::sync::Arc;

use jiff::Timestamp;

use crate::equipment::{ActId, Cause, Fact, LiftNo, Motion, Outcome, Reading, Vehicle, VehicleId};

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
    /// When it pressed the anti-smash loop.
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

impl Visit {
    pub(super) fn new(
        id: VehicleId,
        lane: &Arc<str>,
        vehicle: Vehicle,
        arrived: Timestamp,
    ) -> Visit {
        Visit {
            id,
            lane: Arc::clone(lane),
            vehicle,
            arrived,
            on_loop: None,
            read: None,
            readings: 0,
            let_through: None,
            crossed: None,
            lift: None,
            gone: None,
        }
    }

    pub(super) fn record(&mut self, at: Timestamp, fact: &Fact) {
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

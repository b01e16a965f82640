//! A vehicle's visit to a lane, as whoever drove it there sees it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use boshi_protocol::moment::Tick;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::equipment::{Fact, Outcome, VehicleId};

/// A visit that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The vehicle's number in the ledger.
    pub vehicle: VehicleId,
    /// Where.
    pub lane: Arc<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it came to what.
    pub steps: Steps,
}

/// How long after joining the lane's queue what happened, in the lane's time: divided by the
/// plan's speed it is real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// It pressed the trigger loop.
    pub on_loop: Option<Duration>,
    /// It was read for the first time.
    pub read: Option<Duration>,
    /// The arm was up for it.
    pub let_through: Option<Duration>,
    /// It pressed the anti-smash loop.
    pub crossed: Option<Duration>,
    /// It was gone.
    pub gone: Option<Duration>,
}

/// A vehicle under way; resolves when it is gone.
#[derive(Debug)]
#[must_use = "a vehicle drives without being awaited, but its passage is lost"]
pub struct Driving {
    pub(super) vehicle: VehicleId,
    pub(super) lane: Arc<str>,
    pub(super) end: oneshot::Receiver<Passage>,
}

impl Driving {
    /// The vehicle's number in the ledger.
    #[must_use]
    pub fn vehicle(&self) -> VehicleId {
        self.vehicle
    }
}

impl Future for Driving {
    type Output = Passage;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Passage> {
        let end = Pin::new(&mut self.end).poll(context);
        end.map(|passage| {
            passage.unwrap_or_else(|_| Passage {
                vehicle: self.vehicle,
                lane: Arc::clone(&self.lane),
                outcome: Outcome::StillThere,
                steps: Steps::default(),
            })
        })
    }
}

/// A visit that goes on.
#[derive(Debug)]
pub(super) struct Visiting {
    arrived: Tick,
    steps: Steps,
    ticket: Ticket,
}

/// A vehicle's place in the lane, and whom to tell when it is gone.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) room: OwnedSemaphorePermit,
    pub(super) end: oneshot::Sender<Passage>,
}

impl Visiting {
    pub(super) fn new(arrived: Tick, ticket: Ticket) -> Visiting {
        Visiting {
            arrived,
            steps: Steps::default(),
            ticket,
        }
    }

    pub(super) fn note(&mut self, fact: &Fact, at: Tick) {
        let passed = at.since(self.arrived);
        match fact {
            Fact::OnLoop(_) => self.steps.on_loop = Some(passed),
            Fact::Read { .. } => {
                self.steps.read.get_or_insert(passed);
            }
            Fact::LetThrough { .. } => self.steps.let_through = Some(passed),
            Fact::Crossed { .. } => self.steps.crossed = Some(passed),
            Fact::Gone { .. } => self.steps.gone = Some(passed),
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

    pub(super) fn end(self, vehicle: VehicleId, lane: &Arc<str>, outcome: Outcome) {
        drop(self.ticket.room);
        // Nobody has to wait for it.
        let _ = self.ticket.end.send(Passage {
            vehicle,
            lane: Arc::clone(lane),
            outcome,
            steps: self.steps,
        });
    }
}

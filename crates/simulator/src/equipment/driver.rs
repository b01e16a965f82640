//! A vehicle in the lane: how far it has come and what it waits for.

use std::time::Duration;

use boshi_protocol::moment::Tick;

use super::vehicle::{Behaviour, Outcome, Vehicle, VehicleId};

/// A vehicle in the lane.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) id: VehicleId,
    pub(super) vehicle: Vehicle,
    pub(super) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// On the way to the trigger loop.
    Approaching { until: Tick },
    /// On the trigger loop, waiting for the arm.
    Standing { loses_patience: Option<Tick> },
    /// The arm is up for it; the driver is about to start.
    Starting { at: Tick },
    /// The arm is up for it; the driver is about to back out all the same.
    Hesitating { until: Tick },
    /// From the trigger loop to the arm.
    Rolling { until: Tick, breaks_through: bool },
    /// On the trigger loop, on the heels of the one before; `until` once that one is through.
    Tailing { until: Option<Tick> },
    /// On both loops.
    Straddling { until: Tick },
    /// On the anti-smash loop only.
    Clearing { until: Tick },
    /// In a mixed lane: on the far trigger loop.
    Leaving { until: Tick },
    /// Off the trigger loop, backwards.
    Reversing { until: Tick, outcome: Outcome },
}

impl Driver {
    pub(super) fn deadline(&self) -> Option<Tick> {
        match self.stage {
            Stage::Standing { loses_patience } => loses_patience,
            Stage::Tailing { until } => until,
            Stage::Starting { at } => Some(at),
            Stage::Approaching { until }
            | Stage::Hesitating { until }
            | Stage::Rolling { until, .. }
            | Stage::Straddling { until }
            | Stage::Clearing { until }
            | Stage::Leaving { until }
            | Stage::Reversing { until, .. } => Some(until),
        }
    }

    /// Whether it is before the arm, so that nobody else has room there.
    pub(super) fn is_before_the_arm(&self) -> bool {
        match self.stage {
            Stage::Approaching { .. }
            | Stage::Standing { .. }
            | Stage::Starting { .. }
            | Stage::Hesitating { .. }
            | Stage::Rolling { .. }
            | Stage::Tailing { .. }
            | Stage::Straddling { .. }
            | Stage::Reversing { .. } => true,
            Stage::Clearing { .. } | Stage::Leaving { .. } => false,
        }
    }

    /// Whether the arm may be meant for it.
    pub(super) fn waits_for_the_arm(&self) -> bool {
        matches!(
            self.stage,
            Stage::Standing { .. }
                | Stage::Starting { .. }
                | Stage::Hesitating { .. }
                | Stage::Rolling { .. }
        )
    }

    /// Whether it goes when the arm is up for it.
    pub(super) fn wants_to_go(&self) -> bool {
        matches!(self.stage, Stage::Standing { .. })
            && !matches!(self.vehicle.behaviour, Behaviour::BackOut { .. })
    }
}

impl Behaviour {
    /// How long it stands before an arm that is not up for it.
    pub(super) fn patience(self) -> Option<Duration> {
        match self {
            Behaviour::GiveUp { patience } | Behaviour::BreakThrough { patience } => Some(patience),
            Behaviour::BackOut { after } => Some(after),
            Behaviour::Cross | Behaviour::BackOutWhenOpened { .. } | Behaviour::Tailgate => None,
        }
    }
}

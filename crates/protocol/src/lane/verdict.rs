//! Whether a vehicle may pass: the platform's replies, and asking again.

use super::answer::OpenRefusal;
use super::effect::{AskId, Cause, Effect, Sign};
use super::gate::Gate;
use super::input::Verdict;
use super::layout::Side;
use super::machine::Lane;
use super::turn::Turn;
use super::vehicle::{Clearance, Recourse, Stage, Waiting};
use crate::moment::Tick;

impl Lane {
    /// A push was answered, or failed. Only the latest push of a vehicle that is still there
    /// counts (RECOG-3). There is also who presses the loop already without that counting yet: a fast
    /// platform is not asked twice. For who has not reached the loop nothing is decided.
    pub(super) fn verdict(&mut self, turn: &mut Turn<'_>, ask: &AskId, verdict: Verdict) {
        let Some(side) = self.side_asking(ask) else {
            return;
        };
        let approach = self.at(side);
        let on_spot = approach.waiting().is_some();
        let on_loop = on_spot || approach.is_about_to_count();
        let again = turn.tick() + self.timing.refused_poll;
        let follow_until = turn.tick() + self.timing.follow_wait;
        let Some(waiting) = self.at_mut(side).open_mut() else {
            return;
        };
        let cleared = |cause: Cause| {
            Stage::Cleared(Clearance {
                cause,
                follow_until,
                commands: Vec::new(),
            })
        };
        match verdict {
            Verdict::MayPass if on_loop => {
                waiting.stage = cleared(Cause::MayPass { ask: ask.clone() });
            }
            Verdict::MayPass => waiting.stage = Stage::Unasked,
            Verdict::MayNot { reason } => {
                waiting.stage = Stage::Refused { again };
                let plate = waiting.vehicle.plate().cloned();
                self.show(turn, side, Sign::Refused { plate, reason });
            }
            Verdict::Undeliverable => {
                waiting.vehicle.failed(ask.clone());
                waiting.stage = if on_spot {
                    cleared(Cause::Blind { ask: ask.clone() })
                } else {
                    Stage::Unasked
                };
            }
        }
    }

    fn side_asking(&self, ask: &AskId) -> Option<Side> {
        let asking = |waiting: &Waiting| match waiting.stage {
            Stage::Asked => waiting.vehicle.is_latest_ask(ask),
            Stage::Refused { .. } | Stage::Cleared(_) | Stage::Unasked => false,
        };
        let mut approaches = self.approaches.iter();
        approaches
            .find(|approach| approach.open().is_some_and(asking))
            .map(|found| found.side)
    }

    /// Does what can be done for a vehicle: asks for it again, or lets it through if that is
    /// still owed to it.
    pub(super) fn take_up(&mut self, turn: &mut Turn<'_>, waiting: Waiting) -> Waiting {
        let Waiting {
            mut vehicle,
            stage,
            read_at,
        } = waiting;
        turn.refuse_all(stage.into_commands(), &OpenRefusal::VehicleLeft);
        let stage = match (self.gate, vehicle.recourse()) {
            (Gate::HeldOpen { .. } | Gate::Fire, _) | (Gate::Normal, Recourse::Nothing) => {
                Stage::Unasked
            }
            (Gate::Normal, Recourse::Ask) => {
                if let Some(ask) = vehicle.next_ask() {
                    turn.emit(Effect::AskAgain { ask });
                }
                Stage::Asked
            }
            (Gate::Normal, Recourse::Release(cause)) => {
                let follow_until = turn.tick() + self.timing.follow_wait;
                Stage::Cleared(Clearance {
                    cause,
                    follow_until,
                    commands: Vec::new(),
                })
            }
        };
        Waiting {
            vehicle,
            stage,
            read_at,
        }
    }

    /// What remains of a vehicle's question when it is not read any more.
    pub(super) fn out_of_view(&self, turn: &mut Turn<'_>, stage: Stage) -> Stage {
        match stage {
            Stage::Asked => Stage::Asked,
            Stage::Refused { .. } | Stage::Unasked => Stage::Unasked,
            Stage::Cleared(clearance) => {
                turn.refuse_all(clearance.commands, &OpenRefusal::VehicleLeft);
                Stage::Unasked
            }
        }
    }

    /// What remains of it when the barrier failed: a new question, never a second pulse.
    pub(super) fn after_failure(&self, now: Tick, waiting: Waiting) -> Waiting {
        let again = now + self.timing.refused_poll;
        let stage = match (self.gate, waiting.vehicle.is_heard()) {
            (Gate::Normal, true) => Stage::Refused { again },
            (Gate::Normal, false) | (Gate::HeldOpen { .. } | Gate::Fire, _) => Stage::Unasked,
        };
        Waiting { stage, ..waiting }
    }
}

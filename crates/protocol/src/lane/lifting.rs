//! Driving the barrier, and what it says to that.

use super::answer::{Done, OpenRefusal};
use super::barrier::{Pulse, Purpose};
use super::crossing::UnderArm;
use super::effect::{ActId, Cause, Effect, Motion, Sign};
use super::input::CommandId;
use super::layout::Side;
use super::machine::Lane;
use super::record::Outcome;
use super::stay::{Fate, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Stage, Vehicle, Waiting};
use crate::moment::Tick;

impl Lane {
    pub(super) fn lifts_due(&self) -> Option<Tick> {
        self.sides()
            .iter()
            .filter_map(|side| self.lift_due(*side))
            .min()
    }

    /// When the vehicle that may pass can be lifted for: it stands on the loop, the arm has
    /// finished its travel, and the vehicle before it is through, for which it waits a while.
    fn lift_due(&self, side: Side) -> Option<Tick> {
        let approach = self.at(side);
        let waiting = approach
            .waiting()
            .filter(|_| approach.is_firmly_pressed())?;
        let follow_until = match &waiting.stage {
            Stage::Cleared(clearance) => clearance.follow_until,
            Stage::Asked | Stage::Refused { .. } | Stage::Unasked => return None,
        };
        let travelled = self.barrier.travelled_at(&self.timing);
        Some(if self.is_way_taken() {
            travelled.max(follow_until)
        } else {
            travelled
        })
    }

    /// Whether another vehicle that was let through is between here and the far side.
    fn is_way_taken(&self) -> bool {
        let passes = self.passing.iter().any(|passing| !passing.overdue);
        self.safety
            .as_ref()
            .is_some_and(|safety| match safety.under_arm {
                UnderArm::Vehicle { arm_up } => arm_up || passes,
                UnderArm::Nobody => passes,
            })
    }

    /// Whether something presses the anti-smash loop.
    pub(super) fn is_occupied(&self) -> bool {
        self.safety
            .as_ref()
            .is_some_and(|safety| safety.contact.is_pressed())
    }

    pub(super) fn lift_who_may(&mut self, turn: &mut Turn<'_>) {
        for &side in self.sides() {
            if self.lift_due(side).is_none_or(|due| due > turn.tick()) {
                continue;
            }
            let stay = match self.take_stay(side) {
                Stay::Waiting(Waiting {
                    vehicle,
                    stage: Stage::Cleared(clearance),
                    read_at,
                }) => {
                    let waiting = Waiting {
                        vehicle,
                        stage: Stage::Unasked,
                        read_at,
                    };
                    self.lift(turn, waiting, clearance.cause, clearance.commands)
                }
                stay @ (Stay::Waiting(_) | Stay::Free { .. } | Stay::Approaching { .. }) => stay,
                stay @ (Stay::Unread { .. } | Stay::Dormant { .. }) => stay,
                stay @ (Stay::Spent(_) | Stay::Suppressed { .. }) => stay,
            };
            self.at_mut(side).stay = stay;
        }
    }

    /// Drives the barrier for the vehicle that waits; what remains is a spent stay.
    pub(super) fn lift(
        &mut self,
        turn: &mut Turn<'_>,
        waiting: Waiting,
        cause: Cause,
        commands: Vec<CommandId>,
    ) -> Stay {
        let Waiting {
            vehicle,
            stage,
            read_at,
        } = waiting;
        let commands = commands.into_iter().chain(stage.into_commands());
        let sharers = commands
            .map(|command| (command, served_by(command, &cause)))
            .collect();
        let crosses_as = Outcome::by(&cause);
        let act = self.pulse(turn, cause, sharers);
        self.send_off(turn, vehicle, read_at, crosses_as, act)
    }

    /// The barrier is driven for a vehicle that waited: it is passing, its stay spent.
    pub(super) fn send_off(
        &mut self,
        turn: &mut Turn<'_>,
        vehicle: Vehicle,
        read_at: Tick,
        crosses_as: Outcome,
        act: ActId,
    ) -> Stay {
        let forget = turn.tick() + self.timing.same_plate;
        let spent = Spent::of(Some(&vehicle), Fate::Passing, read_at, forget);
        self.show(
            turn,
            vehicle.side,
            Sign::MayPass {
                plate: spent.plate().cloned(),
            },
        );
        self.let_through(turn, vehicle, crosses_as, act);
        Stay::Spent(spent)
    }

    /// Opens the barrier once.
    pub(super) fn pulse(
        &mut self,
        turn: &mut Turn<'_>,
        cause: Cause,
        sharers: Vec<(CommandId, Done)>,
    ) -> ActId {
        let act = self.drive(turn, Purpose::Lift, Motion::Pulse, cause, sharers);
        self.barrier.pulse = Some(Pulse {
            act,
            at: turn.tick(),
            result: None,
        });
        act
    }

    /// Has the barrier driven, and awaits the result.
    pub(super) fn drive(
        &mut self,
        turn: &mut Turn<'_>,
        purpose: Purpose,
        motion: Motion,
        cause: Cause,
        sharers: Vec<(CommandId, Done)>,
    ) -> ActId {
        let (act, given_up) = self
            .barrier
            .begin(purpose, turn.tick(), &self.timing, sharers);
        turn.emit(Effect::Drive { act, motion, cause });
        for (command, _) in given_up.into_iter().flat_map(|act| act.sharers) {
            turn.answer(command, Err(OpenRefusal::BarrierSilent));
        }
        act
    }
}

/// What a command that waited for a lift is told when it comes.
fn served_by(command: CommandId, cause: &Cause) -> Done {
    match cause {
        Cause::Commanded { command: own, .. } | Cause::Forced { command: own, .. } => {
            if *own == command {
                Done::Driven
            } else {
                Done::AlreadyUnderWay
            }
        }
        Cause::MayPass { .. } | Cause::Blind { .. } => Done::AlreadyUnderWay,
        Cause::HoldOrdered { .. } | Cause::RestoreOrdered { .. } => Done::AlreadyUnderWay,
        Cause::Fire | Cause::HoldAsserted => Done::AlreadyUnderWay,
    }
}

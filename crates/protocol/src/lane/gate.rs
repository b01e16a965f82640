//! Holding the barrier open, and ending that: by order, and by the fire alarm.

use super::answer::{Done, OpenRefusal};
use super::barrier::{ActResult, Grip, Purpose};
use super::effect::{ActId, Cause, Motion};
use super::input::{By, CommandId};
use super::machine::Lane;
use super::timing::LEAST_REASSERT;
use super::turn::Turn;
use crate::moment::Tick;

/// How the barrier is operated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// One lift a vehicle.
    Normal,
    /// Held open: everybody passes, nobody is asked for (OPEN-6).
    HeldOpen {
        /// Who wanted it so.
        by: Holder,
    },
    /// Held open by the fire alarm, which outranks everybody.
    ///
    /// When the alarm ends the barrier stays held until a person restores it: a contact that fell
    /// off, or burned, must not lock people in, and who restores has looked.
    Fire,
}

/// Who holds a barrier open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A command.
    Ordered(By),
    /// A fire alarm that has ended.
    FireAlarm,
}

impl Lane {
    /// A lane that goes on in `gate`, as it was before its program was started anew. The hold is
    /// asserted when the barrier can be reached.
    #[must_use]
    pub fn resuming(self, gate: Gate) -> Lane {
        let mut lane = self;
        lane.gate = gate;
        lane.barrier.grip = match gate {
            Gate::Normal => Grip::Loose,
            Gate::HeldOpen { .. } | Gate::Fire => Grip::Doubtful { again: None },
        };
        lane
    }

    /// Whether the barrier is held open, or coming down from that.
    pub(super) fn is_held(&self, now: Tick) -> bool {
        self.is_holding() || now < self.barrier.held_until
    }

    /// Whether the barrier is to be held open.
    pub(super) fn is_holding(&self) -> bool {
        match self.gate {
            Gate::Normal => false,
            Gate::HeldOpen { .. } | Gate::Fire => true,
        }
    }

    /// OPEN-1.
    pub(super) fn hold_open(&mut self, turn: &mut Turn<'_>, command: CommandId, by: By) {
        if self.is_holding() && self.barrier.grip == Grip::Firm {
            return turn.answer(command, Ok(Done::AlreadyOpen));
        }
        if self.is_holding() && self.barrier.grip == Grip::Asserting {
            return self.join_grip(turn, command);
        }
        if self.barrier.link == Some(false) {
            return turn.answer(command, Err(OpenRefusal::BarrierOffline));
        }
        let (wanted, fall_back) = match self.gate {
            Gate::Normal => (
                Gate::HeldOpen {
                    by: Holder::Ordered(by),
                },
                Some(Gate::Normal),
            ),
            gate @ (Gate::HeldOpen { .. } | Gate::Fire) => (gate, None),
        };
        let mut sharers = vec![(command, Done::Driven)];
        let waited = self.suspend(turn).into_iter();
        sharers.extend(waited.map(|command| (command, Done::AlreadyUnderWay)));
        self.gate = wanted;
        let cause = Cause::HoldOrdered { command, by };
        self.grasp(turn, wanted, fall_back, cause, sharers);
    }

    /// OPEN-2; refused while the fire alarm lasts.
    pub(super) fn restore(&mut self, turn: &mut Turn<'_>, command: CommandId, by: By) {
        if self.gate == Gate::Fire {
            return turn.answer(command, Err(OpenRefusal::FireAlarm));
        }
        if self.barrier.grip == Grip::Releasing {
            return self.join_grip(turn, command);
        }
        if self.barrier.link == Some(false) {
            return turn.answer(command, Err(OpenRefusal::BarrierOffline));
        }
        let cause = Cause::RestoreOrdered { command, by };
        let sharers = vec![(command, Done::Driven)];
        let act = self.drive(turn, Purpose::Release, Motion::Release, cause, sharers);
        self.barrier.latest_grip = Some(act);
        self.barrier.grip = Grip::Releasing;
    }

    /// The fire alarm begins or ends.
    pub(super) fn fire(&mut self, turn: &mut Turn<'_>, on: bool) {
        match (self.gate, on) {
            (Gate::Normal | Gate::HeldOpen { .. }, true) => {
                let waited = self.suspend(turn).into_iter();
                let sharers = waited
                    .map(|command| (command, Done::AlreadyUnderWay))
                    .collect();
                self.gate = Gate::Fire;
                self.grasp(turn, Gate::Fire, None, Cause::Fire, sharers);
            }
            (Gate::Fire, false) => {
                self.gate = Gate::HeldOpen {
                    by: Holder::FireAlarm,
                }
            }
            (Gate::Fire, true) | (Gate::Normal | Gate::HeldOpen { .. }, false) => {}
        }
    }

    /// The barrier was lost, or is back: what it has to hold, it is told again.
    pub(super) fn link_changed(&mut self, turn: &mut Turn<'_>, up: bool) {
        let was = self.barrier.link.replace(up);
        let is_told_again = match self.barrier.grip {
            // One that took the order already is only heard to be there.
            Grip::Firm | Grip::Asserting => was == Some(false),
            // It is being told the opposite, which a hold would void and answer as done.
            Grip::Releasing => false,
            Grip::Loose | Grip::Doubtful { .. } => was != Some(true),
        };
        if up && is_told_again && self.is_holding() {
            self.grasp(turn, self.gate, None, Cause::HoldAsserted, Vec::new());
        }
        if !up && self.barrier.grip == Grip::Firm {
            self.barrier.grip = self.doubtful(turn.tick());
        }
    }

    /// Holds the barrier open.
    pub(super) fn grasp(
        &mut self,
        turn: &mut Turn<'_>,
        wanted: Gate,
        fall_back: Option<Gate>,
        cause: Cause,
        sharers: Vec<(CommandId, Done)>,
    ) {
        let purpose = Purpose::Hold { wanted, fall_back };
        let act = self.drive(turn, purpose, Motion::Hold, cause, sharers);
        self.barrier.latest_grip = Some(act);
        self.barrier.grip = Grip::Asserting;
    }

    /// Lets a command share the result of the act that holds or releases right now.
    pub(super) fn join_grip(&mut self, turn: &mut Turn<'_>, command: CommandId) {
        let act = self.barrier.latest_grip;
        if !act.is_some_and(|act| self.barrier.share(act, command)) {
            turn.answer(command, Err(OpenRefusal::Busy));
        }
    }

    /// A hold has its result. One that a command wanted and that failed is off; one that lasts is
    /// only in doubt. Confirmed late, it is as good as in time.
    pub(super) fn hold_concluded(
        &mut self,
        turn: &mut Turn<'_>,
        act: ActId,
        wanted: Gate,
        fall_back: Option<Gate>,
        result: &ActResult,
    ) {
        if self.barrier.latest_grip != Some(act) {
            return;
        }
        match result {
            ActResult::Done => {
                if !self.is_holding() {
                    let waited = self.suspend(turn);
                    for command in waited {
                        turn.answer(command, Ok(Done::AlreadyOpen));
                    }
                    self.gate = wanted;
                }
                self.barrier.grip = Grip::Firm;
            }
            ActResult::Failed { .. } | ActResult::Silent => match fall_back {
                Some(gate) if self.gate == wanted => {
                    self.gate = gate;
                    self.barrier.grip = Grip::Loose;
                    self.resume(turn);
                }
                Some(_) | None if self.is_holding() => {
                    self.barrier.grip = self.doubtful(turn.tick());
                }
                Some(_) | None => self.barrier.grip = Grip::Loose,
            },
        }
    }

    /// A release has its result: only when the barrier did it, vehicles are asked for again.
    pub(super) fn release_concluded(
        &mut self,
        turn: &mut Turn<'_>,
        act: ActId,
        result: &ActResult,
    ) {
        if self.barrier.latest_grip != Some(act) {
            return;
        }
        match (result, self.gate) {
            (ActResult::Done, Gate::HeldOpen { .. }) => {
                self.gate = Gate::Normal;
                self.barrier.grip = Grip::Loose;
                self.barrier.held_until = turn.tick() + self.timing.travel;
                self.shut_in_front();
                self.resume(turn);
            }
            (ActResult::Failed { .. } | ActResult::Silent, Gate::HeldOpen { .. }) => {
                self.barrier.grip = Grip::Doubtful { again: None };
            }
            (_, Gate::Normal) => self.barrier.grip = Grip::Loose,
            (_, Gate::Fire) => {}
        }
    }

    fn doubtful(&self, now: Tick) -> Grip {
        let again = match self.gate {
            Gate::Fire
            | Gate::HeldOpen {
                by: Holder::FireAlarm,
            } => Some(now + self.timing.fire_reassert.max(LEAST_REASSERT)),
            Gate::Normal
            | Gate::HeldOpen {
                by: Holder::Ordered(_),
            } => None,
        };
        Grip::Doubtful { again }
    }
}

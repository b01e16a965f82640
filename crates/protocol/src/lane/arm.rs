//! The arm: where the limit switch sees it, and whether it stays up for nobody (ABN-4).

use super::barrier::{ActResult, Grip};
use super::effect::{Cause, Effect};
use super::input::Position;
use super::machine::Lane;
use super::turn::Turn;
use crate::code::AbnormalCode;
use crate::moment::{Moment, Tick};

impl Lane {
    /// The limit switch says where the arm is.
    pub(super) fn arm_seen(&mut self, turn: &mut Turn<'_>, position: Position) {
        self.barrier.seen = Some(position);
        if self.barrier.seen_last.replace(position) == Some(position) {
            return;
        }
        match position {
            Position::Up if !self.expects_arm_up(turn.tick()) => {
                self.barrier.by_hand = true;
                turn.emit(Effect::LiftSeen { at: turn.now.wall });
            }
            Position::Up => {}
            Position::Down => {
                self.barrier.by_hand = false;
                self.arm_stuck.clear(turn);
                if !self.is_holding() {
                    self.arm_came_down(turn);
                } else if self.barrier.grip == Grip::Firm {
                    // Whoever held it has forgotten, having lost its power for a moment perhaps.
                    self.grasp(turn, self.gate, None, Cause::HoldAsserted, Vec::new());
                }
            }
        }
    }

    /// Whether something here explains that the arm goes up.
    fn expects_arm_up(&self, now: Tick) -> bool {
        self.is_held(now)
            || self.barrier.is_rising(now, &self.timing)
            || self.credit.is_some()
            || !self.passing.is_empty()
    }

    /// The barrier does not come down although nobody has to cross (ABN-4).
    pub(super) fn arm_is_stuck(&mut self, turn: &mut Turn<'_>, since: Moment) {
        if self.is_holding() {
            return;
        }
        let every = self.layout.limit_switch.then_some(self.timing.alarm_repeat);
        let (occurrences, barrier) = (&mut self.occurrences, &self.layout.barrier);
        let tell = |turn: &mut Turn<'_>| {
            let device = Some(barrier.clone());
            occurrences.tell(turn, AbnormalCode::BarrierNotDown, device, since.wall)
        };
        self.arm_stuck.raise(turn, tell, every);
    }

    /// Keeps an eye on an arm that is up for nobody.
    pub(super) fn watch_arm(&mut self, turn: &mut Turn<'_>) {
        if self.is_holding() {
            self.arm_stuck.clear(turn);
        }
        let expected = self.credit.is_some() || !self.passing.is_empty();
        let needed = self.is_holding() || expected || self.is_occupied();
        if self.barrier.seen != Some(Position::Up) || needed {
            self.needlessly_up = None;
        } else {
            self.needlessly_up.get_or_insert(turn.now);
        }
    }

    pub(super) fn barrier_due(&self) -> Option<Tick> {
        let stuck = self.needlessly_up.filter(|_| self.arm_stuck.is_quiet());
        let stuck_at = stuck.map(|since| since.tick + self.timing.barrier_down);
        let again = match self.barrier.grip {
            Grip::Doubtful { again } => again,
            Grip::Loose | Grip::Asserting | Grip::Firm | Grip::Releasing => None,
        };
        let waits = [
            self.barrier.silent_at(),
            stuck_at,
            self.arm_stuck.due(),
            again,
        ];
        waits.into_iter().flatten().min()
    }

    pub(super) fn barrier_elapse(&mut self, turn: &mut Turn<'_>, at: Tick) {
        while let Some(act) = self.barrier.fall_silent(at) {
            self.conclude(turn, act, ActResult::Silent, false);
        }
        match self.barrier.grip {
            Grip::Doubtful { again: Some(again) } if again <= at => {
                self.grasp(turn, self.gate, None, Cause::HoldAsserted, Vec::new());
            }
            Grip::Doubtful { .. } | Grip::Loose | Grip::Asserting => {}
            Grip::Firm | Grip::Releasing => {}
        }
        if let Some(since) = self.needlessly_up
            && since.tick + self.timing.barrier_down <= at
        {
            self.arm_is_stuck(turn, since);
        }
        self.arm_stuck.repeat(turn, at, self.timing.alarm_repeat);
    }
}

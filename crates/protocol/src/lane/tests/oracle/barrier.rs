//! What the barrier was told and what it said.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::super::*;
use super::vehicles::record_of;
use crate::id::RecordId;
use crate::moment::Tick;

/// How the barrier is operated, as far as that is certain from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Normal,
    Held,
    /// A hold was ordered and has not been answered.
    Unsure,
}

/// What an act has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Nothing,
    Good,
    Failed,
    Silent,
}

/// One act of the barrier.
#[derive(Clone, Debug)]
pub(super) struct ActAccount {
    pub(super) at: Tick,
    pub(super) came: Came,
    /// When it did.
    pub(super) since: Tick,
    /// When it first was known not to have done it.
    pub(super) failed: Option<Tick>,
    motion: Motion,
    /// The vehicle that it is for, if for one.
    record: Option<RecordId>,
    /// How the barrier was operated before it was told to hold.
    before: Operation,
}

/// The barrier, seen from outside.
pub(super) struct BarrierAccount {
    act: Duration,
    travel: Duration,
    reassert: Duration,
    now: Tick,
    pub(super) acts: BTreeMap<ActId, ActAccount>,
    /// Acts whose result still counts, oldest first.
    awaited: VecDeque<ActId>,
    last_pulse: Option<Tick>,
    /// The latest act that held or released.
    grip: Option<ActId>,
    operation: Operation,
    /// How it was operated at every point of this turn so far.
    turn: Vec<Operation>,
    pub(super) fire: bool,
    pub(super) is_lost: bool,
    /// Whether the barrier has confirmed its hold, and has not been lost since.
    pub(super) confirmed: bool,
    /// The fire alarm has just begun: the barrier is to be held open at once.
    hold_wanted: bool,
    /// Since when a hold that the fire alarm demands may be without confirmation.
    unconfirmed_since: Tick,
    /// When it was last set back to normal.
    pub(super) normal_since: Tick,
}

impl BarrierAccount {
    pub(super) fn new(timing: &Timing) -> BarrierAccount {
        BarrierAccount {
            act: timing.act,
            travel: timing.travel,
            reassert: timing.fire_reassert.max(LEAST_REASSERT),
            now: Tick::ZERO,
            acts: BTreeMap::new(),
            awaited: VecDeque::new(),
            last_pulse: None,
            grip: None,
            operation: Operation::Normal,
            turn: Vec::new(),
            fire: false,
            is_lost: false,
            confirmed: false,
            hold_wanted: false,
            unconfirmed_since: Tick::ZERO,
            normal_since: Tick::ZERO,
        }
    }

    pub(super) fn begin_turn(&mut self, now: Tick) {
        self.now = now;
        self.turn = vec![self.operation];
        let overdue = |act: &&ActId| {
            let account = &self.acts[act];
            account.came == Came::Nothing && account.at + self.act <= now
        };
        let silent: Vec<ActId> = self.awaited.iter().filter(overdue).copied().collect();
        for act in silent {
            self.conclude(act, Came::Silent);
        }
        self.turn.push(self.operation);
    }

    pub(super) fn input_applied(&mut self) {
        self.turn.push(self.operation);
    }

    pub(super) fn was_held_throughout(&self) -> bool {
        self.turn
            .iter()
            .all(|operation| *operation == Operation::Held)
    }

    pub(super) fn was_normal_throughout(&self) -> bool {
        self.turn
            .iter()
            .all(|operation| *operation == Operation::Normal)
    }

    pub(super) fn fire_contact(&mut self, on: bool) {
        if on && !self.fire {
            self.operation = Operation::Held;
            self.confirmed = false;
            self.hold_wanted = true;
        }
        self.fire = on;
    }

    pub(super) fn link(&mut self, up: bool) {
        self.is_lost = !up;
        if !up && self.confirmed {
            self.confirmed = false;
            self.unconfirmed_since = self.now;
        }
    }

    /// The barrier has answered. Returns the vehicle of a lift that is confirmed late.
    pub(super) fn answered(&mut self, act: ActId, result: &Result<(), String>) -> Option<RecordId> {
        let place = self.awaited.iter().position(|awaited| *awaited == act)?;
        self.awaited.remove(place);
        let came = if result.is_ok() {
            Came::Good
        } else {
            Came::Failed
        };
        self.conclude(act, came);
        let account = &self.acts[&act];
        let late = came == Came::Good && account.failed.is_some();
        account.record.clone().filter(|_| late)
    }

    fn conclude(&mut self, act: ActId, came: Came) {
        let account = self.acts.get_mut(&act).expect("only acts are awaited");
        (account.came, account.since) = (came, self.now);
        if came != Came::Good {
            account.failed.get_or_insert(self.now);
        }
        let account = account.clone();
        if self.grip != Some(act) {
            return;
        }
        self.unconfirmed_since = self.now;
        match (account.motion, came) {
            (Motion::Hold, Came::Good) => {
                self.operation = Operation::Held;
                self.confirmed = true;
            }
            (Motion::Hold, _)
                if account.before == Operation::Normal
                    && self.operation == Operation::Unsure
                    && !self.fire =>
            {
                self.normal_since = self.now;
                self.operation = Operation::Normal;
            }
            (Motion::Release, Came::Good) if !self.fire => {
                if self.operation != Operation::Normal {
                    self.normal_since = self.now;
                }
                self.operation = Operation::Normal;
                self.confirmed = false;
            }
            _ => {}
        }
    }

    pub(super) fn driven(&mut self, act: ActId, motion: Motion, cause: &Cause, now: Tick) {
        if self.awaited.len() >= MAX_ACTS {
            self.awaited.pop_front();
        }
        self.awaited.push_back(act);
        let account = ActAccount {
            at: now,
            came: Came::Nothing,
            since: now,
            failed: None,
            motion,
            record: record_of(cause).cloned(),
            before: self.operation,
        };
        let known = self.acts.insert(act, account);
        assert!(known.is_none(), "{act:?} names two acts");
        match motion {
            Motion::Pulse => {
                let last = self.last_pulse.replace(now);
                let apart = last.is_none_or(|last| last + self.travel <= now);
                assert!(apart, "a pulse within the arm's travel: {cause:?}");
            }
            Motion::Hold => {
                self.grip = Some(act);
                self.confirmed = false;
                if self.operation == Operation::Normal {
                    self.operation = Operation::Unsure;
                    self.turn.push(self.operation);
                }
                self.hold_wanted = false;
                self.unconfirmed_since = now + self.act;
            }
            Motion::Release => {
                assert!(
                    !self.fire,
                    "OPEN-2: released while the fire alarm lasts: {cause:?}"
                );
                self.grip = Some(act);
                self.confirmed = false;
            }
        }
    }

    /// A fire alarm holds the barrier open, and says so again until the barrier confirms.
    pub(super) fn demands(&self, now: Tick) {
        let held = !self.fire || self.confirmed || now <= self.unconfirmed_since + self.reassert;
        assert!(
            held && !self.hold_wanted,
            "the fire alarm does not hold the barrier open"
        );
    }
}

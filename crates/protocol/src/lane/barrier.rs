//! What is known of the barrier: the acts whose result is awaited, its last pulse, its arm.

use std::collections::VecDeque;

use super::answer::Done;
use super::effect::ActId;
use super::gate::Gate;
use super::input::{CommandId, Position};
use super::record::Outcome;
use super::timing::{MAX_ACTS, MAX_SHARERS, Timing};
use crate::id::RecordId;
use crate::moment::{Moment, Tick};

/// What is known of the barrier.
#[derive(Clone, Debug, Default)]
pub(super) struct Barrier {
    /// Acts without a result, oldest first.
    acts: VecDeque<Act>,
    last_act: u64,
    /// The last pulse.
    pub(super) pulse: Option<Pulse>,
    /// The last act that held or released.
    pub(super) latest_grip: Option<ActId>,
    pub(super) grip: Grip,
    /// What the limit switch said last.
    pub(super) seen: Option<Position>,
    /// Where it was seen last, though nothing may show it any more: who sees it there again has not seen
    /// it move.
    pub(super) seen_last: Option<Position>,
    /// Whether it can be reached, as far as anybody said.
    pub(super) link: Option<bool>,
    /// The arm went up and nobody here drove it.
    pub(super) by_hand: bool,
    /// Until when the arm may still be coming down behind a vehicle.
    pub(super) closing_until: Tick,
    /// Until when the arm may still be coming down after it was held open.
    pub(super) held_until: Tick,
}

/// An act without a result.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) id: ActId,
    pub(super) purpose: Purpose,
    /// When the barrier counts as silent; `None` when it does already.
    pub(super) limit: Option<Tick>,
    /// Commands that are answered with the result, and as what.
    pub(super) sharers: Vec<(CommandId, Done)>,
}

/// What an act is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// To let a vehicle through, or whoever comes.
    Lift,
    /// To hold open.
    Hold {
        /// The state that it makes true.
        wanted: Gate,
        /// The state to return to when it fails; `None` when it has to hold nevertheless.
        fall_back: Option<Gate>,
    },
    /// To hold open no longer.
    Release,
}

/// The last pulse and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    pub(super) act: ActId,
    pub(super) at: Tick,
    /// Nothing yet, or what the barrier said.
    pub(super) result: Option<ActResult>,
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ActResult {
    /// The barrier did it.
    Done,
    /// It did not.
    Failed { reason: String },
    /// It did not answer.
    Silent,
}

/// How sure it is that the barrier is held open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Grip {
    /// It is not held.
    #[default]
    Loose,
    /// It was told to, and has not answered.
    Asserting,
    /// It confirmed.
    Firm,
    /// It should be, and nobody knows.
    Doubtful {
        /// When it is told again, if that may not wait for the connection.
        again: Option<Tick>,
    },
    /// It was told to be held no longer, and has not answered.
    Releasing,
}

impl Barrier {
    /// Awaits the result of a new act. When there are too many, the oldest is returned: it will
    /// never have one.
    pub(super) fn begin(
        &mut self,
        purpose: Purpose,
        now: Tick,
        timing: &Timing,
        sharers: Vec<(CommandId, Done)>,
    ) -> (ActId, Option<Act>) {
        self.last_act += 1;
        let id = ActId(self.last_act);
        let full = self.acts.len() >= MAX_ACTS;
        let given_up = if full { self.acts.pop_front() } else { None };
        self.acts.push_back(Act {
            id,
            purpose,
            limit: Some(now + timing.act),
            sharers,
        });
        (id, given_up)
    }

    /// The act that `id` names, now with a result.
    pub(super) fn end(&mut self, id: ActId) -> Option<Act> {
        let place = self.acts.iter().position(|act| act.id == id)?;
        self.acts.remove(place)
    }

    /// An act that has become silent by `at`; a late result is still awaited for it.
    pub(super) fn fall_silent(&mut self, at: Tick) -> Option<Act> {
        let silent = |act: &&mut Act| act.limit.is_some_and(|limit| limit <= at);
        let act = self.acts.iter_mut().find(silent)?;
        act.limit = None;
        let sharers = std::mem::take(&mut act.sharers);
        Some(Act {
            id: act.id,
            purpose: act.purpose.clone(),
            limit: None,
            sharers,
        })
    }

    /// When the next act becomes silent.
    pub(super) fn silent_at(&self) -> Option<Tick> {
        self.acts.iter().filter_map(|act| act.limit).min()
    }

    /// Lets `command` share the result of `id`; false when there is no room.
    pub(super) fn share(&mut self, id: ActId, command: CommandId) -> bool {
        let act = self.acts.iter_mut().find(|act| act.id == id);
        match act {
            Some(act) if act.sharers.len() < MAX_SHARERS => {
                act.sharers.push((command, Done::AlreadyUnderWay));
                true
            }
            Some(_) | None => false,
        }
    }

    /// When the arm has finished the travel that the last pulse began.
    pub(super) fn travelled_at(&self, timing: &Timing) -> Tick {
        self.pulse
            .as_ref()
            .map_or(Tick::ZERO, |pulse| pulse.at + timing.travel)
    }

    /// Whether a pulse was given so lately that the arm may be going up because of it.
    pub(super) fn is_rising(&self, now: Tick, timing: &Timing) -> bool {
        self.pulse
            .as_ref()
            .is_some_and(|pulse| now < pulse.at + timing.act + timing.travel)
    }

    /// Whether the arm is up, or still coming down, behind a vehicle that has crossed.
    pub(super) fn is_up(&self, now: Tick) -> bool {
        match self.seen {
            Some(Position::Up) => true,
            Some(Position::Down) => false,
            None => now < self.closing_until,
        }
    }
}

/// A lift that belongs to no vehicle yet: whoever crosses next has it.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    pub(super) act: ActId,
    /// How the passage ends of who crosses by it.
    pub(super) crosses_as: Outcome,
    /// The vehicle it was meant for, if for one.
    pub(super) record: Option<RecordId>,
    /// When it was given.
    pub(super) since: Moment,
    /// When it is void.
    pub(super) until: Tick,
    /// Whether the barrier did not fall silent about it.
    pub(super) sure: bool,
}

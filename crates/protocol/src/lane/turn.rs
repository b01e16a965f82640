//! One turn of a lane: what it is given to work with, and what it wants done.

use jiff::Timestamp;

use super::answer::{Done, OpenRefusal};
use super::effect::Effect;
use super::input::CommandId;
use super::record::Outcome;
use super::vehicle::Vehicle;
use crate::id::RecordId;
use crate::moment::{Moment, Tick};

/// Now, a source of record ids, and the effects so far.
pub(super) struct Turn<'a> {
    /// The moment of the input.
    pub(super) now: Moment,
    ids: &'a mut dyn FnMut() -> RecordId,
    effects: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(now: Moment, ids: &'a mut dyn FnMut() -> RecordId) -> Turn<'a> {
        Turn {
            now,
            ids,
            effects: Vec::new(),
        }
    }

    pub(super) fn tick(&self) -> Tick {
        self.now.tick
    }

    pub(super) fn new_record(&mut self) -> RecordId {
        (self.ids)()
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn settle(&mut self, vehicle: &Vehicle, outcome: Outcome, at: Timestamp) {
        self.emit(Effect::Settled {
            record: vehicle.record.clone(),
            outcome,
            at,
        });
    }

    pub(super) fn answer(&mut self, command: CommandId, answer: Result<Done, OpenRefusal>) {
        self.emit(Effect::Answer { command, answer });
    }

    pub(super) fn refuse_all(&mut self, commands: Vec<CommandId>, refusal: &OpenRefusal) {
        for command in commands {
            self.answer(command, Err(refusal.clone()));
        }
    }

    pub(super) fn into_effects(self) -> Vec<Effect> {
        self.effects
    }
}

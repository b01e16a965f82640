//! A passage that was under way when the program ended, and goes on after its start, and who waited for leave
//! to pass.
//!
//! The barrier was driven for a vehicle, and nobody has seen it cross. Where it is now, only the
//! loops can tell: it still stands in front, as far as the contact does not say otherwise, and the
//! next press of the anti-smash loop is its crossing, unless another vehicle proves to be there.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::OpenRefusal;
use super::effect::{ActId, Effect, Sign};
use super::gate::Gate;
use super::input::Reading;
use super::layout::Side;
use super::loops::Loop;
use super::machine::Lane;
use super::passage::Passing;
use super::press::BELIEVED;
use super::record::Outcome;
use super::sighting::Sighting;
use super::stay::{Approach, Fate, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Stage, Vehicle, Waiting};
use crate::id::RecordId;
use crate::moment::{Moment, Tick};
use crate::plate::{Plate, PlateColor};

/// No act of this run: they are numbered from 1.
const ACT_OF_ANOTHER_RUN: ActId = ActId(0);

/// A vehicle that an earlier run let through and did not see cross.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Its recognition.
    pub record: RecordId,
    /// The side from which it comes.
    pub side: Side,
    /// Its plate, if it was read.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// When it was recognized.
    pub at: Timestamp,
    /// How its passage ends if it crosses.
    pub crosses_as: Outcome,
    /// How much of the time in which it may cross is left.
    pub rest: Duration,
}

/// A vehicle that an earlier run recognized and did not let through, and that may still wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Its recognition.
    pub record: RecordId,
    /// What was read of it, and from which side it comes.
    pub reading: Reading,
    /// When it was recognized.
    pub at: Timestamp,
}

impl Lane {
    /// A vehicle of an earlier run may still wait. It is asked for again, and taken to be read now, ahead
    /// of its loop. Whoever presses that may be another, so that it is given the time in which a reading
    /// would tell.
    pub(super) fn resume_waiting(&mut self, turn: &mut Turn<'_>, it: Waited) {
        let Reading { side, sighting } = it.reading;
        let mut vehicle = Vehicle::new(it.record, side, sighting, it.at);
        vehicle.unseen = true;
        let is_free = self
            .find(side)
            .is_some_and(|approach| matches!(approach.stay, Stay::Free { .. }));
        if !is_free || self.has_to_yield(side) {
            return turn.settle(&vehicle, Outcome::Interrupted, turn.now.wall);
        }
        let (stage, sign) = match self.gate {
            Gate::Normal => (Stage::Asked, vehicle.wait_sign()),
            Gate::HeldOpen { .. } | Gate::Fire => {
                let plate = vehicle.plate().cloned();
                (Stage::Unasked, Sign::MayPass { plate })
            }
        };
        if self.gate == Gate::Normal
            && let Some(ask) = vehicle.next_ask()
        {
            turn.emit(Effect::AskAgain { ask });
        }
        self.show(turn, side, sign);
        let waiting = Waiting {
            vehicle,
            stage,
            read_at: turn.tick(),
        };
        let until = turn.tick() + self.timing.approach_window;
        self.at_mut(side).stay = Stay::Approaching { waiting, until };
    }

    /// A plate is read where one of an earlier run was taken to wait: its own, or that of another vehicle,
    /// which is there instead.
    pub(super) fn meets_unseen(&mut self, turn: &mut Turn<'_>, side: Side, plate: &Plate) {
        let Some(waiting) = self.at_mut(side).open_mut() else {
            return;
        };
        if !waiting.vehicle.unseen {
            return;
        }
        if waiting.vehicle.goes_by(plate) {
            waiting.vehicle.unseen = false;
            return self.reach_if_pressed(turn, side);
        }
        let empty = self.at(side).emptied(turn.now, &self.timing);
        let (Stay::Approaching { waiting, .. }
        | Stay::Waiting(waiting)
        | Stay::Dormant { waiting, .. }) = std::mem::replace(&mut self.at_mut(side).stay, empty)
        else {
            return;
        };
        turn.refuse_all(waiting.stage.into_commands(), &OpenRefusal::VehicleLeft);
        turn.settle(&waiting.vehicle, Outcome::Interrupted, turn.now.wall);
    }

    /// It is on the loop since it pressed that unseen.
    fn reach_if_pressed(&mut self, turn: &mut Turn<'_>, side: Side) {
        let trigger = self.at(side).trigger.as_ref();
        let is_pressed = trigger.is_some_and(Loop::is_pressed);
        let stay = match self.take_stay(side) {
            Stay::Approaching { waiting, .. } if is_pressed => self.reach(turn, waiting),
            stay => stay,
        };
        self.at_mut(side).stay = stay;
    }

    /// Takes up the passage of a vehicle that was let through in an earlier run; those that were
    /// let through first, first.
    pub fn resume_passing(&mut self, it: Resumed, now: Moment) {
        let Resumed { side, rest, .. } = it;
        if self.find(side).is_none() {
            return;
        }
        let sighting = Sighting {
            plate: it.plate,
            color: it.color,
            reliability: None,
            picture: None,
        };
        let vehicle = Vehicle::let_through(it.record, side, sighting, it.at);
        for earlier in self.passing.iter_mut().filter(|it| it.vehicle.side == side) {
            earlier.left = Some(now.tick);
        }
        let forget = now.tick + self.timing.same_plate;
        let spent = Spent::of(Some(&vehicle), Fate::Passing, now.tick, forget);
        self.at_mut(side).stand(spent, now);
        self.passing.push_back(Passing {
            vehicle,
            crosses_as: it.crosses_as,
            act: ACT_OF_ANOTHER_RUN,
            lifted: now,
            driven: Some(now.tick),
            until: Some(now.tick + rest),
            left: None,
            overdue: false,
            resumed: true,
        });
    }

    /// Another plate is read where a vehicle of an earlier run was taken to stand: it is gone, and
    /// nobody saw where to. Whether that is so.
    pub(super) fn is_gone_since(&mut self, spent: &Spent, now: Tick) -> bool {
        let place = spent.record.as_ref().and_then(|it| self.place_of(it));
        let passing = place.and_then(|place| self.passing.get_mut(place));
        let Some(passing) = passing.filter(|passing| passing.resumed) else {
            return false;
        };
        passing.left = Some(now);
        true
    }

    /// A trigger loop that was taken to be pressed, and of which nobody has told, is free.
    pub(super) fn disbelieve_trigger(&mut self, turn: &mut Turn<'_>, side: Side, at: Tick) {
        let believed = &mut self.at_mut(side).believed;
        if believed.take_if(|until| *until <= at).is_some() {
            self.at_mut(side).trigger = Some(Loop::free());
            let edge = Moment {
                tick: at,
                ..turn.now
            };
            self.released(turn, side, edge);
        }
    }
}

impl Approach {
    /// Somebody stands here as far as anybody knows.
    fn stand(&mut self, spent: Spent, now: Moment) {
        self.stay = Stay::Spent(spent);
        if self.trigger.is_some() {
            self.trigger = Some(Loop::pressed(now));
            self.believed = Some(now.tick + BELIEVED);
        }
    }
}

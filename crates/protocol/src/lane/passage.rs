//! Vehicles that were let through, and vehicles that have just left: until they cross or do not.

use super::answer::OpenRefusal;
use super::barrier::Credit;
use super::effect::ActId;
use super::input::Position;
use super::layout::Side;
use super::machine::Lane;
use super::record::Outcome;
use super::stay::{Echo, Fate, Spent};
use super::timing::{MAX_LEAVING, MAX_PASSING};
use super::turn::Turn;
use super::vehicle::{Vehicle, Waiting};
use crate::id::RecordId;
use crate::moment::{Moment, Tick};

/// A vehicle that was let through and has not crossed.
#[derive(Clone, Debug)]
pub(super) struct Passing {
    pub(super) vehicle: Vehicle,
    /// How its passage ends if it crosses.
    pub(super) crosses_as: Outcome,
    pub(super) act: ActId,
    pub(super) lifted: Moment,
    /// When the barrier said that it did it, or has said nothing for too long; `None`: it may not
    /// have heard of it yet.
    pub(super) driven: Option<Tick>,
    /// When it is given up; `None` when its time is over but it still stands on the loop, in front
    /// of an arm that is not known to be down.
    pub(super) until: Option<Tick>,
    /// When it left the trigger loop, if it has and did not come back.
    pub(super) left: Option<Tick>,
    /// It left so long ago that it would be under the arm by now, had it not turned back. Nothing
    /// proves that until somebody else is there.
    pub(super) overdue: bool,
    /// It was let through in an earlier run.
    pub(super) resumed: bool,
}

impl Passing {
    /// How its passage ends if nobody sees it cross.
    pub(super) fn stays_as(&self) -> Outcome {
        if self.resumed {
            Outcome::Interrupted
        } else {
            Outcome::OpenedNotCrossed
        }
    }
}

/// A vehicle that has just left the trigger loop without having been let through.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    pub(super) vehicle: Vehicle,
    pub(super) left: Moment,
    /// Until when pressing the anti-smash loop means that it crossed.
    pub(super) until: Tick,
    /// As with [`Passing`].
    pub(super) overdue: bool,
}

impl Lane {
    /// The barrier is driven for a vehicle: from now on it is passing.
    pub(super) fn let_through(
        &mut self,
        turn: &mut Turn<'_>,
        mut vehicle: Vehicle,
        crosses_as: Outcome,
        act: ActId,
    ) {
        if self.passing.len() >= MAX_PASSING
            && let Some(oldest) = self.passing.pop_front()
        {
            turn.settle(&oldest.vehicle, Outcome::OpenedNotCrossed, turn.now.wall);
        }
        vehicle.lifted();
        let until = Some(turn.tick() + self.timing.passage);
        self.passing.push_back(Passing {
            vehicle,
            crosses_as,
            act,
            lifted: turn.now,
            driven: None,
            until,
            left: None,
            overdue: false,
            resumed: false,
        });
        self.credit = None;
    }

    /// A vehicle that was not let through is no longer where it waited.
    pub(super) fn depart(&mut self, turn: &mut Turn<'_>, waiting: Waiting, left: Moment) {
        let Waiting { vehicle, stage, .. } = waiting;
        turn.refuse_all(stage.into_commands(), &OpenRefusal::VehicleLeft);
        if self.safety.is_none() {
            return self.leave_unseen(turn, &vehicle, left);
        }
        if self.leaving.len() >= MAX_LEAVING
            && let Some(oldest) = self.leaving.pop_front()
        {
            turn.settle(&oldest.vehicle, Outcome::BackedOut, oldest.left.wall);
        }
        let until = left.tick + self.timing.leave_grace;
        self.leaving.push_back(Leaving {
            vehicle,
            left,
            until,
            overdue: false,
        });
    }

    /// Without an anti-smash loop: it went through if it could, and away if it could not.
    fn leave_unseen(&mut self, turn: &mut Turn<'_>, vehicle: &Vehicle, left: Moment) {
        let could = self.is_held(left.tick) || self.barrier.by_hand || self.credit.is_some();
        if could {
            self.credit = None;
            self.begin_wake(vehicle.side, vehicle.plate().cloned(), left);
            self.release_wake(left);
        }
        let outcome = if could {
            Outcome::LetThrough
        } else {
            Outcome::BackedOut
        };
        turn.settle(vehicle, outcome, left.wall);
    }

    /// The vehicle of a spent stay has left the trigger loop, or was not read for long.
    pub(super) fn moved_off(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        spent: &Spent,
        left: Moment,
    ) {
        let until = left.tick + self.timing.approach_window;
        let plates = spent.plates.clone();
        self.at_mut(side).echo = Some(Echo { plates, until });
        let Some(place) = spent
            .record
            .as_ref()
            .and_then(|record| self.place_of(record))
        else {
            return;
        };
        if self.safety.is_some() {
            let grace = left.tick + self.timing.leave_grace;
            let passing = &mut self.passing[place];
            passing.until.get_or_insert(grace);
            passing.left = Some(left.tick);
        } else if let Some(passing) = self.passing.remove(place) {
            self.begin_wake(side, passing.vehicle.plate().cloned(), left);
            self.release_wake(left);
            turn.settle(&passing.vehicle, Outcome::LetThrough, left.wall);
        }
    }

    pub(super) fn place_of(&self, record: &RecordId) -> Option<usize> {
        self.passing
            .iter()
            .position(|passing| passing.vehicle.record == *record)
    }

    /// The arm is down: who has not crossed has had its chance, whether it still stands in front or
    /// has turned back. Were the latter kept, the next vehicle's crossing would be taken for its own,
    /// and so on from vehicle to vehicle.
    ///
    /// An arm that comes down behind the vehicle before says nothing about a lift that the barrier has
    /// not heard of yet: a camera that fetches its commands may take a second to.
    pub(super) fn arm_came_down(&mut self, turn: &mut Turn<'_>) {
        let travel = self.timing.travel;
        let clear = self.safety.as_ref();
        let clear = clear.is_some_and(|safety| safety.contact.is_clear());
        while let Some(place) = self.passing.iter().position(|passing| {
            let driven = passing.driven.map(|driven| driven + travel);
            let long_ago = driven.is_some_and(|up| up <= turn.tick());
            long_ago && (clear || self.stands_on_loop(&passing.vehicle))
        }) {
            self.give_up(turn, place);
        }
    }

    pub(super) fn passages_due(&self) -> Option<Tick> {
        let passing = self.passing.iter().filter_map(|passing| passing.until);
        let moment = self.timing.between_loops();
        let on_the_way = self.passing.iter().filter(|passing| !passing.overdue);
        let overdue = on_the_way.filter_map(|passing| Some(passing.left? + moment));
        let still_leaving = self.leaving.iter().filter(|leaving| !leaving.overdue);
        let overdue = overdue.chain(still_leaving.map(|leaving| leaving.left.tick + moment));
        let leaving = self.leaving.iter().map(|leaving| leaving.until);
        let credit = self.credit.iter().map(|credit| credit.until);
        passing.chain(overdue).chain(leaving).chain(credit).min()
    }

    pub(super) fn passages_elapse(&mut self, turn: &mut Turn<'_>, at: Tick) {
        while let Some(place) = self.leaving.iter().position(|leaving| leaving.until <= at) {
            let leaving = self
                .leaving
                .remove(place)
                .expect("a position is within the queue");
            turn.settle(&leaving.vehicle, Outcome::BackedOut, leaving.left.wall);
        }
        let moment = self.timing.between_loops();
        for passing in &mut self.passing {
            passing.overdue |= passing.left.is_some_and(|left| left + moment <= at);
        }
        for leaving in &mut self.leaving {
            leaving.overdue |= leaving.left.tick + moment <= at;
        }
        let over = |passing: &Passing| passing.until.is_some_and(|until| until <= at);
        while let Some(place) = self.passing.iter().position(over) {
            self.overstay(turn, place);
        }
        if let Some(credit) = self.credit.take_if(|credit| credit.until <= at) {
            self.void(turn, &credit);
        }
    }

    /// A vehicle has not crossed in time.
    fn overstay(&mut self, turn: &mut Turn<'_>, place: usize) {
        let passing = &self.passing[place];
        let (since, resumed) = (passing.lifted, passing.resumed);
        let stands = self.stands_on_loop(&passing.vehicle);
        let down = self.barrier.seen == Some(Position::Down);
        if stands && !down && !resumed && !self.is_followed(passing.vehicle.side) {
            self.passing[place].until = None;
        } else {
            self.give_up(turn, place);
        }
        if !down && !resumed && (stands || self.safety.is_some()) {
            self.arm_is_stuck(turn, since);
        }
    }

    /// Whether the recognizer has seen another vehicle behind the one that was let through.
    /// Without an anti-smash loop that is the best sign that the first is gone.
    fn is_followed(&self, side: Side) -> bool {
        let candidate = self
            .at(side)
            .spent()
            .and_then(|spent| spent.candidate.as_ref());
        self.safety.is_none() && candidate.is_some()
    }

    /// A vehicle that was let through will not be seen to cross.
    pub(super) fn give_up(&mut self, turn: &mut Turn<'_>, place: usize) {
        let Some(passing) = self.passing.remove(place) else {
            return;
        };
        let vehicle = &passing.vehicle;
        let may_be_gone = self.safety.is_none()
            && (!self.stands_on_loop(vehicle) || self.is_followed(vehicle.side));
        let (outcome, fate) = if may_be_gone && !passing.resumed {
            (Outcome::LetThrough, Fate::Crossed)
        } else {
            (passing.stays_as(), Fate::Stayed)
        };
        turn.settle(vehicle, outcome, turn.now.wall);
        self.mark(&vehicle.record, fate);
    }

    /// Notes in the stay of a vehicle what became of it.
    pub(super) fn mark(&mut self, record: &RecordId, fate: Fate) {
        for spent in self
            .approaches
            .iter_mut()
            .filter_map(|approach| approach.spent_mut())
        {
            if spent.record.as_ref() == Some(record) {
                spent.fate = fate;
            }
        }
    }

    /// Whether a vehicle that was let through still presses the trigger loop.
    fn stands_on_loop(&self, vehicle: &Vehicle) -> bool {
        let approach = self.at(vehicle.side);
        approach.trigger.is_some() && approach.is_left_by(&vehicle.record)
    }

    /// A lift for whoever came was not used.
    fn void(&mut self, turn: &mut Turn<'_>, credit: &Credit) {
        let down = self.barrier.seen == Some(Position::Down);
        if credit.sure && !down && self.safety.is_some() {
            self.arm_is_stuck(turn, credit.since);
        }
    }
}

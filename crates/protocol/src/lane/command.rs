//! Commands to the gate, each answered exactly once (OPEN-7).

use super::answer::{Done, OpenRefusal};
use super::barrier::{Credit, Grip};
use super::effect::Cause;
use super::input::{By, CommandId, Order};
use super::layout::Side;
use super::machine::Lane;
use super::record::Outcome;
use super::results::answer;
use super::stay::{Fate, Stay};
use super::timing::MAX_SHARERS;
use super::turn::Turn;
use super::vehicle::{Clearance, Stage, Waiting};
use crate::id::RecordId;
use crate::plate::Plate;

/// Who is at a gate, as a command in normal mode sees it.
enum AtGate {
    /// The vehicle asked for waits there.
    Waits(Side),
    /// It has been let through and still stands there.
    Stands(RecordId),
    /// It is being let through right now.
    Leaves,
    /// Another vehicle is there.
    Another(Option<Plate>),
    /// Nobody is.
    Nobody,
}

impl Lane {
    pub(super) fn command(
        &mut self,
        turn: &mut Turn<'_>,
        command: CommandId,
        side: Option<Side>,
        order: Order,
        by: By,
    ) {
        match order {
            Order::Lift { plate: Some(plate) } => {
                self.lift_for_plate(turn, command, side, &plate, by);
            }
            Order::Lift { plate: None } if self.forbids_empty_plate => {
                turn.answer(command, Err(OpenRefusal::EmptyPlateForbidden));
            }
            Order::Lift { plate: None } | Order::ForceLift => self.force(turn, command, side, by),
            Order::HoldOpen => self.hold_open(turn, command, by),
            Order::Restore => self.restore(turn, command, by),
        }
    }

    /// OPEN-3: only for the vehicle with this plate.
    fn lift_for_plate(
        &mut self,
        turn: &mut Turn<'_>,
        command: CommandId,
        side: Option<Side>,
        plate: &Plate,
        by: By,
    ) {
        let found = self.look_for(turn, side, plate);
        match found {
            AtGate::Nobody => turn.answer(command, Err(OpenRefusal::NoVehicle)),
            AtGate::Another(at_gate) => {
                let asked = plate.clone();
                turn.answer(command, Err(OpenRefusal::PlatesDiffer { at_gate, asked }));
            }
            AtGate::Waits(_) | AtGate::Stands(_) | AtGate::Leaves if self.is_holding() => {
                self.point_to_hold(turn, command);
            }
            AtGate::Waits(_) | AtGate::Stands(_) if self.barrier.link == Some(false) => {
                turn.answer(command, Err(OpenRefusal::BarrierOffline));
            }
            AtGate::Waits(side) => self.clear_for(turn, side, command, by),
            AtGate::Stands(record) if !self.is_travelling(turn) => {
                let cause = Cause::Commanded {
                    command,
                    by,
                    record: record.clone(),
                };
                self.lift_again(turn, command, &record, cause);
            }
            AtGate::Stands(_) | AtGate::Leaves => self.share_pulse(turn, command),
        }
    }

    fn look_for(&self, turn: &Turn<'_>, side: Option<Side>, plate: &Plate) -> AtGate {
        let here = |other: Side| side.is_none_or(|side| side == other);
        let approaches = || {
            self.approaches
                .iter()
                .filter(|approach| here(approach.side))
        };
        let waits = |waiting: &Waiting| waiting.vehicle.plate() == Some(plate);
        if let Some(found) = approaches().find(|approach| approach.waiting().is_some_and(waits)) {
            return AtGate::Waits(found.side);
        }
        let fits = self
            .passing
            .iter()
            .rev()
            .map(|passing| (&passing.vehicle, passing.act));
        let mut fits = fits.filter(|(vehicle, _)| vehicle.plate() == Some(plate));
        let passing = fits.find(|(vehicle, _)| here(vehicle.side));
        if let Some((vehicle, act)) = passing {
            if self.at(vehicle.side).is_left_by(&vehicle.record) {
                return AtGate::Stands(vehicle.record.clone());
            }
            let latest = self
                .barrier
                .pulse
                .as_ref()
                .is_some_and(|pulse| pulse.act == act);
            if latest && self.is_travelling(turn) {
                return AtGate::Leaves;
            }
        }
        let mut there = approaches().filter_map(|approach| match &approach.stay {
            Stay::Waiting(waiting) => Some(waiting.vehicle.plate().cloned()),
            Stay::Spent(spent) if spent.fate == Fate::Passing => Some(spent.plate().cloned()),
            Stay::Unread { .. } => Some(None),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Dormant { .. } => None,
            Stay::Spent(_) | Stay::Suppressed { .. } => None,
        });
        there.next().map_or(AtGate::Nobody, AtGate::Another)
    }

    /// Whether the arm is still on the way that the last pulse began.
    fn is_travelling(&self, turn: &Turn<'_>) -> bool {
        turn.tick() < self.barrier.travelled_at(&self.timing)
    }

    /// The vehicle that waits may pass because a command says so.
    fn clear_for(&mut self, turn: &mut Turn<'_>, side: Side, command: CommandId, by: By) {
        let follow_until = turn.tick() + self.timing.follow_wait;
        let Some(waiting) = self.at_mut(side).open_mut() else {
            return;
        };
        let record = waiting.vehicle.record.clone();
        match &mut waiting.stage {
            Stage::Cleared(clearance) if clearance.commands.len() >= MAX_SHARERS => {
                turn.answer(command, Err(OpenRefusal::Busy));
            }
            Stage::Cleared(clearance) => clearance.commands.push(command),
            Stage::Asked | Stage::Refused { .. } | Stage::Unasked => {
                let cause = Cause::Commanded {
                    command,
                    by,
                    record,
                };
                let commands = vec![command];
                waiting.stage = Stage::Cleared(Clearance {
                    cause,
                    follow_until,
                    commands,
                });
            }
        }
    }

    /// OPEN-4, OPEN-5: whoever is there, and if nobody is.
    fn force(&mut self, turn: &mut Turn<'_>, command: CommandId, side: Option<Side>, by: By) {
        if self.is_holding() {
            return self.point_to_hold(turn, command);
        }
        if self.barrier.link == Some(false) {
            return turn.answer(command, Err(OpenRefusal::BarrierOffline));
        }
        if self.is_travelling(turn) {
            return self.share_pulse(turn, command);
        }
        let here = |other: &Side| side.is_none_or(|side| side == *other);
        let waits = |other: &Side| here(other) && self.at(*other).waiting().is_some();
        if let Some(side) = self.sides().iter().copied().find(waits) {
            return self.force_waiting(turn, command, side, by);
        }
        let mut standing = self.passing.iter().map(|passing| &passing.vehicle);
        let standing = standing.find(|vehicle| {
            here(&vehicle.side) && self.at(vehicle.side).is_left_by(&vehicle.record)
        });
        if let Some(record) = standing.map(|vehicle| vehicle.record.clone()) {
            let cause = Cause::Forced {
                command,
                by,
                record: Some(record.clone()),
            };
            return self.lift_again(turn, command, &record, cause);
        }
        let cause = Cause::Forced {
            command,
            by,
            record: None,
        };
        let act = self.pulse(turn, cause.clone(), vec![(command, Done::Driven)]);
        let until = turn.tick() + self.timing.passage;
        let since = turn.now;
        self.credit = Some(Credit {
            act,
            crosses_as: Outcome::by(&cause),
            record: None,
            since,
            until,
            sure: true,
        });
    }

    fn force_waiting(&mut self, turn: &mut Turn<'_>, command: CommandId, side: Side, by: By) {
        let Stay::Waiting(waiting) = self.take_stay(side) else {
            return;
        };
        let record = Some(waiting.vehicle.record.clone());
        let cause = Cause::Forced {
            command,
            by,
            record,
        };
        let stay = self.lift(turn, waiting, cause, vec![command]);
        self.at_mut(side).stay = stay;
    }

    /// Opens once more for a vehicle that was let through and has not moved.
    fn lift_again(
        &mut self,
        turn: &mut Turn<'_>,
        command: CommandId,
        record: &RecordId,
        cause: Cause,
    ) {
        let sharers = vec![(command, Done::Driven)];
        let crosses_as = Outcome::by(&cause);
        let act = self.pulse(turn, cause, sharers);
        let until = Some(turn.tick() + self.timing.passage);
        let Some(place) = self.place_of(record) else {
            return;
        };
        let passing = &mut self.passing[place];
        passing.act = act;
        passing.crosses_as = crosses_as;
        passing.lifted = turn.now;
        passing.driven = None;
        passing.until = until;
    }

    /// The barrier is held open, or should be: a pulse could only end that.
    fn point_to_hold(&mut self, turn: &mut Turn<'_>, command: CommandId) {
        match self.barrier.grip {
            Grip::Firm => turn.answer(command, Ok(Done::AlreadyOpen)),
            Grip::Asserting => self.join_grip(turn, command),
            Grip::Releasing => turn.answer(command, Err(OpenRefusal::Busy)),
            Grip::Doubtful { .. } | Grip::Loose => {
                turn.answer(command, Err(OpenRefusal::BarrierSilent));
            }
        }
    }

    /// The barrier was driven just now: no second pulse, the first one's result is shared.
    fn share_pulse(&mut self, turn: &mut Turn<'_>, command: CommandId) {
        let Some(pulse) = &self.barrier.pulse else {
            return turn.answer(command, Err(OpenRefusal::Busy));
        };
        let act = pulse.act;
        if let Some(result) = &pulse.result {
            return turn.answer(command, answer(Done::AlreadyUnderWay, result));
        }
        if !self.barrier.share(act, command) {
            turn.answer(command, Err(OpenRefusal::Busy));
        }
    }
}

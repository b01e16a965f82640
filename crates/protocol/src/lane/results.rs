//! What the barrier says to an act: at once, late, or never.

use super::answer::{Done, OpenRefusal};
use super::barrier::{Act, ActResult, Credit, Purpose};
use super::effect::{ActId, Sign};
use super::gate::Gate;
use super::layout::Side;
use super::machine::Lane;
use super::stay::Stay;
use super::turn::Turn;
use super::vehicle::{Stage, Waiting};

impl Lane {
    /// The barrier, or whatever drives it, has answered.
    pub(super) fn act_done(&mut self, turn: &mut Turn<'_>, act: ActId, result: Result<(), String>) {
        let Some(act) = self.barrier.end(act) else {
            return;
        };
        let late = act.limit.is_none();
        let result = match result {
            Ok(()) => ActResult::Done,
            Err(reason) => ActResult::Failed { reason },
        };
        self.conclude(turn, act, result, late);
    }

    /// An act has its result, perhaps after it had been given up.
    pub(super) fn conclude(
        &mut self,
        turn: &mut Turn<'_>,
        act: Act,
        result: ActResult,
        late: bool,
    ) {
        if let Some(pulse) = self
            .barrier
            .pulse
            .as_mut()
            .filter(|pulse| pulse.act == act.id)
        {
            pulse.result = Some(result.clone());
        }
        for (command, done) in act.sharers {
            turn.answer(command, answer(done, &result));
        }
        match act.purpose {
            Purpose::Lift => self.lift_concluded(turn, act.id, &result, late),
            Purpose::Hold { wanted, fall_back } => {
                self.hold_concluded(turn, act.id, wanted, fall_back, &result);
            }
            Purpose::Release => self.release_concluded(turn, act.id, &result),
        }
    }

    fn lift_concluded(&mut self, turn: &mut Turn<'_>, act: ActId, result: &ActResult, late: bool) {
        let mut passing = self.passing.iter_mut();
        if let Some(passing) = passing.find(|passing| passing.act == act) {
            passing.driven.get_or_insert(turn.tick());
        }
        match result {
            ActResult::Done if late => self.confirm_late(turn, act),
            ActResult::Done => {}
            ActResult::Failed { .. } => {
                self.credit.take_if(|credit| credit.act == act);
                self.take_back(turn, act);
            }
            ActResult::Silent => self.doubt(turn, act),
        }
    }

    /// The barrier did not move: the vehicle is where it was.
    fn take_back(&mut self, turn: &mut Turn<'_>, act: ActId) {
        let Some(place) = self.passing.iter().position(|passing| passing.act == act) else {
            return;
        };
        let Some(passing) = self.passing.remove(place) else {
            return;
        };
        let vehicle = passing.vehicle;
        let (side, plate) = (vehicle.side, vehicle.plate().cloned());
        let stands = self.at(side).is_left_by(&vehicle.record) && self.at(side).is_pressed();
        let read_at = self.at(side).spent().map(|spent| spent.read_at);
        let waiting = Waiting {
            vehicle,
            stage: Stage::Unasked,
            read_at: read_at.unwrap_or(turn.tick()),
        };
        if !stands {
            return self.depart(turn, waiting, turn.now);
        }
        let candidate = self
            .at(side)
            .spent()
            .and_then(|spent| spent.candidate.clone());
        let waiting = self.after_failure(turn.tick(), waiting);
        self.show(turn, side, Sign::BarrierFault { plate });
        let waiting = match candidate {
            None => waiting,
            Some(glimpse) => self.read_better(turn, waiting, glimpse.sighting),
        };
        self.at_mut(side).stay = Stay::Waiting(waiting);
    }

    /// Nobody knows whether the barrier moved: a vehicle that still stands there is asked for
    /// again, and if it crosses meanwhile, this lift explains it.
    fn doubt(&mut self, turn: &mut Turn<'_>, act: ActId) {
        if let Some(credit) = self.credit.as_mut().filter(|credit| credit.act == act) {
            credit.sure = false;
        }
        let Some(passing) = self.passing.iter().find(|passing| passing.act == act) else {
            return;
        };
        let approach = self.at(passing.vehicle.side);
        if !approach.is_left_by(&passing.vehicle.record) || !approach.is_pressed() {
            return;
        }
        let credit = Credit {
            act,
            crosses_as: passing.crosses_as,
            record: Some(passing.vehicle.record.clone()),
            since: passing.lifted,
            until: turn.tick() + self.timing.passage,
            sure: false,
        };
        self.take_back(turn, act);
        self.credit = Some(credit);
    }

    /// The barrier did move, as is heard only now: its vehicle is not asked for any more.
    fn confirm_late(&mut self, turn: &mut Turn<'_>, act: ActId) {
        let meant_for = |credit: &mut Credit| credit.act == act && credit.record.is_some();
        let Some(credit) = self.credit.take_if(meant_for) else {
            return;
        };
        let stands = |side: &Side| {
            let waiting = self.at(*side).waiting();
            waiting.is_some_and(|waiting| Some(&waiting.vehicle.record) == credit.record.as_ref())
        };
        let side = self.sides().iter().copied().find(stands);
        let Some(side) = side.filter(|_| self.gate == Gate::Normal) else {
            self.credit = Some(credit);
            return;
        };
        let Stay::Waiting(Waiting {
            vehicle,
            stage,
            read_at,
        }) = self.take_stay(side)
        else {
            return;
        };
        for command in stage.into_commands() {
            turn.answer(command, Ok(Done::AlreadyUnderWay));
        }
        let stay = self.send_off(turn, vehicle, read_at, credit.crosses_as, act);
        self.at_mut(side).stay = stay;
    }
}

/// OPEN-7: success only when the barrier did it.
pub(super) fn answer(done: Done, result: &ActResult) -> Result<Done, OpenRefusal> {
    match result {
        ActResult::Done => Ok(done),
        ActResult::Failed { reason } => Err(OpenRefusal::BarrierFailed {
            reason: reason.clone(),
        }),
        ActResult::Silent => Err(OpenRefusal::BarrierSilent),
    }
}

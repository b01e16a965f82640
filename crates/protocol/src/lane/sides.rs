//! A mixed lane: one vehicle at a time, and a far loop that sees it leave.
//!
//! Whoever fires first, loop or camera, has the lane; the other side waits. A vehicle that crosses
//! leaves over the far loop, which must not take it for one that comes. Who pressed the far loop
//! before the crossing began is another vehicle, and gets its turn when the lane is free.

use super::layout::Side;
use super::machine::Lane;
use super::record::Outcome;
use super::sighting::Sighting;
use super::stay::{Approach, Fate, Glimpse, Passer, Stay};
use super::turn::Turn;
use crate::moment::{Moment, Tick};
use crate::plate::Plate;

/// A vehicle that has crossed and may be on the far loop.
#[derive(Clone, Debug)]
pub(super) struct Wake {
    from: Side,
    plate: Option<Plate>,
    /// When it began to cross.
    since: Tick,
    /// When it is gone; unknown while it is under the arm.
    until: Option<Tick>,
}

impl Lane {
    /// Whether a vehicle that comes from `side` has to wait for one from the other.
    pub(super) fn has_to_yield(&self, side: Side) -> bool {
        self.owner() == Some(side.other())
    }

    /// The side that has the lane, if the lane is mixed and somebody has it.
    fn owner(&self) -> Option<Side> {
        if !self.layout.is_mixed() {
            return None;
        }
        let mut on_the_way = self.passing.iter().filter(|passing| !passing.overdue);
        let passing = on_the_way.next().map(|passing| passing.vehicle.side);
        let mut leaving = self.leaving.iter().filter(|leaving| !leaving.overdue);
        let leaving = leaving.next().map(|leaving| leaving.vehicle.side);
        let holder = self
            .approaches
            .iter()
            .find(|approach| approach.has_the_lane());
        let wake = self.wake.as_ref().map(|wake| wake.from);
        passing
            .or(leaving)
            .or(holder.map(|approach| approach.side))
            .or(wake)
    }

    /// The side from which somebody most likely comes of whom nothing is known.
    pub(super) fn likely_side(&self) -> Side {
        self.owner().unwrap_or(self.sides()[0])
    }

    /// The side from which somebody comes who follows another so closely that nobody could
    /// recognize him: that of the last crossing, under the same arm; or where the loop is still
    /// pressed behind a vehicle that has crossed.
    pub(super) fn followed_side(&self, outcome: Outcome) -> Option<Side> {
        if outcome == Outcome::Tailgated {
            return self.crossed_from.or_else(|| Some(self.likely_side()));
        }
        let behind_one = |approach: &&Approach| {
            let spent = approach.spent();
            let crossed = spent.is_some_and(|spent| spent.fate == Fate::Crossed);
            crossed && approach.trigger.is_some() && approach.is_pressed()
        };
        let followed = self.approaches.iter().find(behind_one);
        followed.map(|approach| approach.side)
    }

    /// A vehicle from `from` begins to cross.
    pub(super) fn begin_wake(&mut self, from: Side, plate: Option<Plate>, edge: Moment) {
        if self.layout.is_mixed() {
            self.wake = Some(Wake {
                from,
                plate,
                since: edge.tick,
                until: None,
            });
        }
    }

    /// It is no longer under the arm.
    pub(super) fn release_wake(&mut self, edge: Moment) {
        if let Some(wake) = &mut self.wake {
            wake.until = Some(edge.tick + self.timing.far_side);
        }
    }

    /// Whether what presses the loop of `side` since `edge` is a vehicle on its way out, and its
    /// plate as far as known.
    pub(super) fn leaves_over(&self, side: Side, edge: Tick) -> Option<Option<Plate>> {
        let wake = self
            .wake
            .as_ref()
            .filter(|wake| wake.from != side && edge >= wake.since);
        let unseen = || {
            let mut passing = self.passing.iter().filter(|_| self.safety.is_none());
            let leaver = passing.find(|passing| passing.vehicle.side != side);
            leaver.map(|passing| passing.vehicle.plate().cloned())
        };
        wake.map(|wake| wake.plate.clone()).or_else(unseen)
    }

    /// The loop of `side` is free again.
    pub(super) fn passed_over(&mut self, side: Side, passer: Option<&Passer>) {
        let gone = |wake: &mut Wake| wake.from != side && wake.until.is_some();
        if passer.is_some() {
            self.wake.take_if(gone);
        }
    }

    pub(super) fn sides_due(&self) -> Option<Tick> {
        self.wake.as_ref().and_then(|wake| wake.until)
    }

    pub(super) fn sides_elapse(&mut self, at: Tick) {
        self.wake
            .take_if(|wake| wake.until.is_some_and(|until| until <= at));
    }

    /// A reading on a side that has to wait, kept for when it no longer has to.
    pub(super) fn read_aside(&mut self, side: Side, sighting: Sighting, seen: Moment) {
        let strangers = |plate: &Plate| !self.is_known_elsewhere(side, plate);
        if !sighting.plate.as_ref().is_some_and(strangers) {
            return;
        }
        match &mut self.at_mut(side).stay {
            Stay::Free { glimpse } | Stay::Suppressed { glimpse, .. } => {
                *glimpse = Some(Glimpse::add(glimpse.take(), sighting, seen));
            }
            Stay::Approaching { .. } | Stay::Unread { .. } | Stay::Waiting(_) => {}
            Stay::Dormant { .. } | Stay::Spent(_) => {}
        }
    }

    /// Whether the plate is that of a vehicle which came from the other side.
    fn is_known_elsewhere(&self, side: Side, plate: &Plate) -> bool {
        let far = side.other();
        let wake = self.wake.as_ref().filter(|wake| wake.from == far);
        let mut passing = self.passing.iter().map(|passing| &passing.vehicle);
        let mut leaving = self.leaving.iter().map(|leaving| &leaving.vehicle);
        let waiting = self.find(far).and_then(|approach| approach.open());
        let passer = match &self.at(side).stay {
            Stay::Suppressed { passer, .. } => passer.as_ref(),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Unread { .. } => None,
            Stay::Waiting(_) | Stay::Dormant { .. } | Stay::Spent(_) => None,
        };
        // Of whom nothing was read on its way in, this is the plate.
        let may_be = |known: Option<&Plate>| known.is_none_or(|known| known == plate);
        wake.is_some_and(|wake| may_be(wake.plate.as_ref()))
            || passer.is_some_and(|passer| may_be(passer.plate.as_ref()))
            || passing.any(|vehicle| vehicle.goes_by(plate))
            || leaving.any(|vehicle| vehicle.goes_by(plate))
            || waiting.is_some_and(|waiting| waiting.vehicle.goes_by(plate))
    }

    /// Gives the lane to a vehicle that had to wait for it.
    pub(super) fn yield_lane(&mut self, turn: &mut Turn<'_>) {
        for &side in self.sides() {
            if self.has_to_yield(side) {
                continue;
            }
            let trigger = self.at(side).trigger.is_some();
            let stay = match self.take_stay(side) {
                Stay::Suppressed {
                    passer: None,
                    glimpse,
                } => self.arrive_late(turn, side, glimpse),
                Stay::Suppressed {
                    passer: Some(_),
                    glimpse: Some(glimpse),
                } => self.arrive_late(turn, side, Some(glimpse)),
                Stay::Free {
                    glimpse: Some(glimpse),
                } if !trigger => self.appear_late(turn, side, glimpse),
                stay @ (Stay::Suppressed { .. } | Stay::Free { .. }) => stay,
                stay @ (Stay::Approaching { .. } | Stay::Unread { .. }) => stay,
                stay @ (Stay::Waiting(_) | Stay::Dormant { .. } | Stay::Spent(_)) => stay,
            };
            self.at_mut(side).stay = stay;
        }
    }

    /// A vehicle has stood on the loop while the lane was another's.
    fn arrive_late(&mut self, turn: &mut Turn<'_>, side: Side, glimpse: Option<Glimpse>) -> Stay {
        match glimpse {
            Some(Glimpse { sighting, seen }) => {
                Stay::Waiting(self.recognize(turn, side, sighting, seen))
            }
            None => self.arrive(turn, side, None, turn.now),
        }
    }

    /// Without a loop: a vehicle was read while the lane was another's, and may still be there.
    fn appear_late(&mut self, turn: &mut Turn<'_>, side: Side, glimpse: Glimpse) -> Stay {
        if turn.tick() < glimpse.seen.tick + self.timing.presence {
            Stay::Waiting(self.recognize(turn, side, glimpse.sighting, glimpse.seen))
        } else {
            Stay::Free { glimpse: None }
        }
    }
}

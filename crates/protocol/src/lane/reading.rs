//! Readings: which vehicle they belong to, and when a vehicle that was read is gone.

use super::barrier::Credit;
use super::effect::{Effect, Sign};
use super::gate::Gate;
use super::input::Reading;
use super::layout::Side;
use super::machine::Lane;
use super::record::{Origin, Outcome};
use super::sighting::Sighting;
use super::stay::{Fate, Glimpse, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Stage, Vehicle, Waiting};
use crate::moment::{Moment, Tick};
use crate::plate::Plate;

impl Lane {
    /// A recognizer has read something.
    pub(super) fn read(&mut self, turn: &mut Turn<'_>, reading: Reading) {
        let Reading { side, sighting } = reading;
        let sighting = sighting.into_read();
        let Some(approach) = self.find(side) else {
            return;
        };
        if self.is_aside(side) {
            return self.read_aside(side, sighting, turn.now);
        }
        if sighting
            .plate
            .as_ref()
            .is_some_and(|plate| self.is_echo(side, plate, turn.tick()))
        {
            return;
        }
        let has_loop = approach.trigger.is_some();
        if let Some(plate) = &sighting.plate {
            self.came_back(turn, side, plate);
            self.meets_unseen(turn, side, plate);
        }
        let stay = match self.take_stay(side) {
            Stay::Free { glimpse } if has_loop => self.read_ahead(turn, side, glimpse, sighting),
            Stay::Free { .. } => self.read_new(turn, side, sighting),
            Stay::Approaching { mut waiting, .. } => {
                let until = turn.tick() + self.timing.approach_window;
                let same = waiting.vehicle.plate() == sighting.plate.as_ref();
                if !same && matches!(waiting.stage, Stage::Cleared(_)) {
                    waiting.stage = Stage::Unasked;
                }
                Stay::Approaching {
                    waiting: self.read_better(turn, waiting, sighting),
                    until,
                }
            }
            Stay::Unread {
                until,
                pressed,
                glimpse,
            } => match sighting.plate {
                Some(_) => self.read_new(turn, side, sighting),
                None => Stay::Unread {
                    until,
                    pressed,
                    glimpse: Some(join(glimpse, sighting)),
                },
            },
            Stay::Waiting(waiting) if has_loop => {
                Stay::Waiting(self.read_better(turn, waiting, sighting))
            }
            Stay::Waiting(waiting) => self.read_in_view(turn, waiting, sighting),
            Stay::Dormant { waiting, .. } => self.read_after_pause(turn, waiting, sighting),
            Stay::Spent(spent) => self.read_behind(turn, side, spent, sighting),
            Stay::Suppressed { passer, glimpse } => {
                let glimpse = Some(Glimpse::add(glimpse, sighting, turn.now));
                Stay::Suppressed { passer, glimpse }
            }
        };
        self.at_mut(side).stay = stay;
    }

    /// Whether readings of a side wait until the other side no longer has the lane.
    fn is_aside(&self, side: Side) -> bool {
        match &self.at(side).stay {
            Stay::Suppressed { .. } => true,
            Stay::Free { .. } => self.has_to_yield(side),
            Stay::Approaching { .. } | Stay::Unread { .. } | Stay::Waiting(_) => false,
            Stay::Dormant { .. } | Stay::Spent(_) => false,
        }
    }

    /// Whether a reading is a late frame of a vehicle that is past the recognizer already.
    fn is_echo(&self, side: Side, plate: &Plate, now: Tick) -> bool {
        let approach = self.at(side);
        if approach
            .spent()
            .is_some_and(|spent| spent.plates.contains(plate))
        {
            return false;
        }
        let returns = self.is_nameless(side);
        let mut passing = self.passing.iter().filter(|it| !(returns && it.overdue));
        let mut leaving = self.leaving.iter().map(|leaving| &leaving.vehicle);
        passing.any(|passing| passing.vehicle.goes_by(plate))
            || (!returns && leaving.any(|vehicle| vehicle.goes_by(plate)))
            || approach
                .echo
                .as_ref()
                .is_some_and(|echo| echo.plates.contains(plate) && now < echo.until)
    }

    /// Whether somebody is on the loop of a side of whom no plate is known.
    fn is_nameless(&self, side: Side) -> bool {
        match &self.at(side).stay {
            Stay::Unread { .. } => true,
            Stay::Waiting(waiting) => waiting.vehicle.plate().is_none(),
            Stay::Free { .. } | Stay::Approaching { .. } | Stay::Dormant { .. } => false,
            Stay::Spent(_) | Stay::Suppressed { .. } => false,
        }
    }

    /// Who was let through, turned back and now comes again is another passage. Until it is let
    /// through again, the arm is up for it.
    fn came_back(&mut self, turn: &mut Turn<'_>, side: Side, plate: &Plate) {
        if !self.is_nameless(side) {
            return;
        }
        let mut passing = self.passing.iter();
        let place = passing.position(|passing| {
            let vehicle = &passing.vehicle;
            passing.overdue && vehicle.side == side && vehicle.goes_by(plate)
        });
        let Some(passing) = place.and_then(|place| self.passing.remove(place)) else {
            return;
        };
        turn.settle(&passing.vehicle, passing.stays_as(), turn.now.wall);
        self.credit = Some(Credit {
            act: passing.act,
            crosses_as: passing.crosses_as,
            record: Some(passing.vehicle.record),
            since: passing.lifted,
            until: turn.tick() + self.timing.passage,
            sure: true,
        });
    }

    /// A new recognition of a vehicle that came to the gate, and was seen there at `seen`.
    pub(super) fn recognize(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        sighting: Sighting,
        seen: Moment,
    ) -> Waiting {
        let mut vehicle = Vehicle::new(turn.new_record(), side, sighting, seen.wall);
        let recognition = vehicle.recognition(self.recognizer(side), Origin::Arrival);
        let (ask, stage, sign) = match self.gate {
            Gate::Normal => (vehicle.next_ask(), Stage::Asked, vehicle.wait_sign()),
            Gate::HeldOpen { .. } | Gate::Fire => {
                let plate = vehicle.plate().cloned();
                (None, Stage::Unasked, Sign::MayPass { plate })
            }
        };
        turn.emit(Effect::Recognized { recognition, ask });
        self.show(turn, side, sign);
        Waiting {
            vehicle,
            stage,
            read_at: seen.tick,
        }
    }

    /// The first reading of the vehicle that is there now.
    fn read_new(&mut self, turn: &mut Turn<'_>, side: Side, sighting: Sighting) -> Stay {
        if let Some(place) = self.leaving.iter().position(|leaving| {
            leaving.vehicle.side == side
                && sighting.plate.is_some()
                && leaving.vehicle.plate() == sighting.plate.as_ref()
        }) {
            let returned = self
                .leaving
                .remove(place)
                .expect("a position is within the queue");
            turn.settle(&returned.vehicle, Outcome::BackedOut, returned.left.wall);
        }
        Stay::Waiting(self.recognize(turn, side, sighting, turn.now))
    }

    /// A reading before the loop is pressed.
    fn read_ahead(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        glimpse: Option<Glimpse>,
        sighting: Sighting,
    ) -> Stay {
        if sighting.plate.is_none() {
            return Stay::Free { glimpse };
        }
        let window = self.timing.approach_window;
        let fresh = glimpse.filter(|glimpse| turn.tick() <= glimpse.seen.tick + window);
        let sighting = join(fresh.map(|glimpse| glimpse.sighting), sighting);
        let waiting = self.recognize(turn, side, sighting, turn.now);
        Stay::Approaching {
            waiting,
            until: turn.tick() + window,
        }
    }

    /// Another reading of a vehicle: the better one is believed, and the platform asked about it.
    pub(super) fn read_better(
        &mut self,
        turn: &mut Turn<'_>,
        mut waiting: Waiting,
        sighting: Sighting,
    ) -> Waiting {
        waiting.read_at = turn.tick();
        match &waiting.stage {
            Stage::Cleared(_) => return self.read_once_cleared(turn, waiting, sighting),
            Stage::Asked | Stage::Refused { .. } | Stage::Unasked => {}
        }
        if !waiting.vehicle.is_heard() {
            return waiting;
        }
        let merged = waiting.vehicle.sighting.clone().merge(sighting);
        let plate_changed = merged.plate != waiting.vehicle.sighting.plate;
        waiting.vehicle.sighting = merged;
        if plate_changed {
            self.amend(turn, waiting)
        } else {
            waiting
        }
    }

    /// The plate of a vehicle has become another: the platform is asked anew.
    pub(super) fn amend(&mut self, turn: &mut Turn<'_>, mut waiting: Waiting) -> Waiting {
        let side = waiting.vehicle.side;
        let recognition = waiting
            .vehicle
            .recognition(self.recognizer(side), Origin::Arrival);
        let (ask, stage, sign) = match self.gate {
            Gate::Normal => (
                waiting.vehicle.next_ask(),
                Stage::Asked,
                waiting.vehicle.wait_sign(),
            ),
            Gate::HeldOpen { .. } | Gate::Fire => {
                let plate = waiting.vehicle.plate().cloned();
                (None, Stage::Unasked, Sign::MayPass { plate })
            }
        };
        turn.emit(Effect::Amended { recognition, ask });
        self.show(turn, side, sign);
        Waiting { stage, ..waiting }
    }

    /// Without a loop: another plate means another vehicle.
    fn read_in_view(&mut self, turn: &mut Turn<'_>, waiting: Waiting, sighting: Sighting) -> Stay {
        let side = waiting.vehicle.side;
        match (waiting.vehicle.plate(), &sighting.plate) {
            (Some(_), Some(plate)) if !waiting.vehicle.goes_by(plate) => {
                self.depart(turn, waiting, turn.now);
                self.read_new(turn, side, sighting)
            }
            (_, Some(_)) => Stay::Waiting(self.read_better(turn, waiting, sighting)),
            (_, None) => Stay::Waiting(Waiting {
                read_at: turn.tick(),
                ..waiting
            }),
        }
    }

    /// Without a loop: a reading after a while of none.
    fn read_after_pause(
        &mut self,
        turn: &mut Turn<'_>,
        waiting: Waiting,
        sighting: Sighting,
    ) -> Stay {
        let side = waiting.vehicle.side;
        let plate = sighting.plate.as_ref();
        if plate.is_some_and(|plate| waiting.vehicle.goes_by(plate)) {
            let waiting = Waiting {
                read_at: turn.tick(),
                ..waiting
            };
            return match waiting.stage {
                Stage::Asked => Stay::Waiting(waiting),
                Stage::Refused { .. } | Stage::Cleared(_) | Stage::Unasked => {
                    Stay::Waiting(self.take_up(turn, waiting))
                }
            };
        }
        self.depart(turn, waiting, turn.now);
        self.read_new(turn, side, sighting)
    }

    /// A reading while the vehicle of this stay is on its way or gone.
    fn read_behind(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        mut spent: Spent,
        sighting: Sighting,
    ) -> Stay {
        let its_own = sighting
            .plate
            .as_ref()
            .is_none_or(|plate| spent.plates.contains(plate));
        match spent.fate {
            Fate::Stayed => self.read_new(turn, side, sighting),
            Fate::Passing if !its_own && self.is_gone_since(&spent, turn.tick()) => {
                self.read_new(turn, side, sighting)
            }
            Fate::Passing | Fate::Crossed if its_own => {
                spent.read_at = turn.tick();
                spent.forget = turn.tick() + self.timing.same_plate;
                Stay::Spent(spent)
            }
            Fate::Passing | Fate::Crossed => {
                let candidate = Glimpse::add(spent.candidate.take(), sighting, turn.now);
                Stay::Spent(Spent {
                    candidate: Some(candidate),
                    ..spent
                })
            }
        }
    }
}

fn join(earlier: Option<Sighting>, sighting: Sighting) -> Sighting {
    match earlier {
        None => sighting,
        Some(earlier) => earlier.merge(sighting),
    }
}

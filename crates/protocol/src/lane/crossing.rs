//! Crossings: who pressed the anti-smash loop, and what let it through (CROSS-1, D-14).

use super::answer::OpenRefusal;
use super::effect::Effect;
use super::layout::Side;
use super::machine::Lane;
use super::passage::Passing;
use super::record::{Crossing, Origin, Outcome};
use super::sighting::Sighting;
use super::stay::{Approach, Echo, Fate, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Vehicle, Waiting};
use crate::code::AbnormalCode;
use crate::moment::{Moment, Tick};
use crate::plate::Plate;

/// What is on the anti-smash loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnderArm {
    /// Nothing.
    Nobody,
    /// A vehicle that crosses.
    Vehicle {
        /// Whether something explains that the arm was up.
        arm_up: bool,
    },
}

/// Who crossed, as far as anybody knows.
enum Crosser {
    /// A vehicle with a recognition.
    Known(Vehicle),
    /// The vehicle that stood unread on the loop of a side.
    Unread(Side),
    /// Somebody.
    Unknown,
}

/// A crossing and its explanation.
struct Passage {
    crosser: Crosser,
    outcome: Outcome,
    abnormal: Option<AbnormalCode>,
}

impl Lane {
    /// Something presses the anti-smash loop.
    pub(super) fn crossing(&mut self, turn: &mut Turn<'_>, edge: Moment) {
        self.count_who_came_before(turn, edge.tick);
        let Passage {
            crosser,
            outcome,
            abnormal,
        } = self.explain(turn, edge.tick);
        let (vehicle, is_sure_of_side) = match crosser {
            Crosser::Known(vehicle) => (vehicle, true),
            Crosser::Unread(side) => (self.recognize_crossing(turn, side, edge), true),
            Crosser::Unknown => {
                let followed = self.followed_side(outcome);
                let side = followed.unwrap_or_else(|| self.likely_side());
                let vehicle = self.recognize_crossing(turn, side, edge);
                (vehicle, followed.is_some())
            }
        };
        turn.emit(Effect::Crossed(Crossing {
            record: vehicle.record.clone(),
            side: vehicle.side,
            recognizer: self.recognizer(vehicle.side),
            plate: vehicle.plate().cloned(),
            color: vehicle.sighting.color,
            at: edge.wall,
        }));
        turn.settle(&vehicle, outcome, edge.wall);
        if vehicle.plate().is_none() {
            self.at_mut(vehicle.side).nameless = Some(edge.tick);
        }
        if let Some(code) = abnormal {
            let recognizer = self.recognizer(vehicle.side);
            self.occurrences
                .tell(turn, code, Some(recognizer), edge.wall);
        }
        if let Some(safety) = &mut self.safety {
            safety.under_arm = UnderArm::Vehicle {
                arm_up: outcome != Outcome::Unexplained,
            };
        }
        if is_sure_of_side {
            self.crossed_from = Some(vehicle.side);
            self.begin_wake(vehicle.side, vehicle.plate().cloned(), edge);
        }
        let until = edge.tick + self.timing.approach_window;
        let plates: Vec<Plate> = vehicle.plates().cloned().collect();
        if !plates.is_empty() {
            self.at_mut(vehicle.side).echo = Some(Echo { plates, until });
        }
    }

    /// The anti-smash loop is free again.
    pub(super) fn arm_is_free(&mut self, turn: &mut Turn<'_>, edge: Moment) {
        let travel = self.timing.travel;
        let Some(safety) = &mut self.safety else {
            return;
        };
        match std::mem::replace(&mut safety.under_arm, UnderArm::Nobody) {
            UnderArm::Vehicle { arm_up: true } => {
                self.barrier.closing_until = edge.tick + travel;
            }
            UnderArm::Vehicle { arm_up: false } | UnderArm::Nobody => {}
        }
        if !self.layout.limit_switch {
            self.arm_stuck.clear(turn);
        }
        self.release_wake(edge);
    }

    /// Finds the one lift that explains a crossing, and the vehicle that used it.
    fn explain(&mut self, turn: &mut Turn<'_>, edge: Tick) -> Passage {
        let explained = |crosser: Crosser, outcome: Outcome| Passage {
            crosser,
            outcome,
            abnormal: None,
        };
        let lent = self.lend_lifts(turn, edge);
        if let Some(passing) = self.passing.pop_front() {
            self.mark(&passing.vehicle.record, Fate::Crossed);
            return explained(Crosser::Known(passing.vehicle), passing.crosses_as);
        }
        if self.is_held(edge) {
            return explained(self.take_at_hand(turn, edge), Outcome::HeldOpen);
        }
        if let Some(credit) = self.credit.take() {
            return explained(self.take_at_hand(turn, edge), credit.crosses_as);
        }
        if self.barrier.by_hand {
            return explained(self.take_at_hand(turn, edge), Outcome::ByHand);
        }
        if lent {
            let crosser = self.take_at_hand(turn, edge);
            let abnormal = match crosser {
                Crosser::Known(_) => AbnormalCode::Tailgated,
                Crosser::Unread(_) | Crosser::Unknown => AbnormalCode::CrossedUnrecognized,
            };
            return Passage {
                crosser,
                outcome: Outcome::Tailgated,
                abnormal: Some(abnormal),
            };
        }
        if self.barrier.is_up(edge) {
            return match self.take_tailgater(turn, edge) {
                Some(vehicle) => Passage {
                    crosser: Crosser::Known(vehicle),
                    outcome: Outcome::Tailgated,
                    abnormal: Some(AbnormalCode::Tailgated),
                },
                None => Passage {
                    crosser: Crosser::Unknown,
                    outcome: Outcome::Tailgated,
                    abnormal: Some(AbnormalCode::CrossedUnrecognized),
                },
            };
        }
        // A vehicle that stands on the trigger loop in front of a closed arm may well touch the
        // next loop: it has not crossed, and goes on waiting. One that has just left it has.
        let left = self.leaving.pop_front().map(|leaving| leaving.vehicle);
        Passage {
            crosser: left.map_or(Crosser::Unknown, Crosser::Known),
            outcome: Outcome::Unexplained,
            abnormal: Some(AbnormalCode::CrossedUnrecognized),
        }
    }

    /// Gives up the vehicles that were let through and turned back, when another is there to go
    /// under the arm that is up for them. Whether there were any: their lift explains a crossing
    /// that nothing else does, without making it theirs.
    fn lend_lifts(&mut self, turn: &mut Turn<'_>, edge: Tick) -> bool {
        let moment = self.timing.between_loops();
        let turned_back = |it: &&Passing| it.left.is_some_and(|left| left + moment <= edge);
        let gone = self.passing.iter().take_while(turned_back).count();
        let followed = gone < self.passing.len() || self.is_somebody_at_hand(edge);
        if gone == 0 || !followed {
            return false;
        }
        for _ in 0..gone {
            self.give_up(turn, 0);
        }
        true
    }

    /// Whether anybody but those who were let through may have pressed the anti-smash loop.
    fn is_somebody_at_hand(&self, edge: Tick) -> bool {
        let moment = self.timing.between_loops();
        let mut leaving = self.leaving.iter();
        let just_left = leaving.any(|leaving| edge < leaving.left.tick + moment);
        let stands = |approach: &Approach| match &approach.stay {
            Stay::Waiting(_) | Stay::Unread { .. } | Stay::Dormant { .. } => true,
            Stay::Free { .. } => approach.has_left_unread(edge, &self.timing),
            Stay::Approaching { .. } | Stay::Spent(_) | Stay::Suppressed { .. } => false,
        };
        just_left || self.approaches.iter().any(stands)
    }

    /// The vehicle that goes under an arm which is up for whoever comes.
    fn take_at_hand(&mut self, turn: &mut Turn<'_>, edge: Tick) -> Crosser {
        if let Some(vehicle) = self.take_tailgater(turn, edge) {
            return Crosser::Known(vehicle);
        }
        for &side in self.sides() {
            match self.take_stay(side) {
                Stay::Dormant { waiting, .. } => {
                    return Crosser::Known(self.take_waiting(turn, side, waiting));
                }
                Stay::Unread { .. } => {
                    let now = turn.tick();
                    let forget = now + self.timing.same_plate;
                    let spent = Spent::of(None, Fate::Crossed, now, forget);
                    self.at_mut(side).stay = Stay::Spent(spent);
                    return Crosser::Unread(side);
                }
                stay @ (Stay::Free { .. } | Stay::Approaching { .. } | Stay::Waiting(_)) => {
                    self.at_mut(side).stay = stay;
                }
                stay @ (Stay::Spent(_) | Stay::Suppressed { .. }) => {
                    self.at_mut(side).stay = stay;
                }
            }
        }
        let left = |side: &Side| self.at(*side).has_left_unread(edge, &self.timing);
        let side = self.sides().iter().copied().find(left);
        side.map_or(Crosser::Unknown, Crosser::Unread)
    }

    /// The vehicle that has just left the trigger loop, or else the one that stands on it. From one
    /// loop to the other it is a matter of a moment: one that left longer ago has turned away when
    /// another stands there, and most vehicles press both loops at once.
    fn take_tailgater(&mut self, turn: &mut Turn<'_>, edge: Tick) -> Option<Vehicle> {
        let waits = |side: &Side| self.at(*side).waiting().is_some();
        let waiting = self.sides().iter().copied().find(waits);
        let mut approaches = self.approaches.iter();
        let stands = waiting.is_some() || approaches.any(Approach::is_unread);
        let moment = self.timing.between_loops();
        let first = self.leaving.front();
        if first.is_some_and(|first| !stands || edge < first.left.tick + moment) {
            let leaving = self.leaving.pop_front();
            return leaving.map(|leaving| leaving.vehicle);
        }
        let side = waiting?;
        match self.take_stay(side) {
            Stay::Waiting(waiting) => Some(self.take_waiting(turn, side, waiting)),
            stay @ (Stay::Free { .. } | Stay::Approaching { .. } | Stay::Unread { .. }) => {
                self.at_mut(side).stay = stay;
                None
            }
            stay @ (Stay::Dormant { .. } | Stay::Spent(_) | Stay::Suppressed { .. }) => {
                self.at_mut(side).stay = stay;
                None
            }
        }
    }

    fn take_waiting(&mut self, turn: &mut Turn<'_>, side: Side, waiting: Waiting) -> Vehicle {
        let Waiting {
            vehicle,
            stage,
            read_at,
        } = waiting;
        turn.refuse_all(stage.into_commands(), &OpenRefusal::VehicleLeft);
        let forget = turn.tick() + self.timing.same_plate;
        let spent = Spent::of(Some(&vehicle), Fate::Crossed, read_at, forget);
        self.at_mut(side).stay = Stay::Spent(spent);
        vehicle
    }

    /// D-14: who crosses unrecognized gets a recognition with an empty plate and its own id,
    /// which nobody is asked about.
    fn recognize_crossing(&mut self, turn: &mut Turn<'_>, side: Side, edge: Moment) -> Vehicle {
        let vehicle = Vehicle::new(turn.new_record(), side, Sighting::UNREAD, edge.wall);
        let recognition = vehicle.recognition(self.recognizer(side), Origin::Crossing);
        turn.emit(Effect::Recognized {
            recognition,
            ask: None,
        });
        vehicle
    }
}

//! What becomes of whoever is in front of the barrier when nothing happens, or the way is free.

use super::layout::Side;
use super::loops::Loop;
use super::machine::Lane;
use super::record::Outcome;
use super::sighting::Sighting;
use super::stay::{Fate, Glimpse, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Stage, Waiting};
use crate::moment::Tick;

impl Lane {
    /// Gives the vehicle behind one that has crossed its own recognition.
    pub(super) fn promote_candidates(&mut self, turn: &mut Turn<'_>) {
        for &side in self.sides() {
            let may = self.may_promote(side);
            let stay = match self.take_stay(side) {
                Stay::Spent(Spent {
                    candidate: Some(Glimpse { sighting, seen }),
                    ..
                }) if may => Stay::Waiting(self.recognize(turn, side, sighting, seen)),
                stay @ (Stay::Spent(_) | Stay::Free { .. } | Stay::Approaching { .. }) => stay,
                stay @ (Stay::Unread { .. } | Stay::Waiting(_)) => stay,
                stay @ (Stay::Dormant { .. } | Stay::Suppressed { .. }) => stay,
            };
            self.at_mut(side).stay = stay;
        }
    }

    /// Whether what is read behind a vehicle is in front of the barrier by now: without a loop
    /// whoever is read is there; on a loop, when the first is through.
    fn may_promote(&self, side: Side) -> bool {
        let approach = self.at(side);
        let through = approach
            .spent()
            .is_some_and(|spent| spent.fate != Fate::Passing);
        approach.trigger.is_none() || (through && approach.is_pressed() && !self.is_occupied())
    }

    pub(super) fn stays_due(&self) -> Option<Tick> {
        self.sides()
            .iter()
            .filter_map(|side| self.stay_due(*side))
            .min()
    }

    fn stay_due(&self, side: Side) -> Option<Tick> {
        let approach = self.at(side);
        let poll = |waiting: &Waiting| match waiting.stage {
            Stage::Refused { again } => Some(again),
            Stage::Asked | Stage::Cleared(_) | Stage::Unasked => None,
        };
        match &approach.stay {
            Stay::Free { glimpse } => self.nobody_comes_at(approach, glimpse.as_ref()?),
            Stay::Suppressed { .. } => None,
            Stay::Approaching { waiting, until } => poll(waiting).into_iter().chain([*until]).min(),
            Stay::Unread { until, .. } => approach.is_firmly_pressed().then_some(*until),
            Stay::Waiting(waiting) if approach.trigger.is_some() => {
                poll(waiting).filter(|_| approach.is_firmly_pressed())
            }
            Stay::Waiting(waiting) => {
                let out_of_view = waiting.read_at + self.timing.presence;
                poll(waiting).into_iter().chain([out_of_view]).min()
            }
            Stay::Dormant { until, .. } => Some(*until),
            Stay::Spent(spent) => approach.trigger.is_none().then_some(spent.forget),
        }
    }

    pub(super) fn stays_elapse(&mut self, turn: &mut Turn<'_>, at: Tick) {
        for &side in self.sides() {
            if self.stay_due(side).is_none_or(|due| due > at) {
                continue;
            }
            let stay = match self.take_stay(side) {
                Stay::Free { glimpse } => {
                    self.nobody_came(turn, side, glimpse);
                    Stay::Free { glimpse: None }
                }
                stay @ Stay::Suppressed { .. } => stay,
                Stay::Approaching { waiting, until } if until <= at => {
                    self.not_on_loop(turn, waiting, at)
                }
                Stay::Approaching { waiting, until } => Stay::Approaching {
                    waiting: self.take_up(turn, waiting),
                    until,
                },
                Stay::Unread {
                    pressed, glimpse, ..
                } => {
                    let sighting = glimpse.unwrap_or(Sighting::UNREAD);
                    Stay::Waiting(self.recognize(turn, side, sighting, pressed))
                }
                Stay::Waiting(waiting) => self.wait_on(turn, waiting, at),
                Stay::Dormant { waiting, .. } => {
                    self.depart(turn, waiting, turn.now);
                    Stay::Free { glimpse: None }
                }
                Stay::Spent(spent) => {
                    self.moved_off(turn, side, &spent, turn.now);
                    Stay::Free { glimpse: None }
                }
            };
            self.at_mut(side).stay = stay;
            self.tidy_sign(turn, side);
        }
    }

    /// A vehicle was read and the loop has not been pressed since: it turned away. But a contact that
    /// tells only of changes, and has told of none since the start, may have been pressed before it, and
    /// one that nobody can look at any more may be pressed now: until it says something, that side is
    /// one without a loop, and who is read there is there.
    fn not_on_loop(&mut self, turn: &mut Turn<'_>, waiting: Waiting, at: Tick) -> Stay {
        let approach = self.at_mut(waiting.vehicle.side);
        if approach.trigger.as_ref().is_some_and(Loop::is_pressed) {
            return self.reach(turn, waiting);
        }
        if approach.told {
            turn.settle(&waiting.vehicle, Outcome::NeverArrived, turn.now.wall);
            return Stay::Free { glimpse: None };
        }
        approach.trigger = None;
        let waiting = Waiting {
            read_at: at,
            ..waiting
        };
        self.reach(turn, waiting)
    }

    /// A wait of a vehicle on the spot is over: it is asked for again, or out of view.
    fn wait_on(&mut self, turn: &mut Turn<'_>, waiting: Waiting, at: Tick) -> Stay {
        let view_ends = waiting.read_at + self.timing.presence;
        let in_view = self.at(waiting.vehicle.side).trigger.is_some() || view_ends > at;
        if in_view {
            return Stay::Waiting(self.take_up(turn, waiting));
        }
        let until = (waiting.read_at + self.timing.same_plate).max(at);
        let Waiting {
            vehicle,
            stage,
            read_at,
        } = waiting;
        let stage = self.out_of_view(turn, stage);
        Stay::Dormant {
            waiting: Waiting {
                vehicle,
                stage,
                read_at,
            },
            until,
        }
    }

    fn tidy_sign(&mut self, turn: &mut Turn<'_>, side: Side) {
        match &self.at(side).stay {
            Stay::Free { .. } | Stay::Dormant { .. } => self.show_idle(turn, side),
            Stay::Approaching { .. } | Stay::Unread { .. } | Stay::Waiting(_) => {}
            Stay::Spent(_) | Stay::Suppressed { .. } => {}
        }
    }
}

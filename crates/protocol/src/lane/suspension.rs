//! What holding the barrier open means for the vehicles that are there, and ending it (OPEN-6).

use super::effect::Sign;
use super::input::CommandId;
use super::machine::Lane;
use super::stay::Stay;
use super::turn::Turn;
use super::vehicle::{Stage, Waiting};

impl Lane {
    /// Nobody is asked for any more; the commands that waited for a lift are handed back.
    pub(super) fn suspend(&mut self, turn: &mut Turn<'_>) -> Vec<CommandId> {
        let mut commands = Vec::new();
        for &side in self.sides() {
            let Some(waiting) = self.at_mut(side).open_mut() else {
                continue;
            };
            let stage = std::mem::replace(&mut waiting.stage, Stage::Unasked);
            commands.extend(stage.into_commands());
            let plate = waiting.vehicle.plate().cloned();
            if self.at(side).sign != Sign::Idle {
                self.show(turn, side, Sign::MayPass { plate });
            }
        }
        commands
    }

    /// Whoever is still there is asked for again.
    pub(super) fn resume(&mut self, turn: &mut Turn<'_>) {
        for &side in self.sides() {
            let stay = match self.take_stay(side) {
                Stay::Waiting(waiting) => Stay::Waiting(self.resumed(turn, waiting)),
                Stay::Approaching { waiting, until } => Stay::Approaching {
                    waiting: self.resumed(turn, waiting),
                    until,
                },
                stay @ (Stay::Free { .. } | Stay::Unread { .. } | Stay::Dormant { .. }) => stay,
                stay @ (Stay::Spent(_) | Stay::Suppressed { .. }) => stay,
            };
            self.at_mut(side).stay = stay;
        }
    }

    fn resumed(&mut self, turn: &mut Turn<'_>, waiting: Waiting) -> Waiting {
        let sign = waiting.vehicle.wait_sign();
        self.show(turn, waiting.vehicle.side, sign);
        self.take_up(turn, waiting)
    }

    /// The arm comes down in front of vehicles that were let through and still stand there: they
    /// wait again.
    pub(super) fn shut_in_front(&mut self) {
        for &side in self.sides() {
            let spent = self.at(side).spent();
            let Some((record, read_at)) =
                spent.and_then(|spent| Some((spent.record.clone()?, spent.read_at)))
            else {
                continue;
            };
            let standing = self.at(side).is_left_by(&record);
            let Some(place) = self.place_of(&record).filter(|_| standing) else {
                continue;
            };
            if !self.passing[place].vehicle.is_heard() {
                continue;
            }
            let Some(passing) = self.passing.remove(place) else {
                continue;
            };
            let vehicle = passing.vehicle;
            let waiting = Waiting {
                vehicle,
                stage: Stage::Unasked,
                read_at,
            };
            self.at_mut(side).stay = Stay::Waiting(waiting);
        }
    }
}

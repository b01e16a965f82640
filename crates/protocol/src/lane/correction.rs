//! Corrections of what a recognizer read: by the booth, and by the lane next door.

use super::answer::{Done, OpenRefusal};
use super::input::CommandId;
use super::layout::Side;
use super::machine::Lane;
use super::record::Outcome;
use super::sighting::Sighting;
use super::stay::{Fate, Glimpse, Spent, Stay};
use super::turn::Turn;
use super::vehicle::{Stage, Waiting};
use crate::plate::Plate;

impl Lane {
    /// The booth says which plate the vehicle has. In a mixed lane that is the one whose turn it is,
    /// unless it says from which side it comes: then it may also be the one that has to wait.
    pub(super) fn typed_plate(
        &mut self,
        turn: &mut Turn<'_>,
        command: CommandId,
        side: Option<Side>,
        plate: Plate,
    ) {
        let mut refusal = OpenRefusal::NoVehicle;
        for &other in self.sides() {
            if side.is_some_and(|side| side != other) {
                continue;
            }
            match self.type_plate(turn, other, plate.clone(), side.is_some()) {
                Ok(()) => return turn.answer(command, Ok(Done::PlateTaken)),
                Err(OpenRefusal::NoVehicle) => {}
                Err(error) => refusal = error,
            }
        }
        turn.answer(command, Err(refusal));
    }

    fn type_plate(
        &mut self,
        turn: &mut Turn<'_>,
        side: Side,
        plate: Plate,
        named: bool,
    ) -> Result<(), OpenRefusal> {
        let through = self.may_be_replaced(side);
        let (stay, answer) = match self.take_stay(side) {
            Stay::Waiting(waiting) => {
                let (waiting, answer) = self.retype(turn, waiting, plate);
                (Stay::Waiting(waiting), answer)
            }
            Stay::Approaching { waiting, until } => {
                let (waiting, answer) = self.retype(turn, waiting, plate);
                (Stay::Approaching { waiting, until }, answer)
            }
            Stay::Unread {
                pressed, glimpse, ..
            } => {
                let sighting = glimpse.unwrap_or(Sighting::UNREAD).corrected(plate);
                (
                    Stay::Waiting(self.recognize(turn, side, sighting, pressed)),
                    Ok(()),
                )
            }
            Stay::Spent(_) if through => {
                let sighting = Sighting::UNREAD.corrected(plate);
                (
                    Stay::Waiting(self.recognize(turn, side, sighting, turn.now)),
                    Ok(()),
                )
            }
            stay @ Stay::Spent(_) => (stay, Err(OpenRefusal::BeingLetThrough)),
            Stay::Suppressed {
                passer: None,
                glimpse,
            } if named => {
                let seen = glimpse.map_or(Sighting::UNREAD, |glimpse| glimpse.sighting);
                let glimpse = Some(Glimpse {
                    sighting: seen.corrected(plate),
                    seen: turn.now,
                });
                let passer = None;
                (Stay::Suppressed { passer, glimpse }, Ok(()))
            }
            stay @ (Stay::Free { .. } | Stay::Dormant { .. } | Stay::Suppressed { .. }) => {
                (stay, Err(OpenRefusal::NoVehicle))
            }
        };
        self.at_mut(side).stay = stay;
        answer
    }

    /// Whether whatever presses the loop of a spent stay is another vehicle, or the same again.
    fn may_be_replaced(&self, side: Side) -> bool {
        let approach = self.at(side);
        let through = approach
            .spent()
            .is_some_and(|spent| spent.fate != Fate::Passing);
        through && approach.trigger.is_some() && approach.is_pressed() && !self.is_occupied()
    }

    fn retype(
        &mut self,
        turn: &mut Turn<'_>,
        mut waiting: Waiting,
        plate: Plate,
    ) -> (Waiting, Result<(), OpenRefusal>) {
        let open = match waiting.stage {
            Stage::Cleared(_) => false,
            Stage::Asked | Stage::Refused { .. } | Stage::Unasked => waiting.vehicle.is_heard(),
        };
        if !open {
            return (waiting, Err(OpenRefusal::BeingLetThrough));
        }
        waiting.read_at = turn.tick();
        waiting.vehicle.correct(plate);
        (self.amend(turn, waiting), Ok(()))
    }

    /// A reading turned out to be that of a vehicle in another lane. Whoever stands here has not
    /// been read yet.
    pub(super) fn disown(&mut self, turn: &mut Turn<'_>, plate: &Plate) {
        for &side in self.sides() {
            let empty = self.at(side).emptied(turn.now, &self.timing);
            let its = |waiting: &Waiting| waiting.vehicle.plate() == Some(plate);
            let stay = match self.take_stay(side) {
                Stay::Approaching { waiting, .. }
                | Stay::Waiting(waiting)
                | Stay::Dormant { waiting, .. }
                    if its(&waiting) =>
                {
                    self.drop_waiting(turn, waiting);
                    self.show_idle(turn, side);
                    empty
                }
                Stay::Free { glimpse } => Stay::Free {
                    glimpse: without(glimpse, plate),
                },
                Stay::Spent(spent) => {
                    let candidate = without(spent.candidate, plate);
                    Stay::Spent(Spent { candidate, ..spent })
                }
                Stay::Suppressed { passer, glimpse } => Stay::Suppressed {
                    passer,
                    glimpse: without(glimpse, plate),
                },
                stay @ (Stay::Approaching { .. } | Stay::Waiting(_)) => stay,
                stay @ (Stay::Unread { .. } | Stay::Dormant { .. }) => stay,
            };
            self.at_mut(side).stay = stay;
        }
    }

    fn drop_waiting(&mut self, turn: &mut Turn<'_>, waiting: Waiting) {
        turn.refuse_all(waiting.stage.into_commands(), &OpenRefusal::NoVehicle);
        turn.settle(&waiting.vehicle, Outcome::Crosstalk, turn.now.wall);
    }
}

fn without(glimpse: Option<Glimpse>, plate: &Plate) -> Option<Glimpse> {
    glimpse.filter(|glimpse| glimpse.sighting.plate.as_ref() != Some(plate))
}

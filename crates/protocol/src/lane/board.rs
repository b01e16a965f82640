//! What a lane looks like right now, for a lane board.

use super::barrier::Grip;
use super::effect::Sign;
use super::gate::Gate;
use super::input::Position;
use super::layout::Side;
use super::loops::Loop;
use super::machine::Lane;
use super::stay::{Approach, Fate, Stay};
use super::vehicle::{Stage, Waiting};
use crate::id::RecordId;
use crate::plate::Plate;

/// The state of a lane as people may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// How the barrier is operated.
    pub gate: Gate,
    /// Whether the barrier has confirmed that it is held open.
    pub hold_confirmed: bool,
    /// Where the arm was seen last, if there is a limit switch.
    pub arm: Option<Position>,
    /// Whether the barrier can be reached, as far as anybody said.
    pub barrier_link: Option<bool>,
    /// Whether the anti-smash loop is pressed, if there is one.
    pub safety_pressed: Option<bool>,
    /// Each side from which vehicles come.
    pub sides: Vec<SideBoard>,
    /// Vehicles that were let through and have not crossed.
    pub passing: Vec<RecordId>,
}

/// One side of the barrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideBoard {
    /// Which.
    pub side: Side,
    /// Whether its trigger loop is pressed, if there is one.
    pub trigger_pressed: Option<bool>,
    /// Who is there.
    pub present: Option<Present>,
    /// What its display has to tell.
    pub sign: Sign,
}

/// A vehicle in front of the barrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Its recognition, if it has one.
    pub record: Option<RecordId>,
    /// Its plate, if it could be read.
    pub plate: Option<Plate>,
    /// How far it is.
    pub doing: Doing,
}

/// How far a vehicle in front of the barrier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Read, not on the loop yet.
    Approaching,
    /// On the loop, not read yet.
    Unread,
    /// Waiting for the platform's reply.
    Asked,
    /// Refused; asked for again in a moment.
    Refused,
    /// It may pass; the barrier is driven in a moment.
    Cleared,
    /// Nobody is asked for it: the barrier is held open, or only people can help.
    Unasked,
    /// Let through; it has not moved on.
    LetThrough,
    /// Its passage is over, but something still presses the loop.
    Through,
    /// In a mixed lane: the other side has the lane.
    Yielding,
}

impl Lane {
    /// What the lane looks like right now.
    pub fn board(&self) -> Board {
        let safety = self.safety.as_ref();
        Board {
            gate: self.gate,
            hold_confirmed: self.barrier.grip == Grip::Firm,
            arm: self.barrier.seen,
            barrier_link: self.barrier.link,
            safety_pressed: safety.map(|safety| safety.contact.is_pressed()),
            sides: self.approaches.iter().map(side_board).collect(),
            passing: self
                .passing
                .iter()
                .map(|passing| passing.vehicle.record.clone())
                .collect(),
        }
    }

    /// How the barrier is operated.
    pub fn gate(&self) -> Gate {
        self.gate
    }

    /// Whether something presses the trigger loop of `side`; `None` where there is no such loop.
    /// [`Crosstalk`](super::Crosstalk) wants to know.
    pub fn trigger_pressed(&self, side: Side) -> Option<bool> {
        Some(self.find(side)?.trigger.as_ref()?.is_pressed())
    }
}

fn side_board(approach: &Approach) -> SideBoard {
    SideBoard {
        side: approach.side,
        trigger_pressed: approach.trigger.as_ref().map(Loop::is_pressed),
        present: present(&approach.stay),
        sign: approach.sign.clone(),
    }
}

fn present(stay: &Stay) -> Option<Present> {
    match stay {
        Stay::Free { .. } => None,
        Stay::Approaching { waiting, .. } => Some(known(waiting, Doing::Approaching)),
        Stay::Unread { .. } => Some(Present {
            record: None,
            plate: None,
            doing: Doing::Unread,
        }),
        Stay::Waiting(waiting) | Stay::Dormant { waiting, .. } => {
            let doing = match waiting.stage {
                Stage::Asked => Doing::Asked,
                Stage::Refused { .. } => Doing::Refused,
                Stage::Cleared(_) => Doing::Cleared,
                Stage::Unasked => Doing::Unasked,
            };
            Some(known(waiting, doing))
        }
        Stay::Spent(spent) => {
            let doing = match spent.fate {
                Fate::Passing => Doing::LetThrough,
                Fate::Crossed | Fate::Stayed => Doing::Through,
            };
            Some(Present {
                record: spent.record.clone(),
                plate: spent.plate().cloned(),
                doing,
            })
        }
        Stay::Suppressed { .. } => Some(Present {
            record: None,
            plate: None,
            doing: Doing::Yielding,
        }),
    }
}

fn known(waiting: &Waiting, doing: Doing) -> Present {
    let record = Some(waiting.vehicle.record.clone());
    Present {
        record,
        plate: waiting.vehicle.plate().cloned(),
        doing,
    }
}

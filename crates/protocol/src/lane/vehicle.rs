//! A vehicle with a recognition, and what is known about whether it may pass.

use jiff::Timestamp;

use super::effect::{AskId, Cause, Sign};
use super::input::CommandId;
use super::layout::Side;
use super::record::{Origin, Recognition};
use super::sighting::Sighting;
use super::timing::MAX_MISREAD;
use crate::id::{DeviceNo, RecordId};
use crate::moment::Tick;
use crate::plate::Plate;

/// A vehicle that was recognized.
#[derive(Clone, Debug)]
pub(super) struct Vehicle {
    pub(super) record: RecordId,
    pub(super) side: Side,
    pub(super) sighting: Sighting,
    pub(super) at: Timestamp,
    /// What its plate was taken for before a person typed it: later readings of that are its own.
    misread: Vec<Plate>,
    /// An earlier run read it, and this one has not.
    pub(super) unseen: bool,
    hearing: Hearing,
}

/// Whether the platform can be asked about a vehicle.
#[derive(Clone, Debug)]
enum Hearing {
    /// It was asked this often.
    Asked { rounds: u32 },
    /// Its recognition could not be delivered, or was asked about in an earlier run: it is let
    /// through once, and never asked for again (PUSH-3).
    Failed { ask: AskId, released: bool },
}

/// What may be done for a vehicle that nobody has been asked about lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recourse {
    /// Ask the platform.
    Ask,
    /// Let it through unheard.
    Release(Cause),
    /// Nothing: only people can help.
    Nothing,
}

impl Vehicle {
    pub(super) fn new(record: RecordId, side: Side, sighting: Sighting, at: Timestamp) -> Vehicle {
        Vehicle {
            record,
            side,
            sighting,
            at,
            misread: Vec::new(),
            unseen: false,
            hearing: Hearing::Asked { rounds: 0 },
        }
    }

    /// One that an earlier run asked about and let through: nobody is asked about it again.
    pub(super) fn let_through(
        record: RecordId,
        side: Side,
        sighting: Sighting,
        at: Timestamp,
    ) -> Vehicle {
        let ask = AskId {
            record: record.clone(),
            round: 0,
        };
        let hearing = Hearing::Failed {
            ask,
            released: true,
        };
        Vehicle {
            hearing,
            ..Vehicle::new(record, side, sighting, at)
        }
    }

    pub(super) fn plate(&self) -> Option<&Plate> {
        self.sighting.plate.as_ref()
    }

    /// Its plate, then what that was taken for.
    pub(super) fn plates(&self) -> impl Iterator<Item = &Plate> {
        self.plate().into_iter().chain(&self.misread)
    }

    /// Whether `plate` is its own, or what that was taken for.
    pub(super) fn goes_by(&self, plate: &Plate) -> bool {
        self.plates().any(|own| own == plate)
    }

    /// A person typed its plate: what was read of it before was a misreading.
    pub(super) fn correct(&mut self, plate: Plate) {
        let typed = self.sighting.clone().corrected(plate);
        let before = std::mem::replace(&mut self.sighting, typed).plate;
        self.misread.extend(before);
        self.misread.truncate(MAX_MISREAD);
    }

    pub(super) fn recognition(&self, recognizer: DeviceNo, origin: Origin) -> Recognition {
        Recognition {
            record: self.record.clone(),
            side: self.side,
            recognizer,
            sighting: self.sighting.clone(),
            at: self.at,
            origin,
        }
    }

    /// The name of the next push; every earlier one is void with it.
    pub(super) fn next_ask(&mut self) -> Option<AskId> {
        match &mut self.hearing {
            Hearing::Asked { rounds } => {
                *rounds = rounds.saturating_add(1);
                Some(AskId {
                    record: self.record.clone(),
                    round: *rounds,
                })
            }
            Hearing::Failed { .. } => None,
        }
    }

    pub(super) fn is_latest_ask(&self, ask: &AskId) -> bool {
        match &self.hearing {
            Hearing::Asked { rounds } => self.record == ask.record && *rounds == ask.round,
            Hearing::Failed { .. } => false,
        }
    }

    /// Its push failed for good.
    pub(super) fn failed(&mut self, ask: AskId) {
        self.hearing = Hearing::Failed {
            ask,
            released: false,
        };
    }

    /// The barrier was driven for it.
    pub(super) fn lifted(&mut self) {
        match &mut self.hearing {
            Hearing::Asked { .. } => {}
            Hearing::Failed { released, .. } => *released = true,
        }
    }

    /// Whether the platform can still be told about it.
    pub(super) fn is_heard(&self) -> bool {
        match self.hearing {
            Hearing::Asked { .. } => true,
            Hearing::Failed { .. } => false,
        }
    }

    pub(super) fn recourse(&self) -> Recourse {
        match &self.hearing {
            Hearing::Asked { .. } => Recourse::Ask,
            Hearing::Failed {
                ask,
                released: false,
            } => Recourse::Release(Cause::Blind { ask: ask.clone() }),
            Hearing::Failed { released: true, .. } => Recourse::Nothing,
        }
    }

    pub(super) fn wait_sign(&self) -> Sign {
        Sign::Wait {
            plate: self.sighting.plate.clone(),
        }
    }
}

/// A vehicle that is at the gate and has not been let through.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) vehicle: Vehicle,
    pub(super) stage: Stage,
    /// When it was read last; without a trigger loop this is what tells that it is there.
    pub(super) read_at: Tick,
}

/// How far the question is whether it may pass.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// The reply to the latest push is awaited.
    Asked,
    /// It was refused, or the barrier failed; it is asked for again (RECOG-2).
    Refused { again: Tick },
    /// It may pass, and the barrier is driven as soon as that is possible.
    Cleared(Clearance),
    /// Nobody is asked: the barrier is held open, or it is not on the loop yet, or nobody can be.
    Unasked,
}

/// Leave to pass that the barrier has not been driven for yet.
#[derive(Clone, Debug)]
pub(super) struct Clearance {
    pub(super) cause: Cause,
    /// Until when it waits for the vehicle before it.
    pub(super) follow_until: Tick,
    /// Commands that are answered when the barrier has been driven.
    pub(super) commands: Vec<CommandId>,
}

impl Stage {
    /// The commands that waited for this stage to end in a lift.
    pub(super) fn into_commands(self) -> Vec<CommandId> {
        match self {
            Stage::Cleared(clearance) => clearance.commands,
            Stage::Asked | Stage::Refused { .. } | Stage::Unasked => Vec::new(),
        }
    }
}

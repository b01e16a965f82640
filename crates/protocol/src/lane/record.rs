//! What a lane reports: recognitions, crossings, abnormalities, and how passages end.

use jiff::Timestamp;

use super::effect::{Cause, OccurrenceId};
use super::layout::Side;
use super::sighting::Sighting;
use crate::code::{AbnormalCode, CrossStatus};
use crate::id::{DeviceNo, RecordId};
use crate::plate::{Plate, PlateColor};

/// A vehicle that was recognized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// Its id.
    pub record: RecordId,
    /// The side from which the vehicle comes.
    pub side: Side,
    /// The recognizer of that side.
    pub recognizer: DeviceNo,
    /// What was seen of it.
    pub sighting: Sighting,
    /// When (CROSS-2).
    pub at: Timestamp,
    /// What the recognition comes from.
    pub origin: Origin,
}

/// What a recognition comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A vehicle that came to the gate.
    Arrival,
    /// A vehicle that nobody had recognized when it crossed (D-14).
    Crossing,
    /// A recognizer that handed over its history.
    Replay,
}

/// A vehicle that pressed the anti-smash loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The id of its recognition.
    pub record: RecordId,
    /// The side from which it came.
    pub side: Side,
    /// The recognizer of that side.
    pub recognizer: DeviceNo,
    /// Its plate, if known.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// When it pressed the loop (CROSS-2).
    pub at: Timestamp,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormal {
    /// The occurrence; the same when it is told again.
    pub occurrence: OccurrenceId,
    /// What is wrong.
    pub code: AbnormalCode,
    /// The device, where the standard names one.
    pub device: Option<DeviceNo>,
    /// Since when.
    pub since: Timestamp,
    /// How often it was told before (D-15).
    pub repeats: u32,
}

/// How a recognition ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The platform let it through, and it crossed.
    Crossed,
    /// It was released blind (PUSH-3), and crossed.
    ReleasedBlind,
    /// A command with its plate let it through, and it crossed.
    Commanded,
    /// A command without a plate opened, and it crossed.
    Forced,
    /// It crossed while the barrier was held open.
    HeldOpen,
    /// It crossed after somebody opened by hand.
    ByHand,
    /// It crossed behind another vehicle, without a lift of its own.
    Tailgated,
    /// It crossed and nobody knows how.
    Unexplained,
    /// It was let through and did not cross.
    OpenedNotCrossed,
    /// It left the trigger loop and did not cross.
    BackedOut,
    /// It was read but never came to the loop.
    NeverArrived,
    /// It was let through, or the barrier held open, and it left; the lane has no anti-smash loop
    /// that could tell whether it crossed.
    LetThrough,
    /// It was read while nobody listened; what it did then is not known.
    Replayed,
    /// It was a vehicle in another lane.
    Crosstalk,
    /// It was let through, then the program was started anew, and nobody saw whether it crossed.
    Interrupted,
}

impl Outcome {
    /// How a passage ends that the barrier was driven for because of `cause`.
    pub(super) fn by(cause: &Cause) -> Outcome {
        match cause {
            Cause::MayPass { .. } => Outcome::Crossed,
            Cause::Blind { .. } => Outcome::ReleasedBlind,
            Cause::Commanded { .. } => Outcome::Commanded,
            Cause::Forced { .. } => Outcome::Forced,
            Cause::HoldOrdered { .. } | Cause::RestoreOrdered { .. } => Outcome::HeldOpen,
            Cause::Fire | Cause::HoldAsserted => Outcome::HeldOpen,
        }
    }

    /// The outcome in the words of the standard (D-12); `None` where it has none.
    pub const fn cross_status(self) -> Option<CrossStatus> {
        match self {
            Outcome::Crossed
            | Outcome::ReleasedBlind
            | Outcome::Commanded
            | Outcome::Forced
            | Outcome::HeldOpen
            | Outcome::ByHand
            | Outcome::Tailgated
            | Outcome::Unexplained => Some(CrossStatus::Crossed),
            Outcome::OpenedNotCrossed => Some(CrossStatus::OpenedNotCrossed),
            Outcome::BackedOut | Outcome::NeverArrived => Some(CrossStatus::BackedOut),
            Outcome::LetThrough | Outcome::Replayed | Outcome::Crosstalk | Outcome::Interrupted => {
                None
            }
        }
    }
}

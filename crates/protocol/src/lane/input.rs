//! What a lane is told.

use std::time::Duration;

use jiff::Timestamp;

use super::effect::{ActId, AskId};
use super::layout::Side;
use super::resume::Waited;
use super::sighting::Sighting;
use crate::code::OpenMode;
use crate::plate::Plate;

/// One thing that happened, or one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time has passed: the lane's deadline has come.
    Tick,
    /// A recognizer read a vehicle just now.
    Read(Reading),
    /// A vehicle that an earlier run recognized and did not let through may still wait.
    Waited(Waited),
    /// A recognizer hands over what it read while nobody listened: history, never a reason to open.
    Replayed {
        /// What it read.
        reading: Reading,
        /// When it read it.
        at: Timestamp,
    },
    /// The loop in front of the barrier changed, on the side from which vehicles press it.
    TriggerLoop {
        /// Whose loop.
        side: Side,
        /// Whether something presses it now.
        pressed: bool,
    },
    /// Nothing shows any more whether that loop is pressed, until it is told of again.
    TriggerUnseen {
        /// Whose loop.
        side: Side,
    },
    /// The anti-smash loop under the barrier changed.
    SafetyLoop {
        /// Whether something presses it now.
        pressed: bool,
    },
    /// The contact of the anti-smash loop is about to change, and had kept its state for so long, as
    /// whoever tells of it has measured: what is told late may be told all at once.
    SafetyKept(Duration),
    /// The limit switch says where the arm is.
    BarrierSeen(Position),
    /// Nothing shows any more where the arm is.
    BarrierUnseen,
    /// The connection to the barrier changed.
    BarrierLink {
        /// Whether it is there now.
        up: bool,
    },
    /// The fire alarm's contact changed.
    Fire {
        /// Whether it demands an open barrier.
        on: bool,
    },
    /// What became of a recognition that was pushed.
    Verdict {
        /// The push, as [`Effect`](super::Effect) named it.
        ask: AskId,
        /// The reply.
        verdict: Verdict,
    },
    /// What became of an act of the barrier.
    ActDone {
        /// The act, as [`Effect::Drive`](super::Effect::Drive) named it.
        act: ActId,
        /// Why it failed, if it did.
        result: Result<(), String>,
    },
    /// Somebody commands the gate.
    Command {
        /// The command, to be answered with.
        command: CommandId,
        /// The side whose recognizer the command names; `None` means the gate as such.
        side: Option<Side>,
        /// What is to be done.
        order: Order,
        /// Who wants it.
        by: By,
    },
    /// The booth typed the plate of the vehicle that waits.
    TypedPlate {
        /// The command, to be answered with.
        command: CommandId,
        /// The side on which the vehicle waits; `None` means whichever has one.
        side: Option<Side>,
        /// The plate.
        plate: Plate,
    },
    /// The reading of this plate belongs to a vehicle in another lane (see
    /// [`Crosstalk`](super::Crosstalk)).
    Disown {
        /// The plate.
        plate: Plate,
    },
}

/// A reading of a recognizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The side that the recognizer looks at.
    pub side: Side,
    /// What it saw.
    pub sighting: Sighting,
}

/// What became of a recognition that was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The vehicle may pass (RECOG-1).
    MayPass,
    /// It may not (RECOG-1).
    MayNot {
        /// Why, for the display.
        reason: String,
    },
    /// The push failed for good: the vehicle is let through unheard (PUSH-3).
    Undeliverable,
}

/// Where the barrier's arm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// Fully up.
    Up,
    /// Fully down.
    Down,
}

/// A command to the gate, numbered by whoever hands it to the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// What a command wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Open for the vehicle with this plate (OPEN-3); without a plate as [`Order::ForceLift`],
    /// unless the lot forbids it (OPEN-5).
    Lift {
        /// The plate that the vehicle at the gate must have.
        plate: Option<Plate>,
    },
    /// Open unconditionally (OPEN-4).
    ForceLift,
    /// Hold the barrier open (OPEN-1).
    HoldOpen,
    /// Back to one lift a vehicle (OPEN-2).
    Restore,
}

impl Order {
    /// The order of a gate command of the standard.
    pub fn of(mode: OpenMode, plate: Option<Plate>) -> Order {
        match mode {
            OpenMode::HoldOpen => Order::HoldOpen,
            OpenMode::Restore => Order::Restore,
            OpenMode::Normal => Order::Lift { plate },
            OpenMode::Forced => Order::ForceLift,
        }
    }
}

/// Who commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The platform, with `receiveOpenGate`.
    Platform,
    /// A person in the booth.
    Booth,
    /// A button, key switch or schedule of the lot.
    Local,
}

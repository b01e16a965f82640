//! What a lane wants done.

use std::fmt;

use jiff::Timestamp;

use super::answer::{Done, OpenRefusal};
use super::input::{By, CommandId};
use super::layout::Side;
use super::record::{Abnormal, Crossing, Outcome, Recognition};
use crate::code::AbnormalCode;
use crate::id::RecordId;
use crate::plate::Plate;

/// One thing to be done, in the order given. What becomes of it comes back as an
/// [`Input`](super::Input).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A new recognition: to be kept and pushed. With an `ask` the reply is awaited as
    /// [`Input::Verdict`](super::Input::Verdict); without, no reply can matter (OPEN-6, D-14).
    Recognized {
        /// The recognition.
        recognition: Recognition,
        /// What the reply is to be called by.
        ask: Option<AskId>,
    },
    /// The vehicle of a recognition has been read better, or its plate typed: the recognition is
    /// to be replaced, and pushed again under the same id. Replies to what was pushed before count
    /// no longer.
    Amended {
        /// The recognition as it now is.
        recognition: Recognition,
        /// What the reply is to be called by, if it can matter.
        ask: Option<AskId>,
    },
    /// The recognition is to be pushed again as it is (RECOG-2, D-13).
    AskAgain {
        /// What the reply is to be called by; names the record.
        ask: AskId,
    },
    /// A vehicle crossed: to be kept, and pushed after its recognition (CROSS-1).
    Crossed(Crossing),
    /// A recognition has come to its end; told once for each.
    Settled {
        /// The recognition.
        record: RecordId,
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
    /// Something is wrong: to be kept and pushed.
    Abnormal(Abnormal),
    /// It is over: for the lot's own books, the standard has no message for it.
    AbnormalCleared {
        /// The occurrence that is over.
        occurrence: OccurrenceId,
        /// What was wrong.
        code: AbnormalCode,
        /// Since when it is over.
        at: Timestamp,
    },
    /// The barrier is to be driven, once. The result is awaited as
    /// [`Input::ActDone`](super::Input::ActDone).
    Drive {
        /// What the result is to be called by.
        act: ActId,
        /// What the barrier has to do.
        motion: Motion,
        /// The one reason for it.
        cause: Cause,
    },
    /// A command is answered; told once for each.
    Answer {
        /// The command.
        command: CommandId,
        /// What came of it.
        answer: Result<Done, OpenRefusal>,
    },
    /// The arm went up although nobody here drove it: opened by hand, or by a remote control.
    LiftSeen {
        /// When it was seen.
        at: Timestamp,
    },
    /// What the display of a side has to tell.
    Show {
        /// Whose display.
        side: Side,
        /// What.
        sign: Sign,
    },
}

/// One push of a recognition.
///
/// Named by its record, whose id is unique in the world, so that a reply that outlives the lane it
/// was meant for means nothing to the next one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId {
    /// The recognition.
    pub record: RecordId,
    /// The how-manieth push of it, from 1.
    pub round: u32,
}

/// One act of the barrier; unique within a lane since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId(pub u64);

/// One abnormality, however often it is told; unique within a lane since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceId(pub u64);

/// What the barrier has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// Open once.
    Pulse,
    /// Open and stay open (OPEN-1).
    Hold,
    /// Stay open no longer (OPEN-2).
    Release,
}

/// Why the barrier is driven: exactly one reason for each act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The platform's reply to this push said that the vehicle may pass.
    MayPass {
        /// The push.
        ask: AskId,
    },
    /// This push failed for good: released blind (PUSH-3).
    Blind {
        /// The push.
        ask: AskId,
    },
    /// A command for the vehicle of this record, whose plate it named (OPEN-3).
    Commanded {
        /// The command.
        command: CommandId,
        /// Who gave it.
        by: By,
        /// The vehicle's recognition.
        record: RecordId,
    },
    /// A command that asked for no plate (OPEN-4, OPEN-5).
    Forced {
        /// The command.
        command: CommandId,
        /// Who gave it.
        by: By,
        /// The recognition of the vehicle that stood at the gate, if one did.
        record: Option<RecordId>,
    },
    /// A command to hold open (OPEN-1).
    HoldOrdered {
        /// The command.
        command: CommandId,
        /// Who gave it.
        by: By,
    },
    /// A command to restore (OPEN-2).
    RestoreOrdered {
        /// The command.
        command: CommandId,
        /// Who gave it.
        by: By,
    },
    /// The fire alarm.
    Fire,
    /// The barrier is back, or has not confirmed, and has to be held open still: the state is
    /// asserted, no command repeated.
    HoldAsserted,
}

/// What a display has to tell a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nobody is there: the idle text.
    Idle,
    /// 请稍候: the vehicle is recognized, the platform has not replied.
    Wait {
        /// The plate, if it could be read.
        plate: Option<Plate>,
    },
    /// The vehicle may not pass.
    Refused {
        /// The plate, if it could be read.
        plate: Option<Plate>,
        /// Why, in the platform's words.
        reason: String,
    },
    /// The vehicle may pass.
    MayPass {
        /// The plate, if it could be read.
        plate: Option<Plate>,
    },
    /// The vehicle may pass, but the barrier does not move.
    BarrierFault {
        /// The plate, if it could be read.
        plate: Option<Plate>,
    },
}

impl fmt::Display for AskId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}#{}", self.record, self.round)
    }
}

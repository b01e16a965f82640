//! What is written into the journal, and what is read from it.

use boshi_protocol::code::{AbnormalCode, PlaceStatus};
use boshi_protocol::delivery::{Key, Settled};
use boshi_protocol::id::{DeviceNo, LotId, PlaceNo, RecordId};
use boshi_protocol::lane::{Gate, Side};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;

use super::audit::Act;
use super::device_change::DeviceChange;
use super::insert::forget::Outdated;
use super::occupancy::OccupancyBase;
use super::payment::Payment;
use super::press::Press;
use super::run::RunStep;

/// One thing that happened. Times are kept to the millisecond.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A recognition, which is to be pushed from now on (D-18).
    Recognition(Recognition),
    /// The recognition of the same record as it now is; to be pushed again.
    Amended(Recognition),
    /// A crossing, which is to be pushed from now on (D-18).
    Crossing(Crossing),
    /// The anti-smash loop is pressed, which does not count yet.
    Press(Press),
    /// The press that would be this crossing is over: it counts, or was none.
    PressOver {
        /// The lot.
        lot: LotId,
        /// The crossing's record.
        record: RecordId,
    },
    /// Whether the anti-smash loop of this lane is pressed by what has crossed already.
    Pressed {
        /// The lot.
        lot: LotId,
        /// The lane.
        lane: String,
        /// Whether it is.
        pressed: bool,
    },
    /// An abnormality, which is to be pushed from now on (D-18).
    Abnormality(Abnormality),
    /// An abnormality is over, however often it was told.
    AbnormalityCleared {
        /// The lot.
        lot: LotId,
        /// The id of its first message.
        occurrence: RecordId,
        /// Since when.
        at: Timestamp,
    },
    /// How a recognition ended.
    Outcome {
        /// The lot.
        lot: LotId,
        /// The recognition.
        record: RecordId,
        /// One stable word, such as `crossed`; the summary counts by it.
        outcome: String,
        /// When.
        at: Timestamp,
    },
    /// The barrier is about to be driven.
    Lift(Lift),
    /// What the barrier did with an act.
    ActDone(ActDone),
    /// The arm went up although nobody here drove it.
    LiftSeen {
        /// The lot.
        lot: LotId,
        /// The lane's name.
        lane: String,
        /// When.
        at: Timestamp,
    },
    /// A barrier is operated in another way from now on.
    Gate {
        /// The lot.
        lot: LotId,
        /// The lane's name.
        lane: String,
        /// How.
        state: Gate,
        /// When.
        at: Timestamp,
    },
    /// A command came in (D-5).
    Command(Command),
    /// A command was answered (D-5).
    CommandAnswered {
        /// The lot.
        lot: LotId,
        /// SHA-256 of the request's body.
        digest: [u8; 32],
        /// The body of the reply.
        reply: String,
        /// When.
        at: Timestamp,
    },
    /// What became of a record to be pushed.
    Settled(Settlement),
    /// One attempt to push a record.
    Attempt(Attempt),
    /// A parking space as last seen (PLACE-2).
    Place(Place),
    /// Something that a person did.
    Act(Act),
    /// Somebody counted the vehicles inside.
    Occupancy(OccupancyBase),
    /// A payment (PAY-1).
    Payment(Payment),
    /// A device was lost, or answers again.
    DeviceState(DeviceChange),
    /// The run before is over: presses that it had acknowledged count, and nobody will see the end
    /// of the other passages any more.
    Interrupted {
        /// The lot.
        lot: LotId,
        /// The passages that go on.
        but: Vec<RecordId>,
        /// When.
        at: Timestamp,
    },
    /// The run of the program goes on.
    Run {
        /// How.
        step: RunStep,
        /// When.
        at: Timestamp,
    },
    /// Nothing is to be remembered, but written all the same: whether the disk takes it.
    Probe,
    /// Some of what is older goes, except what is still to be pushed (UNPUSH-2).
    Forget {
        /// The lot.
        lot: LotId,
        /// Of what.
        what: Outdated,
        /// What is from before this.
        before: Timestamp,
    },
}

impl Entry {
    /// The record that this puts on disk as it is to be pushed from now on.
    pub(crate) fn record(&self) -> Option<Key> {
        match self {
            Entry::Recognition(it) | Entry::Amended(it) => {
                Some(Key::recognition(it.record.clone()))
            }
            Entry::Crossing(it) => Some(Key::crossing(it.record.clone())),
            Entry::Abnormality(it) => Some(Key::abnormality(it.id.clone())),
            _ => None,
        }
    }
}

/// A recognition as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// The lot.
    pub lot: LotId,
    /// The lane's name.
    pub lane: String,
    /// The recognizer.
    pub device: DeviceNo,
    /// Its id.
    pub record: RecordId,
    /// The plate, if it could be read.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// How sure the recognizer is, in percent.
    pub reliability: Option<u8>,
    /// The id of the picture.
    pub image: Option<String>,
    /// When the vehicle was recognized (CROSS-2).
    pub at: Timestamp,
    /// Whether the recognizer handed it over from its history.
    pub replayed: bool,
    /// The recognizer's own id of the event, by which a repetition is known.
    pub event: Option<String>,
}

/// A crossing as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The lot.
    pub lot: LotId,
    /// The lane's name.
    pub lane: String,
    /// The recognizer of the side from which the vehicle came.
    pub device: DeviceNo,
    /// The side from which it came.
    pub side: Side,
    /// The id of its recognition.
    pub record: RecordId,
    /// The plate, if known.
    pub plate: Option<Plate>,
    /// The colour of the plate.
    pub color: PlateColor,
    /// When the vehicle pressed the anti-smash loop (CROSS-2).
    pub at: Timestamp,
}

/// An abnormality as the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abnormality {
    /// The lot.
    pub lot: LotId,
    /// Its id; the standard has none, the journal needs one.
    pub id: RecordId,
    /// The id of the first message about the same occurrence (D-15).
    pub occurrence: RecordId,
    /// What is wrong.
    pub code: AbnormalCode,
    /// The device, where one is named.
    pub device: Option<DeviceNo>,
    /// The message (ABN-2).
    pub msg: String,
    /// Since when.
    pub at: Timestamp,
}

/// A parking space as last seen (PLACE-2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The lot.
    pub lot: LotId,
    /// Its number.
    pub place: PlaceNo,
    /// Its state.
    pub status: PlaceStatus,
    /// The id of the picture.
    pub image: Option<String>,
    /// The plate of the vehicle that stands there.
    pub plate: Option<Plate>,
    /// When it was seen so.
    pub at: Timestamp,
}

/// A barrier that is driven.
#[derive(Clone, Debug)]
pub struct Lift {
    /// The lot.
    pub lot: LotId,
    /// The lane's name.
    pub lane: String,
    /// The lane's number of the act.
    pub act: u64,
    /// The one reason for it.
    pub cause: String,
    /// The vehicle, if one is known.
    pub record: Option<RecordId>,
    /// When.
    pub at: Timestamp,
}

/// What a barrier did with an act.
#[derive(Clone, Debug)]
pub struct ActDone {
    /// The lot.
    pub lot: LotId,
    /// The lane's name.
    pub lane: String,
    /// The lane's number of the act.
    pub act: u64,
    /// What came of it.
    pub result: String,
    /// When.
    pub at: Timestamp,
}

/// A command of the platform (D-5).
#[derive(Clone, Debug)]
pub struct Command {
    /// The lot.
    pub lot: LotId,
    /// SHA-256 of the request's body.
    pub digest: [u8; 32],
    /// The recognizer it names.
    pub device: DeviceNo,
    /// What is wanted, in one word.
    pub mode: String,
    /// The plate it names.
    pub plate: Option<Plate>,
    /// When.
    pub at: Timestamp,
}

/// What became of a record to be pushed.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The lot.
    pub lot: LotId,
    /// The record.
    pub key: Key,
    /// What became of it.
    pub settled: Settled,
    /// How many attempts were made.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

/// One attempt to push a record.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The lot.
    pub lot: LotId,
    /// The record.
    pub key: Key,
    /// Which of its series, from 1.
    pub number: u32,
    /// When it was begun.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// A record to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// To `receivePlateNumber`.
    Recognition(Recognition),
    /// To `receiveCrossGate`.
    Crossing(Crossing),
    /// To `receiveAbnormal`.
    Abnormality(Abnormality),
}

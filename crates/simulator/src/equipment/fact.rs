//! What a lane says: its devices' signals, and what really happened.

use boshi_protocol::moment::Tick;

use super::recognizer::Reading;
use super::relay::Motion;
use super::vehicle::{Heading, Outcome, VehicleId};

/// A command to the barrier, numbered by whoever gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId(pub u64);

/// An upward movement of the arm, counted from 1 in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LiftNo(pub u64);

/// Something and when it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed<T> {
    /// When, in the lane's time.
    pub at: Tick,
    /// What.
    pub what: T,
}

/// What a lane says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A device noticed something.
    Signal(Signal),
    /// Something happened, whether a device noticed or not.
    Fact(Fact),
    /// The barrier answers a command.
    Answered {
        /// Which.
        act: ActId,
        /// Why it did not do it, if it did not.
        result: Result<(), String>,
    },
    /// The barrier will never answer this command.
    Unanswered(ActId),
}

/// What a device notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The trigger loop of this side changed.
    TriggerLoop {
        /// Whose loop: that of vehicles going there.
        heading: Heading,
        /// Whether something is on it.
        pressed: bool,
    },
    /// The anti-smash loop changed.
    SafetyLoop {
        /// Whether something is on it.
        pressed: bool,
    },
    /// The limit switch: the arm is fully up, or fully down.
    Arm {
        /// Up.
        up: bool,
    },
    /// The recognizer of this side read something.
    Read {
        /// Whose recognizer: that of vehicles going there.
        heading: Heading,
        /// The vehicle that it really was.
        vehicle: VehicleId,
        /// What it thinks it saw.
        reading: Reading,
    },
}

/// Why an arm lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It was commanded to open once.
    Opened(ActId),
    /// It was commanded to stay up.
    Held(ActId),
    /// Somebody at the barrier pressed the button.
    ByHand,
    /// It was closing when the anti-smash loop was pressed.
    Reversed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A vehicle joined the lane's queue.
    Arrived(VehicleId),
    /// It pressed the trigger loop.
    OnLoop(VehicleId),
    /// It was read.
    Read {
        /// Which vehicle.
        vehicle: VehicleId,
        /// As what.
        reading: Reading,
    },
    /// The arm is up and its driver takes that as meant for him.
    LetThrough {
        /// Which vehicle.
        vehicle: VehicleId,
        /// Which lift is up.
        lift: LiftNo,
    },
    /// It pressed the anti-smash loop: this is the crossing.
    Crossed {
        /// Which vehicle.
        vehicle: VehicleId,
        /// Under which lift; `None` when it broke through.
        lift: Option<LiftNo>,
    },
    /// It is no longer in the lane.
    Gone {
        /// Which vehicle.
        vehicle: VehicleId,
        /// How it went.
        outcome: Outcome,
    },
    /// The barrier's relay switched.
    Commanded {
        /// By which command.
        act: ActId,
        /// What it wants.
        motion: Motion,
        /// Which lift it began; `None` when the arm did not have to move up.
        lift: Option<LiftNo>,
    },
    /// The arm began to lift.
    Lifted {
        /// Which lift.
        lift: LiftNo,
        /// Why.
        cause: Cause,
        /// The vehicle at the trigger loop, if any.
        waiting: Option<VehicleId>,
    },
    /// The arm is fully up.
    ArmUp(LiftNo),
    /// The arm began to close.
    Closing(LiftNo),
    /// The arm is fully down.
    ArmDown(LiftNo),
    /// The anti-smash loop is pressed.
    SafetyPressed,
    /// The anti-smash loop is free.
    SafetyReleased,
}

impl Fact {
    /// The vehicle that it is about, if it is about one.
    #[must_use]
    pub fn vehicle(&self) -> Option<VehicleId> {
        match self {
            Fact::Arrived(vehicle)
            | Fact::OnLoop(vehicle)
            | Fact::Read { vehicle, .. }
            | Fact::LetThrough { vehicle, .. }
            | Fact::Crossed { vehicle, .. }
            | Fact::Gone { vehicle, .. } => Some(*vehicle),
            Fact::Lifted { waiting, .. } => *waiting,
            Fact::Commanded { .. }
            | Fact::ArmUp(_)
            | Fact::Closing(_)
            | Fact::ArmDown(_)
            | Fact::SafetyPressed
            | Fact::SafetyReleased => None,
        }
    }
}

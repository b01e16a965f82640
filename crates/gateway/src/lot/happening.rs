//! What those who watch are told: the booth, an engineer on the phone, a demo.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use serde::Serialize;

/// One thing that people may want to see at once.
#[derive(Clone, Debug, Serialize)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// The lot.
    #[serde(serialize_with = "as_text")]
    pub lot: LotId,
    /// The lane's name, if one is concerned.
    pub lane: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened, in words that stay the same.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A vehicle was recognized.
    Recognized {
        /// The recognition.
        record: String,
        /// The plate; empty when unreadable.
        plate: String,
        /// Its colour.
        color: &'static str,
    },
    /// The platform said that a vehicle may not pass.
    Refused {
        /// The recognition.
        record: String,
        /// The plate; empty when unreadable.
        plate: String,
        /// Its colour.
        color: &'static str,
        /// Why.
        reason: String,
    },
    /// The barrier is driven.
    Driven {
        /// The one reason for it.
        cause: &'static str,
        /// The vehicle, if one is known.
        record: Option<String>,
    },
    /// The barrier reported a failure.
    DriveFailed {
        /// Why.
        reason: String,
    },
    /// A passage is over.
    Passage {
        /// The recognition.
        record: String,
        /// The plate; empty when unreadable.
        plate: String,
        /// Its colour.
        color: &'static str,
        /// How it ended.
        outcome: &'static str,
        /// How long each step took.
        steps: Steps,
    },
    /// A push failed for good.
    PushFailed {
        /// What was pushed.
        kind: &'static str,
        /// The record.
        record: String,
        /// Why.
        reason: String,
    },
    /// Something is wrong.
    Abnormal {
        /// Its code.
        code: String,
        /// The message.
        text: String,
    },
    /// It is over.
    Cleared {
        /// Its code.
        code: String,
    },
    /// The arm went up although nobody here drove it.
    LiftSeen,
    /// The barrier is operated in another way.
    Gate {
        /// How.
        state: &'static str,
    },
    /// The platform does not answer.
    NetworkLost,
    /// The platform answers.
    NetworkBack,
    /// The platform's clock and this one differ too much (D-4).
    ClockSkewed {
        /// By how many seconds the platform's is ahead.
        seconds: i64,
    },
    /// They agree again.
    ClockAgrees {
        /// By how many seconds the platform's is ahead.
        seconds: i64,
    },
    /// The disk of this machine stands otherwise than before.
    Disk {
        /// `fine`, `filling`, or `full`: pictures go.
        level: &'static str,
        /// How full it is.
        percent: u64,
    },
}

/// How long each step of a passage took, in milliseconds since the vehicle was recognized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// The last reply of the platform.
    pub replied: Option<u64>,
    /// The command to the barrier.
    pub lifted: Option<u64>,
    /// The press of the anti-smash loop.
    pub crossed: Option<u64>,
}

fn as_text<S: serde::Serializer>(lot: &LotId, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(lot.as_str())
}

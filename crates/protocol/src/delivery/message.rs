//! What goes into the machine and what comes out of it.

use std::fmt;
use std::time::Duration;

use crate::id::RecordId;
use crate::refusal::Refusal;

/// What a record is, which decides what its failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A plate was recognized (`receivePlateNumber`).
    Recognition,
    /// A vehicle crossed (`receiveCrossGate`); it has the id of its recognition.
    Crossing,
    /// Something is wrong (`receiveAbnormal`).
    Abnormality,
}

/// Names one record to be pushed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What it is.
    pub kind: Kind,
    /// Which one.
    pub id: RecordId,
}

impl Key {
    /// The recognition `id`.
    pub fn recognition(id: RecordId) -> Key {
        Key {
            kind: Kind::Recognition,
            id,
        }
    }

    /// The crossing that followed from the recognition `id`.
    pub fn crossing(id: RecordId) -> Key {
        Key {
            kind: Kind::Crossing,
            id,
        }
    }

    /// The abnormality `id`.
    pub fn abnormality(id: RecordId) -> Key {
        Key {
            kind: Kind::Abnormality,
            id,
        }
    }
}

/// One question of a lane about a recognition, numbered by the lane; a later question has another
/// number. The machine only hands it back with its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask(pub u64);

/// One request on its way, never used twice while the machine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId(pub(super) u64);

impl fmt::Display for AttemptId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// What the machine is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A record nobody waits for, already on disk (D-18): push it. Taking what is held already
    /// changes nothing, except that a failed abnormality is pushed again at once.
    Take {
        /// The record.
        key: Key,
    },
    /// A person wants a failed record pushed once more, which nothing does by itself (PUSH-3,
    /// PUSH-4). Otherwise as [`Input::Take`].
    Resend {
        /// The record.
        key: Key,
    },
    /// A lane waits for the answer to a recognition, already on disk (D-18), for the first time
    /// or again (RECOG-2), and perhaps with better data. This takes the recognition too.
    Ask {
        /// The recognition.
        record: RecordId,
        /// The question, which the verdict will name.
        ask: Ask,
    },
    /// A request ended.
    Done {
        /// Which.
        attempt: AttemptId,
        /// How.
        outcome: Outcome,
    },
    /// The platform was heard from otherwise, by its heartbeat say: the network is there.
    Contact,
    /// Time went on.
    Tick,
    /// What the journal holds when the program starts (D-18). Pending recognitions come in the
    /// same input as their crossings or in an earlier one.
    Recover {
        /// The records, in the order of their arrival.
        records: Vec<Recovered>,
    },
}

/// One record that an earlier run of the program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// Neither delivered nor failed.
    Pending(Key),
    /// An abnormality that failed, to be pushed again once the network is back (PUSH-5).
    FailedAbnormality(RecordId),
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `respCode` `"0"`.
    Accepted,
    /// `respCode` `"1"`, and why.
    Refused(Refusal),
    /// No answer of the standard came back (D-2).
    Fault(Fault),
}

/// Why no answer of the standard came back (D-2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No connection.
    #[error("无法连接：{0}")]
    NoConnection(String),
    /// The other side could not be trusted.
    #[error("TLS 握手失败：{0}")]
    Tls(String),
    /// Nothing came in time.
    #[error("超时未应答")]
    TimedOut,
    /// An HTTP status other than 2xx.
    #[error("HTTP 状态 {0}")]
    Status(u16),
    /// Not a JSON object with `respCode`.
    #[error("应答无法识别：{0}")]
    Unreadable(String),
}

/// Why a push failed for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The last attempt had no answer.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The platform did not take it (D-16).
    #[error("平台拒收：{0}")]
    Refused(Refusal),
    /// The program ended while it was under way, and its vehicle is gone (D-18).
    #[error("程序中断，车辆已离开")]
    Interrupted,
    /// More vehicles waited at once than requests may be under way.
    #[error("同时等待应答的车辆过多")]
    Crowded,
}

/// What the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make a request: with a new time and token, and the record as the journal has it now
    /// (D-17). Give up after `timeout`; say [`Input::Done`] in any case.
    Send {
        /// The request.
        attempt: AttemptId,
        /// What to push.
        key: Key,
        /// Which attempt of a series this is, from 1.
        number: u32,
        /// Longest time for the whole exchange.
        timeout: Duration,
    },
    /// The answer for a lane, once for each question at most.
    Verdict {
        /// The recognition.
        record: RecordId,
        /// The question that is answered.
        ask: Ask,
        /// The answer.
        verdict: Verdict,
    },
    /// Write down what became of a record.
    Settle {
        /// The record.
        key: Key,
        /// What became of it.
        settled: Settled,
    },
    /// There is no room for this record: it stays in the journal as it is, and is handed in again
    /// when there is, or with [`Input::Recover`] at the next start.
    Defer {
        /// The record.
        key: Key,
    },
    /// A push met a fault, the first after an answer.
    NetworkLost,
    /// The platform was heard from, for the first time after a fault or since the start.
    NetworkBack,
}

/// What a lane is told about its vehicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// RECOG-1: it may pass.
    MayPass,
    /// RECOG-1: it may not, and why.
    MayNot(Refusal),
    /// PUSH-3: nobody will say; it is let through.
    Undeliverable {
        /// Why.
        reason: Reason,
    },
}

/// What became of a record. The last word counts: an abnormality may fail more than once and be
/// delivered after all (PUSH-5); a recognition that was delivered and asked about again may fail
/// (PUSH-2). A crossing is settled once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The platform has it.
    Delivered,
    /// It is a failed push (PUSH-2).
    Failed {
        /// Why.
        reason: Reason,
    },
}

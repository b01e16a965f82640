//! What a lot is told.

use boshi_protocol::delivery::{AttemptId, Key, Outcome, Recovered};
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane::{self, Reading};
use jiff::Timestamp;

use super::action::Trace;
use super::rules::Rules;
use crate::journal::{Entry, Letter};

/// A lane of a lot, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneNo(pub usize);

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Input {
    /// The lot's deadline has come.
    Tick,
    /// A recognizer read a vehicle.
    Read {
        /// The lane.
        lane: LaneNo,
        /// What it read.
        reading: Reading,
        /// Its own number of the reading.
        event: Option<String>,
        /// When it read it, if it hands over its history: never a reason to open.
        replayed_at: Option<Timestamp>,
    },
    /// Everything else that a lane is told: loops, arm, fire, commands, results of acts.
    Lane(LaneNo, lane::Input),
    /// These devices are alive.
    Beat(Vec<DeviceNo>),
    /// A device said something, so it is alive.
    Heard(DeviceNo),
    /// What came of asking for the devices of a lane (ABN-3).
    Checked {
        /// The lane.
        lane: LaneNo,
        /// Those that answered.
        online: Vec<DeviceNo>,
        /// What their contacts say. It counts only for a contact that has not told anything by
        /// itself since the start: what it told since then is newer.
        contacts: Vec<lane::Input>,
    },
    /// A request to the platform ended.
    Pushed {
        /// Which.
        attempt: AttemptId,
        /// What came of it.
        outcome: Outcome,
        /// What it was about, for the journal.
        trace: Trace,
    },
    /// The platform was heard from otherwise.
    Contact,
    /// Records that were to be read, as far as the journal has them.
    Letters(Vec<(Key, Letter)>),
    /// What an earlier run left behind (D-18).
    Recover {
        /// The records that are still to be pushed.
        records: Vec<Recovered>,
        /// The lanes whose anti-smash loops were pressed when it ended: that is counted.
        pressed: Vec<LaneNo>,
        /// The vehicles that it let through and did not see cross, in the order of their lifts.
        passing: Vec<(LaneNo, lane::Resumed)>,
        /// The vehicles that may still wait for leave to pass. The lanes ask for them again, also where
        /// their records are among those that are still to be pushed.
        waiting: Vec<(LaneNo, lane::Waited)>,
    },
    /// Somebody wants these failed records sent again.
    Resend(Vec<Key>),
    /// These rules count from now on.
    Rules(Box<Rules>),
    /// Something to be written down that moves nothing: a space as seen, what a person did.
    Note(Entry),
}

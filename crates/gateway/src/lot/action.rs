//! What a lot wants done.

use std::time::Duration;

use boshi_protocol::delivery::{AttemptId, Key};
use boshi_protocol::lane::{ActId, CommandId, Done, Motion, OpenRefusal, Side, Sign};
use jiff::Timestamp;

use super::happening::Happening;
use super::input::LaneNo;
use crate::journal::Letter;

/// One thing to be done, when the entries of the same turn are on disk.
#[derive(Clone, Debug)]
pub enum Action {
    /// Drive a barrier; the result comes back as `ActDone` of its lane.
    Drive {
        /// The lane.
        lane: LaneNo,
        /// The act.
        act: ActId,
        /// What the barrier has to do.
        motion: Motion,
    },
    /// Read records that are pushed soon; they come back as [`Input::Letters`](super::Input).
    Fetch(Vec<Key>),
    /// Make a request to the platform; the result comes back as [`Input::Pushed`](super::Input).
    Push(Push),
    /// Answer a command.
    Answer {
        /// The command.
        command: CommandId,
        /// What came of it.
        answer: Result<Done, OpenRefusal>,
    },
    /// Tell drivers something.
    Show {
        /// The lane.
        lane: LaneNo,
        /// The side from which they come.
        side: Side,
        /// What.
        sign: Sign,
    },
    /// Ask which devices of a lane answer; the result comes back as
    /// [`Input::Checked`](super::Input) (ABN-3).
    Check(LaneNo),
    /// Tell those who watch.
    Tell(Happening),
}

/// One request to the platform.
#[derive(Clone, Debug)]
pub struct Push {
    /// Which.
    pub attempt: AttemptId,
    /// What to push.
    pub key: Key,
    /// Which attempt of its series this is, from 1.
    pub number: u32,
    /// Longest time for the whole exchange.
    pub timeout: Duration,
    /// The record, if it is at hand; otherwise the journal has it.
    pub letter: Option<Letter>,
}

/// What is written down of an attempt.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What was pushed.
    pub key: Key,
    /// Which attempt of its series, from 1.
    pub number: u32,
    /// When it was begun.
    pub began: Timestamp,
    /// How long it took.
    pub took: Duration,
}

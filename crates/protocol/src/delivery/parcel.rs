//! One record on its way, and the state it is in.

use std::num::NonZeroU32;

use super::message::{Ask, AttemptId};
use crate::moment::Tick;

/// What belongs to a record whatever its state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    /// Its place in the order of arrival.
    pub(super) arrival: u64,
    /// Who waits for the answer; only ever for a recognition.
    pub(super) asked: Option<Asked>,
    /// Series that failed so far; above zero only for an abnormality.
    pub(super) rounds: u32,
}

/// A lane that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Its latest question.
    pub(super) ask: Ask,
    /// Since when the budget counts.
    pub(super) since: Tick,
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// A crossing whose recognition is not settled.
    Held,
    /// Waits for a place; a vehicle does so until `give_up`.
    Ready { give_up: Option<Tick> },
    /// A request is under way.
    Sent(Flight),
    /// The last attempt failed before its slot was over, which is at `until`.
    Paused { series: Series, until: Tick },
    /// A failed abnormality, tried last at its `turn`, not to be pushed before `rested`, and then
    /// only if the network came `back` since it failed.
    Parked { turn: u64, rested: Tick, back: bool },
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) attempt: AttemptId,
    /// The question for which it was made.
    pub(super) ask: Option<Ask>,
    /// The end of its slot, at which it is given up.
    pub(super) until: Tick,
    pub(super) purpose: Purpose,
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// To deliver, as part of a series.
    Deliver(Series),
    /// To see whether the network is back, with a failed abnormality that is not to be pushed
    /// otherwise before `rested`.
    Probe { rested: Tick },
}

/// Attempts that fail one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Series {
    /// Whose places it takes one of, until it is over.
    pub(super) share: Share,
    /// How many have failed.
    pub(super) failures: u32,
    /// How many may: what the policy said when it began.
    pub(super) attempts: NonZeroU32,
    /// When it has to be over.
    pub(super) end: Tick,
}

/// The places for requests are dealt out in three shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Share {
    /// Recognitions with a vehicle waiting.
    Live,
    /// Everything else that is pushed for the first time.
    Fresh,
    /// Abnormalities that failed before; within the places of the fresh.
    Retry,
}

impl Series {
    /// How many attempts are left, the next one included.
    pub(super) fn left(&self) -> NonZeroU32 {
        let left = self.attempts.get().saturating_sub(self.failures);
        NonZeroU32::new(left).unwrap_or(NonZeroU32::MIN)
    }
}

impl Parcel {
    /// The share in which a series of this record starts.
    pub(super) fn share(&self) -> Share {
        match (self.asked, self.rounds) {
            (Some(_), _) => Share::Live,
            (None, 0) => Share::Fresh,
            (None, _) => Share::Retry,
        }
    }

    /// The latest question.
    pub(super) fn ask(&self) -> Option<Ask> {
        self.asked.map(|asked| asked.ask)
    }
}

impl State {
    /// When time alone changes this state.
    pub(super) fn due(&self) -> Option<Tick> {
        match self {
            State::Held => None,
            State::Ready { give_up } => *give_up,
            State::Sent(flight) => Some(flight.until),
            State::Paused { series: _, until } => Some(*until),
            State::Parked {
                turn: _,
                rested,
                back,
            } => back.then_some(*rested),
        }
    }

    /// The share of which a place is taken.
    pub(super) fn place(&self) -> Option<Share> {
        match self {
            State::Held | State::Ready { .. } | State::Parked { .. } => None,
            State::Sent(flight) => Some(flight.purpose.share()),
            State::Paused { series, until: _ } => Some(series.share),
        }
    }
}

impl Purpose {
    fn share(&self) -> Share {
        match self {
            Purpose::Deliver(series) => series.share,
            Purpose::Probe { rested: _ } => Share::Retry,
        }
    }
}

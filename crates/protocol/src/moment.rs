//! What a state machine is told about time: how much has passed, and what the calendar says.
//!
//! The two are kept apart because a lot's clock may be set while vehicles stand at its barriers:
//! waiting is measured in [`Tick`]s, which never jump; records carry the wall clock.

use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;

/// A point on a clock that only moves forward, counted from an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(Duration);

impl Tick {
    /// The start of the count.
    pub const ZERO: Tick = Tick(Duration::ZERO);

    /// The point `elapsed` after the start.
    pub const fn after_start(elapsed: Duration) -> Tick {
        Tick(elapsed)
    }

    /// How long after the start this is.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long this is after `earlier`; zero when it is before.
    pub fn since(self, earlier: Tick) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Tick {
    type Output = Tick;

    fn add(self, wait: Duration) -> Tick {
        Tick(self.0.saturating_add(wait))
    }
}

impl Sub<Tick> for Tick {
    type Output = Duration;

    fn sub(self, earlier: Tick) -> Duration {
        self.since(earlier)
    }
}

/// Now, as both clocks have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For waiting: never jumps.
    pub tick: Tick,
    /// For records: what the calendar says, and may be set.
    pub wall: Timestamp,
}

impl Moment {
    /// The moment `wait` later, were nobody to touch the clock.
    pub fn later(self, wait: Duration) -> Moment {
        let wall = self.wall.checked_add(wait).unwrap_or(Timestamp::MAX);
        Moment {
            tick: self.tick + wait,
            wall,
        }
    }
}

//! The two clocks of this machine, read where the state machines meet the world.

use std::time::Instant;

use boshi_protocol::moment::{Moment, Tick};
use jiff::Timestamp;

/// Counts from the start of the program, and knows what the calendar says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock {
            start: Instant::now(),
        }
    }

    pub(crate) fn now(self) -> Moment {
        Moment {
            tick: Tick::after_start(self.start.elapsed()),
            wall: Timestamp::now(),
        }
    }

    /// When `tick` will be, as the runtime counts.
    pub(crate) fn instant(self, tick: Tick) -> tokio::time::Instant {
        (self.start + tick.since_start()).into()
    }
}

//! The clocks of this machine, read where the state machines meet the world, and what is known of
//! the platform's.

mod calendar;
mod skew;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use boshi_protocol::moment::{Moment, Tick};
use jiff::Timestamp;

pub(crate) use self::calendar::Calendar;
pub(crate) use self::skew::{SkewWatch, Skews};

use self::calendar::Jump;

/// Counts from the start of the program, and knows what the calendar says; cheap to clone. One for
/// the whole gateway, so that a clock that is set is noticed once.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    calendar: Arc<Mutex<Calendar>>,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock {
            start: Instant::now(),
            calendar: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let mut calendar = self.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that nobody overtakes with an older reading.
        let tick = Tick::after_start(self.start.elapsed());
        let (wall, jump) = calendar.read(tick, Timestamp::now());
        drop(calendar);
        if let Some(Jump { seconds, eased }) = jump {
            tracing::warn!(seconds, eased, "this machine's clock was set");
        }
        Moment { tick, wall }
    }

    /// When `tick` will be, as the runtime counts.
    pub(crate) fn instant(&self, tick: Tick) -> tokio::time::Instant {
        (self.start + tick.since_start()).into()
    }
}

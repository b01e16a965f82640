//! The clocks of this machine, read where the state machines meet the world, and what is known of
//! the platform's.

mod calendar;
mod skew;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use boshi_protocol::moment::{Moment, Tick};
use jiff::Timestamp;

pub(crate) use self::skew::{SkewWatch, Skews};

use self::calendar::{Calendar, Jump};

/// Counts from the start of the program, and knows what the calendar says; cheap to clone. One for
/// the whole gateway, so that a clock that is set is noticed once.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    calendar: Arc<Mutex<Calendar>>,
    played: Option<PlayedTime>,
}

/// What a clock reads that somebody plays; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct PlayedTime(Arc<Mutex<(Duration, Timestamp)>>);

impl PlayedTime {
    /// It is so long after the start, and the calendar says this.
    pub fn set(&self, since_start: Duration, wall: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (since_start, wall);
    }

    /// How long after the start it is, and what the calendar says.
    pub fn get(&self) -> (Duration, Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock {
            start: Instant::now(),
            calendar: Arc::default(),
            played: None,
        }
    }

    /// A clock that somebody plays.
    pub(crate) fn played(time: PlayedTime) -> Clock {
        Clock {
            played: Some(time),
            ..Clock::start()
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let mut calendar = self.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that nobody overtakes with an older reading.
        let (since_start, system) = match &self.played {
            None => (self.start.elapsed(), Timestamp::now()),
            Some(played) => played.get(),
        };
        let tick = Tick::after_start(since_start);
        let (wall, jump) = calendar.read(tick, system);
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

//! The lot's time: real time, made faster.

use boshi_protocol::moment::Tick;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Translates between the lanes' time and that of the world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
    started_at: Timestamp,
    speed: f64,
}

impl Clock {
    /// How long it is from one to the other, in life's time.
    pub(super) fn between(&self, from: Tick, to: Tick) -> std::time::Duration {
        to.since(from).div_f64(self.speed)
    }

    /// How long that much of the lanes' time is in life's.
    pub(super) fn lasts(&self, time: std::time::Duration) -> std::time::Duration {
        time.div_f64(self.speed)
    }

    /// A clock that starts now and runs `speed` times as fast as life; `speed` is above zero.
    pub(super) fn start(speed: f64) -> Clock {
        Clock {
            started: Instant::now(),
            started_at: Timestamp::now(),
            speed,
        }
    }

    pub(super) fn now(&self) -> Tick {
        Tick::after_start(self.started.elapsed().mul_f64(self.speed))
    }

    pub(super) fn instant(&self, tick: Tick) -> Instant {
        self.started + tick.since_start().div_f64(self.speed)
    }

    /// What the clock on the wall shows at `tick`.
    pub(super) fn wall(&self, tick: Tick) -> Timestamp {
        let elapsed = tick.since_start().div_f64(self.speed);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::MAX);
        (self.started_at.checked_add(elapsed)).unwrap_or(Timestamp::MAX)
    }
}

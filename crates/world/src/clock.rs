//! What a side's clock says, which drifts, is set wrongly, and is put right again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// When the world begins: the 24th of November 2026, in seconds.
const BEGIN: i64 = 1_795_478_400;

/// A million: of so many microseconds a clock loses or gains some.
const MILLION: i128 = 1_000_000;

/// A clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Microseconds that it gains in a second.
    drift: i32,
    /// By how much it was off when it was set last, and when that was.
    offset: SignedDuration,
    set: Duration,
}

impl Clock {
    /// A clock that is right, and gains so many microseconds in a second.
    pub(crate) fn drifting(drift: i32) -> Clock {
        Clock {
            drift,
            ..Clock::default()
        }
    }

    /// What it says when it truly is `at`.
    pub(crate) fn wall(&self, at: Duration) -> Timestamp {
        true_time(at) + self.off_by(at)
    }

    /// Somebody sets it, wrongly, by so much.
    pub(crate) fn step(&mut self, at: Duration, by: SignedDuration) {
        self.offset = self.off_by(at) + by;
        self.set = at;
    }

    /// It is put right.
    pub(crate) fn correct(&mut self, at: Duration) {
        self.offset = SignedDuration::ZERO;
        self.set = at;
    }

    /// It is put right, and keeps time from now on.
    pub(crate) fn mend(&mut self, at: Duration) {
        self.drift = 0;
        self.correct(at);
    }

    fn off_by(&self, at: Duration) -> SignedDuration {
        let micros = (at - self.set).as_micros();
        let micros = i128::try_from(micros).unwrap_or(0) * i128::from(self.drift) / MILLION;
        self.offset + SignedDuration::from_micros(i64::try_from(micros).unwrap_or(0))
    }
}

/// What a clock says that is right.
pub(crate) fn true_time(at: Duration) -> Timestamp {
    let begin = Timestamp::from_second(BEGIN).expect("it is a time");
    begin + SignedDuration::try_from(at).expect("no world lasts that long")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_drifts_and_is_set_and_put_right() {
        let day = Duration::from_secs(86_400);
        let mut clock = Clock::drifting(100);
        let off = |clock: &Clock, at| clock.wall(at).duration_since(true_time(at)).as_millis();
        assert_eq!(off(&clock, day), 8_640);
        clock.step(day, SignedDuration::from_secs(-60));
        assert_eq!(off(&clock, day), 8_640 - 60_000);
        assert_eq!(off(&clock, 2 * day), 2 * 8_640 - 60_000);
        clock.correct(2 * day);
        assert_eq!(off(&clock, 3 * day), 8_640);
        clock.mend(3 * day);
        assert_eq!(off(&clock, 9 * day), 0);
    }
}

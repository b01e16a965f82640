//! Whether the calendar is to be trusted with what goes for good.
//!
//! A clock that leaps into another year would make everything too old at once. So nothing goes
//! until a clock that leapt has kept its time for a while, in which somebody may notice and set it
//! right.

use std::time::Duration;

use boshi_protocol::moment::{Moment, Tick};
use jiff::{SignedDuration, Timestamp};

/// How far the calendar may advance beyond the time that has passed: more than clocks drift, and
/// than a machine is switched off over night.
const LEAP: SignedDuration = SignedDuration::from_hours(24);

/// How long a clock that leapt has to keep its time.
const PROBATION: Duration = Duration::from_secs(24 * 60 * 60);

/// What is known of the calendar.
#[derive(Debug)]
pub struct Trust {
    last: Option<Moment>,
    leapt: Option<Tick>,
}

impl Trust {
    /// `alive`: when the run before this one was last alive, as the calendar had it.
    #[must_use]
    pub fn after(alive: Option<Timestamp>) -> Trust {
        let last = alive.map(|wall| Moment {
            tick: Tick::ZERO,
            wall,
        });
        Trust { last, leapt: None }
    }

    /// Whether what the calendar makes too old `now` may go.
    pub fn allows(&mut self, now: Moment) -> bool {
        if let Some(last) = self.last.replace(now) {
            let passed = SignedDuration::try_from(now.tick - last.tick);
            let advanced = now.wall.duration_since(last.wall);
            if advanced > passed.unwrap_or(SignedDuration::MAX).saturating_add(LEAP) {
                self.leapt = Some(now.tick);
            }
        }
        self.leapt.is_none_or(|leapt| now.tick - leapt >= PROBATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn wall(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// So long after the start, and so late by the calendar.
    fn moment(tick: i64, seconds: i64) -> Moment {
        Moment {
            tick: Tick::after_start(Duration::from_secs(tick.unsigned_abs())),
            wall: wall(seconds),
        }
    }

    /// UNPUSH-2
    #[test]
    fn a_calendar_that_goes_on_as_time_does_is_trusted_also_over_a_night() {
        for alive in [None, Some(wall(0))] {
            let mut trust = Trust::after(alive);
            assert!(trust.allows(moment(0, DAY)));
            assert!(trust.allows(moment(HOUR, DAY + HOUR)));
            assert!(trust.allows(moment(HOUR + 10 * DAY, 11 * DAY)));
        }
    }

    /// UNPUSH-2
    #[test]
    fn nothing_goes_in_the_first_day_of_a_calendar_that_leapt() {
        let mut trust = Trust::after(Some(wall(0)));
        assert!(trust.allows(moment(HOUR, HOUR)));
        let year = 365 * DAY;
        assert!(!trust.allows(moment(2 * HOUR, year)));
        assert!(!trust.allows(moment(3 * HOUR, year + HOUR)));
        assert!(!trust.allows(moment(2 * HOUR + DAY - 1, year + DAY - 1)));
        assert!(trust.allows(moment(2 * HOUR + DAY, year + DAY)));
    }

    #[test]
    fn a_calendar_that_leapt_while_the_program_did_not_run_is_not_trusted_either() {
        let mut trust = Trust::after(Some(wall(0)));
        assert!(!trust.allows(moment(1, DAY + 2)));
    }

    #[test]
    fn a_calendar_that_is_set_back_makes_nothing_too_old() {
        let mut trust = Trust::after(Some(wall(100 * DAY)));
        assert!(trust.allows(moment(1, 0)));
        assert!(!trust.allows(moment(2, 100 * DAY)), "it leaps again");
    }
}

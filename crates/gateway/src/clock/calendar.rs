//! What time it is for records, while somebody sets the machine's clock.
//!
//! Records follow the machine's clock: it is the only one that can be right. But a vehicle that
//! crosses must not have crossed before it was recognized because the clock was set back between the
//! two. So a small step back is eased: until the machine's clock has caught up, time goes on at half
//! its pace, never back. A large one is followed at once: a clock that was further off than
//! [`EASED`] had no business with the platform, which refuses such requests (D-4), and being wrong for
//! hours would be worse. Forward it is followed in any case.

use std::time::Duration;

use boshi_protocol::freshness::DEFAULT_WINDOW;
use boshi_protocol::moment::Tick;
use jiff::{SignedDuration, Timestamp};

/// Largest step back that is eased: no record is ever dated before an earlier one unless the clock
/// was set back by more than this. It takes twice as long at most until the time is right.
pub(crate) const EASED: Duration = DEFAULT_WINDOW;

/// Smallest step that is told. Below lies what a clock that is kept right by slewing does.
const TOLD: SignedDuration = SignedDuration::from_secs(1);

/// Maps ticks to the time that records carry.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calendar {
    last: Option<Reading>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    tick: Tick,
    /// What the machine's clock said.
    system: Timestamp,
    /// What was given out.
    given: Timestamp,
}

/// Somebody set the machine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jump {
    /// By how many seconds; negative when it was set back.
    pub(crate) seconds: i64,
    /// Whether records take their time to follow.
    pub(crate) eased: bool,
}

impl Calendar {
    /// The time at `tick`, while the machine's clock says `system`; and the step that the latter has
    /// made since the last reading, if it has made one.
    pub(crate) fn read(&mut self, tick: Tick, system: Timestamp) -> (Timestamp, Option<Jump>) {
        let Some(last) = self.last else {
            let given = system;
            self.last = Some(Reading {
                tick,
                system,
                given,
            });
            return (given, None);
        };
        let elapsed = tick.since(last.tick);
        let given = following(last.given, system, elapsed);
        let step = system.duration_since(last.system) - signed(elapsed);
        let jump = (step.abs() >= TOLD).then(|| Jump {
            seconds: step.as_secs(),
            eased: given > system,
        });
        self.last = Some(Reading {
            tick,
            system,
            given,
        });
        (given, jump)
    }
}

/// What comes after `given`, `elapsed` later.
fn following(given: Timestamp, system: Timestamp, elapsed: Duration) -> Timestamp {
    let ahead = given.duration_since(system) + signed(elapsed);
    if ahead > signed(EASED) {
        return system;
    }
    let left = (ahead - signed(elapsed / 2)).max(SignedDuration::ZERO);
    system.checked_add(left).unwrap_or(system)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose clock is `offset` seconds off, `seconds` after its start.
    struct Machine {
        calendar: Calendar,
        tick: Tick,
        offset: i64,
    }

    impl Machine {
        fn new() -> Machine {
            let mut machine = Machine {
                calendar: Calendar::default(),
                tick: Tick::ZERO,
                offset: 0,
            };
            machine.after(0);
            machine
        }

        fn system(&self) -> Timestamp {
            let base = 1_800_000_000 + self.offset;
            let seconds = base + self.tick.since_start().as_secs() as i64;
            Timestamp::from_second(seconds).unwrap()
        }

        fn after(&mut self, seconds: u64) -> (i64, Option<Jump>) {
            self.tick = self.tick + Duration::from_secs(seconds);
            let (given, jump) = self.calendar.read(self.tick, self.system());
            (given.as_second() - 1_800_000_000, jump)
        }

        fn set(&mut self, by: i64) {
            self.offset += by;
        }
    }

    #[test]
    fn nothing_is_told_of_a_clock_that_goes() {
        let mut machine = Machine::new();
        for minute in 1..=120 {
            assert_eq!(machine.after(60), (minute * 60, None));
        }
    }

    #[test]
    fn a_clock_that_is_set_forward_is_followed_at_once_and_told_once() {
        let mut machine = Machine::new();
        machine.set(3600);
        let jump = Jump {
            seconds: 3600,
            eased: false,
        };
        assert_eq!(machine.after(10), (3610, Some(jump)));
        assert_eq!(machine.after(10), (3620, None));
    }

    /// A small step back: time never goes back, and is right again after twice the step.
    #[test]
    fn a_clock_that_is_set_back_a_little_is_followed_without_going_back() {
        let mut machine = Machine::new();
        machine.after(100);
        machine.set(-60);
        let jump = Jump {
            seconds: -60,
            eased: true,
        };
        assert_eq!(machine.after(10), (105, Some(jump)));
        let mut last = 105;
        for _ in 0..10 {
            let (given, jump) = machine.after(11);
            assert!(given > last && jump.is_none(), "{given} after {last}");
            last = given;
        }
        // 220 s after the start, and 60 s back.
        assert_eq!(last, 160);
        assert_eq!(machine.after(1), (161, None));
    }

    #[test]
    fn a_clock_that_is_set_back_a_lot_is_followed_at_once() {
        let mut machine = Machine::new();
        machine.after(100);
        machine.set(-3600);
        let jump = Jump {
            seconds: -3600,
            eased: false,
        };
        assert_eq!(machine.after(10), (-3490, Some(jump)));
    }

    /// Whatever is done to the clock: only a large step back makes time go back, and half an hour
    /// after the last step it is right.
    #[test]
    fn time_goes_back_only_by_a_large_step_and_is_right_in_the_end() {
        let mut machine = Machine::new();
        let (mut last, mut random) = (0, 0x2545_F491_4F6C_DD1D_u64);
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let step = match random % 16 {
                0 => (random >> 32) as i64 % 600 - 300,
                1 => (random >> 32) as i64 % 100_000 - 50_000,
                _ => 0,
            };
            machine.set(step);
            let elapsed = (random >> 8 & 30) as i64;
            let (given, _) = machine.after(elapsed.unsigned_abs());
            let right = machine.system().as_second() - 1_800_000_000;
            assert!(given >= right, "behind the machine's clock");
            assert!(
                given - right <= EASED.as_secs() as i64,
                "too far ahead of it"
            );
            let followed = last + elapsed - right > EASED.as_secs() as i64;
            assert!(given >= last || followed, "{given} after {last}");
            last = given;
        }
        let (given, _) = machine.after(1800);
        assert_eq!(given, machine.system().as_second() - 1_800_000_000);
    }
}

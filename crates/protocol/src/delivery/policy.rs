//! How often, how long and how many at once: the numbers of one lot's delivery.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use crate::moment::Tick;

/// Shortest slot that an attempt is given, whatever the configuration says: below it no answer
/// can come back over a real line, and time would have to be watched without pause.
pub const SHORTEST_SLOT: Duration = Duration::from_millis(100);

/// The part of a slot, as a divisor, that lies between the time-out of an attempt and the end of
/// its slot, so that a given-up connection is closed before the next one is opened.
pub const MARGIN_DIVISOR: u32 = 20;

/// Longest pause before an abnormality that failed again and again is tried once more. Short
/// enough that it still arrives on the day it was about, long enough to be no load.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The configurable numbers of a [`Delivery`](super::Delivery).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Failures in a row after which a push has failed (PUSH-2).
    pub attempts: NonZeroU32,
    /// Longest time that a series of failing attempts may take, and so the longest wait of a
    /// vehicle in front of a dead network (D-17). Not less than [`SHORTEST_SLOT`] an attempt.
    pub budget: Duration,
    /// Most recognitions with a vehicle waiting for the answer that are pushed at once. At least
    /// the number of lanes; as many again may wait for a place.
    pub live_in_flight: NonZeroUsize,
    /// Most other records that are pushed at once: enough to clear a backlog quickly, few enough
    /// that neither the line nor the platform feels it.
    pub backlog_in_flight: NonZeroUsize,
    /// Most other records that are held in memory before they are pushed; the rest waits in the
    /// journal until there is [room](super::Delivery::room).
    pub backlog_kept: NonZeroUsize,
    /// Most failed abnormalities that are held in memory until the network is back.
    pub failed_kept: NonZeroUsize,
    /// Time between two probes of a dead network when nothing else is being pushed (PUSH-5).
    pub probe_interval: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            attempts: NonZeroU32::new(5).expect("five is not zero"),
            budget: Duration::from_secs(10),
            live_in_flight: NonZeroUsize::new(64).expect("64 is not zero"),
            backlog_in_flight: NonZeroUsize::new(8).expect("eight is not zero"),
            backlog_kept: NonZeroUsize::new(1024).expect("1024 is not zero"),
            failed_kept: NonZeroUsize::new(1024).expect("1024 is not zero"),
            probe_interval: Duration::from_secs(30),
        }
    }
}

impl Policy {
    /// The length of a slot: an even share of the budget for each attempt.
    pub fn slot(&self) -> Duration {
        (self.budget / self.attempts.get()).max(SHORTEST_SLOT)
    }

    /// The end of a series that starts at `start`.
    pub(super) fn end(&self, start: Tick) -> Tick {
        start + self.slot() * self.attempts.get()
    }

    /// The slot of the attempt that starts `now` in a series with so many `left` that has to be
    /// over by `end`: an even share of the time left, and never less than half a slot.
    pub(super) fn slot_within(&self, end: Tick, left: NonZeroU32, now: Tick) -> Duration {
        (end.since(now) / left.get()).max(self.slot() / 2)
    }

    /// How long a vehicle waits for a place among the live ones: half the budget, which leaves
    /// time for a whole series of half slots.
    pub(super) fn patience(&self) -> Duration {
        self.slot() * self.attempts.get() / 2
    }

    /// How many retries of failed abnormalities run at once: half of the backlog's places, so
    /// that what the platform never takes leaves the others to fresh records.
    pub(super) fn retries_in_flight(&self) -> usize {
        (self.backlog_in_flight.get() / 2).max(1)
    }

    /// How long a failed abnormality rests at least before it is pushed again: not at all after
    /// its first failed series, then the probe interval, doubled each time.
    pub(super) fn rest(&self, rounds: u32) -> Duration {
        match rounds {
            0 | 1 => Duration::ZERO,
            more => {
                let doubled = 1_u32.checked_shl(more - 2).unwrap_or(u32::MAX);
                self.probe_pause()
                    .saturating_mul(doubled)
                    .min(LONGEST_PAUSE)
            }
        }
    }

    /// The probe interval, and not less than a slot.
    pub(super) fn probe_pause(&self) -> Duration {
        self.probe_interval.max(self.slot())
    }
}

/// The time-out of an attempt in a slot of length `slot`.
pub(super) fn timeout(slot: Duration) -> Duration {
    slot - slot / MARGIN_DIVISOR
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PUSH-2, D-17
    #[test]
    fn five_attempts_share_ten_seconds_in_slots_of_two() {
        let policy = Policy::default();
        assert_eq!(
            (policy.attempts.get(), policy.slot()),
            (5, Duration::from_secs(2))
        );
        assert_eq!(timeout(policy.slot()), Duration::from_millis(1900));
        let end = policy.end(Tick::ZERO);
        for failures in 0..5 {
            let start = Tick::ZERO + policy.slot() * failures;
            let left = NonZeroU32::new(5 - failures).unwrap();
            assert_eq!(policy.slot_within(end, left, start), policy.slot());
        }
    }

    #[test]
    fn a_budget_that_is_too_small_still_leaves_each_attempt_its_time() {
        let policy = Policy {
            budget: Duration::ZERO,
            ..Policy::default()
        };
        assert_eq!(policy.slot(), SHORTEST_SLOT);
        assert_eq!(policy.end(Tick::ZERO), Tick::ZERO + SHORTEST_SLOT * 5);
    }

    #[test]
    fn a_stubborn_abnormality_rests_longer_each_time_up_to_a_bound() {
        let policy = Policy::default();
        let rests = [1, 2, 3, 4, 5, 6, 7, 40, u32::MAX].map(|n| policy.rest(n).as_secs());
        assert_eq!(rests, [0, 30, 60, 120, 240, 480, 600, 600, 600]);
    }
}

//! A measure that fills again at a rate and holds a burst: pure, with the time as an argument.

use std::time::Duration;
use tokio::time::Instant;

/// How much there may be of something over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How many a second, over time.
    pub per_second: f64,
    /// How many at once after a quiet spell.
    pub burst: f64,
}

/// What is left of a [`Rate`].
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// How many were taken and have not been made up for.
    taken: f64,
    at: Instant,
}

impl Bucket {
    /// One from which nothing was taken yet.
    pub fn full(now: Instant) -> Bucket {
        Bucket {
            taken: 0.0,
            at: now,
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// After how long there will be one again; then none was taken.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        self.refill(rate, now);
        let over = self.taken + 1.0 - rate.burst;
        if over > 0.0 {
            let wait = Duration::try_from_secs_f64(over / rate.per_second);
            return Err(wait.unwrap_or(Duration::MAX));
        }
        self.taken += 1.0;
        Ok(())
    }

    /// Whether everything is made up for, so that it need not be remembered.
    pub fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.taken <= 0.0
    }

    fn refill(&mut self, rate: Rate, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.taken = (self.taken - passed * rate.per_second).max(0.0);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        per_second: 10.0,
        burst: 3.0,
    };

    #[test]
    fn a_burst_is_taken_and_after_it_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        let at = |millis| start + Duration::from_millis(millis);
        let taken = |bucket: &mut Bucket, millis| bucket.take(RATE, at(millis)).is_ok();
        assert!((0..3).all(|_| taken(&mut bucket, 0)));
        assert_eq!(bucket.take(RATE, start), Err(Duration::from_millis(100)));
        assert!(!taken(&mut bucket, 99));
        assert!(taken(&mut bucket, 101));
        assert!(!taken(&mut bucket, 101));
        let in_a_minute = (101..60_101).filter(|millis| taken(&mut bucket, *millis));
        assert!((599..=601).contains(&in_a_minute.count()));
    }

    #[test]
    fn a_quiet_spell_saves_no_more_than_a_burst_and_a_clock_that_stands_gives_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert!(bucket.is_full(RATE, start));
        let later = start + Duration::from_secs(3600);
        assert!((0..3).all(|_| bucket.take(RATE, later).is_ok()));
        assert!(!bucket.is_full(RATE, later));
        assert!(bucket.take(RATE, start).is_err());
    }
}

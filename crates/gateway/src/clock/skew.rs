//! How far the platform's clock is from this one, when that has to be told, and what is done while it
//! is too far (D-4).
//!
//! A platform that refuses a request for its time has said nothing about the vehicle, and would go on
//! refusing every one for as long as a clock is wrong. So what is signed from then on carries the
//! platform's time, as its replies are dated, and what it sends is as fresh as that time says. Records keep
//! the times of this machine.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use boshi_protocol::freshness::DEFAULT_WINDOW;
use boshi_protocol::id::LotId;
use jiff::{SignedDuration, Timestamp};

use crate::driver::Handle;
use crate::lot::{Happening, What};

/// The part of the window, as a divisor, from which on the skew is an alarm: well before requests
/// are refused for it.
const RAISED_AT: u64 = 2;

/// The part of the window, as a divisor, down to which it has to come until the alarm is over.
const CLEARED_AT: u64 = 4;

/// The clock of the platform as each lot hears of it: from its calls, and from its replies to ours.
pub(crate) type Skews = HashMap<LotId, Arc<SkewWatch>>;

/// Watches the platform's clock for one lot.
#[derive(Debug)]
pub(crate) struct SkewWatch {
    lot: LotId,
    skew: Mutex<Skew>,
    /// By how many seconds requests are ahead of this clock, since the platform refuses them otherwise.
    borrowed: AtomicI64,
    /// Whoever tells those who watch the lot, as soon as there is somebody.
    teller: OnceLock<Handle>,
}

/// The skew and whether it is an alarm; pure.
#[derive(Clone, Copy, Debug)]
struct Skew {
    window: u64,
    seconds: i64,
    alarming: bool,
}

impl SkewWatch {
    /// Watches with alarms as far as `window`, within which requests are taken, wants it; zero means
    /// that none is refused, and that the default's is what counts.
    pub(crate) fn new(lot: LotId, window: Duration) -> SkewWatch {
        SkewWatch {
            lot,
            skew: Mutex::new(Skew::within(window)),
            borrowed: AtomicI64::new(0),
            teller: OnceLock::new(),
        }
    }

    /// Who tells those who watch, from now on.
    pub(crate) fn told_by(&self, teller: Handle) {
        // A lot is started once.
        let _ = self.teller.set(teller);
    }

    /// By how many seconds the platform's clock was ahead of ours when it was heard of last.
    pub(crate) fn seconds(&self) -> i64 {
        self.skew().seconds
    }

    /// Whether the clocks are so far apart that it is an alarm.
    pub(crate) fn is_alarming(&self) -> bool {
        self.skew().alarming
    }

    /// By how many seconds the platform's time is ahead of this clock, as far as it is gone by.
    pub(crate) fn borrowed(&self) -> SignedDuration {
        SignedDuration::from_secs(self.borrowed.load(Ordering::Relaxed))
    }

    /// A reply of the platform is dated so many seconds ahead of this clock. Whoever has heard that
    /// over the connection that it made itself, may go by it.
    pub(crate) fn dated(&self, seconds: i64) {
        self.heard(seconds);
        if self.borrowed.load(Ordering::Relaxed) != 0 {
            self.borrow(seconds);
        }
    }

    /// The platform has refused a request for its time: the latest of its replies says by what it goes.
    pub(crate) fn refused(&self) {
        self.borrow(self.seconds());
    }

    /// Goes by the platform's time, if it is far enough from this clock's.
    fn borrow(&self, seconds: i64) {
        let borrowed = self.skew().worth_borrowing(seconds);
        let before = self.borrowed.swap(borrowed, Ordering::Relaxed);
        if before == 0 && borrowed != 0 {
            let lot = &self.lot;
            tracing::warn!(%lot, seconds, "the platform refuses this clock: requests carry its time");
        } else if before != 0 && borrowed == 0 {
            tracing::info!(lot = %self.lot, "requests carry this clock's time again");
        }
    }

    /// The platform's clock is ahead of ours by `seconds`.
    pub(crate) fn heard(&self, seconds: i64) {
        let Some(alarming) = self.skew().measure(seconds) else {
            return;
        };
        let what = if alarming {
            tracing::warn!(lot = %self.lot, seconds, "this clock and the platform's differ too much");
            What::ClockSkewed { seconds }
        } else {
            tracing::info!(lot = %self.lot, seconds, "this clock and the platform's agree again");
            What::ClockAgrees { seconds }
        };
        if let Some(teller) = self.teller.get() {
            teller.announce(Happening {
                at: Timestamp::now(),
                lot: self.lot.clone(),
                lane: None,
                what,
            });
        }
    }

    fn skew(&self) -> std::sync::MutexGuard<'_, Skew> {
        self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Skew {
    fn within(window: Duration) -> Skew {
        let window = if window.is_zero() {
            DEFAULT_WINDOW
        } else {
            window
        };
        Skew {
            window: window.as_secs(),
            seconds: 0,
            alarming: false,
        }
    }

    /// What of a difference is to be made up for: nothing of one that is no reason to refuse.
    fn worth_borrowing(&self, seconds: i64) -> i64 {
        if seconds.unsigned_abs() > self.window / CLEARED_AT {
            seconds
        } else {
            0
        }
    }

    /// Takes note of a measurement; whether it is an alarm, if that is news.
    fn measure(&mut self, seconds: i64) -> Option<bool> {
        self.seconds = seconds;
        let off = seconds.unsigned_abs();
        let alarming = if self.alarming {
            off > self.window / CLEARED_AT
        } else {
            off > self.window / RAISED_AT
        };
        let news = alarming != self.alarming;
        self.alarming = alarming;
        news.then_some(alarming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D-4
    #[test]
    fn a_crossing_of_the_bound_is_told_once_and_its_end_only_well_below_it() {
        for sign in [1, -1] {
            let mut skew = Skew::within(Duration::from_secs(300));
            let told: Vec<Option<bool>> = [0, 150, 151, 400, 151, 149, 151, 76, 75, 76, 150, 151]
                .map(|seconds| skew.measure(seconds * sign))
                .into();
            let mut expected = vec![None; 12];
            expected[2] = Some(true);
            expected[8] = Some(false);
            expected[11] = Some(true);
            assert_eq!(told, expected);
            assert_eq!(skew.seconds, 151 * sign);
        }
    }

    /// D-4: nothing but a refusal makes requests carry another time, and a clock that is right again
    /// ends that.
    #[test]
    fn the_platforms_time_is_gone_by_from_its_refusal_until_the_clocks_agree() {
        let lot = LotId::new("L1").unwrap();
        let watch = SkewWatch::new(lot, Duration::from_secs(300));
        let borrowed = || watch.borrowed().as_secs();
        watch.dated(7_200);
        assert_eq!(borrowed(), 0, "it was taken all the same");
        watch.refused();
        assert_eq!(borrowed(), 7_200);
        watch.heard(-9_000);
        assert_eq!(
            borrowed(),
            7_200,
            "a call may be an old one that is replayed"
        );
        watch.dated(7_201);
        assert_eq!(borrowed(), 7_201);
        watch.dated(2);
        assert_eq!(borrowed(), 0);
        watch.refused();
        assert_eq!(borrowed(), 0, "the clocks agree: there is nothing to go by");
    }

    /// D-4: a lot that refuses nobody for his clock is told all the same.
    #[test]
    fn without_a_window_the_default_one_counts() {
        let mut skew = Skew::within(Duration::ZERO);
        assert_eq!(skew.measure(150), None);
        assert_eq!(skew.measure(151), Some(true));
    }
}

//! How far the platform's clock is from this one, and when that has to be told (D-4).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use boshi_protocol::freshness::DEFAULT_WINDOW;
use boshi_protocol::id::LotId;
use jiff::Timestamp;

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

    /// D-4: a lot that refuses nobody for his clock is told all the same.
    #[test]
    fn without_a_window_the_default_one_counts() {
        let mut skew = Skew::within(Duration::ZERO);
        assert_eq!(skew.measure(150), None);
        assert_eq!(skew.measure(151), Some(true));
    }
}

//! How old a request may be (D-4).

use std::time::Duration;

use jiff::Timestamp;

use crate::refusal::Refusal;
use crate::time::WireTime;

/// By how much two clocks may differ unless configured otherwise (D-4).
pub const DEFAULT_WINDOW: Duration = Duration::from_secs(300);

/// The code of the refusal of a request for its time (D-4).
pub const TIME_SKEW: &str = "TIME_SKEW";

/// The window around the receiver's clock in which a request's `time` must lie (D-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    window: Option<Duration>,
}

impl Freshness {
    /// Requests may be off by `window` either way; zero turns the check off.
    pub fn within(window: Duration) -> Freshness {
        Freshness {
            window: Some(window).filter(|window| !window.is_zero()),
        }
    }

    /// Every time is taken.
    pub fn off() -> Freshness {
        Freshness { window: None }
    }

    /// The window, if the check is on.
    pub fn window(self) -> Option<Duration> {
        self.window
    }

    /// By how many seconds the sender's clock is ahead of `now`.
    ///
    /// # Errors
    /// A refusal that says by how much the clocks differ, when it is more than the window (D-4).
    pub fn check(self, time: WireTime, now: Timestamp) -> Result<i64, Refusal> {
        let skew = time.seconds_ahead_of(now);
        match self.window {
            Some(window) if skew.unsigned_abs() > window.as_secs() => {
                let direction = if skew > 0 { "快" } else { "慢" };
                let allowed = window.as_secs();
                let difference = skew.unsigned_abs();
                Err(Refusal::new(
                    TIME_SKEW,
                    format!("请求时间比本机{direction} {difference} 秒，允许 {allowed} 秒"),
                ))
            }
            Some(_) | None => Ok(skew),
        }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Freshness::within(DEFAULT_WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(freshness: Freshness, time: &str) -> Result<i64, Refusal> {
        let now = "2017-08-18T09:14:15Z".parse().unwrap();
        freshness.check(WireTime::parse(time).unwrap(), now)
    }

    /// D-4
    #[test]
    fn a_time_at_the_edge_of_the_window_is_fresh_and_a_second_beyond_it_is_not() {
        assert_eq!(checked(Freshness::default(), "20170818 17:19:15"), Ok(300));
        assert_eq!(checked(Freshness::default(), "20170818 17:09:15"), Ok(-300));
        let refused = checked(Freshness::default(), "20170818 17:19:16").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "TIME_SKEW 请求时间比本机快 301 秒，允许 300 秒"
        );
        let refused = checked(Freshness::default(), "20170818 17:09:14").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "TIME_SKEW 请求时间比本机慢 301 秒，允许 300 秒"
        );
    }

    /// D-4
    #[test]
    fn a_window_of_zero_turns_the_check_off() {
        let off = Freshness::within(Duration::ZERO);
        assert_eq!(off, Freshness::off());
        assert!(checked(off, "20000101 00:00:00").is_ok());
    }
}

//! The kit's clock, and times as they stand on the wire (T-5).

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use tokio::time::Instant;

/// China Standard Time.
const CHINA: Offset = Offset::constant(8);

/// A wall clock that goes as the runtime's clock does, so that runs on virtual time sign their
/// requests with virtual times.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    at_origin: Timestamp,
}

impl Clock {
    /// A clock that shows `now` at this moment.
    pub fn starting_at(now: Timestamp) -> Clock {
        Clock {
            origin: Instant::now(),
            at_origin: now,
        }
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// What it showed at `instant`.
    pub fn at(&self, instant: Instant) -> Timestamp {
        let since = instant.saturating_duration_since(self.origin);
        let before = self.origin.saturating_duration_since(instant);
        self.at_origin + since - before
    }

    /// How long it has been going.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}

/// The date and the time of day in China.
pub fn in_china(instant: Timestamp) -> DateTime {
    TimeZone::fixed(CHINA).to_datetime(instant)
}

/// `yyyyMMdd HH:mm:ss` in China Standard Time.
pub fn wire_time(instant: Timestamp) -> String {
    in_china(instant).strftime("%Y%m%d %H:%M:%S").to_string()
}

/// Reads a time of the wire; `None` when it is not exactly one.
pub fn read_wire_time(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y%m%d %H:%M:%S", text).ok()?;
    let instant = CHINA.to_timestamp(civil).ok()?;
    (wire_time(instant) == text).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-5
    #[test]
    fn a_time_is_seventeen_exact_characters_in_china() {
        let instant = read_wire_time("20170818 17:14:15").unwrap();
        assert_eq!(instant.to_string(), "2017-08-18T09:14:15Z");
        for text in [
            "2017-08-18 17:14:15",
            "20170818 7:14:15",
            "20170818 17:14:15 ",
            "20171318 17:14:15",
            "20170230 17:14:15",
            "",
        ] {
            assert_eq!(read_wire_time(text), None, "{text:?}");
        }
    }
}

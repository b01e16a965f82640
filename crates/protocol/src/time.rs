//! Times on the wire: `yyyyMMdd HH:mm:ss` in China Standard Time (T-5).

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// China Standard Time, whatever the machine's own zone is.
pub const CHINA: Offset = Offset::constant(8);

/// Length of a wire time in characters.
const WIRE_TIME_CHARS: usize = 17;

/// An instant with the resolution of the wire: whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireTime(Timestamp);

/// A text that is not a time of the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("应为北京时间 yyyyMMdd HH:mm:ss（17 个字符）")]
pub struct NotAWireTime;

impl WireTime {
    /// The second in which `instant` lies.
    pub fn from_timestamp(instant: Timestamp) -> WireTime {
        let second = instant.as_millisecond().div_euclid(1000);
        let whole = Timestamp::from_second(second).expect("a second of a timestamp is a timestamp");
        WireTime(whole)
    }

    /// Reads exactly `yyyyMMdd HH:mm:ss`, nothing more tolerant (T-5).
    ///
    /// # Errors
    /// [`NotAWireTime`] when the text has another form or names a day that does not exist.
    pub fn parse(text: &str) -> Result<WireTime, NotAWireTime> {
        let bytes: &[u8; WIRE_TIME_CHARS] = text.as_bytes().try_into().map_err(|_| NotAWireTime)?;
        if bytes[8] != b' ' || bytes[11] != b':' || bytes[14] != b':' {
            return Err(NotAWireTime);
        }
        let year = i16::try_from(number(&bytes[0..4])?).map_err(|_| NotAWireTime)?;
        let part = |from: usize| -> Result<i8, NotAWireTime> {
            i8::try_from(number(&bytes[from..from + 2])?).map_err(|_| NotAWireTime)
        };
        let civil = DateTime::new(year, part(4)?, part(6)?, part(9)?, part(12)?, part(15)?, 0)
            .map_err(|_| NotAWireTime)?;
        let instant = CHINA.to_timestamp(civil).map_err(|_| NotAWireTime)?;
        Ok(WireTime(instant))
    }

    /// The instant at which this second begins.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Seconds by which this is ahead of `other`; negative when behind.
    pub fn seconds_ahead_of(self, other: Timestamp) -> i64 {
        self.0.as_second() - WireTime::from_timestamp(other).0.as_second()
    }
}

fn number(digits: &[u8]) -> Result<u16, NotAWireTime> {
    digits.iter().try_fold(0, |sum: u16, digit| {
        let value = digit
            .checked_sub(b'0')
            .filter(|value| *value <= 9)
            .ok_or(NotAWireTime)?;
        Ok(sum * 10 + u16::from(value))
    })
}

impl fmt::Display for WireTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = TimeZone::fixed(CHINA).to_datetime(self.0);
        write!(
            out,
            "{:04}{:02}{:02} {:02}:{:02}:{:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        )
    }
}

impl fmt::Debug for WireTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WireTime({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-5: the standard's own example, read in China Standard Time.
    #[test]
    fn the_standards_example_is_a_quarter_past_nine_in_greenwich() {
        let time = WireTime::parse("20170818 17:14:15").unwrap();
        assert_eq!(time.timestamp().to_string(), "2017-08-18T09:14:15Z");
        assert_eq!(time.to_string(), "20170818 17:14:15");
    }

    /// T-5
    #[test]
    fn anything_but_seventeen_exact_characters_is_refused() {
        for text in [
            "",
            "20170818",
            "2017-08-18 17:14:15",
            "20170818T17:14:15",
            "20170818 17:14:15 ",
            "20170818 17-14-15",
            "20171318 17:14:15",
            "20170230 17:14:15",
            "20170818 24:00:00",
            "20170818 17:14:60",
            "+0170818 17:14:15",
            "２0170818 17:14:1",
        ] {
            assert_eq!(WireTime::parse(text), Err(NotAWireTime), "{text:?}");
        }
    }

    /// T-5
    #[test]
    fn a_fraction_of_a_second_belongs_to_the_second_it_lies_in() {
        for (instant, wire) in [
            ("2026-01-01T00:00:00.999Z", "20260101 08:00:00"),
            ("1969-12-31T23:59:59.5Z", "19700101 07:59:59"),
        ] {
            assert_eq!(
                WireTime::from_timestamp(instant.parse().unwrap()).to_string(),
                wire
            );
        }
    }

    #[test]
    fn the_lead_over_another_clock_is_counted_in_seconds() {
        let time = WireTime::parse("20170818 17:14:15").unwrap();
        assert_eq!(
            time.seconds_ahead_of("2017-08-18T09:14:10.7Z".parse().unwrap()),
            5
        );
        assert_eq!(
            time.seconds_ahead_of("2017-08-18T09:14:20.7Z".parse().unwrap()),
            -5
        );
    }
}

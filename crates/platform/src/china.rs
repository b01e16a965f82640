//! Times as operators write and read them: in China Standard Time, whatever the machine's zone.

use std::fmt;

use boshi_protocol::time::CHINA;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A second, written `2026-01-15T08:00:00+08:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChinaTime(Timestamp);

impl ChinaTime {
    /// The second in which `instant` lies.
    pub fn new(instant: Timestamp) -> ChinaTime {
        ChinaTime(instant)
    }

    /// The instant.
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Reads `2026-01-15T08:00:00+08:00` with whatever offset, or, in China Standard Time,
    /// `2026-01-15 08:00:00`, `2026-01-15 08:00` and `2026-01-15`.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<ChinaTime, &'static str> {
        let civil = || text.parse::<DateTime>().ok();
        let day = || text.parse::<Date>().ok().map(DateTime::from);
        let instant = text.parse::<Timestamp>().ok().or_else(|| {
            let civil = civil().or_else(day)?;
            CHINA.to_timestamp(civil).ok()
        });
        instant
            .map(ChinaTime)
            .ok_or("应为时间，如 2026-01-15T08:00:00+08:00 或 2026-01-15 08:00:00（北京时间）")
    }
}

impl fmt::Display for ChinaTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = TimeZone::fixed(CHINA).to_datetime(self.0);
        write!(
            out,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+08:00",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        )
    }
}

impl Serialize for ChinaTime {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl JsonSchema for ChinaTime {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

impl FromSql for ChinaTime {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let second = Timestamp::from_second(value.as_i64()?);
        second
            .map(ChinaTime)
            .map_err(|_| FromSqlError::OutOfRange(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_china_unless_it_says_otherwise_and_written_with_its_offset() {
        for text in [
            "2026-01-15T08:00:00+08:00",
            "2026-01-15T00:00:00Z",
            "2026-01-15 08:00:00",
            "2026-01-15 08:00",
        ] {
            let time = ChinaTime::parse(text).unwrap();
            assert_eq!(time.to_string(), "2026-01-15T08:00:00+08:00", "{text}");
        }
        let midnight = ChinaTime::parse("2026-01-15").unwrap();
        assert_eq!(midnight.to_string(), "2026-01-15T00:00:00+08:00");
        for text in ["", "tomorrow", "2026-02-30"] {
            assert!(ChinaTime::parse(text).is_err(), "{text}");
        }
    }
}

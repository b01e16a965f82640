//! Weekly hours: when within a week a permit holds, in China Standard Time. Pure.
//!
//! Written as `1-5 08:00-18:00; 6,7 09:00-12:00`: days from Monday (1) to Sunday (7), then hours. A
//! span that ends at or before it begins goes on into the next day.

use std::fmt;
use std::str::FromStr;

use boshi_protocol::time::CHINA;
use jiff::Timestamp;

/// Most spans: one a day and some for exceptions.
const MOST_SPANS: usize = 28;
const MINUTES_A_DAY: u16 = 24 * 60;

/// When within a week something holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeeklyHours {
    spans: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    /// Days from Monday on which it begins.
    days: [bool; 7],
    /// Minutes of the day, `to` up to 24:00.
    from: u16,
    to: u16,
}

/// A text that says no weekly hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("应为每周时段，如 1-5 08:00-18:00; 6,7 09:00-12:00（1 为周一，7 为周日）")]
pub struct NotHours;

impl WeeklyHours {
    /// Whether they hold at `now`: from the first minute of a span up to its last, exclusive.
    pub fn hold(&self, now: Timestamp) -> bool {
        let civil = CHINA.to_datetime(now);
        let today = usize::from(civil.weekday().to_monday_zero_offset().unsigned_abs());
        let yesterday = (today + 6) % 7;
        let minute =
            u16::from(civil.hour().unsigned_abs()) * 60 + u16::from(civil.minute().unsigned_abs());
        self.spans.iter().any(|span| {
            if span.from < span.to {
                return span.days[today] && (span.from..span.to).contains(&minute);
            }
            (span.days[today] && minute >= span.from) || (span.days[yesterday] && minute < span.to)
        })
    }
}

impl FromStr for WeeklyHours {
    type Err = NotHours;

    fn from_str(text: &str) -> Result<WeeklyHours, NotHours> {
        let spans = text
            .split(';')
            .map(str::trim)
            .filter(|span| !span.is_empty());
        let spans: Vec<Span> = spans.map(span).collect::<Option<_>>().ok_or(NotHours)?;
        if spans.is_empty() || spans.len() > MOST_SPANS {
            return Err(NotHours);
        }
        Ok(WeeklyHours { spans })
    }
}

fn span(text: &str) -> Option<Span> {
    let (listed, hours) = text.split_once(' ')?;
    let (from, to) = hours.trim().split_once('-')?;
    let mut days = [false; 7];
    for part in listed.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        for number in day(first)?..=day(last)? {
            *days.get_mut(number)? = true;
        }
    }
    let (from, to) = (minute(from)?, minute(to)?);
    let sound = days.contains(&true) && from < MINUTES_A_DAY;
    sound.then_some(Span { days, from, to })
}

fn day(text: &str) -> Option<usize> {
    let number: usize = text.trim().parse().ok()?;
    (1..=7).contains(&number).then(|| number - 1)
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && minutes <= MINUTES_A_DAY).then_some(minutes)
}

impl fmt::Display for WeeklyHours {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, span) in self.spans.iter().enumerate() {
            let numbers = (1..=7).zip(span.days).filter(|(_, listed)| *listed);
            let days: Vec<String> = numbers.map(|(number, _)| number.to_string()).collect();
            let separator = if place == 0 { "" } else { "; " };
            let (from, to) = (clock(span.from), clock(span.to));
            write!(out, "{separator}{} {from}-{to}", days.join(","))?;
        }
        Ok(())
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-12 is a Monday.
    fn holds(hours: &str, day: u8, time: &str) -> bool {
        let now = format!("2026-01-{day:02}T{time}+08:00");
        hours
            .parse::<WeeklyHours>()
            .unwrap()
            .hold(now.parse().unwrap())
    }

    #[test]
    fn hours_hold_from_their_first_minute_and_not_in_their_last_on_the_days_listed() {
        let hours = "1-5 08:00-18:00; 7 09:00-24:00";
        for (day, time, expected) in [
            (12, "07:59:59", false),
            (12, "08:00:00", true),
            (16, "17:59:59", true),
            (16, "18:00:00", false),
            (17, "12:00:00", false),
            (18, "23:59:59", true),
            (19, "00:00:00", false),
        ] {
            assert_eq!(holds(hours, day, time), expected, "{day} {time}");
        }
    }

    #[test]
    fn a_night_goes_on_into_the_next_day_also_from_sunday_to_monday() {
        let nights = "7 22:00-06:00";
        for (day, time, expected) in [
            (18, "21:59:59", false),
            (18, "22:00:00", true),
            (19, "05:59:59", true),
            (19, "06:00:00", false),
            (18, "03:00:00", false),
        ] {
            assert_eq!(holds(nights, day, time), expected, "{day} {time}");
        }
    }

    #[test]
    fn hours_are_written_as_they_are_read_and_nonsense_is_refused() {
        let hours: WeeklyHours = "1-3,7 8:00-9:30;6 22:00-06:00".parse().unwrap();
        assert_eq!(hours.to_string(), "1,2,3,7 08:00-09:30; 6 22:00-06:00");
        assert_eq!(hours.to_string().parse(), Ok(hours));
        for text in [
            "",
            "1",
            "0 08:00-09:00",
            "8 08:00-09:00",
            "1 08:60-09:00",
            "1 24:00-25:00",
            "x y-z",
            "5-1 08:00-09:00",
        ] {
            assert_eq!(text.parse::<WeeklyHours>(), Err(NotHours), "{text}");
        }
    }
}

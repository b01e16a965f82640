//! Which time to ask a lot about, and when to ask again: pure.

use std::time::Duration;

use boshi_protocol::time::WireTime;
use jiff::{SignedDuration, Timestamp};

/// How far back a lot is asked that was never asked before: the standard's default retention, which
/// is all that it may still have (UNPUSH-2).
pub const FIRST_REACH: SignedDuration = SignedDuration::from_hours(180 * 24);

/// What is known before a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// When the last pass that succeeded began.
    pub checkpoint: Option<Timestamp>,
    /// When the earliest outage began that is open or ended no longer than `overlap` ago.
    pub outage: Option<Timestamp>,
}

/// A time to ask about, both seconds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From this second on.
    pub begin: WireTime,
    /// Up to this second.
    pub end: WireTime,
}

impl Window {
    /// What a pass that begins at `now` has to ask about: from `overlap` before the last one, since
    /// a record fails only some time after its own time.
    ///
    /// After an outage that is from before the outage, and again until it is `overlap` ago: a lot
    /// that comes back from a power cut may answer before it has settled what was under way.
    pub fn plan(known: Known, overlap: Duration, now: Timestamp) -> Window {
        let overlap = SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
        let begin = match known.checkpoint {
            Some(checkpoint) => {
                let from = known
                    .outage
                    .map_or(checkpoint, |since| since.min(checkpoint));
                back(from, overlap)
            }
            None => back(now, FIRST_REACH),
        };
        Window {
            begin: WireTime::from_timestamp(begin.min(now)),
            end: WireTime::from_timestamp(now),
        }
    }

    /// The earlier half, to be asked about alone when there is too much; none of a single second.
    pub fn first_half(self) -> Option<Window> {
        let (begin, end) = (self.begin.timestamp(), self.end.timestamp());
        let middle = begin.as_second() + (end.as_second() - begin.as_second()) / 2;
        let end = WireTime::from_timestamp(Timestamp::from_second(middle).ok()?);
        (end < self.end).then_some(Window { end, ..self })
    }

    /// What is left of this when `done` was asked about; none when that reached the end.
    pub fn after(self, done: Window) -> Option<Window> {
        let next = done
            .end
            .timestamp()
            .checked_add(SignedDuration::from_secs(1));
        let begin = WireTime::from_timestamp(next.ok()?);
        (begin <= self.end).then_some(Window { begin, ..self })
    }
}

/// How long to wait after so many failed passes in a row: doubled each time, from `first` to `most`.
pub fn pause(failures: u32, first: Duration, most: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    first.saturating_mul(doubled).min(most)
}

fn back(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(text: &str) -> Timestamp {
        format!("2026-01-15T{text}+08:00").parse().unwrap()
    }

    fn planned(checkpoint: Option<&str>, outage: Option<&str>, now: &str) -> (String, String) {
        let known = Known {
            checkpoint: checkpoint.map(at),
            outage: outage.map(at),
        };
        let window = Window::plan(known, HOUR, at(now));
        (window.begin.to_string(), window.end.to_string())
    }

    fn window(begin: &str, end: &str) -> Window {
        let second = |text| WireTime::from_timestamp(at(text));
        Window {
            begin: second(begin),
            end: second(end),
        }
    }

    /// D-19
    #[test]
    fn a_pass_begins_an_overlap_before_the_last_one_and_ends_now() {
        let expected = ("20260115 08:00:00".into(), "20260115 09:10:00".into());
        assert_eq!(planned(Some("09:00:00"), None, "09:10:00"), expected);
    }

    /// D-19: what the lot settles only after it has answered the first pass is found by the next.
    #[test]
    fn a_pass_soon_after_an_outage_begins_before_the_outage_again() {
        let expected = ("20260115 02:00:00".into(), "20260115 09:10:00".into());
        assert_eq!(
            planned(Some("09:00:00"), Some("03:00:00"), "09:10:00"),
            expected
        );
    }

    /// D-19, UNPUSH-2
    #[test]
    fn a_lot_that_was_never_asked_is_asked_for_all_it_may_still_have() {
        let expected = ("20250719 09:10:00".into(), "20260115 09:10:00".into());
        assert_eq!(planned(None, Some("09:00:00"), "09:10:00"), expected);
    }

    /// D-11
    #[test]
    fn a_clock_that_was_set_back_never_asks_for_an_end_before_the_beginning() {
        let expected = ("20260115 07:00:00".into(), "20260115 07:00:00".into());
        assert_eq!(planned(Some("09:00:00"), None, "07:00:00"), expected);
    }

    /// D-19
    #[test]
    fn halves_and_what_is_left_cover_every_second_exactly_once() {
        let whole = window("08:00:00", "08:00:06");
        let (mut rest, mut seconds) = (Some(whole), Vec::new());
        while let Some(mut part) = rest {
            while let Some(half) = part.first_half() {
                part = half;
            }
            seconds.push(part.begin);
            rest = whole.after(part);
        }
        let expected: Vec<_> = (0..7)
            .map(|second| WireTime::from_timestamp(at(&format!("08:00:0{second}"))))
            .collect();
        assert_eq!(seconds, expected);
    }

    #[test]
    fn a_lot_that_fails_again_and_again_is_asked_less_and_less_often() {
        let minute = Duration::from_secs(60);
        let pauses = [1, 2, 3, 9, 99].map(|failures| pause(failures, minute, 10 * minute));
        assert_eq!(pauses, [1, 2, 4, 10, 10].map(|minutes| minutes * minute));
    }
}

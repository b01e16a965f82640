//! Which time to ask a lot about, and when to ask again: pure.

use std::time::Duration;

use boshi_protocol::time::WireTime;
use jiff::{SignedDuration, Timestamp};

use crate::config::Reconcile;

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
    /// When the last pass began that asked for all and got it.
    pub whole: Option<Timestamp>,
    /// How far the clock of the lot was off since that pass.
    pub skew: Skew,
}

/// What a pass has to ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// First: what may have come since the last pass.
    pub recent: Window,
    /// Then all before it that the lot may have, when that is due.
    pub older: Option<Window>,
    /// Whether both together are all that the lot may have.
    pub is_whole: bool,
}

/// How far a clock was off at most, either way, in seconds (D-4). What a lot notes meanwhile bears
/// the times of that clock; and while it is off by too much the lot's calls are refused and it refuses
/// ours, so that all of it is fetched only once the clock is right again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    behind: u64,
    ahead: u64,
}

impl Skew {
    /// The clock was seen to be ahead by so much.
    pub fn note(&mut self, seconds_ahead: i64) {
        let most = match seconds_ahead < 0 {
            true => &mut self.behind,
            false => &mut self.ahead,
        };
        *most = seconds_ahead.unsigned_abs().max(*most);
    }
}

/// A time to ask about, both seconds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From this second on.
    pub begin: WireTime,
    /// Up to this second.
    pub end: WireTime,
}

impl Plan {
    /// What a pass that begins at `now` has to ask about: the recent, and once in a while everything. A
    /// record may fail long after its own time, when the lot answers but reaches nobody, or tells what a
    /// camera has kept: no overlap makes up for that. The recent comes first, so that a lot which cannot
    /// tell what is old goes on telling what is new.
    pub fn new(known: Known, settings: &Reconcile, now: Timestamp) -> Plan {
        let recent = Window::recent(known, settings.overlap, now);
        let all = Window {
            begin: WireTime::from_timestamp(back(now, FIRST_REACH)),
            ..recent
        };
        let every = SignedDuration::try_from(settings.whole).unwrap_or(SignedDuration::MAX);
        // One that is yet to come was set by a wrong clock.
        let is_due = known
            .whole
            .is_none_or(|last| last > now || last <= back(now, every));
        Plan {
            recent,
            older: all.before(recent).filter(|_| is_due),
            is_whole: is_due || recent.begin <= all.begin,
        }
    }
}

impl Window {
    /// What a pass that begins at `now` has to ask about first: from `overlap` before the last one,
    /// since a record fails only some time after its own time.
    ///
    /// After an outage that is from before the outage, and again until it is `overlap` ago: a lot
    /// that comes back from a power cut may answer before it has settled what was under way.
    ///
    /// A checkpoint that is yet to come was set while our own clock was wrong: if that is by more than
    /// the overlap makes up for, nobody knows what is here, and the lot is asked for all it may have.
    fn recent(known: Known, overlap: Duration, now: Timestamp) -> Window {
        let overlap = SignedDuration::try_from(overlap).unwrap_or(SignedDuration::MAX);
        let believed = known
            .checkpoint
            .filter(|checkpoint| back(*checkpoint, overlap) <= now);
        let (behind, ahead) = (seconds(known.skew.behind), seconds(known.skew.ahead));
        let earliest = back(now, FIRST_REACH);
        let begin = match believed {
            Some(checkpoint) => {
                let from = known.outage.unwrap_or(checkpoint).min(checkpoint).min(now);
                let begin = back(from, overlap);
                // Not beyond what a lot may have, however wrong its clock.
                begin.min(back(begin, behind).max(earliest))
            }
            None => earliest,
        };
        let end = now.checked_add(ahead.min(FIRST_REACH)).unwrap_or(now);
        Window {
            begin: WireTime::from_timestamp(begin),
            end: WireTime::from_timestamp(end),
        }
    }

    /// The earlier half, to be asked about alone when there is too much; none of a single second.
    pub fn first_half(self) -> Option<Window> {
        let (begin, end) = (self.begin.timestamp(), self.end.timestamp());
        let middle = begin.as_second() + (end.as_second() - begin.as_second()) / 2;
        let end = WireTime::from_timestamp(Timestamp::from_second(middle).ok()?);
        (end < self.end).then_some(Window { end, ..self })
    }

    /// What of this is before `later`; none when nothing is.
    fn before(self, later: Window) -> Option<Window> {
        let last = later
            .begin
            .timestamp()
            .checked_sub(SignedDuration::from_secs(1));
        let end = WireTime::from_timestamp(last.ok()?);
        (self.begin <= end).then_some(Window { end, ..self })
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

fn seconds(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
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
        planned_with(checkpoint, outage, &[], now)
    }

    fn planned_with(
        checkpoint: Option<&str>,
        outage: Option<&str>,
        ahead: &[i64],
        now: &str,
    ) -> (String, String) {
        let mut skew = Skew::default();
        ahead.iter().for_each(|seconds| skew.note(*seconds));
        let known = Known {
            checkpoint: checkpoint.map(at),
            outage: outage.map(at),
            whole: None,
            skew,
        };
        let window = Window::recent(known, HOUR, at(now));
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

    /// D-11, D-19: the overlap makes up for our own clock having been set back by no more than it.
    #[test]
    fn a_clock_that_was_set_back_never_asks_for_an_end_before_the_beginning() {
        let expected = ("20260115 07:00:00".into(), "20260115 08:00:00".into());
        assert_eq!(planned(Some("09:00:00"), None, "08:00:00"), expected);
        let expected = ("20260115 07:59:59".into(), "20260115 08:59:59".into());
        assert_eq!(planned(Some("09:00:00"), None, "08:59:59"), expected);
    }

    /// D-19: otherwise nothing would be fetched until the clock has come to where it was.
    #[test]
    fn a_checkpoint_that_is_yet_to_come_is_not_believed() {
        let expected = ("20250719 07:00:00".into(), "20260115 07:00:00".into());
        assert_eq!(planned(Some("09:00:00"), None, "07:00:00"), expected);
    }

    /// D-4, D-19: a lot whose clock was two hours behind notes what happens under times of then.
    #[test]
    fn what_a_lot_noted_by_a_wrong_clock_is_within_the_window_once_the_clock_is_right() {
        let skewed = |ahead: &[i64]| planned_with(Some("09:00:00"), None, ahead, "09:10:00");
        let expected = ("20260115 06:00:00".into(), "20260115 09:10:00".into());
        assert_eq!(skewed(&[-7200, -3]), expected);
        let expected = ("20260115 07:59:58".into(), "20260115 09:40:00".into());
        assert_eq!(skewed(&[0, 1800, -2]), expected);
        let expected = ("20250719 09:10:00".into(), "20260115 09:10:00".into());
        assert_eq!(skewed(&[i64::MIN]), expected, "what it may still have");
    }

    /// D-19, UNPUSH-2: what fails late is found by a pass that asks for everything, which is once a day.
    #[test]
    fn once_a_day_a_pass_asks_for_all_that_a_lot_may_have_after_what_is_recent() {
        let planned = |checkpoint: Option<&str>, whole: Option<&str>| {
            let known = Known {
                checkpoint: checkpoint.map(at),
                outage: None,
                whole: whole.map(|text| text.parse().unwrap()),
                skew: Skew::default(),
            };
            Plan::new(known, &Reconcile::default(), at("09:10:00"))
        };
        let recent = window("08:00:00", "09:10:00");
        let beginning: Timestamp = "2025-07-19T09:10:00+08:00".parse().unwrap();
        let older = Window {
            begin: WireTime::from_timestamp(beginning),
            ..window("00:00:00", "07:59:59")
        };
        for (whole, is_due) in [
            (None, true),
            (Some("2026-01-14T09:10:00+08:00"), true),
            (Some("2026-01-14T09:10:01+08:00"), false),
            (Some("2026-01-15T09:10:01+08:00"), true),
        ] {
            let plan = planned(Some("09:00:00"), whole);
            assert_eq!(plan.recent, recent);
            assert_eq!(plan.older, is_due.then_some(older), "{whole:?}");
            assert_eq!(plan.is_whole, is_due, "{whole:?}");
        }
        let first = planned(None, None);
        assert_eq!(first.recent.begin, older.begin);
        assert_eq!((first.older, first.is_whole), (None, true));
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

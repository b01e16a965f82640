//! What a camera has read while nobody was connected, fetched record by record from the newest back. No
//! I/O.
//!
//! A record is answered in the same words as a reading that the camera has just made, and one of these
//! is let through. So a record is only asked for once every reading of before must have been told, and
//! whatever bears the number of a record that was asked for is history for as long as the connection
//! lasts.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// How long after the camera has said which is its newest record none is asked for: a reading that has
/// its number already, and whose picture is not there yet, is told by then.
const NOT_BEFORE: Duration = Duration::from_secs(3);

/// Longest that a record with its picture may take.
const SLOW: Duration = Duration::from_secs(10);

/// Most records that are fetched over one connection: hours of a busy lane. Each may have 1 MiB.
const MOST: usize = 200;

/// So many records in a row that are not there mean that there are none any more.
const MOST_GAPS: u8 = 3;

/// What is to be asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Which is the newest record.
    Newest,
    /// That record.
    Record(i64),
}

/// What has been fetched of a camera since the start.
#[derive(Debug)]
pub(super) struct History {
    /// How far back it is fetched.
    within: SignedDuration,
    /// Every record up to this has been told, as far back as is wanted.
    known: i64,
    stage: Stage,
    /// When records may be asked for.
    not_before: Option<Instant>,
    /// What was told over this connection as it was read.
    live: BTreeSet<i64>,
    /// What was asked for over this connection.
    asked: BTreeSet<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing has been asked.
    Begins,
    /// The camera has been asked which is the newest.
    AsksNewest,
    Fetches {
        newest: i64,
        next: i64,
        gaps: u8,
    },
    /// A record is on its way, until then.
    Awaits {
        newest: i64,
        record: i64,
        until: Instant,
        gaps: u8,
    },
    /// All that is wanted has come.
    Done,
    /// It came to nothing.
    GivenUp,
}

impl History {
    /// Of a camera whose records are fetched if they are no older than that.
    pub(super) fn new(within: Duration) -> History {
        History {
            within: SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX),
            known: 0,
            stage: Stage::Begins,
            not_before: None,
            live: BTreeSet::new(),
            asked: BTreeSet::new(),
        }
    }

    /// A new connection.
    pub(super) fn begins(&mut self) {
        self.stage = Stage::Begins;
        self.live.clear();
        self.asked.clear();
    }

    /// What is to be asked now, if anything is; why not any more, if a record did not come.
    pub(super) fn next(&mut self, now: Instant) -> Result<Option<Question>, &'static str> {
        match self.stage {
            Stage::Begins => {
                self.stage = Stage::AsksNewest;
                Ok(Some(Question::Newest))
            }
            Stage::Fetches { newest, next, gaps }
                if self.not_before.is_some_and(|it| it <= now) =>
            {
                let mut wanted = (self.known + 1..=next).rev();
                let record = wanted.find(|record| !self.live.contains(record));
                let Some(record) = record.filter(|_| self.asked.len() < MOST) else {
                    self.ends(newest);
                    return Ok(None);
                };
                self.asked.insert(record);
                let until = now + SLOW;
                self.stage = Stage::Awaits {
                    newest,
                    record,
                    until,
                    gaps,
                };
                Ok(Some(Question::Record(record)))
            }
            Stage::Awaits { until, .. } if until <= now => {
                self.stage = Stage::GivenUp;
                Err("未及时应答历史记录")
            }
            Stage::AsksNewest | Stage::Fetches { .. } | Stage::Awaits { .. } => Ok(None),
            Stage::Done | Stage::GivenUp => Ok(None),
        }
    }

    /// The camera has said which record is its newest.
    pub(super) fn newest_is(&mut self, newest: i64, now: Instant) {
        if self.stage != Stage::AsksNewest {
            return;
        }
        if newest < self.known {
            // It counts anew: it was reset, or is another.
            self.known = 0;
        }
        self.not_before = Some(now + NOT_BEFORE);
        self.goes_on(newest, newest, 0);
    }

    /// A reading came with that number, read at that time; whether it is history, and then whether it is
    /// to be told.
    pub(super) fn came(
        &mut self,
        number: Option<i64>,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Came {
        let Some(number) = number else {
            return Came::Live;
        };
        if !self.asked.contains(&number) {
            match self.stage {
                Stage::Done => self.known = self.known.max(number),
                Stage::GivenUp => {}
                _ => _ = self.live.insert(number),
            }
            return Came::Live;
        }
        let is_wanted = at.is_some_and(|at| now.duration_since(at) <= self.within);
        if let Stage::Awaits { newest, record, .. } = self.stage
            && record == number
        {
            match is_wanted {
                true => self.goes_on(newest, record - 1, 0),
                false => self.ends(newest),
            }
        }
        if is_wanted {
            Came::History
        } else {
            Came::TooOld
        }
    }

    /// The camera has no such record.
    pub(super) fn refused(&mut self) {
        match self.stage {
            Stage::AsksNewest => self.stage = Stage::GivenUp,
            Stage::Awaits {
                newest,
                record,
                gaps,
                ..
            } => match gaps + 1 {
                MOST_GAPS => self.ends(newest),
                gaps => self.goes_on(newest, record - 1, gaps),
            },
            Stage::Begins | Stage::Fetches { .. } | Stage::Done | Stage::GivenUp => {}
        }
    }

    fn goes_on(&mut self, newest: i64, next: i64, gaps: u8) {
        self.stage = Stage::Fetches { newest, next, gaps };
    }

    fn ends(&mut self, newest: i64) {
        let live = self.live.last().copied().unwrap_or_default();
        self.known = newest.max(live);
        self.stage = Stage::Done;
    }
}

/// What a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The camera has just made it.
    Live,
    /// It is from its memory.
    History,
    /// It is from its memory, and nobody wants it any more.
    TooOld,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn now() -> Timestamp {
        "2025-11-23T01:30:00Z".parse().unwrap()
    }

    fn ago(minutes: i64) -> Option<Timestamp> {
        Some(now() - SignedDuration::from_mins(minutes))
    }

    /// A camera whose newest record is `newest`, as soon as records may be asked for.
    fn begun(history: &mut History, newest: i64) -> Instant {
        let start = Instant::now();
        history.begins();
        assert_eq!(history.next(start), Ok(Some(Question::Newest)));
        history.newest_is(newest, start);
        assert_eq!(history.next(start), Ok(None), "not yet");
        start + NOT_BEFORE
    }

    /// Answers every question with a record that is a minute older each; which were asked for.
    fn fetched(history: &mut History, from: Instant) -> Vec<i64> {
        let mut records = Vec::new();
        while let Some(Question::Record(record)) = history.next(from).unwrap() {
            records.push(record);
            let minutes = i64::try_from(records.len()).unwrap();
            history.came(Some(record), ago(minutes), now());
        }
        records
    }

    #[tokio::test(start_paused = true)]
    async fn records_are_fetched_from_the_newest_back_until_they_are_too_old() {
        let mut history = History::new(HOUR);
        let from = begun(&mut history, 7);
        for (record, minutes, came) in [
            (7, 5, Came::History),
            (6, 60, Came::History),
            (5, 61, Came::TooOld),
        ] {
            assert_eq!(history.next(from), Ok(Some(Question::Record(record))));
            assert_eq!(history.next(from), Ok(None), "one at a time");
            assert_eq!(history.came(Some(record), ago(minutes), now()), came);
        }
        assert_eq!(history.next(from), Ok(None));
        // What came over the connection before is not asked for again.
        assert_eq!(history.came(Some(8), ago(0), now()), Came::Live);
        let from = begun(&mut history, 10);
        assert_eq!(fetched(&mut history, from), [10, 9]);
        // A camera that counts anew is another.
        let from = begun(&mut history, 2);
        assert_eq!(fetched(&mut history, from), [2, 1]);
    }

    /// RECOG-3: the vehicle of this moment is let through, whichever its number is.
    #[tokio::test(start_paused = true)]
    async fn what_the_camera_reads_now_is_never_taken_for_history() {
        let mut history = History::new(HOUR);
        let from = begun(&mut history, 7);
        // Its number was given when the newest was asked for, and its picture took a while.
        assert_eq!(history.came(Some(7), ago(0), now()), Came::Live);
        assert_eq!(history.came(Some(8), ago(0), now()), Came::Live);
        assert_eq!(history.came(None, ago(0), now()), Came::Live);
        assert_eq!(history.next(from), Ok(Some(Question::Record(6))));
        assert_eq!(history.came(Some(9), ago(0), now()), Came::Live);
    }

    /// RECOG-3: a record opens nothing, however late it comes.
    #[tokio::test(start_paused = true)]
    async fn a_record_that_was_asked_for_is_history_as_long_as_the_connection_lasts() {
        let mut history = History::new(HOUR);
        let from = begun(&mut history, 7);
        assert_eq!(history.next(from), Ok(Some(Question::Record(7))));
        assert!(history.next(from + SLOW).is_err());
        assert_eq!(history.next(from + SLOW), Ok(None), "it is left alone");
        assert_eq!(history.came(Some(7), ago(1), now()), Came::History);
        assert_eq!(history.came(Some(7), None, now()), Came::TooOld);
        // Nothing of it counts as known.
        let from = begun(&mut history, 7);
        assert_eq!(fetched(&mut history, from)[0], 7);
    }

    #[tokio::test(start_paused = true)]
    async fn gaps_are_passed_over_and_an_empty_memory_ends_it() {
        let mut history = History::new(HOUR);
        let from = begun(&mut history, 500);
        assert_eq!(history.next(from), Ok(Some(Question::Record(500))));
        history.refused();
        assert_eq!(history.next(from), Ok(Some(Question::Record(499))));
        history.came(Some(499), ago(1), now());
        for record in [498, 497, 496] {
            assert_eq!(history.next(from), Ok(Some(Question::Record(record))));
            history.refused();
        }
        assert_eq!(history.next(from), Ok(None));
        history.begins();
        assert_eq!(history.next(from), Ok(Some(Question::Newest)));
        history.refused();
        assert_eq!(history.next(from + NOT_BEFORE), Ok(None));
        // No more than a few are fetched at once.
        let mut history = History::new(HOUR * 1000);
        let from = begun(&mut history, 5000);
        assert_eq!(fetched(&mut history, from).len(), MOST);
    }
}

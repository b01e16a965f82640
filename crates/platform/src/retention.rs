//! How long records are kept: whole months in the database, then in files of their own; events for
//! some days.

use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_protocol::moment::{Moment, Tick};
use boshi_protocol::time::CHINA;
use boshi_service::trust::Trust;
use jiff::{SignedDuration, Span, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Events;
use crate::store::{Store, StoreError, archive, delivery, event};

/// How often it is looked whether a month has become too old.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How often it is looked whether there are too many events: between two looks come at most as many
/// again as a hundredth of what is kept.
const EVENTS_INTERVAL: Duration = Duration::from_secs(60);

/// The calendar, by which things are too old once it has kept its time for a while.
pub(crate) struct Calendar {
    trust: Trust,
    begun: Instant,
}

impl Calendar {
    /// The run before this one was last known to be `alive` then.
    pub(crate) fn after(alive: Option<Timestamp>) -> Calendar {
        Calendar {
            trust: Trust::after(alive),
            begun: Instant::now(),
        }
    }

    /// What time it is; none while the clock is one that has leapt.
    fn now(&mut self) -> Option<Timestamp> {
        let (tick, wall) = (Tick::after_start(self.begun.elapsed()), Timestamp::now());
        self.at(Moment { tick, wall })
    }

    fn at(&mut self, now: Moment) -> Option<Timestamp> {
        self.trust.allows(now).then_some(now.wall)
    }
}

/// Forgets until `stop` the events that are too old or too many. An event that is gone is brought to
/// nobody any more, so a clock that leapt makes none too old.
pub(crate) async fn keep_events_few(
    store: Store,
    kept: Events,
    mut calendar: Calendar,
    stop: CancellationToken,
) {
    loop {
        let forgotten = forget(&store, kept, calendar.now());
        match stop.run_until_cancelled(forgotten).await {
            None => return,
            Some(Ok(0)) => {}
            Some(Ok(rows)) => info!(rows, "old events are forgotten"),
            Some(Err(error)) => error!(%error, "old events could not be forgotten"),
        }
        let pause = tokio::time::sleep(EVENTS_INTERVAL);
        if stop.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// Without a time that can be trusted only those go that are too many.
async fn forget(store: &Store, kept: Events, now: Option<Timestamp>) -> Result<usize, StoreError> {
    let age = SignedDuration::from_hours(24 * i64::from(kept.days));
    let cutoff = now.and_then(|now| now.checked_sub(age).ok());
    let cutoff = cutoff.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut forgotten = 0;
    loop {
        let some = store.write(move |db| event::forget_some(db, cutoff, kept.most));
        match some.await? {
            0 => break,
            rows => forgotten += rows,
        }
    }
    store.write(delivery::forget_gone).await?;
    Ok(forgotten)
}

/// Archives until `stop` what is older than `months` whole months.
pub(crate) async fn keep_archived(
    store: Store,
    folder: PathBuf,
    months: u8,
    mut calendar: Calendar,
    stop: CancellationToken,
) {
    loop {
        let now = calendar.now();
        if now.is_none() {
            warn!("the clock has leapt: nothing is archived or forgotten for its age for a day");
        }
        if let Some(cutoff) = now.and_then(|now| cutoff(now, months)) {
            let archived = stop.run_until_cancelled(archive(&store, &folder, cutoff));
            match archived.await {
                None => return,
                Some(Ok(0)) => {}
                Some(Ok(rows)) => info!(rows, %cutoff, "old records are in the archive"),
                Some(Err(error)) => error!(%error, "old records could not be archived"),
            }
        }
        if stop
            .run_until_cancelled(tokio::time::sleep(INTERVAL))
            .await
            .is_none()
        {
            return;
        }
    }
}

/// Moves everything from before `cutoff` into the files of `folder`, month by month, piece by piece, so
/// that nobody waits long for the writer: only what is deleted takes its time.
pub(crate) async fn archive(
    store: &Store,
    folder: &Path,
    cutoff: Timestamp,
) -> Result<usize, StoreError> {
    let mut moved = 0;
    loop {
        let folder = folder.to_owned();
        let kept = store.read(move |db| {
            let Some(chunk) = archive::oldest(db, cutoff)? else {
                return Ok(None);
            };
            chunk.keep(&folder)?;
            Ok(Some(chunk))
        });
        let Some(chunk) = kept.await? else {
            return Ok(moved);
        };
        match store.write(move |db| chunk.forget(db)).await? {
            // Everything has changed since it was read: the next time.
            0 => return Ok(moved),
            rows => moved += rows,
        }
    }
}

/// The first instant, in China, of the oldest month that is kept beside the present one.
pub(crate) fn cutoff(now: Timestamp, months: u8) -> Option<Timestamp> {
    let first = CHINA.to_datetime(now).date().first_of_month();
    let oldest = first
        .checked_sub(Span::new().months(i64::from(months)))
        .ok()?;
    CHINA.to_timestamp(oldest.at(0, 0, 0, 0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Kind;

    const DAY: u64 = 24 * 60 * 60;

    /// So many seconds after the start, when the calendar is ahead by so many more.
    fn moment(passed: u64, ahead: u64) -> Moment {
        let wall = i64::try_from(passed + ahead).unwrap();
        Moment {
            tick: Tick::after_start(Duration::from_secs(passed)),
            wall: Timestamp::from_second(wall).unwrap(),
        }
    }

    #[tokio::test]
    async fn a_clock_that_leapt_forgets_no_event_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("platform.db")).unwrap();
        let note = async |number: u64| {
            let (at, data) = (moment(number, 0).wall, serde_json::json!({}));
            let noted = store.write(move |db| event::note(db, Kind::BlockAdded, None, &data, at));
            noted.await.unwrap();
        };
        for number in 1..=4 {
            note(number).await;
        }
        let kept = Events { days: 7, most: 3 };
        let mut calendar = Calendar::after(None);
        let mut forgotten = async |passed, ahead| {
            let now = calendar.at(moment(passed, ahead));
            forget(&store, kept, now).await.unwrap()
        };
        assert_eq!(forgotten(5, 0).await, 1, "there are too many");
        note(6).await;
        assert_eq!(forgotten(60, 100 * DAY).await, 1, "there are too many");
        assert_eq!(forgotten(DAY, 100 * DAY).await, 0);
        // All but the newest, which stays whatever its age.
        assert_eq!(forgotten(DAY + 60, 100 * DAY).await, 2);
    }

    #[test]
    fn a_clock_that_leapt_while_the_platform_did_not_run_is_not_trusted_for_a_day_either() {
        let mut calendar = Calendar::after(Some(moment(0, 0).wall));
        assert_eq!(calendar.at(moment(1, 100 * DAY)), None);
        let later = moment(DAY + 1, 100 * DAY);
        assert_eq!(calendar.at(later), Some(later.wall));
    }

    #[test]
    fn whole_months_are_kept_beside_the_present_one_by_the_calendar_of_china() {
        for (now, months, expected) in [
            ("2026-03-31T12:00:00+08:00", 1, "2026-02-01T00:00:00+08:00"),
            ("2026-02-28T18:00:00Z", 1, "2026-02-01T00:00:00+08:00"),
            ("2026-01-15T00:00:00+08:00", 13, "2024-12-01T00:00:00+08:00"),
        ] {
            let found = cutoff(now.parse().unwrap(), months).unwrap();
            assert_eq!(found, expected.parse().unwrap(), "{now}");
        }
    }
}

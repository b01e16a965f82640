//! How long records are kept: whole months in the database, then in files of their own; events for
//! some days.

use std::path::{Path, PathBuf};
use std::time::Duration;

use boshi_protocol::time::CHINA;
use jiff::{SignedDuration, Span, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use crate::config::Events;
use crate::store::{Store, StoreError, archive, delivery, event};

/// How often it is looked whether a month has become too old.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How often it is looked whether there are too many events: between two looks come at most as many
/// again as a hundredth of what is kept.
const EVENTS_INTERVAL: Duration = Duration::from_secs(60);

/// Forgets until `stop` the events that are too old or too many.
pub(crate) async fn keep_events_few(store: Store, kept: Events, stop: CancellationToken) {
    loop {
        match stop
            .run_until_cancelled(forget(&store, kept, Timestamp::now()))
            .await
        {
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

async fn forget(store: &Store, kept: Events, now: Timestamp) -> Result<usize, StoreError> {
    let age = SignedDuration::from_hours(24 * i64::from(kept.days));
    let cutoff = now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH);
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
    stop: CancellationToken,
) {
    loop {
        if let Some(cutoff) = cutoff(Timestamp::now(), months) {
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

//! What is older than the retention goes: records, and pictures that nothing shows any more.

use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::moment::{Moment, Tick};
use boshi_service::trust::Trust;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::journal::{Journal, JournalError, Outworn};
use crate::pictures::Pictures;
use crate::reload::InForce;

/// How often it is looked for what has become too old: so often that it is never much at once.
const EVERY: Duration = Duration::from_secs(60 * 60);

/// How long a picture may lie there before something shows it: a controller hands it over before
/// the reading, and gates go on for hours without a disk.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What is kept, and for how long.
pub(crate) struct Retention {
    pub(crate) in_force: InForce,
    pub(crate) journal: Journal,
    pub(crate) pictures: Pictures,
}

impl Retention {
    /// Forgets at once, then every now and then and when something else is configured, until
    /// `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut in_force = self.in_force.clone();
        let mut trust = Trust::after(self.alive_before().await);
        let begun = Instant::now();
        let mut every = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => {}
                Ok(()) = in_force.changed() => {}
            }
            let now = Moment {
                tick: Tick::after_start(begun.elapsed()),
                wall: Timestamp::now(),
            };
            if !trust.allows(now) {
                tracing::warn!("the clock has leapt: nothing is deleted for its age for a day");
                continue;
            }
            stop.run_until_cancelled(self.forget(now.wall)).await;
        }
    }

    /// When the run before this one was last alive.
    async fn alive_before(&self) -> Option<Timestamp> {
        let runs = self.journal.runs(2).await.unwrap_or_default();
        runs.get(1).map(|run| run.alive_at)
    }

    async fn forget(&self, now: Timestamp) {
        if let Err(error) = self.forget_records(now).await {
            tracing::error!(%error, "what is too old cannot be deleted");
        }
        match self.forget_pictures(now).await {
            Ok(0) => {}
            Ok(pictures) => tracing::info!(pictures, "pictures that nothing shows are deleted"),
            Err(error) => tracing::error!(%error, "pictures that nothing shows cannot be deleted"),
        }
    }

    async fn forget_records(&self, now: Timestamp) -> Result<(), JournalError> {
        let config = Arc::clone(&self.in_force.borrow());
        let before = |days: NonZeroU32| {
            let kept = SignedDuration::from_hours(24 * i64::from(days.get()));
            now.checked_sub(kept).unwrap_or(Timestamp::MIN)
        };
        let outworn = Outworn {
            attempts: before(config.retention.attempt_days),
            records: before(config.retention.days),
        };
        for lot in &config.lots {
            self.journal.forget(&lot.id, outworn).await?;
        }
        Ok(())
    }

    async fn forget_pictures(&self, now: Timestamp) -> io::Result<u64> {
        let before = now.checked_sub(GRACE).unwrap_or(Timestamp::MIN);
        let mut removed = 0;
        for beginning in Pictures::beginnings() {
            let shown = self.journal.pictures_shown(&beginning).await;
            let shown = shown.map_err(io::Error::other)?;
            removed += self.pictures.forget(&beginning, before, shown).await?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::SystemTime;

    use boshi_protocol::code::PlaceStatus;
    use boshi_protocol::id::PlaceNo;

    use super::*;
    use crate::config::{COMMENTED, Config};
    use crate::journal::{Entry, Place};

    const DAY: u64 = 24 * 60 * 60;

    /// UNPUSH-2, PLACE-2: also long after the retention, while the space is as it was.
    #[tokio::test]
    async fn a_picture_goes_after_a_day_in_which_nothing_shows_it_and_not_while_something_does() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let keep = async |last: u8, age: u64| {
            let name = pictures
                .keep(vec![0xff, 0xd8, last])
                .await
                .unwrap()
                .unwrap();
            let path = folder.path().join(&name[..2]).join(format!("{name}.jpg"));
            let file = fs::File::options().write(true).open(path).unwrap();
            let since = SystemTime::now() - Duration::from_secs(age);
            file.set_modified(since).unwrap();
            name
        };
        let (shown, unused, fresh) = (
            keep(1, 500 * DAY).await,
            keep(2, DAY + 60).await,
            keep(3, DAY - 60).await,
        );
        let config = Config::parse(COMMENTED).unwrap();
        let lot = config.lots[0].id.clone();
        let space = Entry::Place(Place {
            lot,
            place: PlaceNo::new("A-001").unwrap(),
            status: PlaceStatus::Occupied,
            image: Some(shown.clone()),
            plate: None,
            at: Timestamp::now(),
        });
        journal.write(vec![space]).await.unwrap();
        let (_sender, in_force) = tokio::sync::watch::channel(Arc::new(config));
        let retention = Retention {
            in_force,
            journal,
            pictures: pictures.clone(),
        };
        retention.forget(Timestamp::now()).await;
        for (name, found) in [(shown, true), (unused, false), (fresh, true)] {
            let kept = pictures.read(&name).await.unwrap();
            assert_eq!(kept.is_some(), found);
        }
    }
}

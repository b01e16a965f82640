//! The disk is watched: records are never deleted for its sake, so somebody has to know in time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_upkeep::disk::{Level, Usage, usage};
use tokio_util::sync::CancellationToken;

/// How often the disk is looked at: lots write megabytes in that time, not gigabytes.
const EVERY: Duration = Duration::from_secs(60);

/// How the disk was at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) usage: Usage,
    pub(crate) level: Level,
}

/// What the last look at the disk has shown; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskState(Arc<Mutex<Disk>>);

impl DiskState {
    /// How the disk was at the last look.
    pub(crate) fn latest(&self) -> Disk {
        *self.disk()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of how full the disk is, and says so when it stands otherwise than before.
    fn look(&self, usage: Usage) {
        let percent = usage.percent();
        let mut disk = self.disk();
        let before = disk.level;
        disk.usage = usage;
        disk.level = Level::after(before, percent);
        if before != disk.level {
            match disk.level {
                Level::Fine => tracing::info!(percent, "the disk has room again"),
                Level::Filling => tracing::warn!(percent, "the disk is filling"),
                Level::Full => tracing::error!(
                    percent,
                    "the disk is nearly full: when it is, suppliers are told to try again, and then \
                     let vehicles through"
                ),
            }
        }
    }
}

/// Looks at the disk of `data` at once and then every now and then, until `stop`.
pub(crate) async fn watch_disk(data: PathBuf, state: DiskState, stop: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    while stop.run_until_cancelled(every.tick()).await.is_some() {
        match usage(&data) {
            Ok(usage) => state.look(usage),
            Err(error) => tracing::error!(%error, "the disk cannot be looked at"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_is_remembered_as_it_stands() {
        let state = DiskState::default();
        let levels = [50, 30, 9, 50].map(|free| {
            state.look(Usage { total: 100, free });
            state.latest().level
        });
        let expected = [Level::Fine, Level::Filling, Level::Full, Level::Fine];
        assert_eq!(levels, expected);
        assert_eq!(state.latest().usage.used(), 50);
    }
}

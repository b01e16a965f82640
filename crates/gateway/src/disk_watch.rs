//! The disk is watched, and kept from filling: pictures go first, records never.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::pictures::Pictures;

/// How often the disk is looked at: a lot writes megabytes in that time, not gigabytes.
const EVERY: Duration = Duration::from_secs(60);

/// Every how manieth look the pictures are counted, which takes seconds when there are millions,
/// unless the disk is full: then at each.
const COUNT_EVERY: u64 = 60;

/// How full a disk is, in percent, when somebody should know.
const FILLING: u64 = 70;

/// How full it is when pictures begin to go.
const FULL: u64 = 90;

/// How far below a bound a disk has to come before it counts as below it, in percent: one that
/// hovers there is told of once.
const HYSTERESIS: u64 = 2;

/// How the disk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// There is room.
    Fine,
    /// More than 70 % full.
    Filling,
    /// More than 90 % full: the oldest pictures go.
    Full,
}

/// How full the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Bytes of the whole.
    pub(crate) total: u64,
    /// Bytes that are left to this program.
    pub(crate) free: u64,
}

/// What the last look at the disk has shown; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskState {
    percent: Arc<AtomicU64>,
    pictures: Arc<AtomicU64>,
}

/// Watches the disk of the data folder.
pub(crate) struct DiskWatch {
    pub(crate) data: PathBuf,
    pub(crate) pictures: Pictures,
    /// Most bytes of pictures, whatever the disk has room for.
    pub(crate) quota: u64,
    pub(crate) state: DiskState,
}

impl Level {
    /// How a disk stands that is `percent` full and stood at `before`.
    pub(crate) fn after(before: Level, percent: u64) -> Level {
        let reached = |bound: u64, level: Level| {
            let bound = if before >= level {
                bound.saturating_sub(HYSTERESIS)
            } else {
                bound
            };
            percent >= bound
        };
        if reached(FULL, Level::Full) {
            Level::Full
        } else if reached(FILLING, Level::Filling) {
            Level::Filling
        } else {
            Level::Fine
        }
    }
}

impl Usage {
    /// How full, in percent.
    pub(crate) fn percent(self) -> u64 {
        let used = self.total.saturating_sub(self.free);
        (u128::from(used) * 100)
            .checked_div(u128::from(self.total))
            .and_then(|percent| u64::try_from(percent).ok())
            .unwrap_or(0)
    }

    /// How many bytes of pictures, of which there are `pictures`, have to go: down to the quota,
    /// and until a full disk is no longer full.
    pub(crate) fn excess(self, pictures: u64, quota: u64) -> u64 {
        let over_quota = pictures.saturating_sub(quota);
        let over_disk = if self.percent() >= FULL {
            let wanted = self.total / 100 * (100 - FULL + HYSTERESIS);
            wanted.saturating_sub(self.free)
        } else {
            0
        };
        over_quota.max(over_disk).min(pictures)
    }
}

impl DiskState {
    /// How full the disk is, in percent.
    pub(crate) fn percent(&self) -> u64 {
        self.percent.load(Ordering::Relaxed)
    }

    /// Bytes of pictures.
    pub(crate) fn pictures(&self) -> u64 {
        self.pictures.load(Ordering::Relaxed)
    }
}

impl DiskWatch {
    /// Looks at once and then every now and then, until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut every = tokio::time::interval(EVERY);
        let mut level = Level::Fine;
        for look in 0_u64.. {
            if stop.run_until_cancelled(every.tick()).await.is_none() {
                return;
            }
            match usage(&self.data) {
                Ok(usage) => {
                    level = self.look(level, usage);
                    if level == Level::Full || look % COUNT_EVERY == 0 {
                        self.make_room(usage).await;
                    }
                }
                Err(error) => tracing::error!(%error, "the disk cannot be looked at"),
            }
        }
    }

    fn look(&self, before: Level, usage: Usage) -> Level {
        let percent = usage.percent();
        self.state.percent.store(percent, Ordering::Relaxed);
        let level = Level::after(before, percent);
        match (before, level) {
            (before, level) if before == level => {}
            (_, Level::Fine) => tracing::info!(percent, "the disk has room again"),
            (_, Level::Filling) => tracing::warn!(percent, "the disk is filling"),
            (_, Level::Full) => {
                tracing::error!(percent, "the disk is nearly full: the oldest pictures go");
            }
        }
        level
    }

    async fn make_room(&self, usage: Usage) {
        let quota = self.quota;
        let shrinking = self.pictures.shrink(move |all| usage.excess(all, quota));
        match shrinking.await {
            Ok(shrunk) => {
                self.state.pictures.store(shrunk.left, Ordering::Relaxed);
                if shrunk.removed > 0 {
                    let (pictures, left) = (shrunk.removed, shrunk.left);
                    tracing::warn!(pictures, left, "pictures are deleted to make room");
                }
            }
            Err(error) => tracing::error!(%error, "pictures cannot be deleted to make room"),
        }
    }
}

#[cfg(unix)]
pub(crate) fn usage(folder: &std::path::Path) -> std::io::Result<Usage> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(Usage {
        total: found.f_blocks.saturating_mul(found.f_frsize),
        free: found.f_bavail.saturating_mul(found.f_frsize),
    })
}

#[cfg(not(unix))]
pub(crate) fn usage(_: &std::path::Path) -> std::io::Result<Usage> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn filled(percent: u64) -> Usage {
        Usage {
            total: 100 * GIB,
            free: (100 - percent) * GIB,
        }
    }

    #[test]
    fn a_disk_that_hovers_at_a_bound_is_told_of_once() {
        let mut level = Level::Fine;
        let mut told = Vec::new();
        for percent in [69, 70, 69, 70, 68, 67, 90, 89, 88, 87, 50] {
            let now = Level::after(level, percent);
            if now != level {
                told.push((percent, now));
            }
            level = now;
        }
        assert_eq!(
            told,
            [
                (70, Level::Filling),
                (67, Level::Fine),
                (90, Level::Full),
                (87, Level::Filling),
                (50, Level::Fine)
            ]
        );
    }

    #[test]
    fn pictures_go_down_to_their_quota_and_until_the_disk_is_no_longer_full() {
        assert_eq!(filled(50).excess(10 * GIB, 20 * GIB), 0);
        assert_eq!(filled(50).excess(25 * GIB, 20 * GIB), 5 * GIB);
        assert_eq!(filled(95).excess(25 * GIB, 50 * GIB), 7 * GIB);
        assert_eq!(filled(95).excess(GIB, 50 * GIB), GIB);
        let nothing = Usage { total: 0, free: 0 };
        assert_eq!((nothing.percent(), nothing.excess(0, 0)), (0, 0));
    }

    #[tokio::test]
    async fn the_oldest_pictures_go_first_and_the_rest_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let mut names = Vec::new();
        for (age, filling) in [(300, 1_u8), (200, 2), (100, 3)] {
            let jpeg = [vec![0xff, 0xd8], vec![filling; 998]].concat();
            let name = pictures.keep(jpeg).await.unwrap().unwrap();
            let path = folder.path().join(&name[..2]).join(format!("{name}.jpg"));
            let file = std::fs::File::options().write(true).open(path).unwrap();
            let taken = std::time::SystemTime::now() - Duration::from_secs(age);
            file.set_modified(taken).unwrap();
            names.push(name);
        }
        let watch = DiskWatch {
            data: folder.path().to_owned(),
            pictures: pictures.clone(),
            quota: 2_500,
            state: DiskState::default(),
        };
        watch.look(Level::Fine, filled(10));
        watch.make_room(filled(10)).await;
        assert_eq!(pictures.read(&names[0]).await.unwrap(), None);
        assert!(pictures.read(&names[1]).await.unwrap().is_some());
        assert!(pictures.read(&names[2]).await.unwrap().is_some());
        assert_eq!((watch.state.percent(), watch.state.pictures()), (10, 2_000));
    }
}

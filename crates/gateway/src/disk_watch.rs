//! The disk is watched, and kept from filling: pictures go first, records never.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use boshi_upkeep::disk::{Level, Usage, usage};

use crate::driver::Handle;
use crate::lot::{Happening, What};
use crate::pictures::Pictures;
use crate::reload::InForce;

/// How often the disk is looked at: a lot writes megabytes in that time, not gigabytes.
const EVERY: Duration = Duration::from_secs(60);

/// Every how manieth look the pictures are counted anew, which takes seconds when there are millions,
/// unless the disk is full: then at each. In between what comes is added up.
const COUNT_EVERY: u64 = 60;

/// How the disk was at the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) usage: Usage,
    pub(crate) level: Level,
    /// Bytes of pictures.
    pub(crate) pictures: u64,
}

/// What the last look at the disk has shown; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskState {
    disk: Arc<Mutex<Disk>>,
}

/// Watches the disk of the data folder.
pub(crate) struct DiskWatch {
    pub(crate) data: PathBuf,
    pub(crate) pictures: Pictures,
    /// Says how many bytes of pictures there may be, whatever the disk has room for.
    pub(crate) in_force: InForce,
    pub(crate) state: DiskState,
    /// Those who watch these lots are told.
    pub(crate) lots: Vec<(LotId, Handle)>,
}

impl DiskState {
    /// How the disk was at the last look.
    pub(crate) fn latest(&self) -> Disk {
        *self.disk()
    }

    fn disk(&self) -> std::sync::MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiskWatch {
    /// Looks at once, then every now and then and when something else is configured, until `stop`;
    /// and keeps the pictures to their quota as they come.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut in_force = self.in_force.clone();
        let mut every = tokio::time::interval(EVERY);
        let mut looks = 0_u64;
        // Pictures that cannot be deleted are not tried again with each that comes.
        let mut can_delete = false;
        loop {
            let count = tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => looks.is_multiple_of(COUNT_EVERY),
                Ok(()) = in_force.changed() => true,
                () = self.pictures.grown(), if can_delete => {
                    can_delete = self.keep_quota().await;
                    continue;
                }
            };
            looks += 1;
            can_delete = match usage(&self.data) {
                Ok(usage) => {
                    let level = self.look(usage);
                    if level == Level::Full || count {
                        self.make_room(usage).await
                    } else {
                        self.keep_quota().await
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the disk cannot be looked at");
                    self.keep_quota().await
                }
            };
        }
    }

    /// Deletes the oldest pictures when there are more than may be; whether that went well.
    async fn keep_quota(&self) -> bool {
        let bytes = self.pictures.bytes();
        self.state.disk().pictures = bytes;
        bytes <= self.quota() || self.make_room(Usage::default()).await
    }

    fn quota(&self) -> u64 {
        self.in_force.borrow().retention.pictures
    }

    /// Takes note of how full the disk is, and tells when it stands otherwise than before.
    fn look(&self, usage: Usage) -> Level {
        let percent = usage.percent();
        let (before, level) = {
            let mut disk = self.state.disk();
            let before = disk.level;
            disk.usage = usage;
            disk.level = Level::after(before, percent);
            (before, disk.level)
        };
        if before != level {
            match level {
                Level::Fine => tracing::info!(percent, "the disk has room again"),
                Level::Filling => tracing::warn!(percent, "the disk is filling"),
                Level::Full => {
                    tracing::error!(percent, "the disk is nearly full: the oldest pictures go");
                }
            }
            self.tell(level, percent);
        }
        level
    }

    fn tell(&self, level: Level, percent: u64) {
        for (lot, handle) in &self.lots {
            let what = What::Disk {
                level: level.as_str(),
                percent,
            };
            handle.announce(Happening {
                at: Timestamp::now(),
                lot: lot.clone(),
                lane: None,
                what,
            });
        }
    }

    /// Deletes what has to go; whether that went well.
    async fn make_room(&self, usage: Usage) -> bool {
        let quota = self.quota();
        let shrinking = self.pictures.shrink(move |all| usage.excess(all, quota));
        match shrinking.await {
            Ok(shrunk) => {
                self.state.disk().pictures = shrunk.left;
                if shrunk.removed > 0 {
                    let (pictures, left) = (shrunk.removed, shrunk.left);
                    tracing::warn!(pictures, left, "pictures are deleted to make room");
                }
                true
            }
            Err(error) => {
                tracing::error!(%error, "pictures cannot be deleted to make room");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{COMMENTED, Config};

    fn watch(folder: &Path, pictures: Pictures, quota: u64, lot: Handle) -> DiskWatch {
        let mut config = Config::parse(COMMENTED).unwrap();
        config.retention.pictures = quota;
        let id = config.lots[0].id.clone();
        let (_sender, in_force) = tokio::sync::watch::channel(Arc::new(config));
        DiskWatch {
            data: folder.to_owned(),
            pictures,
            in_force,
            state: DiskState::default(),
            lots: vec![(id, lot)],
        }
    }

    #[test]
    fn those_who_watch_are_told_once_a_crossing_and_the_state_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let lot = Handle::of_nobody();
        let mut told = lot.watch();
        let watch = watch(folder.path(), pictures, 0, lot);
        for free in [50, 30, 29, 31, 10, 9, 50] {
            watch.look(Usage { total: 100, free });
        }
        let mut levels = Vec::new();
        while let Ok(happening) = told.try_recv() {
            match happening.what {
                What::Disk { level, percent } => levels.push((level, percent)),
                other => panic!("{other:?}"),
            }
        }
        let expected = [("filling", 70), ("full", 90), ("fine", 50)];
        assert_eq!(levels, expected);
        let latest = watch.state.latest();
        assert_eq!((latest.usage.used(), latest.level), (50, Level::Fine));
    }

    /// Not a minute later, by when a lot has stored more than a small disk holds.
    #[tokio::test]
    async fn pictures_are_kept_to_their_quota_as_they_come() {
        const QUOTA: u64 = 20_000;
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let keep = async |number: u8| {
            let jpeg = [vec![0xff, 0xd8], vec![number; 998]].concat();
            pictures.keep(jpeg).await.unwrap().unwrap()
        };
        let oldest = keep(0).await;
        let path = folder.path().join(&oldest[..2]);
        let path = path.join(format!("{oldest}.jpg"));
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let long_ago = std::time::SystemTime::now() - Duration::from_secs(3_600);
        file.set_modified(long_ago).unwrap();
        let lot = Handle::of_nobody();
        let watch = watch(folder.path(), pictures.clone(), QUOTA, lot);
        let (state, stop) = (watch.state.clone(), CancellationToken::new());
        let watching = tokio::spawn(watch.run(stop.clone()));
        for number in 1..=100 {
            keep(number).await;
            let patience = tokio::time::Instant::now() + Duration::from_secs(10);
            while pictures.bytes() > QUOTA {
                let in_time = tokio::time::Instant::now() < patience;
                assert!(in_time, "{} bytes", pictures.bytes());
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(pictures.read(&oldest).await.unwrap(), None);
        stop.cancel();
        watching.await.unwrap();
        let counted = pictures.shrink(|_| 0).await.unwrap();
        assert_eq!(counted.left, pictures.bytes());
        assert!(counted.left >= QUOTA / 2, "{} are too few", counted.left);
        assert!(state.latest().pictures <= QUOTA);
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
        let lot = Handle::of_nobody();
        let watch = watch(folder.path(), pictures.clone(), 2_500, lot);
        let usage = Usage {
            total: 100_000,
            free: 25_000,
        };
        watch.look(usage);
        watch.make_room(usage).await;
        assert_eq!(pictures.read(&names[0]).await.unwrap(), None);
        assert!(pictures.read(&names[1]).await.unwrap().is_some());
        assert!(pictures.read(&names[2]).await.unwrap().is_some());
        let expected = Disk {
            usage,
            level: Level::Filling,
            pictures: 2_000,
        };
        assert_eq!(watch.state.latest(), expected);
    }
}

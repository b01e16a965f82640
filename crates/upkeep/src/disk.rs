//! How full a disk is, what that means, and what has to go.

use std::io;
use std::path::Path;

/// How full a disk is, in percent, when somebody should know.
const FILLING: u64 = 70;

/// How full it is when pictures begin to go.
const FULL: u64 = 90;

/// How far below a bound a disk has to come before it counts as below it, in percent: one that
/// hovers there is told of once.
const HYSTERESIS: u64 = 2;

/// The part of their quota by which pictures go below it once they are over it: of so many that are
/// kept, one look at all of them makes room for this part.
const PART_AT_ONCE: u64 = 20;

/// How the disk stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is room.
    #[default]
    Fine,
    /// More than 70 % full.
    Filling,
    /// More than 90 % full: the oldest pictures go.
    Full,
}

/// How full the disk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the whole.
    pub total: u64,
    /// Bytes that are left to this program.
    pub free: u64,
}

impl Level {
    /// One word, which stays the same.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Fine => "fine",
            Level::Filling => "filling",
            Level::Full => "full",
        }
    }

    /// How a disk stands that is `percent` full and stood at `before`.
    pub fn after(before: Level, percent: u64) -> Level {
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
    /// Bytes that are used, or are kept back from this program.
    pub fn used(self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// How full, in percent.
    pub fn percent(self) -> u64 {
        (u128::from(self.used()) * 100)
            .checked_div(u128::from(self.total))
            .and_then(|percent| u64::try_from(percent).ok())
            .unwrap_or(0)
    }

    /// How many bytes of pictures, of which there are `pictures`, have to go: below the quota once
    /// they are over it, and until a full disk is no longer full.
    pub fn excess(self, pictures: u64, quota: u64) -> u64 {
        let over_quota = if pictures > quota {
            pictures - (quota - quota / PART_AT_ONCE)
        } else {
            0
        };
        let over_disk = if self.percent() >= FULL {
            let wanted = self.total / 100 * (100 - FULL + HYSTERESIS);
            wanted.saturating_sub(self.free)
        } else {
            0
        };
        over_quota.max(over_disk).min(pictures)
    }
}

/// How full the disk of `folder` is.
///
/// # Errors
/// The folder is not there, or the system does not say.
#[cfg(unix)]
pub fn usage(folder: &Path) -> io::Result<Usage> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(Usage {
        total: found.f_blocks.saturating_mul(found.f_frsize),
        free: found.f_bavail.saturating_mul(found.f_frsize),
    })
}

/// How full the disk of `folder` is: nobody knows here.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn usage(_: &Path) -> io::Result<Usage> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_disk_of_a_folder_has_a_size_and_what_is_not_there_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let found = usage(folder.path()).unwrap();
        assert!(found.total > 0 && found.free <= found.total);
        assert!(usage(&folder.path().join("none")).is_err());
    }

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
    fn pictures_go_below_their_quota_and_until_the_disk_is_no_longer_full() {
        assert_eq!(filled(50).excess(10 * GIB, 20 * GIB), 0);
        assert_eq!(filled(50).excess(20 * GIB, 20 * GIB), 0);
        assert_eq!(filled(50).excess(25 * GIB, 20 * GIB), 6 * GIB);
        assert_eq!(filled(95).excess(25 * GIB, 50 * GIB), 7 * GIB);
        assert_eq!(filled(95).excess(GIB, 50 * GIB), GIB);
        let nothing = Usage { total: 0, free: 0 };
        assert_eq!((nothing.percent(), nothing.excess(0, 0)), (0, 0));
    }
}

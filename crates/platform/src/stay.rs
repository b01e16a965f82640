//! Stays, from entry to exit: paired from the crossings of one vehicle at one lot (STAY-1). Pure.
//!
//! What a crossing means follows from its two neighbours in time alone, so that whatever arrives
//! late, twice or in another order gives the same stays: an entry is left by an exit that follows
//! it, superseded by another entry, open otherwise; an exit without an entry before it is
//! orphaned. Nothing is ever settled silently: superseded and orphaned stays are kept and shown.

use boshi_protocol::id::{DeviceNo, RecordId};
use jiff::Timestamp;

use crate::decision::Direction;

/// A crossing of a known vehicle at a lane with a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The crossing.
    pub uuid: RecordId,
    /// When, by the supplier's clock.
    pub at: Timestamp,
    /// The recognizer.
    pub device: DeviceNo,
    /// Which way.
    pub direction: Direction,
}

/// A stay, named after the crossing it begins with: the entry, or the exit that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stay {
    /// The vehicle is inside.
    Open {
        /// Its entry.
        entry: Passage,
    },
    /// It has left.
    Closed {
        /// Its entry.
        entry: Passage,
        /// Its exit.
        exit: Passage,
    },
    /// It entered again without having left: the exit was missed or misread.
    Superseded {
        /// Its entry.
        entry: Passage,
        /// The next entry.
        by: Passage,
    },
    /// It left without having entered: the entry was missed or misread.
    Orphaned {
        /// Its exit.
        exit: Passage,
    },
}

/// The stay that begins with `this`, between its neighbours in time; none for an exit that ends the
/// stay of the entry before it (STAY-1).
pub fn stay(before: Option<&Passage>, this: &Passage, after: Option<&Passage>) -> Option<Stay> {
    let entry = this.clone();
    match (this.direction, before, after) {
        (Direction::Entry, _, None) => Some(Stay::Open { entry }),
        (Direction::Entry, _, Some(after)) => Some(match after.direction {
            Direction::Exit => Stay::Closed {
                entry,
                exit: after.clone(),
            },
            Direction::Entry => Stay::Superseded {
                entry,
                by: after.clone(),
            },
        }),
        (Direction::Exit, Some(before), _) if before.direction == Direction::Entry => None,
        (Direction::Exit, _, _) => Some(Stay::Orphaned { exit: this.clone() }),
    }
}

impl Stay {
    /// The word of the operators' interface.
    pub fn state(&self) -> &'static str {
        match self {
            Stay::Open { .. } => "open",
            Stay::Closed { .. } => "closed",
            Stay::Superseded { .. } => "superseded",
            Stay::Orphaned { .. } => "orphaned",
        }
    }

    /// The entry, if there is one.
    pub fn entry(&self) -> Option<&Passage> {
        match self {
            Stay::Open { entry } | Stay::Closed { entry, .. } | Stay::Superseded { entry, .. } => {
                Some(entry)
            }
            Stay::Orphaned { .. } => None,
        }
    }

    /// The exit, if there is one.
    pub fn exit(&self) -> Option<&Passage> {
        match self {
            Stay::Closed { exit, .. } | Stay::Orphaned { exit } => Some(exit),
            Stay::Open { .. } | Stay::Superseded { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays(directions: &str) -> Vec<&'static str> {
        let passages: Vec<Passage> = directions
            .chars()
            .zip(0..)
            .map(|(direction, second)| Passage {
                uuid: RecordId::new(&format!("u{second}")).unwrap(),
                at: Timestamp::from_second(second).unwrap(),
                device: DeviceNo::new("R1").unwrap(),
                direction: match direction {
                    'i' => Direction::Entry,
                    _ => Direction::Exit,
                },
            })
            .collect();
        let neighbour = |place: Option<usize>| place.and_then(|place| passages.get(place));
        let found = (0..passages.len()).filter_map(|place| {
            let before = neighbour(place.checked_sub(1));
            stay(before, &passages[place], neighbour(Some(place + 1)))
        });
        found.map(|stay| stay.state()).collect()
    }

    /// STAY-1
    #[test]
    fn an_entry_and_the_exit_after_it_are_a_stay() {
        assert_eq!(stays("i"), ["open"]);
        assert_eq!(stays("io"), ["closed"]);
        assert_eq!(stays("ioio"), ["closed", "closed"]);
    }

    /// STAY-1
    #[test]
    fn what_has_no_counterpart_is_kept_and_flagged() {
        assert_eq!(stays("o"), ["orphaned"]);
        assert_eq!(stays("ioo"), ["closed", "orphaned"]);
        assert_eq!(stays("iio"), ["superseded", "closed"]);
        assert_eq!(stays("oii"), ["orphaned", "superseded", "open"]);
    }
}

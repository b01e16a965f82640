//! Stays, paired from real crossings (STAY-1).
//!
//! The rule is a fold over the crossings of one plate in the order of their own times, so that it
//! does not matter in which order they were told: whoever folds the same crossings gets the same
//! stays. Nothing is settled silently: a stay that a second entry ended is kept as evidence.

use boshi_protocol::id::{DeviceNo, RecordId};
use boshi_protocol::lane::Side;
use jiff::Timestamp;

/// A crossing as the rule sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its recognition.
    pub record: RecordId,
    /// Whether the vehicle came in or went out.
    pub side: Side,
    /// The recognizer.
    pub device: DeviceNo,
    /// When.
    pub at: Timestamp,
}

/// How a stay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// The vehicle is inside.
    Open,
    /// It left.
    Closed,
    /// It came in a second time without having left: one of the two was not seen.
    Superseded,
    /// It left without having been seen to come in.
    Orphaned,
}

/// A stay, from entry to exit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// How it stands.
    pub standing: Standing,
    /// The entry, if it was seen.
    pub entry: Option<Passage>,
    /// The exit, if it was seen.
    pub exit: Option<Passage>,
}

impl Stay {
    /// What names it: the recognition at the entry, or at the exit when the entry was not seen.
    pub fn record(&self) -> &RecordId {
        let passage = self.entry.as_ref().or(self.exit.as_ref());
        &passage.expect("a stay has an entry or an exit").record
    }
}

/// Pairs the passages of one plate, in the order of their times.
pub fn pair(mut passages: Vec<Passage>) -> Vec<Stay> {
    passages.sort_by(|one, other| (one.at, &one.record).cmp(&(other.at, &other.record)));
    passages.dedup_by(|one, other| one.record == other.record);
    let mut stays: Vec<Stay> = Vec::new();
    let mut inside: Option<Passage> = None;
    for passage in passages {
        match (passage.side, inside.take()) {
            (Side::Entry, before) => {
                stays.extend(before.map(|entry| ended(Standing::Superseded, Some(entry), None)));
                inside = Some(passage);
            }
            (Side::Exit, Some(entry)) => {
                stays.push(ended(Standing::Closed, Some(entry), Some(passage)));
            }
            (Side::Exit, None) => stays.push(ended(Standing::Orphaned, None, Some(passage))),
        }
    }
    stays.extend(inside.map(|entry| ended(Standing::Open, Some(entry), None)));
    stays
}

fn ended(standing: Standing, entry: Option<Passage>, exit: Option<Passage>) -> Stay {
    Stay {
        standing,
        entry,
        exit,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn passage(side: Side, second: i64) -> Passage {
        Passage {
            record: RecordId::new(&format!("{side:?}-{second}")).unwrap(),
            side,
            device: DeviceNo::new("CAM").unwrap(),
            at: Timestamp::from_second(second).unwrap(),
        }
    }

    fn standings(passages: &[(Side, i64)]) -> Vec<(Standing, String)> {
        let passages = passages.iter().map(|(side, at)| passage(*side, *at));
        let stays = pair(passages.collect()).into_iter();
        stays
            .map(|stay| (stay.standing, stay.record().to_string()))
            .collect()
    }

    use Side::{Entry, Exit};
    use Standing::{Closed, Open, Orphaned, Superseded};

    /// STAY-1
    #[test]
    fn an_entry_and_the_next_exit_are_a_stay_named_by_its_entry() {
        assert_eq!(
            standings(&[(Entry, 1), (Exit, 9)]),
            [(Closed, "Entry-1".into())]
        );
        assert_eq!(standings(&[(Entry, 1)]), [(Open, "Entry-1".into())]);
    }

    /// STAY-1
    #[test]
    fn a_second_entry_supersedes_the_first_which_stays_as_evidence() {
        assert_eq!(
            standings(&[(Entry, 1), (Entry, 5), (Exit, 9)]),
            [(Superseded, "Entry-1".into()), (Closed, "Entry-5".into())]
        );
    }

    /// STAY-1
    #[test]
    fn an_exit_without_an_entry_is_a_stay_of_its_own() {
        assert_eq!(
            standings(&[(Exit, 1), (Entry, 2), (Exit, 3), (Exit, 4)]),
            [
                (Orphaned, "Exit-1".into()),
                (Closed, "Entry-2".into()),
                (Orphaned, "Exit-4".into())
            ]
        );
    }

    proptest! {
        /// STAY-1: in whatever order and however often they are told.
        #[test]
        fn stays_are_the_same_in_whatever_order_crossings_are_told(
            (given, shuffled) in prop::collection::vec((any::<bool>(), 0..20_i64), 0..12)
                .prop_flat_map(|given| {
                    let twice = [given.clone(), given.clone()].concat();
                    (Just(given), Just(twice).prop_shuffle())
                }),
        ) {
            let of = |given: Vec<(bool, i64)>| {
                let side = |entry| if entry { Entry } else { Exit };
                pair(given.into_iter().map(|(entry, at)| passage(side(entry), at)).collect())
            };
            let stays = of(given);
            prop_assert_eq!(&stays, &of(shuffled));
            let open = stays.iter().filter(|stay| stay.standing == Open).count();
            prop_assert!(open <= 1);
        }
    }
}

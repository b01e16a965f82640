//! What was sent and acknowledged, against what is stored.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use boshi_platform::store::RecordKind;
use boshi_platform::tally::tally;
use boshi_protocol::id::RecordId;
use serde::Serialize;

use super::stage::name;
use super::traffic::Journey;

/// The account of every record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Account {
    pub(super) sent: usize,
    pub(super) acknowledged: usize,
    pub(super) stored: usize,
    /// Acknowledged and not stored.
    pub(super) lost: usize,
    /// Stored and never sent.
    pub(super) invented: usize,
    /// Stored more than once.
    pub(super) twice: usize,
}

type Keys<'a> = HashMap<(bool, &'a RecordId), bool>;

impl Account {
    /// Compares what has come to so many lots with the records in `store`.
    pub(super) fn of(journeys: &[Journey], store: &Path, lots: usize) -> anyhow::Result<Account> {
        // Of each lot what was sent, whether a crossing and by uuid, and whether it was acknowledged.
        let mut sent: HashMap<usize, Keys<'_>> = HashMap::new();
        for journey in journeys {
            let of_lot = sent.entry(journey.lot).or_default();
            of_lot.insert((false, &journey.uuid), journey.recognized);
            if let Some(acknowledged) = journey.crossed {
                of_lot.insert((true, &journey.uuid), acknowledged);
            }
        }
        let mut account = Account::default();
        for lot in 0..lots {
            let entries = tally(store, &name(lot)?)?.entries;
            let kept = entries.iter();
            let kept = kept.map(|entry| (entry.kind == RecordKind::Crossing, &entry.uuid));
            let kept: Vec<_> = kept.collect();
            account.compare(&sent.remove(&lot).unwrap_or_default(), &kept);
        }
        Ok(account)
    }

    /// Adds a lot.
    fn compare(&mut self, sent: &Keys<'_>, kept: &[(bool, &RecordId)]) {
        let stored: HashSet<_> = kept.iter().copied().collect();
        self.sent += sent.len();
        self.stored += kept.len();
        self.twice += kept.len() - stored.len();
        self.invented += stored.iter().filter(|it| !sent.contains_key(*it)).count();
        let acknowledged = sent.iter().filter(|(_, acknowledged)| **acknowledged);
        for (key, _) in acknowledged {
            self.acknowledged += 1;
            self.lost += usize::from(!stored.contains(key));
        }
    }

    /// Whether what was acknowledged is stored, once, and nothing else than was sent.
    pub(super) fn is_whole(&self) -> bool {
        (self.lost, self.invented, self.twice) == (0, 0, 0)
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(super) fn acknowledged_f64(&self) -> f64 {
        self.acknowledged as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_invented_and_there_twice_is_each_counted() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|uuid| RecordId::new(uuid).unwrap());
        let sent = HashMap::from([
            ((false, &a), true),
            ((true, &a), true),
            ((false, &b), true),
            ((false, &c), false),
        ]);
        let mut account = Account::default();
        account.compare(&sent, &[(false, &a), (false, &a), (false, &c), (true, &d)]);
        let expected = Account {
            sent: 4,
            acknowledged: 3,
            stored: 4,
            lost: 2,
            invented: 1,
            twice: 1,
        };
        assert_eq!(account, expected);
        assert!(!account.is_whole());
    }
}

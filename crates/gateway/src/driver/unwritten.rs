//! What the disk would not take.

use crate::journal::Entry;

/// Most entries that are kept: an hour of a busy lot. Beyond that the oldest attempts go first, then
/// the oldest entries, and the loss is logged.
const MOST: usize = 20_000;

/// Entries that could not be written, in their order.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    entries: Vec<Entry>,
}

impl Unwritten {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All of them, with `new` behind.
    pub(super) fn with(&mut self, new: Vec<Entry>) -> Vec<Entry> {
        let mut all = std::mem::take(&mut self.entries);
        all.extend(new);
        all
    }

    /// Keeps what could not be written, as far as there is room.
    pub(super) fn keep(&mut self, entries: Vec<Entry>) {
        self.entries = entries;
        let over = self.entries.len().saturating_sub(MOST);
        if over == 0 {
            return;
        }
        let mut left = over;
        self.entries.retain(|entry| {
            let goes = left > 0 && matches!(entry, Entry::Attempt { .. });
            left -= usize::from(goes);
            !goes
        });
        self.entries.drain(..left);
        tracing::error!(
            lost = over,
            "entries are lost: the disk has failed for too long"
        );
    }
}

#[cfg(test)]
mod tests {
    use boshi_protocol::delivery::Key;
    use boshi_protocol::id::{LotId, RecordId};
    use jiff::Timestamp;

    use super::*;

    fn lot() -> LotId {
        LotId::new("L1").unwrap()
    }

    fn lift() -> Entry {
        let at = Timestamp::UNIX_EPOCH;
        Entry::LiftSeen {
            lot: lot(),
            lane: "01".into(),
            at,
        }
    }

    fn attempt() -> Entry {
        Entry::Attempt {
            lot: lot(),
            key: Key::crossing(RecordId::new("r").unwrap()),
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            outcome: "accepted".into(),
            millis: 1,
        }
    }

    #[test]
    fn entries_keep_their_order_and_attempts_go_first_when_there_is_no_room() {
        let mut unwritten = Unwritten::default();
        let mut entries = vec![lift(), attempt()];
        entries.extend((0..MOST - 1).map(|_| lift()));
        unwritten.keep(entries);
        assert_eq!(unwritten.len(), MOST);
        let all = unwritten.with(vec![attempt()]);
        assert_eq!(all.len(), MOST + 1);
        let attempts = all.iter().filter(|it| matches!(it, Entry::Attempt { .. }));
        assert_eq!(attempts.count(), 1);
        assert!(matches!(all.last(), Some(Entry::Attempt { .. })));
        assert!(unwritten.is_empty());
    }
}

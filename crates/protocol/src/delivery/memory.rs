//! The failed recognitions and crossings of late, so that none of them is pushed again (PUSH-3,
//! PUSH-4).

use std::collections::{BTreeMap, VecDeque};

use super::message::{Key, Reason};

/// How many are remembered. A lane asks only about the vehicle in front of it: by the time this
/// many later ones have failed, and were let through, nobody asks about the first.
pub const FAILED_REMEMBERED: usize = 1024;

/// Failed records and why they failed, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    reasons: BTreeMap<Key, Reason>,
    order: VecDeque<Key>,
}

impl Memory {
    pub(super) fn remember(&mut self, key: Key, reason: Reason) {
        if self.reasons.insert(key.clone(), reason).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > FAILED_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.reasons.remove(&oldest);
        }
    }

    pub(super) fn forget(&mut self, key: &Key) {
        if self.reasons.remove(key).is_some() {
            self.order.retain(|known| known != key);
        }
    }

    pub(super) fn reason(&self, key: &Key) -> Option<&Reason> {
        self.reasons.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RecordId;

    #[test]
    fn only_the_latest_failures_are_remembered() {
        let key = |n: usize| Key::crossing(RecordId::new(&n.to_string()).unwrap());
        let mut memory = Memory::default();
        for n in 0..=FAILED_REMEMBERED {
            memory.remember(key(n), Reason::Interrupted);
        }
        assert_eq!(memory.reason(&key(0)), None);
        assert_eq!(memory.reason(&key(1)), Some(&Reason::Interrupted));
        assert_eq!(memory.order.len(), memory.reasons.len());
    }
}

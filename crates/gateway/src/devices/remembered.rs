//! Which events were taken lately.

use std::collections::{HashSet, VecDeque};

/// How many events' own ids are remembered, to know a repetition: minutes of a busy lot, longer
/// than any controller goes on repeating. History that is older is found in the journal.
const IDS_REMEMBERED: usize = 4096;

/// The ids of the latest events.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    ids: HashSet<String>,
    order: VecDeque<String>,
}

impl Remembered {
    /// Whether nothing of this id was taken lately; from now on it was.
    pub(super) fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > IDS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }

    /// It was not taken after all.
    pub(super) fn forget(&mut self, id: &str) {
        self.ids.remove(id);
        self.order.retain(|known| known != id);
    }
}

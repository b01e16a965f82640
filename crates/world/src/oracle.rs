//! What must be true afterwards, whatever failed and whenever: both stores against each other, and
//! against what physically happened.

mod lanes;
mod records;
mod told;

use std::time::Duration;

use boshi_protocol::id::LotId;

use crate::story::Wrong;
use crate::world::World;

impl World {
    /// Everything that is wrong, when all has come to rest.
    pub(crate) fn judge(&mut self) -> Vec<Wrong> {
        self.answered_is_stored();
        let lot = LotId::new("L1").expect("it is an id");
        let journal = boshi_gateway::tally::tally(&self.supplier.file(), &lot);
        let store = boshi_platform::tally::tally(&self.property.file(), &lot);
        let (journal, store) = match (journal, store) {
            (Ok(journal), Ok(store)) => (journal, store),
            (journal, store) => {
                let what = format!("cannot be read: {:?} {:?}", journal.err(), store.err());
                self.wrong(what, None, Vec::new());
                return std::mem::take(&mut self.account.wrong);
            }
        };
        self.files_are_sound();
        self.records_are_the_same(&journal, &store);
        self.decisions_are_followed(&journal, &store);
        self.crossings_are_what_happened();
        self.readings_are_recognitions(&journal);
        self.abnormalities_get_there(&journal, &store);
        self.outcomes_are_known();
        self.nobody_waited();
        self.lifts_are_for_somebody();
        std::mem::take(&mut self.account.wrong)
    }

    pub(crate) fn wrong(&mut self, what: String, at: Option<Duration>, about: Vec<String>) {
        self.account.wrong.push(Wrong { what, at, about });
    }

    fn files_are_sound(&mut self) {
        let journal = boshi_gateway::journal::check(&self.supplier.file());
        if !journal.as_ref().is_ok_and(|found| found.is_sound()) {
            self.wrong(format!("the journal: {journal:?}"), None, Vec::new());
        }
        let store = boshi_platform::keep::check(&self.property.file());
        if !store.as_ref().is_ok_and(|found| found.is_sound()) {
            self.wrong(format!("the store: {store:?}"), None, Vec::new());
        }
    }
}

//! The ledger's part about the network: what is news about it, and who may probe it.

use super::ledger::{Ledger, Request};
use super::*;

impl Ledger {
    pub(super) fn network_news_are_told(&self, effects: &[Effect]) {
        let answered = match &self.input {
            Some(Input::Done {
                attempt: _,
                outcome,
            }) => !matches!(outcome, Outcome::Fault(_)),
            Some(Input::Contact) => true,
            _ => false,
        };
        let back = effects.contains(&Effect::NetworkBack);
        assert_eq!(back, answered && self.network != Network::Up);
        let faulted = matches!(self.ended, Some((_, _, Outcome::Fault(_))));
        let overdue = |request: &Request| self.now >= request.sent + request.timeout;
        let current = self.accounts.values().filter_map(|account| account.current);
        let hanging = current
            .into_iter()
            .any(|attempt| overdue(&self.requests[&attempt]));
        let lost = effects.contains(&Effect::NetworkLost);
        assert!(
            !lost || faulted || hanging,
            "the network was lost out of nothing"
        );
        assert!(
            lost || !faulted || self.network == Network::Lost,
            "a fault is news"
        );
    }

    /// Of a probe that is given up nothing is heard.
    pub(super) fn hanging_probes_end(&mut self, effects: &[Effect]) {
        for account in self.accounts.values_mut() {
            let request = account.current.map(|attempt| &self.requests[&attempt]);
            if request.is_some_and(|it| {
                let goes_on = sends(effects).iter().any(|send| send.key == it.key);
                it.may_be_probe && !goes_on && self.now >= it.sent + self.policy.slot()
            }) {
                account.current = None;
                self.last_fault = Some(self.now);
            }
        }
    }

    /// PUSH-5: when nothing is under way, at an interval.
    pub(super) fn may_probe(&self) -> bool {
        let idle = self
            .accounts
            .values()
            .all(|account| account.current.is_none());
        let pause = self.policy.probe_interval.max(self.policy.slot());
        let rested = self
            .last_fault
            .is_none_or(|fault| self.now >= fault + pause);
        idle && rested && self.network != Network::Up
    }
}

//! The ledger's part about verdicts and settlements: each follows from one answer or one row of
//! failures, and comes once.

use super::ledger::{Account, Ledger};
use super::*;

impl Ledger {
    pub(super) fn verdict(&mut self, record: &RecordId, ask: Ask, verdict: &Verdict) {
        let key = Key::recognition(record.clone());
        self.give_up(&key);
        let answer = self
            .ended
            .as_ref()
            .filter(|(ended, request, _)| *ended == key && request.ask == Some(ask));
        match (verdict, answer.map(|(_, _, outcome)| outcome)) {
            (Verdict::MayPass, Some(Outcome::Accepted)) => {}
            (Verdict::MayNot(refusal), Some(Outcome::Refused(said))) => assert_eq!(refusal, said),
            (Verdict::Undeliverable { reason }, _) => {
                let account = &self.accounts[&key];
                if account.open {
                    self.may_fail(&key, reason);
                } else {
                    assert_eq!(Some(reason), account.last.as_ref());
                }
            }
            (verdict, answer) => panic!("{verdict:?} out of {answer:?}"),
        }
        let account = self.accounts.get_mut(&key).unwrap();
        let question = account.question.take().map(|(question, _)| question);
        assert_eq!(
            question,
            Some(ask),
            "{verdict:?} for a question that nobody asks"
        );
    }

    pub(super) fn delivered(&mut self, key: &Key) {
        let Some((ended, _, outcome)) = &self.ended else {
            panic!("{key:?}: out of nothing")
        };
        assert_eq!(ended, key);
        assert!(
            *outcome == Outcome::Accepted
                || (key.kind == Kind::Recognition && matches!(outcome, Outcome::Refused(_)))
        );
        let account = self.accounts.get_mut(key).unwrap();
        assert!(
            account.open || account.failed,
            "{key:?} was delivered twice"
        );
        assert!(
            account.question.is_none(),
            "{key:?}: a lane was left without its answer"
        );
        *account = Account::default();
    }

    pub(super) fn failed(&mut self, key: &Key, reason: &Reason) {
        self.give_up(key);
        self.may_fail(key, reason);
        let account = self.accounts.get_mut(key).unwrap();
        assert!(
            account.open || account.failed,
            "{key:?} is settled and failed"
        );
        assert!(
            account.question.is_none(),
            "{key:?}: a lane was left without its answer"
        );
        let failed = key.kind == Kind::Abnormality;
        let last = Some(reason.clone());
        *account = Account {
            failed,
            last,
            ..Account::default()
        };
    }

    fn may_fail(&self, key: &Key, reason: &Reason) {
        let account = &self.accounts[key];
        match reason {
            Reason::Fault(_) | Reason::Refused(_) => {
                assert_eq!(account.failures, self.policy.attempts.get(), "{key:?}");
                assert_eq!(account.last.as_ref(), Some(reason), "{key:?}");
            }
            Reason::Interrupted => {
                assert!(matches!(self.input, Some(Input::Recover { .. })));
                assert_eq!(key.kind, Kind::Recognition);
            }
            Reason::Crowded => {
                assert!(
                    account.current.is_none() && account.failures == 0,
                    "{key:?}"
                );
                let others = self.accounts.iter().filter(|(other, _)| *other != key);
                let waiting = others.filter(|(_, other)| other.question.is_some()).count();
                assert!(waiting >= self.policy.live_in_flight.get(), "{key:?}");
            }
        }
    }
}

//! The reference: what the standard allows and demands, kept per record by the simplest means,
//! and held against every effect of the machine. It knows nothing of states, queues or slots.

use std::collections::BTreeMap;

use super::*;

/// How far a duration may be off by rounding.
const ROUNDING: Duration = Duration::from_micros(1);

/// Everything that was ever handed in.
pub(super) struct Ledger {
    pub(super) policy: Policy,
    pub(super) accounts: BTreeMap<Key, Account>,
    pub(super) requests: BTreeMap<AttemptId, Request>,
    pub(super) network: Network,
    pub(super) last_fault: Option<Tick>,
    pub(super) now: Tick,
    pub(super) input: Option<Input>,
    /// The request that the input ended, if it still counted, and how.
    pub(super) ended: Option<(Key, Request, Outcome)>,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    /// Handed in, and neither delivered nor failed since.
    pub(super) open: bool,
    /// An abnormality that failed and was not delivered since.
    pub(super) failed: bool,
    pub(super) question: Option<(Ask, Tick)>,
    pub(super) failures: u32,
    pub(super) last: Option<Reason>,
    pub(super) current: Option<AttemptId>,
    pub(super) not_before: Tick,
    pub(super) may_retry: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) key: Key,
    pub(super) ask: Option<Ask>,
    pub(super) sent: Tick,
    pub(super) timeout: Duration,
    pub(super) may_be_probe: bool,
}

impl Ledger {
    pub(super) fn new(policy: Policy) -> Ledger {
        Ledger {
            policy,
            accounts: BTreeMap::new(),
            requests: BTreeMap::new(),
            network: Network::Unknown,
            last_fault: None,
            now: Tick::ZERO,
            input: None,
            ended: None,
        }
    }

    /// The program died: its requests and its lanes are gone, the journal is not.
    pub(super) fn restart(&mut self) {
        self.requests.clear();
        self.network = Network::Unknown;
        self.last_fault = None;
        for account in self.accounts.values_mut() {
            let Account { open, failed, .. } = *account;
            *account = Account {
                open,
                failed,
                ..Account::default()
            };
        }
    }

    /// Takes note of what the machine is about to be told.
    pub(super) fn before(&mut self, input: &Input, now: Tick) {
        self.now = now;
        self.input = Some(input.clone());
        self.ended = None;
        match input {
            Input::Take { key } => {
                let account = self.accounts.entry(key.clone()).or_default();
                account.may_retry |= account.failed;
                account.open |= account.last.is_none() && !account.failed;
            }
            Input::Resend { key } => {
                let account = self.accounts.entry(key.clone()).or_default();
                account.last = None;
                account.may_retry |= account.failed;
                account.open |= !account.failed;
            }
            Input::Ask { record, ask } => {
                let account = self
                    .accounts
                    .entry(Key::recognition(record.clone()))
                    .or_default();
                account.question = Some((*ask, now));
                account.open |= account.last.is_none() && !account.failed;
            }
            Input::Done { attempt, outcome } => self.request_ends(*attempt, outcome),
            Input::Contact | Input::Tick | Input::Recover { .. } => {}
        }
    }

    /// Holds what the machine wants against what it may want.
    pub(super) fn after(&mut self, effects: &[Effect]) {
        self.network_news_are_told(effects);
        self.hanging_probes_end(effects);
        for effect in effects {
            match effect {
                Effect::Send {
                    attempt,
                    key,
                    number,
                    timeout,
                } => {
                    self.sent(*attempt, key, *number, *timeout);
                }
                Effect::Verdict {
                    record,
                    ask,
                    verdict,
                } => self.verdict(record, *ask, verdict),
                Effect::Settle {
                    key,
                    settled: Settled::Delivered,
                } => self.delivered(key),
                Effect::Settle {
                    key,
                    settled: Settled::Failed { reason },
                } => {
                    self.failed(key, reason);
                }
                Effect::Defer { key } => {
                    let account = self.accounts.get_mut(key).unwrap();
                    assert!(
                        account.current.is_none(),
                        "{key:?} was handed back while under way"
                    );
                    assert!(account.failed || account.open);
                }
                Effect::NetworkLost => {
                    self.network = Network::Lost;
                    self.last_fault = Some(self.now);
                }
                Effect::NetworkBack => {
                    self.network = Network::Up;
                    self.accounts
                        .values_mut()
                        .for_each(|account| account.may_retry = true);
                }
            }
        }
    }

    /// What must hold between two inputs when every deadline was kept.
    pub(super) fn demands(&self, machine: &Delivery) {
        let end = self.policy.slot() * self.policy.attempts.get() + ROUNDING;
        for (key, account) in &self.accounts {
            assert!(
                account.failures < self.policy.attempts.get(),
                "{key:?} was not settled"
            );
            if let Some((ask, since)) = account.question {
                let waited = self.now - since;
                assert!(waited <= end, "{key:?} {ask:?} waits for {waited:?}");
            }
            if let Some(request) = account.current.and_then(|it| self.requests.get(&it)) {
                let latest = request.sent + request.timeout * 20 / 19 + ROUNDING;
                assert!(self.now < latest, "{request:?} was not given up");
            }
        }
        let depth = machine.depth();
        let waiting = |account: &&Account| account.question.is_some();
        assert_eq!(depth.live, self.accounts.values().filter(waiting).count());
        assert!(
            machine.deadline().is_none_or(|next| next > self.now),
            "a busy loop"
        );
        let bound = self.policy.backlog_kept.get() + self.policy.failed_kept.get();
        assert!(depth.backlog <= bound && depth.failed <= self.policy.failed_kept.get());
        assert_eq!(machine.network(), self.network);
    }

    /// How many records the machine has to hold, if it handed back `deferred`.
    pub(super) fn held(&self, deferred: &[Key]) -> usize {
        let held = |(key, account): &(&Key, &Account)| {
            (account.open || account.failed) && !deferred.contains(key)
        };
        self.accounts.iter().filter(held).count()
    }

    fn request_ends(&mut self, attempt: AttemptId, outcome: &Outcome) {
        let request = self.requests[&attempt].clone();
        let account = self.accounts.get_mut(&request.key).unwrap();
        if account.current != Some(attempt) {
            return;
        }
        account.current = None;
        self.ended = Some((request.key.clone(), request.clone(), outcome.clone()));
        match (request.key.kind, outcome) {
            (_, Outcome::Accepted) | (Kind::Recognition, Outcome::Refused(_)) => {
                account.failures = 0;
                account.not_before = self.now;
            }
            (Kind::Crossing | Kind::Abnormality, Outcome::Refused(refusal)) => {
                self.attempt_failed(&request, Reason::Refused(refusal.clone()));
            }
            (_, Outcome::Fault(fault)) => {
                self.last_fault = Some(self.now);
                self.attempt_failed(&request, fault.clone().into());
            }
        }
    }

    fn attempt_failed(&mut self, request: &Request, reason: Reason) {
        let account = self.accounts.get_mut(&request.key).unwrap();
        account.failures += 1;
        account.last = Some(reason);
        account.not_before = request.sent + request.timeout;
    }

    /// A request that still counts may only be followed by something when its time was out.
    pub(super) fn give_up(&mut self, key: &Key) {
        let account = self.accounts.get_mut(key).unwrap();
        let Some(attempt) = account.current.take() else {
            return;
        };
        let request = self.requests[&attempt].clone();
        assert!(
            self.now >= request.sent + request.timeout,
            "{request:?} was given up too early"
        );
        self.last_fault = Some(self.now);
        self.attempt_failed(&request, Fault::TimedOut.into());
    }

    fn sent(&mut self, attempt: AttemptId, key: &Key, number: u32, timeout: Duration) {
        self.give_up(key);
        let account = &self.accounts[key];
        assert!(
            account.open || account.failed,
            "{key:?} is settled and was sent"
        );
        let slot = self.policy.slot();
        assert!(
            timeout <= slot && timeout >= slot / 2 - slot / 40 - ROUNDING,
            "{timeout:?}"
        );
        let may_be_probe = account.failed && number == 1 && self.may_probe();
        if account.failed && number == 1 {
            assert!(
                account.may_retry || may_be_probe,
                "{key:?} was not to be pushed again"
            );
        } else {
            assert_eq!(number, account.failures + 1, "{key:?}");
            assert!(
                self.now >= account.not_before,
                "{key:?} did not wait for the end of its slot"
            );
        }
        if key.kind == Kind::Crossing && number == 1 {
            let recognition = self.accounts.get(&Key::recognition(key.id.clone()));
            assert!(
                recognition.is_none_or(|it| !it.open),
                "{key:?} overtook its recognition"
            );
        }
        let ask = account.question.map(|(ask, _)| ask);
        let request = Request {
            key: key.clone(),
            ask,
            sent: self.now,
            timeout,
            may_be_probe,
        };
        assert!(
            self.requests.insert(attempt, request).is_none(),
            "{attempt:?} was used twice"
        );
        let account = self.accounts.get_mut(key).unwrap();
        account.failures = number - 1;
        account.current = Some(attempt);
        self.requests_are_bounded();
    }

    fn requests_are_bounded(&self) {
        let under_way = self
            .accounts
            .values()
            .filter(|account| account.current.is_some());
        let (live, backlog): (Vec<_>, Vec<_>) =
            under_way.partition(|account| account.question.is_some());
        let bound = self.policy.backlog_in_flight.get();
        assert!(backlog.len() <= bound, "{backlog:?}");
        assert!(
            live.len() + backlog.len() <= bound + self.policy.live_in_flight.get(),
            "{live:?}"
        );
    }
}

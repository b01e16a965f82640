//! A small world around the machine: a driver with a journal, lanes that ask again, a line to the
//! platform on which requests fare well or ill, and a clock that keeps every deadline.

use std::collections::{BTreeMap, VecDeque};

use super::ledger::Ledger;
use super::*;

/// How a request fares.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Accepted { after: u64 },
    Refused { after: u64 },
    Fault { after: u64 },
    Silence,
}

/// What happens in the world.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Take(Key),
    Ask(RecordId),
    Wait(u64),
    /// From now on requests fare so, in turn.
    Line(Vec<Fate>),
    Contact,
    Restart,
}

/// How long a refused lane waits until it asks again (RECOG-2), in milliseconds.
const ASK_AGAIN: u64 = 2_000;

pub(super) struct World {
    policy: Policy,
    machine: Delivery,
    pub(super) ledger: Ledger,
    now: Tick,
    agenda: BTreeMap<(Tick, u64), Happening>,
    numbers: u64,
    line: VecDeque<Fate>,
    /// On disk, and not handed in yet.
    unfed: VecDeque<Key>,
    /// Failed abnormalities that the machine has handed back.
    deferred: Vec<Key>,
    /// How often each lane asks again by itself.
    pub(super) insistence: u64,
    pub(super) sends: usize,
}

#[derive(Debug)]
enum Happening {
    Done(AttemptId, Outcome),
    AskAgain(RecordId),
}

impl World {
    pub(super) fn new(policy: Policy) -> World {
        World {
            machine: Delivery::new(policy.clone()),
            ledger: Ledger::new(policy.clone()),
            policy,
            now: Tick::ZERO,
            agenda: BTreeMap::new(),
            numbers: 0,
            line: VecDeque::from([Fate::Accepted { after: 50 }]),
            unfed: VecDeque::new(),
            deferred: Vec::new(),
            insistence: 3,
            sends: 0,
        }
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Take(key) => self.unfed.push_back(key),
            Event::Ask(record) => self.ask(record),
            Event::Wait(millis) => self.wait(Duration::from_millis(millis)),
            Event::Line(fates) => self.line = fates.into(),
            Event::Contact => self.tell(Input::Contact),
            Event::Restart => self.restart(),
        }
        self.feed();
    }

    /// Lets time go on, with everything that happens on the way.
    pub(super) fn wait(&mut self, wait: Duration) {
        let end = self.now + wait;
        loop {
            let happening = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let next = [happening, self.machine.deadline()]
                .into_iter()
                .flatten()
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            match self
                .agenda
                .first_entry()
                .filter(|first| first.key().0 == next)
            {
                None => self.tell(Input::Tick),
                Some(first) => match first.remove() {
                    Happening::Done(attempt, outcome) => {
                        self.tell(Input::Done { attempt, outcome });
                    }
                    Happening::AskAgain(record) => self.ask(record),
                },
            }
            self.feed();
        }
        self.now = end;
    }

    /// The program dies and starts again, with the same journal.
    pub(super) fn restart(&mut self) {
        self.agenda.clear();
        self.deferred.clear();
        self.machine = Delivery::new(self.policy.clone());
        self.ledger.restart();
        let records = self.ledger.accounts.iter().filter_map(|(key, account)| {
            let failed = account
                .failed
                .then(|| Recovered::FailedAbnormality(key.id.clone()));
            account
                .open
                .then(|| Recovered::Pending(key.clone()))
                .or(failed)
        });
        let records = records.collect();
        self.tell(Input::Recover { records });
        let open = |(key, account): (&Key, &super::ledger::Account)| {
            key.kind == Kind::Recognition && account.open
        };
        assert!(
            !self.ledger.accounts.iter().any(open),
            "a vehicle that is gone still waits"
        );
    }

    /// Hands in what there is room for, unless it was settled meanwhile.
    fn feed(&mut self) {
        while self.machine.room() > 0
            && let Some(key) = self.unfed.pop_front()
        {
            let known = self.ledger.accounts.get(&key);
            let handed_back = self.deferred.contains(&key);
            if known.is_none_or(|account| account.open) || (handed_back && known.is_some()) {
                self.deferred.retain(|other| *other != key);
                self.tell(Input::Take { key });
            }
        }
    }

    fn ask(&mut self, record: RecordId) {
        self.numbers += 1;
        self.tell(Input::Ask {
            record,
            ask: Ask(self.numbers),
        });
    }

    fn tell(&mut self, input: Input) {
        self.ledger.before(&input, self.now);
        let effects = self.machine.handle(input, self.now);
        self.ledger.after(&effects);
        for effect in effects {
            self.carry_out(effect);
        }
        self.ledger.demands(&self.machine);
        let depth = self.machine.depth();
        let held = self.ledger.held(&self.deferred);
        assert_eq!(
            depth.live + depth.backlog + depth.failed,
            held,
            "each is in one state"
        );
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Send { attempt, .. } => {
                self.sends += 1;
                let Some(fate) = self.line.pop_front() else {
                    return;
                };
                self.line.push_back(fate);
                let (after, outcome) = match fate {
                    Fate::Accepted { after } => (after, Outcome::Accepted),
                    Fate::Refused { after } => (after, refused()),
                    Fate::Fault { after } => (after, fault()),
                    Fate::Silence => return,
                };
                self.schedule(after, Happening::Done(attempt, outcome));
            }
            Effect::Verdict {
                record,
                ask: _,
                verdict: Verdict::MayNot(_),
            } => {
                if self.insistence > 0 {
                    self.insistence -= 1;
                    self.schedule(ASK_AGAIN, Happening::AskAgain(record));
                }
            }
            Effect::Defer { key } => {
                if self.ledger.accounts[&key].open {
                    self.unfed.push_back(key.clone());
                }
                self.deferred.push(key);
            }
            Effect::Verdict { .. }
            | Effect::Settle { .. }
            | Effect::NetworkLost
            | Effect::NetworkBack => {}
        }
    }

    fn schedule(&mut self, after: u64, happening: Happening) {
        self.numbers += 1;
        let at = self.now + Duration::from_millis(after);
        self.agenda.insert((at, self.numbers), happening);
    }
}

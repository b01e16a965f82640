//! The machine under a clock of the test's own.

use std::time::Duration;

use super::*;
use crate::id::RecordId;
use crate::refusal::Refusal;

mod abnormality;
mod bounds;
mod crossing;
mod ledger;
mod network;
mod policy;
mod properties;
mod recognition;
mod recovery;
mod settling;
mod world;

/// A machine, and the time on its clock in milliseconds.
struct Bench {
    machine: Delivery,
    now: u64,
}

fn bench() -> Bench {
    Bench::with(Policy::default())
}

impl Bench {
    fn with(policy: Policy) -> Bench {
        Bench {
            machine: Delivery::new(policy),
            now: 0,
        }
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        self.machine.handle(input, tick(self.now))
    }

    fn take(&mut self, key: Key) -> Vec<Effect> {
        self.give(Input::Take { key })
    }

    fn ask(&mut self, record: &str, ask: u64) -> Vec<Effect> {
        self.give(Input::Ask {
            record: id(record),
            ask: Ask(ask),
        })
    }

    fn recover(&mut self, records: impl Into<Vec<Recovered>>) -> Vec<Effect> {
        self.give(Input::Recover {
            records: records.into(),
        })
    }

    fn done(&mut self, attempt: AttemptId, outcome: Outcome) -> Vec<Effect> {
        self.give(Input::Done { attempt, outcome })
    }

    /// Lets time go on to `at` milliseconds, with a tick at each deadline on the way.
    fn until(&mut self, at: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some(deadline) = self.machine.deadline().filter(|due| *due <= tick(at)) {
            effects.extend(self.machine.handle(Input::Tick, deadline));
            assert!(
                self.machine.deadline().is_none_or(|next| next > deadline),
                "a busy loop"
            );
        }
        self.now = at;
        effects.extend(self.give(Input::Tick));
        effects
    }

    /// Answers each attempt with `outcome` the moment it is made, up to `at` milliseconds.
    fn answer_all(&mut self, first: Vec<Effect>, outcome: &Outcome, at: u64) -> Vec<Effect> {
        let mut seen = Vec::new();
        let mut effects = first;
        loop {
            let open: Vec<_> = sends(&effects)
                .into_iter()
                .map(|send| send.attempt)
                .collect();
            seen.append(&mut effects);
            for attempt in open {
                effects.extend(self.done(attempt, outcome.clone()));
            }
            if effects.is_empty() {
                match self.machine.deadline().filter(|due| *due <= tick(at)) {
                    Some(due) => effects = self.until(millis(due)),
                    None => break,
                }
            }
        }
        seen.extend(self.until(at));
        seen
    }
}

/// A request that the machine wants made.
#[derive(Debug, PartialEq, Eq, Clone)]
struct Sent {
    attempt: AttemptId,
    key: Key,
    number: u32,
    timeout: Duration,
}

fn sends(effects: &[Effect]) -> Vec<Sent> {
    let send = |effect: &Effect| match effect {
        Effect::Send {
            attempt,
            key,
            number,
            timeout,
        } => Some(Sent {
            attempt: *attempt,
            key: key.clone(),
            number: *number,
            timeout: *timeout,
        }),
        Effect::Verdict { .. }
        | Effect::Settle { .. }
        | Effect::Defer { .. }
        | Effect::NetworkLost
        | Effect::NetworkBack => None,
    };
    effects.iter().filter_map(send).collect()
}

/// The one request among `effects`.
#[track_caller]
fn sent(effects: &[Effect]) -> AttemptId {
    let [send] = &sends(effects)[..] else {
        panic!("not one request: {effects:?}")
    };
    send.attempt
}

/// `effects` without requests and news of the network.
fn told(effects: Vec<Effect>) -> Vec<Effect> {
    let told = |effect: &Effect| match effect {
        Effect::Verdict { .. } | Effect::Settle { .. } | Effect::Defer { .. } => true,
        Effect::Send { .. } | Effect::NetworkLost | Effect::NetworkBack => false,
    };
    effects.into_iter().filter(told).collect()
}

fn verdict(record: &str, ask: u64, verdict: Verdict) -> Effect {
    Effect::Verdict {
        record: id(record),
        ask: Ask(ask),
        verdict,
    }
}

fn delivered(key: Key) -> Effect {
    Effect::Settle {
        key,
        settled: Settled::Delivered,
    }
}

fn failed(key: Key, reason: impl Into<Reason>) -> Effect {
    Effect::Settle {
        key,
        settled: Settled::Failed {
            reason: reason.into(),
        },
    }
}

fn tick(millis: u64) -> Tick {
    Tick::after_start(Duration::from_millis(millis))
}

/// The first whole millisecond at or after `tick`.
fn millis(tick: Tick) -> u64 {
    u64::try_from(tick.since_start().as_nanos().div_ceil(1_000_000)).unwrap()
}

fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

fn recognition(text: &str) -> Key {
    Key::recognition(id(text))
}

fn crossing(text: &str) -> Key {
    Key::crossing(id(text))
}

fn abnormality(text: &str) -> Key {
    Key::abnormality(id(text))
}

fn refusal() -> Refusal {
    Refusal::new("UNPAID", "未缴费")
}

fn refused() -> Outcome {
    Outcome::Refused(refusal())
}

fn no_connection() -> Fault {
    Fault::NoConnection("refused".to_owned())
}

fn fault() -> Outcome {
    Outcome::Fault(no_connection())
}

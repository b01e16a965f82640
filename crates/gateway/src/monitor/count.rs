//! What happened in a lot since the start, counted from what is written down.

use std::time::Duration;

use boshi_protocol::delivery::Settled;
use boshi_transport::monitor::{Histogram, Words};

use crate::journal::{Entry, kind_word};

/// The counts of one lot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Recognitions.
    pub(super) recognitions: u64,
    /// Crossings.
    pub(super) crossings: u64,
    /// How recognitions ended.
    pub(super) outcomes: Words,
    /// Why barriers were driven; `seen`: the arm went up by itself.
    pub(super) lifts: Words,
    /// What barriers made of it, `done` or `failed`.
    pub(super) acts: Words,
    /// Messages of abnormalities, by code.
    pub(super) abnormalities: Words,
    /// Attempts to push, as `kind outcome`.
    pub(super) attempts: Words,
    /// Records that were settled, as `kind state`.
    pub(super) settled: Words,
    /// How long the platform took to reply.
    pub(super) replies: Histogram,
}

impl Counts {
    /// Takes note of what is written down.
    pub(crate) fn note(&mut self, entry: &Entry) {
        match entry {
            Entry::Recognition(_) => self.recognitions += 1,
            Entry::Crossing(_) => self.crossings += 1,
            Entry::Abnormality(it) => self.abnormalities.add(it.code.as_str()),
            Entry::Outcome { outcome, .. } => self.outcomes.add(outcome),
            Entry::Lift(it) => self.lifts.add(&it.cause),
            Entry::LiftSeen { .. } => self.lifts.add("seen"),
            Entry::ActDone(it) => self.acts.add(match it.result.as_str() {
                "done" => "done",
                _ => "failed",
            }),
            Entry::Settled(it) => {
                let state = match it.settled {
                    Settled::Delivered => "delivered",
                    Settled::Failed { .. } => "failed",
                };
                add_of(&mut self.settled, kind_word(it.key.kind), state);
            }
            Entry::Attempt(it) => {
                let outcome = it.outcome.split(' ').next().unwrap_or_default();
                add_of(&mut self.attempts, kind_word(it.key.kind), outcome);
                // What was not answered in time is no reply.
                if outcome != "fault" {
                    self.replies.add(Duration::from_millis(it.millis));
                }
            }
            // The rest are states or what people and machines are told elsewhere.
            _ => {}
        }
    }
}

fn add_of(words: &mut Words, kind: &str, word: &str) {
    words.add(&format!("{kind} {word}"));
}

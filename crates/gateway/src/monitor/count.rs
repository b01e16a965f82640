//! What happened in a lot since the start, counted from what is written down.

use std::collections::BTreeMap;
use std::time::Duration;

use boshi_protocol::delivery::Settled;

use crate::journal::{Entry, kind_word};

/// Most words that are told apart in one count; what is beyond them counts as [`OTHER`]. The words
/// are of fixed sets with fewer members: this bounds what a mistake could cost.
const MOST_WORDS: usize = 32;

const OTHER: &str = "other";

/// Upper bounds of the classes of reply times, in milliseconds: from a platform next door to the
/// longest that an attempt may take.
pub(super) const REPLY_CLASSES: [u64; 10] = [5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000];

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

/// Counts by word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(BTreeMap<String, u64>);

/// Durations in classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    /// How many were in each class, and not in a lower one.
    pub(super) classes: [u64; REPLY_CLASSES.len()],
    /// How many there were, those beyond every class included.
    pub(super) count: u64,
    /// How long all of them took together.
    pub(super) sum: Duration,
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
                self.settled.add_of(kind_word(it.key.kind), state);
            }
            Entry::Attempt(it) => {
                let outcome = it.outcome.split(' ').next().unwrap_or_default();
                self.attempts.add_of(kind_word(it.key.kind), outcome);
                // What was not answered in time is no reply.
                if outcome != "fault" {
                    self.replies.add(it.millis);
                }
            }
            // The rest are states or what people and machines are told elsewhere.
            _ => {}
        }
    }
}

impl Words {
    /// Each word with its count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(word, count)| (word.as_str(), *count))
    }

    fn add(&mut self, word: &str) {
        if let Some(count) = self.0.get_mut(word) {
            *count += 1;
            return;
        }
        let word = if self.0.len() < MOST_WORDS {
            word
        } else {
            OTHER
        };
        *self.0.entry(word.to_owned()).or_default() += 1;
    }

    fn add_of(&mut self, kind: &str, word: &str) {
        self.add(&format!("{kind} {word}"));
    }
}

impl Histogram {
    fn add(&mut self, millis: u64) {
        self.count += 1;
        self.sum = self.sum.saturating_add(Duration::from_millis(millis));
        let class = REPLY_CLASSES.iter().position(|bound| millis <= *bound);
        if let Some(class) = class {
            self.classes[class] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_counted_in_the_lowest_class_that_holds_it() {
        let mut histogram = Histogram::default();
        for millis in [0, 5, 6, 5000, 5001] {
            histogram.add(millis);
        }
        assert_eq!(histogram.classes, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(histogram.count, 5);
        assert_eq!(histogram.sum, Duration::from_millis(10_012));
    }

    #[test]
    fn words_without_end_are_one_word() {
        let mut words = Words::default();
        for number in 0..100 {
            words.add(&number.to_string());
        }
        words.add("0");
        assert_eq!(words.iter().count(), MOST_WORDS + 1);
        assert_eq!(words.iter().map(|(_, count)| count).sum::<u64>(), 101);
        assert!(words.iter().any(|(word, count)| word == "0" && count == 2));
    }
}

//! The state of both sides and of the network between them.

use std::collections::BTreeSet;

/// How large a model is.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The records that may happen, in this order.
    pub records: Vec<Kind>,
    /// After so many failures in a row a push has failed (PUSH-2); the standard's five are two here.
    pub attempts: u8,
    /// How often a record is pushed at most while things go wrong.
    pub pushes: u8,
    /// Time passes so often.
    pub ticks: u8,
    /// After so many ticks every record is delivered or has failed, when the gateway runs.
    pub settled_within: u8,
    /// How often a side is killed.
    pub kills: u8,
    /// How often the network delivers something twice.
    pub repeats: u8,
    /// How far before the last pass the next one begins, in ticks.
    pub overlap: u8,
    /// Whether the platform asks, once in a long while, for everything the lot may still have.
    pub whole_passes: bool,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A recognition.
    Recognition,
    /// The crossing of the recognition before it in the list.
    Crossing,
    /// An abnormality, which is not fetched.
    Abnormality,
}

/// A message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// A push: which record, which attempt.
    Push(usize, u8),
    /// Its answer.
    Answer(usize, u8),
}

/// A record as the gateway's journal has it. In a journal without defect exactly one of `pending`,
/// `delivered` and `failed` is true from the moment on in which it has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Row {
    /// When it happened, if it has: its own time (CROSS-2).
    pub at: Option<u8>,
    /// It is to be pushed.
    pub pending: bool,
    /// The platform has acknowledged it.
    pub delivered: bool,
    /// It is there to be fetched (UNPUSH-1), or, an abnormality, to be pushed once the network is back.
    pub failed: bool,
    /// Attempts that failed in a row.
    pub failures: u8,
    /// The attempt whose answer is waited for; not on disk.
    pub flying: Option<u8>,
    /// How many attempts were ever made, which names them; not on disk, but never the same twice.
    pub attempts: u8,
}

/// A pass of the platform (D-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    /// From this time on.
    pub begin: u8,
    /// Up to this time.
    pub end: u8,
    /// How many pages, of one row each, have come.
    pub pages: u8,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// The time.
    pub now: u8,
    /// Whether the gateway runs.
    pub gateway: bool,
    /// Whether the platform runs.
    pub platform: bool,
    /// The gateway's journal.
    pub journal: Vec<Row>,
    /// How many rows the platform has of each record.
    pub store: Vec<u8>,
    /// What the platform has taken and not written; only ever there with a defect.
    pub unwritten: BTreeSet<usize>,
    /// What is under way.
    pub wire: BTreeSet<Message>,
    /// Up to when the platform believes to have everything.
    pub checkpoint: Option<u8>,
    /// The last time the lot did not answer: since, until.
    pub outage: Option<(u8, Option<u8>)>,
    /// The pass under way.
    pub pass: Option<Pass>,
    /// Kills that are left.
    pub kills: u8,
    /// Repeats that are left.
    pub repeats: u8,
}

impl World {
    /// Nothing has happened.
    #[must_use]
    pub fn new(setting: &Setting) -> World {
        World {
            now: 0,
            gateway: true,
            platform: true,
            journal: vec![Row::default(); setting.records.len()],
            store: vec![0; setting.records.len()],
            unwritten: BTreeSet::new(),
            wire: BTreeSet::new(),
            checkpoint: None,
            outage: None,
            pass: None,
            kills: setting.kills,
            repeats: setting.repeats,
        }
    }
}

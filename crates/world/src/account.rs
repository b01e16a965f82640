//! What is noted while it happens: what the oracle cannot learn from the stores afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use boshi_gateway::journal::Entry;
use boshi_gateway::lot::Trace;
use boshi_protocol::delivery::{Kind, Outcome};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::ActId;
use rusqlite::{Connection, OpenFlags};

use crate::story::Wrong;
use crate::watch::Answered;
use crate::world::World;

/// An act of a barrier: its lane, the run of the gateway, and the number that it has there.
type Act = (String, u64, u64);

/// What was noted while it happened, in true time.
#[derive(Default)]
pub(crate) struct Account {
    /// How long a side stays away after its next crash.
    pub(crate) away: [Duration; 2],
    /// How often it has ended.
    pub(crate) crashes: [u32; 2],
    /// When the gateway has started.
    pub(crate) starts: Vec<Duration>,
    /// When it has ended.
    pub(crate) ends: Vec<Duration>,
    pub(crate) vehicles: u32,
    pub(crate) crossings: usize,
    pub(crate) abnormalities: usize,
    pub(crate) faults: u32,
    pub(crate) requests: u64,
    /// Requests to which something happened on their way.
    pub(crate) accidents: u64,
    pub(crate) passes: u32,
    pub(crate) ordered: u32,
    pub(crate) executed: u32,
    /// What the platform has said to have since it started.
    pub(crate) answered: Vec<Answered>,
    /// Each attempt to tell of an abnormality, as the platform knows it, and how often it was made: in one
    /// second there may be several that say the same.
    pub(crate) abnormal: HashMap<String, usize>,
    /// How often the platform ended in what it does by itself.
    pub(crate) alone: u32,
    /// Commands that came again while they were carried out (D-5).
    pub(crate) commands_again: u32,
    /// Drivers who were refused and stand at a gate at the end.
    pub(crate) left_waiting: u32,
    pub(crate) wrong: Vec<Wrong>,
    recognized: HashMap<RecordId, (Duration, u64)>,
    /// Recognitions that the platform has refused at least once.
    pub(crate) refused: HashSet<RecordId>,
    /// Each vehicle's wait from its recognition until the barrier was driven for it.
    pub(crate) waits: BTreeMap<RecordId, Wait>,
    /// Each act that is on disk.
    pub(crate) causes: HashMap<Act, Why>,
    driven: HashSet<Act>,
}

/// Why a barrier is driven.
pub(crate) struct Why {
    pub(crate) cause: String,
    pub(crate) record: Option<RecordId>,
}

impl Why {
    /// Whether on a decision about a vehicle, and not because somebody wants it.
    pub(crate) fn is_decided(&self) -> bool {
        ["may_pass", "blind"].contains(&self.cause.as_str())
    }
}

pub(crate) struct Wait {
    pub(crate) lane: String,
    pub(crate) until: Duration,
    pub(crate) took: Duration,
}

impl Account {
    /// Whether nobody listened at any time between these.
    pub(crate) fn was_away(&self, from: Duration, to: Duration) -> bool {
        let back = |end: &Duration| self.starts.iter().find(|start| *start >= end);
        let overlaps = |end: &Duration| *end <= to && back(end).is_none_or(|back| *back >= from);
        self.ends.iter().any(overlaps)
    }

    /// How often the gateway ended between these.
    pub(crate) fn ends_within(&self, from: Duration, to: Duration) -> usize {
        let within = |end: &&Duration| from <= **end && **end <= to;
        self.ends.iter().filter(within).count()
    }

    /// What came of a request is about to be told.
    pub(crate) fn pushed(&mut self, trace: &Trace, outcome: &Outcome) {
        if trace.key.kind == Kind::Recognition && matches!(outcome, Outcome::Refused(_)) {
            self.refused.insert(trace.key.id.clone());
        }
    }

    /// This is on disk.
    pub(crate) fn note(&mut self, entries: &[Entry], at: Duration, run: u64) {
        for entry in entries {
            match entry {
                Entry::Recognition(it) => {
                    self.recognized.insert(it.record.clone(), (at, run));
                }
                Entry::Lift(it) => {
                    let act = (it.lane.clone(), run, it.act);
                    let why = Why {
                        cause: it.cause.clone(),
                        record: it.record.clone(),
                    };
                    let is_decided = why.is_decided();
                    self.causes.insert(act, why);
                    if is_decided
                        && let Some(record) = &it.record
                        && let Some((since, of)) = self.recognized.get(record)
                        && *of == run
                    {
                        let wait = Wait {
                            lane: it.lane.clone(),
                            until: at,
                            took: at - *since,
                        };
                        self.waits.entry(record.clone()).or_insert(wait);
                    }
                }
                _ => {}
            }
        }
    }

    /// A barrier is told to move: it was written down why (D-18), and it is told once.
    pub(crate) fn drives(&mut self, lane: &str, run: u64, act: ActId, at: Duration) {
        let name = (lane.to_owned(), run, act.0);
        let what = if !self.causes.contains_key(&name) {
            "a barrier is driven and nobody has written down why"
        } else if !self.driven.insert(name) {
            "a barrier is driven twice for one reason"
        } else {
            return;
        };
        self.wrong.push(Wrong {
            what: format!("lane {lane}: {what} ({act:?} of run {run})"),
            at: Some(at),
            about: vec![format!("lane {lane}")],
        });
    }
}

impl World {
    /// What was answered before the platform ended is in what it left (D-13).
    pub(crate) fn answered_is_stored(&mut self) {
        let answered = std::mem::take(&mut self.account.answered);
        if answered.is_empty() {
            return;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let store = Connection::open_with_flags(self.property.file(), flags);
        let store = store.expect("the platform runs on it");
        for Answered { table, key } in answered {
            let named = match table {
                "abnormality" => "hex(digest)",
                _ => "uuid",
            };
            let sql = format!("SELECT count(*) FROM {table} WHERE {named} = ?1");
            let count = store.query_row(&sql, [&key], |row| row.get::<_, i64>(0));
            if count.is_ok_and(|count| count == 1) {
                continue;
            }
            self.account.wrong.push(Wrong {
                what: format!("{table} {key} was answered, and is gone after a restart"),
                at: Some(self.at),
                about: vec![format!("{key} ")],
            });
        }
    }
}

//! The gateway: the real lot on the real journal, killed and started again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use boshi_protocol::delivery::{Key, Kind};
use boshi_protocol::id::RecordId;
use boshi_protocol::moment::{Moment, Tick};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::clock::Calendar;
use crate::config::Config;
use crate::journal::{Entry, Journal};
use crate::lot::{Action, Input, Letter, Lot, Rules, Turn};
use crate::start::recover::{TakenUp, recover};

const CONFIG: &str = r#"
public_url = "https://lot"
[platform]
base_url = "http://platform"
app_id = "99848791"
secret = "s"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
device_url = "http://devices"
device_key = "k"
[[lot.lane]]
name = "02"
gate = "东二"
direction = "exit"
recognizer = "CAM-02"
barrier = "BAR-02"
device_url = "http://devices"
device_key = "k"
[[lot.lane]]
name = "03"
gate = "西一"
direction = "mixed"
recognizer = "CAM-03"
exit_recognizer = "CAM-04"
barrier = "BAR-03"
device_url = "http://devices"
device_key = "k"
"#;

/// What the machine's clock says at the beginning, as it should.
const BEGIN: &str = "2026-11-24T00:00:00Z";

/// At which instant the gateway ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crash {
    /// Between two turns.
    Now,
    /// In the next turn that has something to write, before that is on disk.
    BeforeCommit,
    /// In the next turn that has something to write, after that and before anything is done.
    AfterCommit,
}

pub(super) struct Gateway {
    pub(super) config: Config,
    pub(super) journal: Journal,
    pub(super) runtime: Runtime,
    /// How many runs there were; what was meant for another one means nothing.
    pub(super) run: u64,
    /// By how much the machine's clock is off.
    pub(super) offset: SignedDuration,
    /// The next crash, if one is to come in a turn.
    pub(super) crash: Option<Crash>,
    pub(super) folder: TempDir,
    lot: Option<Lot>,
    started: Duration,
    calendar: Calendar,
    ids: u64,
}

/// What a turn led to.
pub(super) struct Done {
    pub(super) entries: Vec<Entry>,
    /// What is to be done; nothing was when the gateway ended before.
    pub(super) actions: Option<Vec<Action>>,
}

impl Gateway {
    pub(super) fn new() -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open_for_play(&path(&folder)).unwrap();
        Gateway {
            config: Config::parse(CONFIG).unwrap(),
            journal,
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
            run: 0,
            offset: SignedDuration::ZERO,
            crash: None,
            folder,
            lot: None,
            started: Duration::ZERO,
            calendar: Calendar::default(),
            ids: 0,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.lot.is_some()
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let due = self.lot.as_ref()?.deadline()?;
        Some(self.started + due.since_start())
    }

    /// What the machine's clock says.
    pub(super) fn wall(&self, at: Duration) -> Timestamp {
        let begin: Timestamp = BEGIN.parse().unwrap();
        begin + SignedDuration::try_from(at).unwrap() + self.offset
    }

    pub(super) fn dies(&mut self) {
        self.lot = None;
        self.crash = None;
    }

    /// Starts on what the run before has left.
    pub(super) fn starts(&mut self, at: Duration) -> Done {
        assert!(self.lot.is_none());
        self.run += 1;
        self.started = at;
        self.calendar = Calendar::default();
        self.journal = Journal::open_for_play(&path(&self.folder)).unwrap();
        let configured = &self.config.lots[0];
        let passage = self.config.timing.passage;
        let recovering = recover(configured, &self.journal, passage, self.wall(at));
        let TakenUp {
            records,
            pressed,
            passing,
            ..
        } = self.runtime.block_on(recovering).unwrap();
        let gates: HashMap<_, _> = self
            .runtime
            .block_on(self.journal.gates(&configured.id))
            .unwrap();
        let rules = Rules::of(&self.config).unwrap();
        self.lot = Some(Lot::new(configured, rules, &gates));
        let recovered = Input::Recover {
            records,
            pressed,
            passing,
        };
        self.tell(recovered, at)
    }

    pub(super) fn tell(&mut self, input: Input, at: Duration) -> Done {
        let system = self.wall(at);
        let lot = self.lot.as_mut().expect("the gateway runs");
        let tick = Tick::after_start(at - self.started);
        let (wall, _) = self.calendar.read(tick, system);
        let ids = &mut self.ids;
        let mut new_id = || {
            *ids += 1;
            RecordId::new(&format!("r{ids:06}")).unwrap()
        };
        let now = Moment { tick, wall };
        let Turn { entries, actions } = lot.handle(input, now, &mut new_id);
        let crash = self.crash.take_if(|_| !entries.is_empty());
        if crash == Some(Crash::BeforeCommit) {
            self.lot = None;
            return Done {
                entries: Vec::new(),
                actions: None,
            };
        }
        if !entries.is_empty() {
            let writing = self.journal.write(entries.clone());
            self.runtime.block_on(writing).unwrap();
        }
        if crash.is_some() {
            self.lot = None;
            return Done {
                entries,
                actions: None,
            };
        }
        Done {
            entries,
            actions: Some(actions),
        }
    }
}

impl Gateway {
    /// A record that the lot does not have at hand.
    pub(super) fn letter(&self, key: &Key) -> Option<Letter> {
        let (lot, journal) = (&self.config.lots[0].id, &self.journal);
        match key.kind {
            Kind::Recognition => {
                let found = self.runtime.block_on(journal.recognition(lot, &key.id));
                found.unwrap().map(Letter::Recognition)
            }
            Kind::Crossing => {
                let found = self.runtime.block_on(journal.crossing(lot, &key.id));
                found.unwrap().map(Letter::Crossing)
            }
            Kind::Abnormality => {
                let found = self.runtime.block_on(journal.abnormality(lot, &key.id));
                found.unwrap().map(Letter::Abnormality)
            }
        }
    }

    /// Another connection to its journal.
    pub(super) fn reader(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(path(&self.folder)).unwrap()
    }

    /// The file of its journal.
    pub(super) fn file(&self) -> PathBuf {
        path(&self.folder)
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("journal.db")
}

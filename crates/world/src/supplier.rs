//! The supplier's machine: the real gateway on its disk, killed and started again.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use boshi_gateway::config::Config;
use boshi_gateway::journal::Entry;
use boshi_gateway::lot::{Action, Input, Turn};
use boshi_gateway::played::{Played, PlayedTime};
use boshi_protocol::id::RecordId;
use boshi_transport::played::Wire as _;
use rand::rngs::Xoshiro256PlusPlus;
use tempfile::TempDir;

use crate::clock::Clock;
use crate::defect::{Defect, Spoiled};
use crate::image::Image;
use crate::wire::End;

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

/// At which instant a side ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Between two transactions.
    Now,
    /// In the next transaction, before any of it is on disk.
    BeforeCommit,
    /// In the next transaction, with some sectors of it on disk.
    Torn,
    /// After the next transaction, before anything that follows from it is done.
    AfterCommit,
}

impl Crash {
    pub(crate) const ALL: [Crash; 4] = [
        Crash::Now,
        Crash::BeforeCommit,
        Crash::Torn,
        Crash::AfterCommit,
    ];
}

pub(crate) struct Supplier {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) end: Arc<End>,
    /// How many runs there were; what was meant for another one means nothing.
    pub(crate) run: u64,
    /// The next crash, if one is to come in a transaction.
    pub(crate) crash: Option<Crash>,
    pub(crate) played: Option<Played>,
    pub(crate) spoiled: Spoiled,
    /// What recognizers have told this run.
    pub(crate) remembered: HashSet<String>,
    folder: TempDir,
    /// What the disk has when the next run starts.
    disk: Image,
    time: PlayedTime,
    started: Duration,
    ids: Arc<AtomicU64>,
}

/// What a turn led to.
pub(crate) struct Done {
    /// What is on disk for certain.
    pub(crate) entries: Vec<Entry>,
    /// What is to be done; nothing was when the gateway ended before.
    pub(crate) actions: Option<Vec<Action>>,
}

impl Supplier {
    pub(crate) fn new(end: Arc<End>, clock: Clock, defect: Option<Defect>) -> Supplier {
        Supplier {
            config: Config::parse(CONFIG).expect("it is checked by every run"),
            clock,
            end,
            run: 0,
            crash: None,
            played: None,
            spoiled: Spoiled::by(defect),
            remembered: HashSet::new(),
            folder: new_folder(),
            disk: Image::default(),
            time: PlayedTime::default(),
            started: Duration::ZERO,
            ids: Arc::default(),
        }
    }

    /// It is now `at`, by a clock that may be wrong.
    pub(crate) fn now_is(&self, at: Duration) {
        let wall = self.clock.wall(at);
        self.end.set(wall);
        self.time.set(at.saturating_sub(self.started), wall);
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        let due = self.played.as_ref()?.deadline()?;
        Some(self.started + due)
    }

    /// It ends between two transactions.
    pub(crate) fn dies(&mut self) {
        self.disk = self.image();
        self.is_gone();
    }

    fn is_gone(&mut self) {
        self.crash = None;
        self.played = None;
    }

    /// Starts on what the run before has left; what it took up is the first input.
    pub(crate) async fn starts(&mut self, at: Duration) -> Input {
        self.run += 1;
        self.remembered.clear();
        self.started = at;
        self.time = PlayedTime::default();
        self.now_is(at);
        // Whatever of the run before is still about writes into the old one.
        self.folder = new_folder();
        self.config.data = self.folder.path().to_owned();
        self.disk.put(&self.file()).expect("memory has room");
        let ids = Arc::clone(&self.ids);
        let ids = Box::new(move || {
            let id = ids.fetch_add(1, Ordering::Relaxed);
            RecordId::new(&format!("r{id:06}")).expect("it is an id")
        });
        let started = Played::start(&self.config, self.end.clone(), self.time.clone(), ids).await;
        let (played, recovered) = started.unwrap_or_else(|error| {
            panic!("the gateway does not start on what it has left: {error}");
        });
        self.played = Some(played);
        self.spoiled.recovered(recovered)
    }

    /// Writes what a turn has to say, unless it ends in that; returns what is to be done.
    pub(crate) async fn carries_out(
        &mut self,
        turn: Turn,
        random: &mut Xoshiro256PlusPlus,
    ) -> Done {
        let crash = self.crash.take_if(|_| !turn.entries.is_empty());
        let before = crash.map(|_| self.image());
        let turn = self.spoiled.turn(turn);
        let entries = turn.entries.clone();
        let played = self.played.as_mut().expect("the gateway runs");
        let actions = played.carry_out(turn).await;
        let (Some(crash), Some(before)) = (crash, before) else {
            return Done {
                entries,
                actions: Some(self.spoiled.actions(actions)),
            };
        };
        let after = self.image();
        let (disk, entries) = match crash {
            Crash::Now | Crash::BeforeCommit => (before, Vec::new()),
            Crash::Torn => (before.torn(&after, random), Vec::new()),
            Crash::AfterCommit => (after, entries),
        };
        self.disk = disk;
        self.is_gone();
        Done {
            entries,
            actions: None,
        }
    }

    /// What its clock says.
    pub(crate) fn wall(&self) -> jiff::Timestamp {
        self.end.now()
    }

    /// The file of its journal.
    pub(crate) fn file(&self) -> PathBuf {
        self.config.journal()
    }

    fn image(&self) -> Image {
        Image::take(&self.file()).expect("it was written")
    }
}

/// A folder in memory, where there is one.
pub(crate) fn new_folder() -> TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory
        .or_else(|_| tempfile::tempdir())
        .expect("there is room for a folder")
}

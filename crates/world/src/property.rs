//! The property's machine: the real platform on its disk, killed and started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boshi_platform::config::Config;
use boshi_platform::played::Played;
use boshi_transport::played::Wire as _;
use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::clock::Clock;
use crate::defect::{Defect, Spoiled};
use crate::image::{Image, Latest};
use crate::supplier::{Crash, new_folder};
use crate::wire::End;

/// So full that some have to wait at the entry, and are asked for again and again; asked for everything
/// more often than once a day, so that a world need not last for days to see that.
const CONFIG: &str = r#"
[reconcile]
whole = "2h"
[limits]
requests_per_lot = 100000
[[supplier]]
app_id = "99848791"
secret = "s"
[[lot]]
id = "L1"
supplier = "99848791"
base_url = "http://lot"
entry = "allow"
exit = "allow"
capacity = 19
[[lot.lane]]
recognizer = "CAM-01"
direction = "entry"
[[lot.lane]]
recognizer = "CAM-02"
direction = "exit"
[[lot.lane]]
recognizer = "CAM-03"
direction = "entry"
[[lot.lane]]
recognizer = "CAM-04"
direction = "exit"
"#;

pub(crate) struct Property {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) end: Arc<End>,
    pub(crate) run: u64,
    pub(crate) crash: Option<Crash>,
    /// The next crash in what it does by itself: a pass, a heartbeat, a command.
    pub(crate) alone: Option<Crash>,
    pub(crate) played: Option<Arc<Played>>,
    pub(crate) spoiled: Spoiled,
    /// When the pass began that is being made, by its clock.
    pub(crate) passing: Option<Timestamp>,
    folder: TempDir,
    disk: Image,
    latest: Latest,
}

impl Property {
    pub(crate) fn new(end: Arc<End>, clock: Clock, defect: Option<Defect>) -> Property {
        Property {
            config: Config::parse(CONFIG).expect("it is checked by every run"),
            clock,
            end,
            run: 0,
            crash: None,
            alone: None,
            played: None,
            spoiled: Spoiled::by(defect),
            passing: None,
            folder: new_folder(),
            disk: Image::default(),
            latest: Latest::default(),
        }
    }

    pub(crate) fn now_is(&self, at: Duration) {
        self.end.set(self.clock.wall(at));
    }

    /// It ends between two transactions.
    pub(crate) fn dies(&mut self) {
        self.disk = self.spoiled.left_by(self.image());
        self.is_gone();
    }

    fn is_gone(&mut self) {
        self.crash = None;
        self.alone = None;
        self.played = None;
    }

    /// What its disk is before it goes on with what it does by itself, if it is to end in that.
    pub(crate) fn before_it_goes_on(&mut self) -> Option<Arc<Image>> {
        self.alone.map(|_| self.latest())
    }

    /// It went on, and ends in that if it has written something; whether it did. What the world sees of a
    /// step it sees after all of its transactions, so that it tears the last of them, or none.
    pub(crate) fn ends_in_that(&mut self, before: &Image, random: &mut Xoshiro256PlusPlus) -> bool {
        let after = self.latest();
        let Some(mut crash) = self.alone.take_if(|_| before.is_written_in(&after)) else {
            return false;
        };
        // Several transactions, between which the log was merged into the file and begun anew: no part of it
        // fits the old file.
        if crash == Crash::Torn && before.is_merged_in(&after) {
            crash = Crash::BeforeCommit;
        }
        self.disk = left_in(crash, before, &after, random);
        self.is_gone();
        true
    }

    /// Starts on what the run before has left.
    pub(crate) async fn starts(&mut self) {
        self.run += 1;
        // Whatever of the run before is still about writes into the old one.
        self.folder = new_folder();
        self.latest = Latest::default();
        self.config.data = self.folder.path().to_owned();
        self.disk.put(&self.file()).expect("memory has room");
        if let Some(began) = self.passing.take()
            && self.spoiled.moves_early()
        {
            let store = Connection::open(self.file()).expect("it was written");
            let moved = store.execute("UPDATE checkpoint SET at = ?1", [began.as_second()]);
            moved.expect("it has a checkpoint, or none");
        }
        let played = Played::start(&self.config, self.end.clone()).await;
        self.played = Some(Arc::new(played.unwrap_or_else(|error| {
            panic!("the platform does not start on what it has left: {error}");
        })));
    }

    /// Answers a request, unless it ends in that.
    pub(crate) async fn serves(
        &mut self,
        path: &str,
        body: String,
        random: &mut Xoshiro256PlusPlus,
    ) -> Option<(u16, Vec<u8>)> {
        let crash = self.crash.take();
        let before = crash.map(|_| self.image());
        self.spoiled
            .about_to_serve(|| Image::take(&self.config.store()));
        let played = self.played.as_ref().expect("the platform runs");
        let answered = played.serve(path, body).await;
        let (Some(crash), Some(before)) = (crash, before) else {
            return Some(answered);
        };
        let after = self.image();
        self.disk = left_in(crash, &before, &after, random);
        self.is_gone();
        None
    }

    /// What its clock says.
    pub(crate) fn wall(&self) -> Timestamp {
        self.end.now()
    }

    /// The file of its store.
    pub(crate) fn file(&self) -> PathBuf {
        self.config.store()
    }

    fn latest(&mut self) -> Arc<Image> {
        let file = self.file();
        self.latest.take(&file).expect("it was written")
    }

    fn image(&self) -> Image {
        Image::take(&self.file()).expect("it was written")
    }
}

/// What a crash leaves of a disk.
fn left_in(crash: Crash, before: &Image, after: &Image, random: &mut Xoshiro256PlusPlus) -> Image {
    match crash {
        Crash::Now | Crash::BeforeCommit => before.clone(),
        Crash::Torn => before.torn(after, random),
        Crash::AfterCommit => after.clone(),
    }
}

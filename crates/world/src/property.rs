//! The property's machine: the real platform on its disk, killed and started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use boshi_platform::config::Config;
use boshi_platform::played::Played;
use rand::rngs::Xoshiro256PlusPlus;
use tempfile::TempDir;

use crate::clock::Clock;
use crate::defect::{Defect, Spoiled};
use crate::image::Image;
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
    pub(crate) played: Option<Arc<Played>>,
    pub(crate) spoiled: Spoiled,
    folder: TempDir,
    disk: Image,
}

impl Property {
    pub(crate) fn new(end: Arc<End>, clock: Clock, defect: Option<Defect>) -> Property {
        Property {
            config: Config::parse(CONFIG).expect("it is checked by every run"),
            clock,
            end,
            run: 0,
            crash: None,
            played: None,
            spoiled: Spoiled::by(defect),
            folder: new_folder(),
            disk: Image::default(),
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
        self.played = None;
    }

    /// Starts on what the run before has left.
    pub(crate) async fn starts(&mut self) {
        self.run += 1;
        // Whatever of the run before is still about writes into the old one.
        self.folder = new_folder();
        self.config.data = self.folder.path().to_owned();
        self.disk.put(&self.file()).expect("memory has room");
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
        self.disk = match crash {
            Crash::Now | Crash::BeforeCommit => before,
            Crash::Torn => before.torn(&after, random),
            Crash::AfterCommit => after,
        };
        self.is_gone();
        None
    }

    /// The file of its store.
    pub(crate) fn file(&self) -> PathBuf {
        self.config.store()
    }

    fn image(&self) -> Image {
        Image::take(&self.file()).expect("it was written")
    }
}

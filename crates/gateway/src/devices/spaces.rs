//! Systems that tell which parking spaces are taken (`docs/EQUIPMENT.md`): guidance systems with their
//! detectors, and cameras that look at spaces. They push over HTTP, or report to the lot's MQTT broker.
//!
//! `report` is what they say, `watch` what is news of it, both without I/O; `push` the address that
//! they speak to, `worker` the task that hears the broker and notices who has fallen silent.

pub(crate) mod fuzzed;
mod push;
pub(in crate::devices) mod report;
mod watch;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_protocol::id::PlaceNo;
use tokio::time::Instant;

use self::push::PushingSpaces;
use self::report::{Report, ReportError};
use self::watch::Watch;
use self::worker::Worker;
use super::controller::DeviceDriver;
use super::event::{Event, PlaceEvent};
use super::health::Health;
use super::intake::Untaken;
use super::outfit::{EquipError, Outfit};
use super::teller::Teller;
use crate::config::{self, Equipment, SpacesDialect};

/// How long after its last report a system counts as there that reports changes only: a quiet night.
const QUIET: Duration = Duration::from_secs(24 * 3600);

/// How many reports may be missing before a system counts as lost.
const MISSES: u32 = 3;

/// A guidance system, from outside; cheap to clone.
#[derive(Clone, Debug)]
struct Spaces(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: config::Spaces,
    health: Health,
    watch: Mutex<Watch>,
}

/// What became of a message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// How many spaces it told of that are known.
    taken: usize,
    /// The first thing that was wrong with it.
    wrong: Option<String>,
}

/// The gateway is stopping: whoever told has to tell again.
#[derive(Debug)]
struct Stopping;

/// The systems of a lot. One reports over MQTT if it has a topic and the lot a broker.
pub(crate) fn equip(outfit: &mut Outfit<'_>) -> Result<(), EquipError> {
    outfit.starts(|it| it.pushing.family("spaces"));
    let lot = outfit.lot;
    for config in &lot.spaces {
        let spaces = Spaces::new(config, &lot.places);
        let topic = config.topic.as_ref();
        let topic = topic.map(|topic| topic.with("lot", lot.id.as_str()));
        let line = topic.zip(outfit.exchange.as_mut());
        let line = line.map(|(topic, exchange)| {
            let line = exchange.line(vec![topic.clone()]);
            (topic, line)
        });
        let worker = Worker::new(spaces.clone(), line);
        let key = config.key.clone();
        outfit.has(spaces.clone());
        outfit.starts(move |it| {
            let teller = it.teller();
            if let Some(key) = key {
                let pushing = PushingSpaces::new(spaces, teller.clone());
                it.pushing.add("spaces", &key, Arc::new(pushing));
            }
            it.spawn(worker.run(teller, it.stop.clone()));
        });
    }
    Ok(())
}

impl DeviceDriver for Spaces {
    fn equipment(&self) -> &dyn Equipment {
        &self.0.config
    }

    fn health(&self) -> &Health {
        &self.0.health
    }

    fn way(&self) -> (&'static str, String) {
        let config = &self.0.config;
        let driver = match config.speaks {
            SpacesDialect::Json => "spaces json",
            SpacesDialect::Dahua => "spaces dahua",
            SpacesDialect::Hikvision => "spaces hikvision",
        };
        let address = config.topic.as_ref();
        let address = address.map_or_else(|| "http".to_owned(), config::Topic::filter);
        (driver, address)
    }
}

impl Spaces {
    fn new(config: &config::Spaces, places: &[config::Place]) -> Spaces {
        let patience = match config.period {
            Duration::ZERO => QUIET,
            period => period * MISSES,
        };
        let numbers = places.iter().map(|it| &it.number);
        Spaces(Arc::new(Inner {
            health: Health::new(patience),
            watch: Mutex::new(Watch::new(config.period, numbers, Instant::now())),
            config: config.clone(),
        }))
    }

    /// A message has come; `kept` when it is of an earlier time.
    async fn hear(
        &self,
        message: &Message<'_>,
        kept: bool,
        teller: &Teller,
    ) -> Result<Outcome, Stopping> {
        let Inner { config, health, .. } = &*self.0;
        let read = report::read(config, message.body, message.in_topic, message.picture);
        let reports = match read {
            Ok(reports) => reports,
            Err(error) => return Ok(self.nonsense(&error, message.body)),
        };
        if !kept && health.called(Some(message.body)) {
            tracing::info!(name = config.name, "a guidance system is there");
        }
        let mut outcome = Outcome::default();
        for report in reports {
            let wrong = match report.and_then(|it| self.known(it)) {
                Ok(report) => self.tell(report, kept, teller).await?,
                Err(error) => Some(error.to_string()),
            };
            match wrong {
                None => outcome.taken += 1,
                Some(why) => outcome.wrong = outcome.wrong.or(Some(why)),
            }
        }
        if let Some(why) = &outcome.wrong {
            self.faulty(why);
        }
        Ok(outcome)
    }

    fn known(&self, report: Report) -> Result<Report, ReportError> {
        if self.watch().knows(&report.place) {
            return Ok(report);
        }
        Err(ReportError::Field {
            field: "车位号".to_owned(),
            got: format!("{:?}", report.place.as_str()),
            expected: "[[lot.place]] 中的车位，或先写入 numbers".to_owned(),
        })
    }

    /// Tells what is news; what is wrong with it comes back.
    async fn tell(
        &self,
        report: Report,
        kept: bool,
        teller: &Teller,
    ) -> Result<Option<String>, Stopping> {
        let Report {
            place,
            status,
            plate,
            image,
        } = report;
        let state = (status, plate.clone());
        let news = self.watch().see(&place, state, kept, Instant::now());
        // A picture is not compared: it is never the same twice.
        if !news && image.is_none() {
            return Ok(None);
        }
        let event = Event::Place(PlaceEvent {
            place: place.clone(),
            status,
            plate,
            image,
        });
        match teller.tell_whole(event).await {
            Ok(()) => Ok(None),
            Err(Untaken::Never(why)) => Ok(Some(why)),
            Err(Untaken::Later) => {
                self.watch().forget(&place);
                Err(Stopping)
            }
        }
    }

    fn nonsense(&self, error: &ReportError, body: &[u8]) -> Outcome {
        let why = error.to_string();
        self.0.health.nonsense(&why, body);
        let name = &self.0.config.name;
        tracing::warn!(name, why, "a guidance system says what cannot be read");
        Outcome {
            taken: 0,
            wrong: Some(why),
        }
    }

    fn faulty(&self, why: &str) {
        self.0.health.faulty(why);
        let name = &self.0.config.name;
        tracing::warn!(name, why, "a guidance system says what cannot be taken");
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.0.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The spaces of which nobody knows any more how they are.
    fn fallen_silent(&self) -> Vec<PlaceNo> {
        self.watch().fallen_silent(Instant::now())
    }
}

/// What came, with what stands around it.
#[derive(Clone, Copy, Debug)]
struct Message<'a> {
    body: &'a [u8],
    /// The space that its topic names.
    in_topic: Option<&'a str>,
    /// A picture beside it.
    picture: Option<&'a [u8]>,
}

//! The platform and the way to it, which fail.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use boshi_protocol::delivery::{Fault, Key, Kind, Outcome};
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use rand::RngExt as _;
use rand::rngs::Xoshiro256PlusPlus;

use crate::lot::Letter;

/// How the platform is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weather {
    Fine,
    /// Nobody listens.
    Refusing,
    /// Nobody answers.
    Silent,
    /// HTTP 500.
    Failing,
    /// It takes everything, and most answers get lost.
    Deaf,
}

pub(super) struct Platform {
    pub(super) weather: Weather,
    /// What it has taken.
    pub(super) records: BTreeSet<(Kind, String)>,
    asked: HashMap<String, u32>,
}

/// What becomes of one request.
pub(super) struct Fate {
    pub(super) after: Duration,
    pub(super) outcome: Outcome,
}

const MS: fn(u64) -> Duration = Duration::from_millis;

impl Platform {
    pub(super) fn new() -> Platform {
        Platform {
            weather: Weather::Fine,
            records: BTreeSet::new(),
            asked: HashMap::new(),
        }
    }

    /// A request that has to be answered within `timeout`.
    pub(super) fn takes(
        &mut self,
        key: &Key,
        letter: &Letter,
        timeout: Duration,
        random: &mut Xoshiro256PlusPlus,
    ) -> Fate {
        let fault = |after, fault| Fate {
            after,
            outcome: Outcome::Fault(fault),
        };
        let lost = match self.weather {
            Weather::Refusing => return fault(MS(5), Fault::NoConnection("refused".to_owned())),
            Weather::Silent => return fault(timeout, Fault::TimedOut),
            Weather::Failing => return fault(MS(60), Fault::Status(500)),
            Weather::Deaf => 0.7,
            Weather::Fine => 0.005,
        };
        let after = MS(random.random_range(20..300));
        self.records.insert((key.kind, key.id.to_string()));
        if random.random_bool(lost) {
            return fault(timeout, Fault::TimedOut);
        }
        let outcome = match letter {
            Letter::Recognition(it) => self.judge(key, it.plate.as_ref()),
            Letter::Crossing(_) | Letter::Abnormality(_) => Outcome::Accepted,
        };
        Fate { after, outcome }
    }

    /// One in twenty may not pass, and one in twenty not before it has paid.
    fn judge(&mut self, key: &Key, plate: Option<&Plate>) -> Outcome {
        let asked = self.asked.entry(key.id.to_string()).or_default();
        *asked += 1;
        let text = plate.map_or(key.id.as_str(), Plate::as_str);
        let sum: u32 = text.bytes().map(u32::from).sum();
        match sum % 20 {
            0 => Outcome::Refused(Refusal::new("NO_PERMIT", "未授权")),
            1 if *asked < 4 => Outcome::Refused(Refusal::new("UNPAID", "请先缴费")),
            _ => Outcome::Accepted,
        }
    }
}

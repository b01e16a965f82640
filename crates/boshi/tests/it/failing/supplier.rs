//! A supplier who pushes, and knows what the platform has taken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use boshi_platform::store::RecordKind;
use boshi_protocol::id::AppId;
use boshi_protocol::time::WireTime;
use boshi_protocol::token::Credentials;
use jiff::Timestamp;

use super::sides::{APP_ID, RECOGNIZER, SECRET, stored};
use crate::line::Line;

/// What is pushed for each vehicle.
const PATHS: [&str; 3] = [
    "/receivePlateNumber",
    "/receiveCrossGate",
    "/receiveAbnormal",
];

/// One supplier on a connection of its own.
pub(super) struct Supplier {
    line: Line,
    /// The names of the recognitions, crossings and abnormalities that the platform has acknowledged.
    acknowledged: [BTreeSet<String>; 3],
    /// What was pushed of each vehicle: the same bytes again are the same abnormality.
    bodies: BTreeMap<String, String>,
}

impl Supplier {
    pub(super) fn at(platform: &str) -> Supplier {
        Supplier {
            line: Line::to(platform),
            acknowledged: Default::default(),
            bodies: BTreeMap::new(),
        }
    }

    /// Reaches the platform that was started anew.
    pub(super) fn turns_to(&mut self, platform: &str) {
        self.line = Line::to(platform);
    }

    /// All three pushes of the vehicle `name`, each of which has to be taken.
    pub(super) fn is_heard(&mut self, name: &str) {
        for (path, answer) in PATHS.iter().zip(self.pushes(name)) {
            assert_eq!(answer.0, 200, "{path}: {answer:?}");
            assert!(answer.1.contains(r#""respCode":"0""#), "{path}: {answer:?}");
        }
    }

    /// None of the three pushes of the vehicle `name` is taken, nor refused: the supplier has to try again (D-1).
    pub(super) fn is_put_off(&mut self, name: &str) {
        for (path, answer) in PATHS.iter().zip(self.pushes(name)) {
            assert_eq!(answer.0, 503, "{path}: {answer:?}");
            assert!(answer.1.contains("NOT_STORED"), "{path}: {answer:?}");
        }
    }

    fn pushes(&mut self, name: &str) -> [(u16, String); 3] {
        let pushed = self.bodies.entry(name.to_owned());
        let pushed = pushed.or_insert_with(|| body(name)).clone();
        [0, 1, 2].map(|kind| {
            let answer = self.line.ask("POST", PATHS[kind], "", &pushed);
            if answer.0 == 200 && answer.1.contains(r#""respCode":"0""#) {
                self.acknowledged[kind].insert(name.to_owned());
            }
            answer
        })
    }

    /// D-13: what was acknowledged is stored, once, and nothing that was not pushed.
    pub(super) fn finds_all_of_it_once(&self, store: &Path) {
        let tally = stored(store);
        let of = |kind: RecordKind| {
            let entries = tally.entries.iter().filter(move |it| it.kind == kind);
            entries.map(|it| it.uuid.to_string()).collect::<Vec<_>>()
        };
        let messages = tally.abnormalities.iter().map(|it| it.msg.clone());
        let stored = [
            of(RecordKind::Recognition),
            of(RecordKind::Crossing),
            messages.collect(),
        ];
        for (acknowledged, stored) in self.acknowledged.iter().zip(stored) {
            let names: BTreeSet<String> = stored.iter().cloned().collect();
            assert_eq!(names.len(), stored.len(), "twice: {stored:?}");
            assert!(
                acknowledged.is_subset(&names),
                "{acknowledged:?}: {stored:?}"
            );
            let invented = names.iter().find(|name| !self.bodies.contains_key(*name));
            assert_eq!(invented, None);
        }
    }
}

/// What all three endpoints need: each reads its own fields.
fn body(name: &str) -> String {
    let now = WireTime::from_timestamp(Timestamp::now()).to_string();
    let credentials = Credentials::new(AppId::new(APP_ID).unwrap(), SECRET.to_owned().into());
    let token = credentials.sign(&now);
    format!(
        r#"{{"version":"1.0","token":"{token}","appId":"{APP_ID}","parkingLotId":"L1","time":"{now}","deviceNo":"{RECOGNIZER}","uuid":"{name}","recognitionTime":"{now}","crossTime":"{now}","image":"","plateNumber":"粤B12345","color":"blue","abnormalCode":"1201","msg":"{name}"}}"#
    )
}

//! What tells of parking spaces, read as it is read from the network: for `crates/fuzz` alone.

use super::report::read;
use crate::config::Spaces;

/// How each dialect is configured here.
const SYSTEMS: [&str; 4] = [
    "name = \"json\"",
    "name = \"mapped\"\n[fields]\nlist = \"/data\"\nplace = \"/a/b\"\nstatus = \"c\"\n\
     [words]\nvacancy = [\"0\", \"false\"]\noccupy = [\"1\", \"true\"]",
    "name = \"dahua\"\nspeaks = \"dahua\"\n[words]\nvacancy = [\"0\"]\noccupy = [\"1\"]",
    "name = \"hikvision\"\nspeaks = \"hikvision\"",
];

/// Reads `bytes` as a report of each kind of system, with and without a space in the topic.
///
/// # Panics
/// When a space without a number is reported.
pub fn spaces(bytes: &[u8]) {
    for system in SYSTEMS {
        let config: Spaces = toml::from_str(system).expect("each of these is a system");
        for in_topic in [None, Some("A-1")] {
            for report in read(&config, bytes, in_topic, None).into_iter().flatten() {
                let number = report.map(|it| it.place.as_str().len());
                assert!(number != Ok(0), "a space has a number");
            }
        }
    }
}

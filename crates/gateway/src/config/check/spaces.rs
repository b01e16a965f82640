//! What the types cannot say of systems that tell which parking spaces are taken.

use std::collections::HashSet;

use boshi_protocol::id::PlaceNo;
use boshi_service::config::unique;

use super::super::{Config, ConfigError, Lot, Spaces, SpacesDialect};
use super::equipment::wrong;
use super::mqtt::check_holes;

pub(super) fn check(path: &str, lot: &Lot) -> Result<(), ConfigError> {
    let names = lot.spaces.iter().map(|it| it.name.as_str());
    unique(names, |place| format!("{path}.spaces[{place}].name"))?;
    let numbers: HashSet<&PlaceNo> = lot.places.iter().map(|it| &it.number).collect();
    for (place, system) in lot.spaces.iter().enumerate() {
        let path = format!("{path}.spaces[{place}]");
        check_way(&path, lot, system)?;
        check_words(&path, system)?;
        let mut ours = system.numbers.values();
        if let Some(unknown) = ours.find(|it| !numbers.contains(it)) {
            let value = format!("{:?}", unknown.as_str());
            let expected = "the number of a [[lot.place]]";
            return wrong(format!("{path}.numbers"), value, expected);
        }
    }
    let watching = lot.spaces.iter().filter(|it| !it.period.is_zero()).count();
    if watching > 0 && lot.spaces.len() > 1 {
        let field = format!("{path}.spaces: a period");
        let expected = "no period where there are several: each would miss the others' spaces";
        return wrong(
            field,
            format!("{watching} of {}", lot.spaces.len()),
            expected,
        );
    }
    Ok(())
}

/// Each key names one system, in whichever lots.
pub(super) fn check_keys(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (lot, known) in config.lots.iter().enumerate() {
        for (place, system) in known.spaces.iter().enumerate() {
            let Some(key) = &system.key else { continue };
            if !seen.insert(key.expose()) {
                let field = format!("lot[{lot}].spaces[{place}].key");
                let expected = "a key of its own: it tells which system pushes";
                return wrong(field, "that of another system too", expected);
            }
        }
    }
    Ok(())
}

fn check_way(path: &str, lot: &Lot, system: &Spaces) -> Result<(), ConfigError> {
    let Some(topic) = &system.topic else {
        if system.key.is_none() {
            let expected = "a key (it pushes over HTTP) or a topic (it reports over MQTT)";
            return wrong(format!("{path}.key"), "missing", expected);
        }
        return Ok(());
    };
    if lot.mqtt.is_none() {
        let expected = "the broker that the system reports to, as [lot.mqtt]";
        return wrong(format!("{path}.topic"), "no broker", expected);
    }
    check_holes(&format!("{path}.topic"), topic, &["lot", "place"])
}

fn check_words(path: &str, system: &Spaces) -> Result<(), ConfigError> {
    if system.speaks == SpacesDialect::Dahua && system.words.is_empty() {
        let expected = "which numbers mean which state: what 0 to 4 mean is not documented well";
        return wrong(format!("{path}.words"), "missing", expected);
    }
    let words = &system.words;
    let all = [&words.vacancy, &words.occupy, &words.unusual];
    let mut seen = HashSet::new();
    for word in all.into_iter().flatten() {
        if !seen.insert(word.to_ascii_lowercase()) {
            let expected = "each word for one state only";
            return wrong(
                format!("{path}.words"),
                format!("{word:?} once more"),
                expected,
            );
        }
    }
    for (key, field) in [
        ("place", &system.fields.place),
        ("status", &system.fields.status),
    ] {
        if field.is_empty() {
            let expected = "the name of a field, or a JSON pointer";
            return wrong(format!("{path}.fields.{key}"), "\"\"", expected);
        }
    }
    Ok(())
}

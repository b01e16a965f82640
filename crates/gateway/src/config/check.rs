//! What the types alone cannot say.

use std::collections::HashSet;

use super::{Config, ConfigError, Lot};

pub(super) fn config(config: &Config) -> Result<(), ConfigError> {
    url("public_url", &config.public_url)?;
    url("platform.base_url", &config.platform.base_url)?;
    if config.tls.certificate.is_some() != config.tls.key.is_some() {
        return Err(wrong(
            "tls",
            "incomplete",
            "certificate and key, or neither",
        ));
    }
    if config.lots.is_empty() {
        return Err(wrong("lot", "empty", "at least one [[lot]]"));
    }
    unique("lot.id", config.lots.iter().map(|lot| lot.id.as_str()))?;
    config.lots.iter().try_for_each(check_lot)
}

fn check_lot(lot: &Lot) -> Result<(), ConfigError> {
    unique(
        "lot.lane.name",
        lot.lanes.iter().map(|lane| lane.name.as_str()),
    )?;
    unique(
        "lot.place.number",
        lot.places.iter().map(|place| place.number.as_str()),
    )?;
    let devices = lot.lanes.iter().flat_map(|lane| {
        [
            Some(&lane.recognizer),
            Some(&lane.barrier),
            lane.display.as_ref(),
        ]
    });
    unique(
        "device number (recognizer, barrier, display)",
        devices.flatten().map(|device| device.as_str()),
    )?;
    let mut lanes = lot.lanes.iter();
    lanes.try_for_each(|lane| url("lot.lane.device_url", &lane.device_url))
}

fn unique<'a>(field: &str, values: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(wrong(field, &format!("{value:?} twice"), "each only once"));
        }
    }
    Ok(())
}

fn url(field: &str, value: &str) -> Result<(), ConfigError> {
    if value.starts_with("http://") || value.starts_with("https://") {
        return Ok(());
    }
    Err(wrong(
        field,
        &format!("{value:?}"),
        "a URL with http:// or https://",
    ))
}

fn wrong(field: &str, value: &str, expected: &str) -> ConfigError {
    ConfigError::Value {
        field: field.to_owned(),
        value: value.to_owned(),
        expected: expected.to_owned(),
    }
}

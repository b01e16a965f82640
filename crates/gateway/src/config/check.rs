//! What the types alone cannot say.

use std::collections::HashSet;

use boshi_protocol::abnormal_text::Texts;
use boshi_protocol::code::AbnormalCode;
use secrecy::ExposeSecret as _;

use super::{Config, ConfigError, Direction, Lane, Lot};

pub(super) fn config(config: &Config) -> Result<(), ConfigError> {
    url("public_url", &config.public_url)?;
    url("platform.base_url", &config.platform.base_url)?;
    let secure = config.platform.base_url.starts_with("https://");
    if secure && config.platform.ca_file.is_none() {
        let expected = "the authority of an https platform's certificate";
        return Err(wrong("platform.ca_file", "missing", expected));
    }
    if config.tls.certificate.is_some() != config.tls.key.is_some() {
        return Err(wrong(
            "tls",
            "incomplete",
            "certificate and key, or neither",
        ));
    }
    config.texts()?;
    if config.lots.is_empty() {
        return Err(wrong("lot", "empty", "at least one [[lot]]"));
    }
    unique("lot.id", config.lots.iter().map(|lot| lot.id.as_str()))?;
    config.lots.iter().try_for_each(check_lot)?;
    check_keys(config)
}

/// A key and a number name one device, in whichever lots the key is used.
fn check_keys(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    let lanes = config.lots.iter().flat_map(|lot| &lot.lanes);
    for (lane, device) in lanes.flat_map(|lane| lane.devices().map(move |it| (lane, it))) {
        if !seen.insert((lane.device_key.expose_secret(), device)) {
            let twice = format!("{:?} twice with one key", device.as_str());
            let expected = "another key, or another number, in each lot";
            return Err(wrong("lot.lane.device_key", &twice, expected));
        }
    }
    Ok(())
}

impl Config {
    /// The messages of abnormalities, with those that are configured (ABN-2, D-15).
    ///
    /// # Errors
    /// [`ConfigError::Value`] when a message names something that it cannot be filled in with.
    pub fn texts(&self) -> Result<Texts, ConfigError> {
        let own = self.abnormal_texts.iter();
        Texts::with(own.map(|(code, text)| (AbnormalCode::read(code), text.clone()))).map_err(
            |error| {
                wrong(
                    "abnormal_texts",
                    &error.to_string(),
                    "a text with {gate}, {lane} and {device} at most",
                )
            },
        )
    }
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
    let devices = lot.lanes.iter().flat_map(Lane::devices);
    unique(
        "device number (recognizer, barrier, display)",
        devices.map(|device| device.as_str()),
    )?;
    lot.lanes.iter().try_for_each(check_lane)
}

fn check_lane(lane: &Lane) -> Result<(), ConfigError> {
    if !lane.fetches_commands() {
        url("lot.lane.device_url", &lane.device_url)?;
    }
    let (field, value) = ("lot.lane.exit_recognizer", &lane.exit_recognizer);
    match (lane.direction, value) {
        (Direction::Mixed, None) => Err(wrong(
            field,
            "missing",
            "the second recognizer of a mixed lane",
        )),
        (Direction::Entry | Direction::Exit, Some(device)) => Err(wrong(
            field,
            &format!("{device:?}"),
            "nothing: only a mixed lane has one",
        )),
        (Direction::Mixed, Some(_)) | (Direction::Entry | Direction::Exit, None) => Ok(()),
    }
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

//! What the types alone cannot say.

mod board;
mod camera;
mod dahua;
mod equipment;
mod hik;
mod lines;
mod mqtt;
mod spaces;

use std::collections::HashSet;

use boshi_protocol::abnormal_text::Texts;
use boshi_protocol::code::AbnormalCode;
use boshi_service::config::{listen_apart, unique, url};
use secrecy::ExposeSecret as _;

use super::{Config, ConfigError, Direction, Lane, Lot};

pub(super) fn config(config: &Config) -> Result<(), ConfigError> {
    url("public_url", &config.public_url)?;
    let secure = url("platform.base_url", &config.platform.base_url)?;
    if secure && config.platform.ca_file.is_none() {
        let expected = "the authority of an https platform's certificate";
        return Err(ConfigError::value("platform.ca_file", "missing", expected));
    }
    let listen = &config.listen;
    listen_apart([
        ("standard", Some(listen.standard)),
        ("devices", Some(listen.devices)),
        ("local", Some(listen.local)),
        ("monitoring", listen.monitoring),
    ])?;
    config.tls.check()?;
    config.texts()?;
    if config.lots.is_empty() {
        let expected = "at least one [[lot]]";
        return Err(ConfigError::value("lot", "empty", expected));
    }
    let lots = config.lots.iter().map(|lot| lot.id.as_str());
    unique(lots, |place| format!("lot[{place}].id"))?;
    for (place, lot) in config.lots.iter().enumerate() {
        check_lot(&format!("lot[{place}]"), lot)?;
    }
    check_keys(config)?;
    lines::check(config)?;
    camera::check_keys(config)?;
    spaces::check_keys(config)
}

/// A key and a number name one device, in whichever lots the key is used.
fn check_keys(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (lot, known) in config.lots.iter().enumerate() {
        for (lane, known) in known.lanes.iter().enumerate() {
            let Some(key) = &known.device_key else {
                continue;
            };
            for device in known.devices() {
                if !seen.insert((key.expose_secret(), device)) {
                    let field = format!("lot[{lot}].lane[{lane}].device_key");
                    let twice = format!("that of {:?} elsewhere too", device.as_str());
                    let expected = "another key, or another number, in each lot";
                    return Err(ConfigError::value(field, twice, expected));
                }
            }
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
                ConfigError::value(
                    "abnormal_texts",
                    error.to_string(),
                    "a text with {gate}, {lane} and {device} at most",
                )
            },
        )
    }
}

fn check_lot(path: &str, lot: &Lot) -> Result<(), ConfigError> {
    let names = lot.lanes.iter().map(|lane| lane.name.as_str());
    unique(names, |lane| format!("{path}.lane[{lane}].name"))?;
    let places = lot.places.iter().map(|place| place.number.as_str());
    unique(places, |place| format!("{path}.place[{place}].number"))?;
    let mut seen = HashSet::new();
    for (place, lane) in lot.lanes.iter().enumerate() {
        let path = format!("{path}.lane[{place}]");
        for device in lane.devices() {
            if !seen.insert(device) {
                let twice = format!("{:?} once more", device.as_str());
                let field = format!("{path}: a recognizer, barrier or display");
                let expected = "each number only once in a lot";
                return Err(ConfigError::value(field, twice, expected));
            }
        }
        check_lane(&path, lane)?;
        check_controller(&path, lot, lane)?;
    }
    equipment::check(path, lot)?;
    spaces::check(path, lot)
}

/// A device that no driver of the gateway's own speaks to needs a controller that does.
fn check_controller(path: &str, lot: &Lot, lane: &Lane) -> Result<(), ConfigError> {
    if let Some(address) = &lane.device_url {
        if !lane.fetches_commands() {
            url(&format!("{path}.device_url"), address)?;
        }
        if lane.device_key.is_none() {
            let expected = "the key that the controller and the gateway show each other";
            let field = format!("{path}.device_key");
            return Err(ConfigError::value(field, "missing", expected));
        }
        return Ok(());
    }
    let Some(device) = lane.devices().find(|device| !lot.drives(device)) else {
        return Ok(());
    };
    let expected = format!(
        "the address of a controller, or a driver for {:?}",
        device.as_str()
    );
    let field = format!("{path}.device_url");
    Err(ConfigError::value(field, "missing", expected))
}

fn check_lane(path: &str, lane: &Lane) -> Result<(), ConfigError> {
    let second = lane.exit_recognizer.as_ref();
    let (value, expected) = match (lane.direction, second) {
        (Direction::Mixed, None) => {
            let expected = "the second recognizer of a mixed lane";
            ("missing".to_owned(), expected)
        }
        (Direction::Entry | Direction::Exit, Some(device)) => {
            let expected = "nothing: only a mixed lane has one";
            (format!("{:?}", device.as_str()), expected)
        }
        (Direction::Mixed, Some(_)) | (Direction::Entry | Direction::Exit, None) => return Ok(()),
    };
    let field = format!("{path}.exit_recognizer");
    Err(ConfigError::value(field, value, expected))
}

//! What a camera tells of what happens: one `EventNotificationAlert` in, one thing said out.

use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::xml::{self, Element, XmlError};

/// Longest id of a reading in characters: a time and a plate.
const MAX_ID_CHARS: usize = 64;

/// What a camera said.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Plate(Box<Seen>),
    /// Something of an input, counted from 1: how it is now has to be asked for.
    Input(u16),
    /// It is there.
    Beat,
    /// An event that is of no use here; its kind.
    Other(String),
}

/// A vehicle as the camera saw it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// What this reading is called, the same whenever and however it is told again.
    pub(super) id: Option<String>,
    pub(super) plate: Option<Plate>,
    pub(super) color: Option<PlateColor>,
    pub(super) reliability: Option<u8>,
    pub(super) at: Option<Timestamp>,
    /// Whether it comes from the camera's memory.
    pub(super) replay: bool,
    /// What could not be read, for the log.
    pub(super) doubts: Vec<String>,
}

/// Why bytes are no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EventError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    #[error("应为 EventNotificationAlert，收到 {0:?}")]
    Root(String),
    #[error("字段 {0} 缺失")]
    Missing(&'static str),
}

/// Reads an event.
pub(super) fn read(bytes: &[u8]) -> Result<Said, EventError> {
    let root = xml::read(bytes)?;
    if root.name != "EventNotificationAlert" {
        return Err(EventError::Root(root.name.chars().take(40).collect()));
    }
    let kind = root.text_at(&["eventType"]);
    let kind = kind.ok_or(EventError::Missing("eventType"))?;
    if kind.eq_ignore_ascii_case("ANPR") {
        let anpr = root.at(&["ANPR"]).ok_or(EventError::Missing("ANPR"))?;
        return Ok(Said::Plate(Box::new(seen(&root, anpr))));
    }
    if kind.eq_ignore_ascii_case("IO") {
        let port = ["inputIOPortID", "dynInputIOPortID"];
        let port = port.iter().find_map(|name| root.text_at(&[name]));
        let port = port.and_then(|it| it.parse().ok());
        return Ok(port.map_or(Said::Beat, Said::Input));
    }
    // What is not so any more is told again and again while nothing happens.
    let is_over = root.text_at(&["eventState"]) == Some("inactive");
    if is_over || kind.eq_ignore_ascii_case("heartBeat") {
        return Ok(Said::Beat);
    }
    Ok(Said::Other(kind.chars().take(40).collect()))
}

fn seen(root: &Element, anpr: &Element) -> Seen {
    let mut doubts = Vec::new();
    let license = anpr.text_at(&["licensePlate"]).unwrap_or_default();
    let plate = Plate::read(license).unwrap_or_else(|error| {
        doubts.push(error.to_string());
        None
    });
    let time = root.text_at(&["dateTime"]);
    let at = time.and_then(at);
    if let (Some(time), None) = (time, at) {
        doubts.push(format!(
            "字段 dateTime 收到 {time:?}，应为 2025-11-23T09:30:00+08:00"
        ));
    }
    // The event's own UUID may differ between a push and the alert stream.
    let id = time.map(|time| format!("{time}-{license}"));
    Seen {
        id: id.map(|id| id.chars().take(MAX_ID_CHARS).collect()),
        color: plate.as_ref().and(color(anpr.text_at(&["plateColor"]))),
        plate,
        reliability: anpr.text_at(&["confidenceLevel"]).and_then(reliability),
        at,
        replay: anpr.text_at(&["alarmDataType"]) == Some("1"),
        doubts,
    }
}

/// The word for a colour; none when the camera does not know.
fn color(word: Option<&str>) -> Option<PlateColor> {
    let word = word?.to_ascii_lowercase();
    match word.as_str() {
        "unknown" => None,
        word => Some(PlateColor::parse(word).unwrap_or(PlateColor::Other)),
    }
}

/// A whole number or not, up to 100.
fn reliability(level: &str) -> Option<u8> {
    let level: f64 = level.parse().ok()?;
    if !(0.0..=1000.0).contains(&level) {
        return None;
    }
    Some(level.min(100.0).round() as u8)
}

/// A time with its offset, or China's wall clock without one.
fn at(time: &str) -> Option<Timestamp> {
    if let Ok(at) = time.parse() {
        return Some(at);
    }
    let wall: DateTime = time.parse().ok()?;
    Offset::constant(8).to_timestamp(wall).ok()
}

#[cfg(test)]
mod tests;

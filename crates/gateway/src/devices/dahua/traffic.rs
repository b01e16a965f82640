//! What a camera of 大华 tells in its stream of events: texts of lines such as
//! `Events[0].TrafficCar.PlateNumber=粤B12345`, one or more events each; without I/O.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::message::{Seen, color, read_number, shown};
use crate::config::CameraClock;
use crate::devices::vz;

/// Longest text in bytes: one of an event with everything documented has some four thousand.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Most events of one text: a gate camera sees a vehicle, perhaps two.
const MAX_EVENTS: usize = 16;

/// A sign of life.
const HEARTBEAT: &str = "Heartbeat";

/// The event of a vehicle, the only one that is asked for.
const TRAFFIC_JUNCTION: &str = "TrafficJunction";

/// What an event is.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Vehicle(Box<Seen>),
    /// One that is of no use here; its code.
    Other(String),
}

/// Why a text, or an event in it, is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TrafficError {
    #[error("事件文本收到 {0} 字节，应不超过 {MAX_TEXT_BYTES} 字节")]
    TooLong(usize),
    #[error("事件文本收到 {0:?}，应为 Events[0].Code=TrafficJunction 等行，或 Heartbeat")]
    NoEvent(String),
    #[error("事件序号收到 {0:?}，应为 0 至 {last}", last = MAX_EVENTS - 1)]
    Number(String),
    #[error("字段 Events[{event}].{field} 缺失，应为 {expected}")]
    Missing {
        event: usize,
        field: &'static str,
        expected: &'static str,
    },
}

/// What is of use of an event.
#[derive(Debug, Default)]
struct Fields<'a> {
    code: Option<&'a str>,
    utc: Option<&'a str>,
    number: Option<&'a str>,
    color: Option<&'a str>,
    /// Whether it says anything of a vehicle.
    has_vehicle: bool,
}

/// Reads a text: its events in their order, each for itself. A sign of life has none.
pub(super) fn read(body: &[u8], clock: CameraClock) -> Vec<Result<Told, TrafficError>> {
    if body.len() > MAX_TEXT_BYTES {
        return vec![Err(TrafficError::TooLong(body.len()))];
    }
    let text = vz::text(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() || text.eq_ignore_ascii_case(HEARTBEAT) {
        return Vec::new();
    }
    let (events, wrong) = events(text);
    let mut told: Vec<_> = events
        .iter()
        .map(|(number, fields)| fields.told(*number, clock))
        .collect();
    told.extend(wrong.map(Err));
    if told.is_empty() {
        told.push(Err(TrafficError::NoEvent(shown(text))));
    }
    told
}

/// The events of a text by their numbers, and the first number that is none. Lines that belong to no event
/// are passed over: a value may have line breaks.
fn events(text: &str) -> (BTreeMap<usize, Fields<'_>>, Option<TrafficError>) {
    let mut events: BTreeMap<usize, Fields<'_>> = BTreeMap::new();
    let mut wrong = None;
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("Events[") else {
            continue;
        };
        let Some((number, rest)) = rest.split_once("].") else {
            continue;
        };
        let Some((name, value)) = rest.split_once('=') else {
            continue;
        };
        match number.parse().ok().filter(|it| *it < MAX_EVENTS) {
            Some(number) => events
                .entry(number)
                .or_default()
                .add(name.trim(), value.trim()),
            None => wrong = wrong.or_else(|| Some(TrafficError::Number(shown(number)))),
        }
    }
    (events, wrong)
}

impl<'a> Fields<'a> {
    fn add(&mut self, name: &str, value: &'a str) {
        self.has_vehicle |= name.starts_with("TrafficCar.");
        match name {
            "Code" | "EventBaseInfo.Code" => self.code = Some(value),
            "UTC" => self.utc = Some(value),
            "TrafficCar.PlateNumber" => self.number = Some(value),
            "TrafficCar.PlateColor" => self.color = Some(value),
            _ => {}
        }
    }

    fn told(&self, event: usize, clock: CameraClock) -> Result<Told, TrafficError> {
        let missing = |field, expected| TrafficError::Missing {
            event,
            field,
            expected,
        };
        let code = self.code.ok_or_else(|| missing("Code", TRAFFIC_JUNCTION))?;
        if code != TRAFFIC_JUNCTION {
            return Ok(Told::Other(shown(code)));
        }
        if !self.has_vehicle {
            return Err(missing("TrafficCar.PlateNumber", "车牌号，未识别时为空"));
        }
        Ok(Told::Vehicle(Box::new(self.seen(event, clock))))
    }

    fn seen(&self, event: usize, clock: CameraClock) -> Seen {
        let mut doubts = Vec::new();
        let number = self.number.unwrap_or_else(|| {
            doubts.push(format!(
                "字段 Events[{event}].TrafficCar.PlateNumber 缺失，按未识别处理"
            ));
            ""
        });
        let plate = read_number(number, &mut doubts);
        let at = self.utc.and_then(|utc| second(utc, clock));
        if let (Some(utc), None) = (self.utc, at) {
            let utc = shown(utc);
            doubts.push(format!(
                "字段 Events[{event}].UTC 收到 {utc:?}，应为秒数，如 1763861400"
            ));
        }
        Seen {
            // Nothing else that it tells is sure to be another for the next vehicle.
            id: at
                .and(self.utc)
                .map(|utc| shown(&format!("{utc}-{number}"))),
            number: shown(number),
            color: plate.as_ref().and(color(self.color)),
            plate,
            reliability: None,
            at,
            image: None,
            doubts,
        }
    }
}

/// A number of seconds, whole or not; a clock that was never set shows none.
fn second(utc: &str, clock: CameraClock) -> Option<Timestamp> {
    let whole = utc.split_once('.').map_or(utc, |(whole, _)| whole);
    let second: i64 = whole.parse().ok()?;
    vz::at(second, clock).filter(|_| second > 0)
}

#[cfg(test)]
mod tests;

//! Scenes at a lane, played in virtual time.

mod asking;
mod barrier;
mod booth;
mod commands;
mod crossing;
mod gate;
mod late;
mod loopless;
mod loops;
mod mixed;
mod oracle;
mod play;
mod property;
mod reading;
mod results;
mod resume;
mod scene;
mod script;
mod silent_loop;
mod tailgating;
mod timing;
mod turning_back;

use std::time::Duration;

use jiff::Timestamp;

use self::scene::{Scene, Temper};
use super::*;
use crate::code::AbnormalCode;
use crate::id::{DeviceNo, RecordId};
use crate::moment::{Moment, Tick};
use crate::plate::{Plate, PlateColor};

const CAR: &str = "粤B12345";
const NEXT: &str = "京A66666";

fn plate(text: &str) -> Plate {
    Plate::read(text).unwrap().unwrap()
}

fn device(text: &str) -> DeviceNo {
    DeviceNo::new(text).unwrap()
}

fn sighting(text: &str, reliability: u8) -> Sighting {
    let plate = Plate::read(text).unwrap();
    let picture = Some("a.jpg".into());
    Sighting {
        plate,
        color: PlateColor::Blue,
        reliability: Some(reliability),
        picture,
    }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// An entry lane with both loops and no limit switch.
fn entry() -> Layout {
    Layout {
        direction: Direction::Entry {
            recognizer: device("camera"),
        },
        barrier: device("arm"),
        trigger_loop: true,
        safety_loop: true,
        limit_switch: false,
    }
}

/// A lane that is driven both ways, with all its loops.
fn mixed() -> Layout {
    let direction = Direction::Mixed {
        entry: device("camera in"),
        exit: device("camera out"),
    };
    Layout {
        direction,
        ..entry()
    }
}

fn ask_of(effect: &Effect) -> Option<AskId> {
    match effect {
        Effect::Recognized { ask, .. } | Effect::Amended { ask, .. } => ask.clone(),
        Effect::AskAgain { ask } => Some(ask.clone()),
        Effect::Crossed(_) | Effect::Settled { .. } | Effect::Drive { .. } => None,
        Effect::Abnormal(_) | Effect::AbnormalCleared { .. } | Effect::LiftSeen { .. } => None,
        Effect::Answer { .. } | Effect::Show { .. } => None,
    }
}

fn shown(sighting: &Sighting) -> String {
    sighting
        .plate
        .as_ref()
        .map(|plate| plate.to_string())
        .unwrap_or_default()
}

fn ended(record: &str, outcome: Outcome) -> (String, Outcome) {
    (record.to_owned(), outcome)
}

fn went(record: &str, plate: &str) -> (String, String) {
    (record.to_owned(), plate.to_owned())
}

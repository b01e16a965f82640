//! Cameras as gateways meet them: how long a reading with its picture takes to become an event, what two
//! hundred of them cost, and the whole chain over a camera and a module of relays.

mod chain;
mod crowd;
mod frames;
mod hik;
mod http;
mod mqtt;
mod relay;
mod tcp;

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use boshi_simulator::camera::VzPlate;
use jiff::Timestamp;

use crate::stats::percentile;

pub(crate) use self::chain::measure as chain;
pub(crate) use self::crowd::{CAMERAS, Crowd, measure as crowd};
pub(crate) use self::frames::{Family, measure as frames};

/// Lanes of each measurement but that with many cameras.
pub(crate) const LANES: usize = 20;
/// Bytes of a picture: what cameras of two megapixels make.
pub(crate) const PICTURE: usize = 300 * 1024;
/// Longer than it takes until a loop counts on an input that is looked at.
const SETTLED: Duration = Duration::from_millis(600);
/// Longest that anything may take that is waited for: the budget of a vehicle.
const PATIENCE: Duration = Duration::from_secs(10);
/// How cameras name themselves.
const SERIAL: &str = "a1b2c3d4-0e1f2a3b";

/// Durations, sorted.
pub(crate) struct Took(Vec<Duration>);

impl Took {
    fn new(mut took: Vec<Duration>) -> Took {
        took.sort_unstable();
        Took(took)
    }

    pub(crate) fn share(&self, share: f64) -> Duration {
        percentile(&self.0, share)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The lanes of a lot, each with a recognizer and a barrier of drivers of the gateway's own.
fn lanes(count: usize) -> String {
    let mut text = String::new();
    for lane in 1..=count {
        let _ = write!(
            text,
            "[[lot.lane]]\nname = \"{lane:02}\"\ngate = \"东\"\ndirection = \"entry\"\n\
             recognizer = \"CAM-{lane:02}\"\nbarrier = \"BAR-{lane:02}\"\nlimit_switch = false\n"
        );
    }
    text
}

/// The two loops of a lane on the inputs of its camera; `table` is the camera's.
fn loops(table: &str, lane: usize) -> String {
    format!(
        "[[lot.{table}.input]]\nnumber = 1\nis = \"trigger_loop\"\ndevice = \"CAM-{lane:02}\"\n\
         [[lot.{table}.input]]\nnumber = 2\nis = \"safety_loop\"\ndevice = \"BAR-{lane:02}\"\n"
    )
}

/// A reading with a picture that no other has.
fn reading(number: u64) -> VzPlate {
    let mut picture = vec![0xff, 0xd8, 0xff, 0xe0];
    let mut state = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    while picture.len() < PICTURE - 2 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // A byte 0xff would begin a marker.
        picture.extend(state.to_le_bytes().map(|byte| byte & 0x7f));
    }
    picture.extend([0xff, 0xd9]);
    VzPlate {
        number,
        license: format!("粤B{:05}", number % 100_000),
        color: 1,
        confidence: 96,
        at: Timestamp::now(),
        is_offline: false,
        image: STANDARD.encode(picture),
    }
}

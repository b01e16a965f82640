//! The lot on virtual time, in front of a platform and of equipment that do as they are told.

mod asking;
mod crosstalk;
mod failing;
mod gates;
mod recovery;
mod scene;
mod seen;
mod supervision;

use std::time::Duration;

use boshi_protocol::delivery::Kind;
use boshi_protocol::id::DeviceNo;
use boshi_protocol::lane;

use self::scene::{Barrier, Platform, Scene, Step};
use super::{Action, Input, LaneNo, What};
use crate::journal::Entry;

const ONE: LaneNo = LaneNo(0);
const TWO: LaneNo = LaneNo(1);

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn device(text: &str) -> DeviceNo {
    DeviceNo::new(text).unwrap()
}

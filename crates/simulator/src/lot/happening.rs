//! What happens in a lot, for a live account.

use std::fmt;
use std::sync::Arc;

use boshi_protocol::code::{Alignment, PlaceStatus};
use boshi_protocol::id::{DeviceNo, PlaceNo};
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;

use crate::equipment::{Cause, Fact, Motion, VehicleId};
use crate::ledger::GivenUp;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// In which lane, if in one.
    pub lane: Option<Arc<str>>,
    /// The vehicle, if it is about one.
    pub vehicle: Option<VehicleId>,
    /// What is painted on its plate.
    pub plate: Option<Plate>,
    /// The colour of its plate.
    pub color: Option<PlateColor>,
    /// What; its text is for people.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something in the lane.
    Fact(Fact),
    /// A display shows these lines.
    Shown(DeviceNo, Vec<Line>),
    /// The fire alarm's contact changed.
    Fire(bool),
    /// A device's cable was pulled.
    Unplugged(DeviceNo),
    /// It was plugged in again.
    Plugged(DeviceNo),
    /// A parking space is seen in this state.
    Place(PlaceNo, PlaceStatus),
    /// The gateway could not be told something.
    GivenUp(GivenUp),
}

/// A line of a display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The text.
    pub text: String,
    /// Where it stands.
    pub alignment: Alignment,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Fact(fact) => account(fact, f),
            What::Shown(device, lines) => {
                let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
                write!(f, "显示屏 {device}：{}", texts.join(" ／ "))
            }
            What::Fire(true) => f.write_str("消防报警"),
            What::Fire(false) => f.write_str("消防报警解除"),
            What::Unplugged(device) => write!(f, "设备 {device} 断线"),
            What::Plugged(device) => write!(f, "设备 {device} 恢复连接"),
            What::Place(number, status) => {
                let status = match status {
                    PlaceStatus::Vacant => "空闲",
                    PlaceStatus::Occupied => "占用",
                    PlaceStatus::Unusual => "异常",
                };
                write!(f, "车位 {number} {status}")
            }
            What::GivenUp(lost) => write!(f, "放弃上报 {}：{}", lost.event, lost.why),
        }
    }
}

fn account(fact: &Fact, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match fact {
        Fact::Arrived(_) => f.write_str("驶入车道"),
        Fact::OnLoop(_) => f.write_str("压上触发地感"),
        Fact::Read { reading, .. } => match &reading.plate {
            Some(plate) => write!(f, "识别为 {plate}（{} %）", reading.reliability),
            None => f.write_str("未识别到车牌"),
        },
        Fact::LetThrough { .. } => f.write_str("闸已开，准备通过"),
        Fact::Crossed { lift: Some(_), .. } => f.write_str("压上防砸地感，通过"),
        Fact::Crossed { lift: None, .. } => f.write_str("冲杆通过"),
        Fact::Gone { outcome, .. } => write!(f, "{outcome}"),
        Fact::Commanded { motion, .. } => f.write_str(match motion {
            Motion::Open => "执行开闸",
            Motion::Hold => "执行常开",
            Motion::Restore => "执行恢复",
        }),
        Fact::Lifted { cause, .. } => f.write_str(match cause {
            Cause::Opened(_) => "抬杆",
            Cause::Held(_) => "抬杆（常开）",
            Cause::ByHand => "手动抬杆",
            Cause::Reversed => "防砸，杆重新抬起",
        }),
        Fact::ArmUp(_) => f.write_str("杆已抬起"),
        Fact::Closing(_) => f.write_str("落杆"),
        Fact::ArmDown(_) => f.write_str("杆已落下"),
        Fact::SafetyPressed => f.write_str("防砸地感有车"),
        Fact::SafetyReleased => f.write_str("防砸地感无车"),
    }
}

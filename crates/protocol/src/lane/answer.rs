//! How a command is answered (OPEN-7).

use crate::plate::Plate;
use crate::refusal::Refusal;

/// What a command has achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Done {
    /// The barrier was driven for this command.
    Driven,
    /// The barrier was driven for something else just now, which serves this command as well: a
    /// double click, mostly.
    AlreadyUnderWay,
    /// The barrier is held open; a pulse could only end that.
    AlreadyOpen,
    /// The plate that was typed is now the waiting vehicle's.
    PlateTaken,
}

impl Done {
    /// What to tell the person who commanded, if there is more to say than "done".
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Done::Driven | Done::PlateTaken => None,
            Done::AlreadyUnderWay => Some("闸机正在动作，未重复驱动"),
            Done::AlreadyOpen => Some("闸机处于常开状态"),
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenRefusal {
    /// Nobody is at the gate.
    #[error("闸口无车")]
    NoVehicle,
    /// The vehicle left before the barrier could be driven (RECOG-3).
    #[error("车辆已离开，未开闸")]
    VehicleLeft,
    /// The vehicle at the gate has another plate (OPEN-3).
    #[error("车牌不一致：闸口车辆为{}，指令为{asked}", shown(.at_gate.as_ref()))]
    PlatesDiffer {
        /// The plate of the vehicle at the gate, if it could be read.
        at_gate: Option<Plate>,
        /// The plate of the command.
        asked: Plate,
    },
    /// The vehicle is being let through already: its plate is no longer in question.
    #[error("车辆正在放行，不能再更改车牌")]
    BeingLetThrough,
    /// The barrier, or whatever drives it, reported a failure.
    #[error("闸机执行失败：{reason}")]
    BarrierFailed {
        /// What it reported.
        reason: String,
    },
    /// The barrier did not answer in time; nobody knows whether it moved.
    #[error("闸机未应答，是否动作未知")]
    BarrierSilent,
    /// There is no connection to the barrier.
    #[error("闸机离线")]
    BarrierOffline,
    /// The fire alarm holds the barrier open; nobody may restore it.
    #[error("消防联动中，不能恢复")]
    FireAlarm,
    /// The lot does not allow opening without a plate (OPEN-5).
    #[error("本车场不允许无车牌开闸")]
    EmptyPlateForbidden,
    /// Too many commands await the same act.
    #[error("指令过多，请稍后再试")]
    Busy,
}

impl OpenRefusal {
    /// The code that stays the same for ever.
    pub const fn code(&self) -> &'static str {
        match self {
            OpenRefusal::NoVehicle => "NO_VEHICLE",
            OpenRefusal::VehicleLeft => "VEHICLE_LEFT",
            OpenRefusal::PlatesDiffer { .. } => "PLATES_DIFFER",
            OpenRefusal::BeingLetThrough => "BEING_LET_THROUGH",
            OpenRefusal::BarrierFailed { .. } => "BARRIER_FAILED",
            OpenRefusal::BarrierSilent => "BARRIER_SILENT",
            OpenRefusal::BarrierOffline => "BARRIER_OFFLINE",
            OpenRefusal::FireAlarm => "FIRE_ALARM",
            OpenRefusal::EmptyPlateForbidden => "EMPTY_PLATE_FORBIDDEN",
            OpenRefusal::Busy => "BUSY",
        }
    }
}

impl From<OpenRefusal> for Refusal {
    fn from(refusal: OpenRefusal) -> Refusal {
        Refusal::new(refusal.code(), refusal.to_string())
    }
}

fn shown(plate: Option<&Plate>) -> &str {
    plate.map_or("未识别", Plate::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OPEN-7
    #[test]
    fn a_refusal_names_both_plates_and_has_a_code() {
        let asked = Plate::read("粤B12345").unwrap().unwrap();
        let refusal = Refusal::from(OpenRefusal::PlatesDiffer {
            at_gate: None,
            asked,
        });
        assert_eq!(refusal.code(), "PLATES_DIFFER");
        assert_eq!(
            refusal.sentence(),
            "车牌不一致：闸口车辆为未识别，指令为粤B12345"
        );
    }
}

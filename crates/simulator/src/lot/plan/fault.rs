//! How the devices of a lane fail.

use serde::Deserialize;

use super::{DisplaySpeaks, LanePlan, Speaks, Wiring};

/// How the devices of a lane fail. What is no habit strikes about every third time, by the plan's
/// seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneFault {
    /// A reading is told twice.
    Duplicate,
    /// The camera does not wait for the answer to a reading, and sends it again, four times at most.
    LateReply,
    /// When a vehicle has left, its reading is told once more, as from the camera's memory.
    Replay,
    /// A plate is not read.
    Unread,
    /// The camera is hardly sure of what it reads.
    Unsure,
    /// The camera says for a while that it is there no more; it tells what it reads all the same.
    Silence,
    /// The pictures' base64 has line breaks; always.
    LineBreaks,
    /// What is pushed is in GBK; always.
    Gbk,
    /// Its clock shows China's time as that of Greenwich, eight hours ahead; always.
    Clock,
    /// What it sends comes byte by byte; always.
    Split,
    /// A challenge is good for three calls; always.
    Nonces,
    /// A command for the barrier is forbidden.
    Forbidden,
    /// Its documents are in another namespace than before.
    Namespaces,
    /// The module refuses a write with exception 02.
    Exception,
    /// The module does what is written, and its answer is lost.
    Unanswered,
    /// The board is busy twice.
    Busy,
    /// The board does what it is told, and does not say so until the next vehicle comes.
    NoAck,
    /// The board's answers come byte by byte, with noise around them, until the next vehicle comes.
    Noise,
}

impl LaneFault {
    /// Whether a lane has what can fail so.
    pub(super) fn fits(self, lane: &LanePlan) -> bool {
        let speaks = |families: &[Speaks]| families.contains(&lane.speaks);
        match self {
            LaneFault::Duplicate | LaneFault::Unread | LaneFault::Unsure => true,
            LaneFault::LateReply => speaks(&[Speaks::Generic, Speaks::Vz, Speaks::Qy, Speaks::Hik]),
            LaneFault::Replay => speaks(&[
                Speaks::Generic,
                Speaks::Vz,
                Speaks::VzMqtt,
                Speaks::Hik,
                Speaks::HikStream,
            ]),
            LaneFault::Silence | LaneFault::LineBreaks | LaneFault::Clock => {
                speaks(&[Speaks::Vz, Speaks::Qy, Speaks::VzMqtt])
            }
            LaneFault::Gbk => speaks(&[Speaks::Qy]),
            LaneFault::Split => speaks(&[Speaks::VzTcp, Speaks::HikStream]),
            LaneFault::Nonces | LaneFault::Forbidden | LaneFault::Namespaces => {
                speaks(&[Speaks::Hik, Speaks::HikStream])
            }
            LaneFault::Exception | LaneFault::Unanswered => lane.wiring == Wiring::Module,
            LaneFault::Busy | LaneFault::NoAck => lane.display_speaks != DisplaySpeaks::Generic,
            LaneFault::Noise => lane.display_speaks == DisplaySpeaks::Olm,
        }
    }
}

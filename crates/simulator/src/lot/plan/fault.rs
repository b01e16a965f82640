//! How the devices of a lane fail.

use serde::Deserialize;

use super::{DisplaySpeaks, LanePlan, Speaks, Wiring};
use crate::module::Framing;

/// How the devices of a lane fail. What is no habit strikes with the lane's `fault_share`, by the
/// plan's seed.
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
    /// When a vehicle is read first, a character is taken for another that looks like it; then it is
    /// read as it is.
    Misread,
    /// A reading comes without its picture, which is written as an empty one.
    NoPicture,
    /// A picture is as large as a frame has room for.
    Large,
    /// The camera says for a while that it is there no more; it tells what it reads all the same.
    Silence,
    /// The pictures' base64 has line breaks; always.
    LineBreaks,
    /// What is pushed is in GBK; always.
    Gbk,
    /// Texts are plain, where others write base64; always.
    Plain,
    /// Its clock shows China's time as that of Greenwich, eight hours ahead; always.
    Clock,
    /// What it sends comes byte by byte; always.
    Split,
    /// A challenge is good for three calls; always.
    Nonces,
    /// A command for the barrier is forbidden.
    Forbidden,
    /// A command for the barrier is not supported.
    NotSupported,
    /// A command for the barrier is answered well, and nothing happens.
    Idle,
    /// A command for the barrier is carried out and answered with code 0 in place of 1.
    CodeZero,
    /// The camera does not know where its arm is, until the next vehicle comes.
    NoSignal,
    /// Others have all sessions of the camera when a command for the barrier comes.
    Sessions,
    /// Its documents are in another namespace than before.
    Namespaces,
    /// The module refuses a write with exception 02.
    Exception,
    /// The module, or a camera that is told, does what it should, and its answer is lost.
    Unanswered,
    /// What is written never reaches the module.
    Lost,
    /// The module answers what it was asked before once more, and then this.
    Stale,
    /// The board is busy twice.
    Busy,
    /// The board does what it is told, and does not say so until the next vehicle comes.
    NoAck,
    /// The board's answers come byte by byte, with noise around them, until the next vehicle comes.
    Noise,
    /// The board's answers have a wrong checksum, until the next vehicle comes.
    Garbled,
}

impl LaneFault {
    /// Whether a lane has what can fail so.
    pub(super) fn fits(self, lane: &LanePlan) -> bool {
        let speaks = |families: &[Speaks]| families.contains(&lane.speaks);
        let on_module = lane.wiring == Wiring::Module;
        match self {
            LaneFault::Duplicate | LaneFault::Unread | LaneFault::Unsure | LaneFault::Misread => {
                true
            }
            // The alert stream of 海康 has no pictures.
            LaneFault::NoPicture => !speaks(&[Speaks::HikStream]),
            LaneFault::Large => speaks(&[Speaks::VzTcp]),
            LaneFault::LateReply => speaks(&[
                Speaks::Generic,
                Speaks::Vz,
                Speaks::Qy,
                Speaks::Hik,
                Speaks::Dahua,
            ]),
            LaneFault::Replay => speaks(&[
                Speaks::Generic,
                Speaks::Vz,
                Speaks::VzMqtt,
                Speaks::Hik,
                Speaks::HikStream,
                Speaks::Dahua,
                Speaks::DahuaStream,
            ]),
            LaneFault::Silence => speaks(&[
                Speaks::Vz,
                Speaks::Qy,
                Speaks::VzTcp,
                Speaks::VzMqtt,
                Speaks::HikStream,
                Speaks::Dahua,
                Speaks::DahuaStream,
            ]),
            LaneFault::LineBreaks => speaks(&[Speaks::Vz, Speaks::Qy, Speaks::VzMqtt]),
            LaneFault::Clock => speaks(&[Speaks::Vz, Speaks::Qy, Speaks::VzTcp, Speaks::VzMqtt]),
            LaneFault::Gbk => speaks(&[Speaks::Qy]),
            LaneFault::Plain => speaks(&[Speaks::VzMqtt]),
            LaneFault::Split => speaks(&[Speaks::VzTcp, Speaks::HikStream, Speaks::DahuaStream]),
            LaneFault::Sessions => speaks(&[Speaks::Dahua, Speaks::DahuaStream]),
            LaneFault::Nonces | LaneFault::Idle => speaks(&[
                Speaks::Hik,
                Speaks::HikStream,
                Speaks::Dahua,
                Speaks::DahuaStream,
            ]),
            LaneFault::Forbidden
            | LaneFault::CodeZero
            | LaneFault::NoSignal
            | LaneFault::Namespaces => speaks(&[Speaks::Hik, Speaks::HikStream]),
            LaneFault::NotSupported => speaks(&[
                Speaks::Hik,
                Speaks::HikStream,
                Speaks::VzMqtt,
                Speaks::Dahua,
                Speaks::DahuaStream,
            ]),
            LaneFault::Unanswered => {
                on_module || speaks(&[Speaks::Hik, Speaks::HikStream, Speaks::VzMqtt])
            }
            LaneFault::Exception | LaneFault::Lost => on_module,
            // Serial frames have no numbers that tell an answer from another.
            LaneFault::Stale => on_module && lane.module_framing == Framing::Tcp,
            LaneFault::Busy | LaneFault::NoAck | LaneFault::Garbled => {
                lane.display_speaks != DisplaySpeaks::Generic
            }
            LaneFault::Noise => lane.display_speaks == DisplaySpeaks::Olm,
        }
    }
}

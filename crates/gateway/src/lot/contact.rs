//! The contacts of a lane whose state outlives the program, and has to be learned at the start.

use boshi_protocol::lane::{Input, Side};

/// A contact that can be asked how it is.
///
/// The anti-smash loop is none: pressing it is a crossing (CROSS-1), and an answer does not say
/// whether that was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Contact {
    Trigger(Side),
    Arm,
    Fire,
}

impl Contact {
    /// Whose state an input tells, if it tells one.
    pub(super) const fn of(input: &Input) -> Option<Contact> {
        match input {
            Input::TriggerLoop { side, .. } => Some(Contact::Trigger(*side)),
            Input::BarrierSeen(_) => Some(Contact::Arm),
            Input::Fire { .. } => Some(Contact::Fire),
            Input::SafetyLoop { .. } | Input::SafetyKept(_) | Input::Waited(_) => None,
            Input::TriggerUnseen { .. } => None,
            Input::BarrierUnseen | Input::BarrierLink { .. } | Input::Tick => None,
            Input::Read(_) | Input::Replayed { .. } | Input::Disown { .. } => None,
            Input::Verdict { .. } | Input::ActDone { .. } => None,
            Input::Command { .. } | Input::TypedPlate { .. } => None,
        }
    }
}

//! The words that the journal and those who watch read: each stays the same for ever.

use boshi_protocol::delivery::Outcome as Pushed;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{Cause, Outcome};

use crate::journal::INTERRUPTED;

pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Crossed => "crossed",
        Outcome::ReleasedBlind => "released_blind",
        Outcome::Commanded => "commanded",
        Outcome::Forced => "forced",
        Outcome::HeldOpen => "held_open",
        Outcome::ByHand => "by_hand",
        Outcome::Tailgated => "tailgated",
        Outcome::Unexplained => "unexplained",
        Outcome::OpenedNotCrossed => "opened_not_crossed",
        Outcome::BackedOut => "backed_out",
        Outcome::NeverArrived => "never_arrived",
        Outcome::LetThrough => "let_through",
        Outcome::Replayed => "replayed",
        Outcome::Crosstalk => "crosstalk",
        Outcome::Interrupted => INTERRUPTED,
    }
}

pub(super) const fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::MayPass { .. } => "may_pass",
        Cause::Blind { .. } => "blind",
        Cause::Commanded { .. } => "commanded",
        Cause::Forced { .. } => "forced",
        Cause::HoldOrdered { .. } => "hold_ordered",
        Cause::RestoreOrdered { .. } => "restore_ordered",
        Cause::Fire => "fire",
        Cause::HoldAsserted => "hold_asserted",
    }
}

/// How the passage ends of a vehicle for which the barrier was driven with that cause, if it crosses;
/// `None` when it was driven for nobody.
pub(crate) fn crosses_as(cause: &str) -> Option<Outcome> {
    match cause {
        "may_pass" => Some(Outcome::Crossed),
        "blind" => Some(Outcome::ReleasedBlind),
        "commanded" => Some(Outcome::Commanded),
        "forced" => Some(Outcome::Forced),
        _ => None,
    }
}

/// The vehicle for which the barrier is driven, if one is known.
pub(super) const fn vehicle_of(cause: &Cause) -> Option<&RecordId> {
    match cause {
        Cause::MayPass { ask } | Cause::Blind { ask } => Some(&ask.record),
        Cause::Commanded { record, .. } => Some(record),
        Cause::Forced { record, .. } => record.as_ref(),
        Cause::HoldOrdered { .. } | Cause::RestoreOrdered { .. } => None,
        Cause::Fire | Cause::HoldAsserted => None,
    }
}

pub(super) fn pushed(outcome: &Pushed) -> String {
    match outcome {
        Pushed::Accepted => "accepted".to_owned(),
        Pushed::Refused(refusal) => format!("refused {refusal}"),
        Pushed::Fault(fault) => format!("fault {fault}"),
    }
}

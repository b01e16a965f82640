//! Whether a vehicle may pass (RECOG-1): a pure function of what was recognized, what is known of
//! the plate and the lot, the lot's policy and the time.
//!
//! Rules are asked one after the other; the first that decides is the reason. What each of them
//! found is kept, so that an operator is told why.

mod external;
mod facts;
mod rules;
#[cfg(test)]
mod tests;

use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

pub use self::external::{Fallback, Opinion, with_opinion};
pub use self::facts::{Facts, Permit, PermitKind};
pub(crate) use self::facts::{FactsShown, PermitShown, listed};

/// Which way vehicles go past a recognizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the lot.
    Entry,
    /// Out of the lot.
    Exit,
}

/// What happens to a vehicle about which nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "ByDefault")]
pub enum Default {
    /// It may pass.
    Allow,
    /// It may not.
    Refuse,
}

/// How a lot decides about vehicles without a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// For vehicles that enter.
    pub entry: Default,
    /// For vehicles that leave.
    pub exit: Default,
    /// Vehicles that the lot holds; when there are so many, only white and monthly ones enter.
    pub capacity: Option<u32>,
    /// How long after its entry a vehicle leaves without having paid.
    pub free: SignedDuration,
}

/// What is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Approach<'a> {
    /// The lot.
    pub lot: &'a LotId,
    /// The recognizer.
    pub device: &'a DeviceNo,
    /// The plate; none when unreadable.
    pub plate: Option<&'a Plate>,
    /// Where the vehicle wants to go; none when the device is not configured.
    pub direction: Option<Direction>,
}

/// A decision, with the reason that the driver and the operator are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the vehicle may pass.
    pub pass: bool,
    /// Why.
    pub reason: Refusal,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    /// The rule.
    pub rule: &'static str,
    /// What it found.
    pub found: String,
    /// Whether that decided.
    pub decides: bool,
}

/// A decision and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The decision.
    pub decision: Decision,
    /// The rules that were asked, in order; the last one decided.
    pub steps: Vec<Step>,
}

/// Decides (RECOG-1), and says how.
pub fn decide(approach: Approach<'_>, facts: &Facts, policy: Policy, now: Timestamp) -> Explained {
    let case = rules::Case {
        approach,
        facts,
        policy,
        now,
    };
    let mut steps = Vec::new();
    for (rule, judge) in rules::RULES {
        let finding = judge(&case);
        steps.push(Step {
            rule,
            found: finding.found,
            decides: finding.decision.is_some(),
        });
        if let Some(decision) = finding.decision {
            return Explained { decision, steps };
        }
    }
    let decision = rules::by_default(&case);
    steps.push(Step {
        rule: "缺省",
        found: decision.reason.sentence().to_owned(),
        decides: true,
    });
    Explained { decision, steps }
}

impl Decision {
    fn new(pass: bool, code: &'static str, sentence: impl Into<String>) -> Decision {
        Decision {
            pass,
            reason: Refusal::new(code, sentence),
        }
    }
}

impl Direction {
    /// Reads the word of the configuration.
    pub fn parse(word: &str) -> Option<Direction> {
        [Direction::Entry, Direction::Exit]
            .into_iter()
            .find(|direction| direction.as_str() == word)
    }

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Entry => "entry",
            Direction::Exit => "exit",
        }
    }
}

//! What another system says about a vehicle, when a lot asks one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Decision, Explained, Step};

/// What is done when the other system does not say anything in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// What would have been decided without it.
    Own,
    /// The vehicle may pass.
    Allow,
    /// It may not.
    Refuse,
}

/// What the other system said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Whether the vehicle may pass, and why.
    Said {
        /// Whether.
        pass: bool,
        /// Why; may be empty.
        reason: String,
    },
    /// Nothing in time, or nothing that makes sense.
    Silent {
        /// How that came.
        why: String,
    },
}

impl Opinion {
    /// It was not asked, for its word would not have counted then.
    pub(crate) fn not_asked() -> Opinion {
        let why = "没有询问外部系统".to_owned();
        Opinion::Silent { why }
    }

    /// It was asked about another plate than is to be decided on.
    pub(crate) fn of_another_plate() -> Opinion {
        let why = "询问外部系统期间车牌已更正".to_owned();
        Opinion::Silent { why }
    }
}

/// The decision once the other system was asked. Its word counts only about vehicles that are not on
/// the block list, which outranks everybody.
pub fn with_opinion(own: Explained, opinion: &Opinion, fallback: Fallback) -> Explained {
    let (found, decision) = match (opinion, fallback) {
        (Opinion::Said { pass: true, reason }, _) => {
            let reason = or(reason, "外部系统允许通行");
            (
                reason.to_owned(),
                Decision::new(true, "EXTERNAL_ALLOW", reason),
            )
        }
        (
            Opinion::Said {
                pass: false,
                reason,
            },
            _,
        ) => {
            let reason = or(reason, "外部系统不允许通行");
            (
                reason.to_owned(),
                Decision::new(false, "EXTERNAL_REFUSE", reason),
            )
        }
        (Opinion::Silent { why }, Fallback::Own) => (why.clone(), own.decision),
        (Opinion::Silent { why }, Fallback::Allow) => {
            let sentence = "外部系统未应答，允许通行";
            (
                why.clone(),
                Decision::new(true, "EXTERNAL_SILENT", sentence),
            )
        }
        (Opinion::Silent { why }, Fallback::Refuse) => {
            let sentence = "外部系统未应答，请稍候";
            (
                why.clone(),
                Decision::new(false, "EXTERNAL_SILENT", sentence),
            )
        }
    };
    let decides = !matches!((opinion, fallback), (Opinion::Silent { .. }, Fallback::Own));
    let mut steps = own.steps;
    for step in &mut steps {
        step.decides &= !decides;
    }
    steps.push(Step {
        rule: "外部系统",
        found,
        decides,
    });
    Explained { decision, steps }
}

impl Decision {
    /// Whether nobody else is asked: the block list outranks everybody.
    pub fn is_final(&self) -> bool {
        self.reason.code() == "BLOCKED"
    }
}

fn or<'a>(reason: &'a str, otherwise: &'a str) -> &'a str {
    if reason.is_empty() { otherwise } else { reason }
}

//! Asks another system whether a vehicle may pass, where a lot wants that: a signed request with
//! what is known, a reply `{"pass": true, "reason": "…"}`, a deadline.

use std::time::Duration;

use boshi_protocol::id::RecordId;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::china::ChinaTime;
use crate::decision::{Approach, Explained, Facts, Fallback, Opinion};
use crate::signed::Outside;

/// Longest reason in characters that is passed on: a line of a display.
const MAX_REASON_CHARS: usize = 100;

/// A system that is asked.
#[derive(Clone, Debug)]
pub struct External {
    pub(crate) outside: Outside,
    /// How long it may take: the vehicle waits.
    pub deadline: Duration,
    /// What is done when it says nothing.
    pub fallback: Fallback,
}

#[derive(Deserialize)]
struct Said {
    pass: bool,
    #[serde(default)]
    reason: String,
}

impl External {
    /// What the other system says about a vehicle on which `own` would have been decided.
    pub(crate) async fn ask(
        &self,
        uuid: &RecordId,
        approach: Approach<'_>,
        facts: &Facts,
        own: &Explained,
        now: Timestamp,
    ) -> Opinion {
        let body = json!({
            "lot": approach.lot.as_str(),
            "device": approach.device.as_str(),
            "direction": approach.direction,
            "plate": approach.plate.map(Plate::as_str),
            "uuid": uuid.as_str(),
            "time": ChinaTime::new(now),
            "facts": facts.shown(),
            "own": {
                "pass": own.decision.pass,
                "code": own.decision.reason.code(),
                "reason": own.decision.reason.sentence(),
            },
        });
        let reply = self
            .outside
            .post(body.to_string(), now, self.deadline)
            .await;
        match reply.map(|reply| serde_json::from_slice::<Said>(&reply)) {
            Ok(Ok(said)) => Opinion::Said {
                pass: said.pass,
                reason: said.reason.chars().take(MAX_REASON_CHARS).collect(),
            },
            Ok(Err(_)) => Opinion::Silent {
                why: "外部系统的应答无法读取".to_owned(),
            },
            Err(why) => Opinion::Silent {
                why: format!("外部系统：{why}"),
            },
        }
    }
}

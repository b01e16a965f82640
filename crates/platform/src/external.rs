//! Asks another system whether a vehicle may pass, where a lot wants that: a signed request with
//! what is known, a reply `{"pass": true, "reason": "…"}`, a deadline.

use std::time::Duration;

use boshi_protocol::id::RecordId;
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::china::ChinaTime;
use crate::decision::{Approach, Explained, Facts, Fallback, Opinion};
use crate::signed::{Message, Outside};

/// Longest reason in characters that is passed on: a line of a display.
const MAX_REASON_CHARS: usize = 100;

/// Largest reply in bytes that is read: a decision and its reason.
const MAX_REPLY_BYTES: usize = 64 * 1024;

/// A system that is asked.
#[derive(Clone, Debug)]
pub struct External {
    pub(crate) outside: Outside,
    /// How long it may take, as far as there is time for that: the vehicle waits.
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

/// A reason as a line of a display: to many a controller a control character is a command.
fn line(reason: &str) -> String {
    let shown = reason.chars().map(|c| if c.is_control() { ' ' } else { c });
    let line: String = shown.take(MAX_REASON_CHARS).collect();
    line.trim().to_owned()
}

impl External {
    /// What the other system says `within` that time about a vehicle on which `own` would have been
    /// decided.
    pub(crate) async fn ask(
        &self,
        uuid: &RecordId,
        approach: Approach<'_>,
        (facts, own): (&Facts, &Explained),
        within: Duration,
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
        let message = Message {
            id: Uuid::now_v7().to_string(),
            body: body.to_string(),
        };
        let posted = self.outside.post(message, now, within, MAX_REPLY_BYTES);
        let silent = |why: String| Opinion::Silent { why };
        match posted.await {
            Ok(reply) if !(200..300).contains(&reply.status) => {
                silent(format!("外部系统：HTTP {}", reply.status))
            }
            Ok(reply) if reply.is_cut => silent("外部系统：应答过长".to_owned()),
            Ok(reply) => match serde_json::from_slice::<Said>(&reply.body) {
                Ok(said) => Opinion::Said {
                    pass: said.pass,
                    reason: line(&said.reason),
                },
                Err(_) => silent("外部系统的应答无法读取".to_owned()),
            },
            Err(why) => silent(format!("外部系统：{why}")),
        }
    }
}

//! Pushing: attempts in slots, and what failure means for each kind.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Supplier;
use super::world::Failed;
use crate::draft::object;
use crate::endpoint::{ABNORMAL, CROSSING, RECOGNITION};
use crate::http::client::send;

/// Time for one attempt.
const SLOT: Duration = Duration::from_secs(2);

/// Pause before a failed abnormality is tried again.
const PROBE: Duration = Duration::from_secs(10);

/// Pause before a record that has failed is pushed again, by a supplier that does that: so long
/// that it is no attempt of the same push.
const AGAIN: Duration = Duration::from_secs(20);

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Accepted,
    Refused,
    Failed,
}

impl Supplier {
    fn attempts(&self) -> usize {
        match () {
            () if self.has("one attempt") => 1,
            () if self.has("four attempts") => 4,
            () if self.has("six attempts") => 6,
            () => 5,
        }
    }

    /// Pushes until it is answered, or has failed.
    pub(super) async fn push(&self, path: &str, own: &Map<String, Value>) -> Pushed {
        let mut signed = self.0.door.envelope(own.clone());
        for attempt in 1..=self.attempts() {
            let begun = Instant::now();
            if !self.has("the same token on each attempt") {
                signed = self.0.door.envelope(own.clone());
            }
            self.spoil(path, &mut signed, attempt);
            if let Some(answer) = self.attempt(path, &signed).await {
                let drops = self.has("drops refused crossings");
                if answer == Pushed::Accepted || path == RECOGNITION || drops {
                    return answer;
                }
            }
            let slot = if self.has("attempts five seconds apart") {
                SLOT * 5 / 2
            } else {
                SLOT
            };
            if attempt < self.attempts() {
                tokio::time::sleep_until(begun + slot).await;
            }
        }
        Pushed::Failed
    }

    /// What is wrong with what this supplier pushes.
    fn spoil(&self, path: &str, fields: &mut Map<String, Value>, attempt: usize) {
        let now = self.0.door.now();
        if path == RECOGNITION && self.has("pushes no colour") {
            fields.shift_remove("color");
        }
        if path == RECOGNITION && self.has("recognitionTime of the push") {
            fields.insert("recognitionTime".to_owned(), now.clone().into());
        }
        if path == CROSSING && self.has("crossTime of the push") {
            fields.insert("crossTime".to_owned(), now.into());
        }
        if attempt > 1 && self.has("a new uuid on each attempt") {
            fields.insert("uuid".to_owned(), self.fresh_uuid().into());
        }
    }

    /// One attempt: accepted, refused, or nothing that could be read.
    async fn attempt(&self, path: &str, fields: &Map<String, Value>) -> Option<Pushed> {
        let request = self.0.door.written(path, fields);
        let sent = send(&*self.0.network, &self.0.platform, &request, SLOT)
            .await
            .ok()?;
        if sent.status == 500 && self.has("takes HTTP 500 for an answer") {
            return Some(Pushed::Accepted);
        }
        let reply: Map<String, Value> = serde_json::from_slice(&sent.body).ok()?;
        let code = reply.get("respCode")?.as_str()?;
        if !(200..300).contains(&sent.status) {
            return None;
        }
        Some(if code == "0" {
            Pushed::Accepted
        } else {
            Pushed::Refused
        })
    }

    /// Writes down that a push has failed.
    pub(super) fn fail(&self, is_recognition: bool, own: &Map<String, Value>) {
        let time = if is_recognition {
            "recognitionTime"
        } else {
            "crossTime"
        };
        let at = match own.get(time).and_then(Value::as_str) {
            Some(at) if !self.has("failed pushes by the time of failing") => at.to_owned(),
            Some(_) | None => self.0.door.now(),
        };
        let mut fields = own.clone();
        fields.shift_remove("reliability");
        self.world().failed.push(Failed {
            is_recognition,
            fields,
            at,
        });
        let path = if is_recognition {
            RECOGNITION
        } else {
            CROSSING
        };
        let again = match path {
            RECOGNITION => self.has("pushes failed recognitions again"),
            _ => self.has("pushes failed crossings again"),
        };
        if again {
            self.until_it_arrives(path, own.clone());
        }
        if self.has("reports failed pushes") {
            self.report("1999", "", "识别推送失败".to_owned());
        }
    }

    fn until_it_arrives(&self, path: &'static str, own: Map<String, Value>) {
        let supplier = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(AGAIN).await;
                let signed = supplier.0.door.envelope(own.clone());
                if supplier.attempt(path, &signed).await == Some(Pushed::Accepted) {
                    return;
                }
            }
        });
    }

    /// Tells the platform of an abnormality, also after an outage (PUSH-5).
    pub(super) fn report(&self, code: &'static str, device: &str, message: String) {
        let message = if self.has("messages of its own") {
            format!("设备故障 {code}")
        } else {
            message
        };
        let own = object(json!({"abnormalCode": code, "deviceNo": device, "msg": message}));
        let supplier = self.clone();
        tokio::spawn(async move {
            while supplier.push(ABNORMAL, &own).await != Pushed::Accepted {
                if supplier.has("drops failed abnormalities") {
                    return;
                }
                tokio::time::sleep(PROBE).await;
            }
        });
    }
}

//! Pushing: attempts in slots, and what failure means for each kind.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Supplier;
use super::world::Failed;
use crate::draft::object;
use crate::endpoint::{ABNORMAL, CROSSING, RECOGNITION};
use crate::http::client::{Fault, send};

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

/// Why there is no answer to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoAnswer {
    /// Nothing came.
    Silence,
    /// Nobody listens.
    Refused,
    /// What came is none.
    Unreadable,
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
        let (mut attempt, mut failures) = (0, 0);
        while failures < self.attempts() {
            attempt += 1;
            let begun = Instant::now();
            if !self.has("the same token on each attempt") {
                signed = self.0.door.envelope(own.clone());
            }
            self.spoil(path, &mut signed, attempt);
            match self.attempt(path, &signed).await {
                Ok(answer) => {
                    let drops = self.has("drops refused crossings");
                    if answer == Pushed::Accepted || path == RECOGNITION || drops {
                        return answer;
                    }
                    failures += 1;
                }
                Err(why) => failures += self.counts(why),
            }
            if failures == 1 && path == RECOGNITION {
                self.too_soon(own);
            }
            let slot = if self.has("attempts five seconds apart") {
                SLOT * 5 / 2
            } else {
                SLOT
            };
            if failures < self.attempts() {
                tokio::time::sleep_until(begun + slot).await;
            }
        }
        Pushed::Failed
    }

    /// How many failures it is that there was no answer.
    fn counts(&self, why: NoAnswer) -> usize {
        let forgiven = match why {
            NoAnswer::Silence => self.has("time-outs are no failures"),
            NoAnswer::Refused => self.has("who is not there is no failure"),
            NoAnswer::Unreadable => false,
        };
        usize::from(!forgiven)
    }

    /// What happens at the first failure where it should at the last.
    fn too_soon(&self, own: &Map<String, Value>) {
        if self.has("opens at the first failure") {
            let mut world = self.world();
            world.lifts += u64::from(world.vehicle.is_some());
        }
        if self.has("records the first failure") {
            self.fail(true, own);
        }
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

    /// One attempt: accepted, refused, or why there is no answer.
    async fn attempt(&self, path: &str, fields: &Map<String, Value>) -> Result<Pushed, NoAnswer> {
        let request = self.0.door.written(path, fields);
        self.world().pushing += 1;
        let sent = send(&*self.0.network, &self.0.platform, &request, SLOT).await;
        self.world().pushing -= 1;
        let sent = sent.map_err(|fault| match fault {
            Fault::Timeout(_) => NoAnswer::Silence,
            Fault::Network(why) if why.contains("refused") => NoAnswer::Refused,
            Fault::Network(_) | Fault::Untrusted(_) => NoAnswer::Unreadable,
        })?;
        if sent.status == 500 && self.has("takes HTTP 500 for an answer") {
            return Ok(Pushed::Accepted);
        }
        let reply: Map<String, Value> =
            serde_json::from_slice(&sent.body).map_err(|_| NoAnswer::Unreadable)?;
        let code = reply.get("respCode").and_then(Value::as_str);
        let code = code.ok_or(NoAnswer::Unreadable)?;
        if !(200..300).contains(&sent.status) {
            return Err(NoAnswer::Unreadable);
        }
        Ok(if code == "0" {
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
        let one = Failed {
            is_recognition,
            fields,
            at,
        };
        let mut world = self.world();
        if !world.failed.contains(&one) {
            world.failed.push(one);
        }
        drop(world);
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
                if supplier.attempt(path, &signed).await == Ok(Pushed::Accepted) {
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
        let mut own = object(json!({"abnormalCode": code, "deviceNo": device, "msg": message}));
        if self.has("abnormalities without a message") {
            own.shift_remove("msg");
        }
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

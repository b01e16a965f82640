//! Having things done, and putting them right again.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use serde_json::json;
use tokio::time::Instant;

use super::{Bench, undone};
use crate::case::{Side, Stop};
use crate::draft::object;
use crate::endpoint::OPEN_GATE;
use crate::hands::{About, Act};
use crate::text::Text;

impl Bench {
    /// Has something done.
    ///
    /// # Errors
    /// Skips the case when it was not.
    pub async fn act(&self, act: Act, plate: &str) -> Result<(), Stop> {
        self.give_time_to_notice(act).await;
        let undoing = act.undone_by().map(|act| (act, plate.to_owned()));
        self.pending().extend(undoing);
        let lasting = self.setting.timing.loop_alarm + self.setting.timing.tolerance;
        let about = About {
            plate: plate.to_owned(),
            number: self.number(),
            lasting,
        };
        let done = self.hands.act(act, &about).await;
        match act {
            Act::VehicleArrives | Act::VehicleStays => {
                self.vehicle_is_there.store(true, Ordering::Relaxed);
            }
            Act::VehicleLeaves | Act::VehicleCrosses => {
                self.vehicle_is_there.store(false, Ordering::Relaxed);
            }
            _ => {}
        }
        if done.is_ok() {
            self.pending().remove(&act);
        }
        if let Some(loses) = act.undoes() {
            let mut put_back = self.put_back.lock().unwrap_or_else(PoisonError::into_inner);
            put_back.insert(loses, Instant::now());
        }
        done.map_err(undone)
    }

    /// A device that was put back is not lost again before the other side may have noticed.
    async fn give_time_to_notice(&self, act: Act) {
        let put_back = {
            let put_back = self.put_back.lock().unwrap_or_else(PoisonError::into_inner);
            put_back.get(&act).copied()
        };
        if let Some(put_back) = put_back {
            let timing = &self.setting.timing;
            tokio::time::sleep_until(put_back + timing.device_check + timing.tolerance).await;
        }
    }

    /// Good manners again, and an empty lane, whatever a case left behind.
    pub async fn tidy(&self) {
        self.peer.behave().await;
        if self.vehicle_is_there.load(Ordering::Relaxed) {
            let plate = &self.setting.plates.allowed;
            // A vehicle that cannot leave shows in the next case.
            let _ = self.act(Act::VehicleLeaves, plate).await;
            tokio::time::sleep(self.setting.timing.settle).await;
        }
    }

    /// Leaves the judged side as it was found, when a run is broken off: an empty lane, a barrier
    /// that is not held open, and devices put back where that needs no person. What a person has to
    /// put back is returned.
    pub async fn leave_as_found(&self) -> Vec<Text> {
        self.peer.behave().await;
        if self.setting.side == Side::Supplier && self.has_sent_a_hold() {
            let restore = object(json!({
                "deviceNo": self.setting.devices.recognizer, "plateNumber": "", "openMode": "1",
            }));
            let restore = self.anew(|| self.draft(OPEN_GATE, restore.clone())).await;
            self.send(&restore).await;
        }
        let mut left = self.pending().clone();
        if self.vehicle_is_there.load(Ordering::Relaxed) {
            left.insert(Act::VehicleLeaves, self.setting.plates.allowed.clone());
        }
        let mut for_a_person = Vec::new();
        for (act, plate) in left {
            let about = About {
                plate,
                number: self.number(),
                ..About::default()
            };
            if !self.hands.acts_by_itself(act) || self.hands.act(act, &about).await.is_err() {
                for_a_person.push(act.request(&about));
            }
        }
        for_a_person
    }

    /// Whether the last hold was not restored.
    fn has_sent_a_hold(&self) -> bool {
        let orders = self
            .book
            .since(0, |it| !it.incoming && it.request.path == OPEN_GATE);
        let last = orders
            .iter()
            .rev()
            .map(|it| it.text("openMode"))
            .find(|mode| ["0", "1"].contains(&mode.as_str()));
        last.as_deref() == Some("0")
    }

    fn pending(&self) -> MutexGuard<'_, BTreeMap<Act, String>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

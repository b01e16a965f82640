//! A vehicle at the gate: asked for, let through, crossed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Supplier;
use super::push::Pushed;
use super::world::Vehicle;
use crate::draft::object;
use crate::endpoint::{CROSSING, RECOGNITION};

/// Pause between two pushes of a refused recognition.
const POLL: Duration = Duration::from_secs(2);

/// How long a vehicle may press the loop.
const LOOP_ALARM: Duration = Duration::from_secs(30);

/// How often who is gone is asked for by a supplier that does that.
const TOO_OFTEN: usize = 3;

impl Supplier {
    pub(super) fn fresh_uuid(&self) -> String {
        let mut world = self.world();
        world.presences += 1;
        format!("uuid-{}", world.presences)
    }

    /// A vehicle with that plate drives onto the loop.
    pub(super) fn arrives(&self, plate: &str) {
        let uuid = self.fresh_uuid();
        let vehicle = {
            let mut world = self.world();
            let vehicle = Vehicle {
                presence: world.presences,
                uuid,
                plate: plate.to_owned(),
            };
            world.vehicle = Some(vehicle.clone());
            world.arm_is_late = false;
            vehicle
        };
        let recognition = self.recognition(&vehicle.uuid, &vehicle.plate);
        let (asking, alarm) = (self.clone(), self.clone());
        let presence = vehicle.presence;
        if !(self.world().is_held && self.has("pushes nothing while held open")) {
            tokio::spawn(async move { asking.ask(vehicle, recognition).await });
        }
        tokio::spawn(async move {
            tokio::time::sleep(LOOP_ALARM).await;
            if alarm.world().is_there(presence) && !alarm.has("does not report the loop") {
                alarm.report("1401", "", "东二门01道车辆压线圈过长！".to_owned());
            }
        });
    }

    fn recognition(&self, uuid: &str, plate: &str) -> Map<String, Value> {
        let wrong = self.has("pushes the wrong recognizer");
        object(json!({
            "deviceNo": if wrong { "CAM-99" } else { self.0.devices.recognizer.as_str() },
            "uuid": uuid,
            "recognitionTime": self.0.door.now(),
            "image": format!("{}/pictures/1.jpg", self.0.own),
            "plateNumber": plate,
            "color": "blue",
            "reliability": 96,
        }))
    }

    /// Asks until the vehicle may pass, or is gone.
    async fn ask(&self, vehicle: Vehicle, mut recognition: Map<String, Value>) {
        let (mut after_it_left, mut was_let_through) = (0, false);
        loop {
            let pushed = self.push(RECOGNITION, &recognition).await;
            self.settle(&vehicle.uuid);
            match pushed {
                Pushed::Accepted if !was_let_through => {
                    was_let_through = true;
                    if !self.has("does not open when it may") {
                        self.lift(&vehicle);
                    }
                }
                Pushed::Refused if self.has("opens when it may not") => self.lift(&vehicle),
                Pushed::Refused if std::mem::take(&mut self.world().first_passes) => {
                    self.lift(&vehicle);
                }
                Pushed::Failed => {
                    self.fail(true, &recognition);
                    if !self.has("stays shut after five failures") {
                        self.lift(&vehicle);
                    }
                    return;
                }
                Pushed::Accepted | Pushed::Refused => {}
            }
            if pushed == Pushed::Accepted {
                if self.has("holds everything as failed") {
                    self.fail(true, &recognition);
                }
                if !self.has("asks again when it may pass") {
                    return;
                }
            }
            if self.world().is_held || self.has("does not ask again") {
                return;
            }
            let poll = if self.has("asks again every ten seconds") {
                POLL * 5
            } else {
                POLL
            };
            tokio::time::sleep(poll).await;
            if !self.world().is_there(vehicle.presence) {
                after_it_left += 1;
                if !self.has("asks again for who is gone") || after_it_left > TOO_OFTEN {
                    return;
                }
            }
            if self.has("asks again with a new uuid") {
                recognition.insert("uuid".to_owned(), self.fresh_uuid().into());
            }
        }
    }

    /// The recognition of that `uuid` needs no more pushing, or not the first time.
    fn settle(&self, uuid: &str) {
        self.world().settled.push(uuid.to_owned());
        self.tell();
    }

    /// Lifts the barrier for a vehicle that is there.
    fn lift(&self, vehicle: &Vehicle) {
        let mut world = self.world();
        let is_there = world.is_there(vehicle.presence)
            || self.has("opens on a late reply")
            || self.has("opens for the next vehicle") && world.vehicle.is_some();
        // Held open, there is nothing to lift; and one decision is one lift.
        if is_there && !world.is_held {
            world.lifts += 1;
        }
    }

    /// The vehicle on the loop drives through.
    pub(super) fn crosses(&self) {
        let vehicle = self.world().vehicle.take();
        if let Some(vehicle) = vehicle {
            self.crossing(&vehicle.uuid, &vehicle.plate);
        }
    }

    /// The vehicle on the loop backs out.
    pub(super) fn leaves(&self) {
        let vehicle = self.world().vehicle.take();
        if let Some(vehicle) = vehicle.filter(|_| self.has("crossings for who backs out")) {
            self.crossing(&vehicle.uuid, &vehicle.plate);
        }
    }

    /// A vehicle that nobody has recognized drives through.
    pub(super) fn tailgates(&self) {
        let uuid = self.fresh_uuid();
        let recognition = self.recognition(&uuid, "");
        let supplier = self.clone();
        let its = uuid.clone();
        if self.has("no recognition for tailgaters") {
            self.settle(&uuid);
        } else {
            tokio::spawn(async move {
                if supplier.push(RECOGNITION, &recognition).await == Pushed::Failed {
                    supplier.fail(true, &recognition);
                }
                supplier.settle(&its);
            });
        }
        self.crossing(&uuid, "");
    }

    fn crossing(&self, uuid: &str, plate: &str) {
        if self.world().is_held && self.has("pushes nothing while held open") {
            return;
        }
        let own = if self.has("a crossing has a uuid of its own") {
            self.fresh_uuid()
        } else {
            uuid.to_owned()
        };
        let crossing = object(json!({
            "deviceNo": self.0.devices.recognizer,
            "uuid": own,
            "plateNumber": plate,
            "color": "blue",
            "crossTime": self.0.door.now(),
        }));
        let (supplier, uuid) = (self.clone(), uuid.to_owned());
        tokio::spawn(async move {
            if !supplier.has("pushes the crossing first") {
                let mut changes = supplier.0.changed.subscribe();
                let is_settled = |_: &u64| supplier.world().settled.contains(&uuid);
                let _ = changes.wait_for(is_settled).await;
            }
            let pushed = supplier.push(CROSSING, &crossing).await;
            if pushed == Pushed::Failed || supplier.has("holds everything as failed") {
                supplier.fail(false, &crossing);
            } else if supplier.has("pushes a crossing twice") {
                supplier.push(CROSSING, &crossing).await;
            }
        });
    }
}

//! Gate commands and texts.

use serde_json::{Map, Value};

use super::Supplier;
use crate::broken::door::{Answer, Refusal, declined};
use crate::endpoint::{SHOW_FIELDS, fault};
use crate::http::Request;

impl Supplier {
    pub(super) fn open_gate(&self, request: &Request, fields: &Map<String, Value>) -> Answer {
        if !self.has("moves twice for one command") {
            let world = self.world();
            let known = world
                .answered
                .iter()
                .find(|(body, _)| *body == request.body);
            if let Some((_, answer)) = known {
                return Ok(answer.clone());
            }
        }
        let answer = self.obey(fields)?;
        self.world()
            .answered
            .push((request.body.clone(), answer.clone()));
        Ok(answer)
    }

    fn obey(&self, fields: &Map<String, Value>) -> Answer {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let device = fields.get("deviceNo");
        let listed = device.and_then(Value::as_array).and_then(|it| it.first());
        let listed = listed.filter(|_| self.has("takes a list for deviceNo"));
        let is_ours = listed.or(device).and_then(Value::as_str)
            == Some(self.0.devices.recognizer.as_str())
            || device.is_none() && self.has("opens some gate without deviceNo");
        if self.world().pushing > 0 && self.has("obeys nobody while it pushes") {
            return Err(declined("忙"));
        }
        let some_gate =
            self.has("opens some gate for an unknown device") && fields.contains_key("deviceNo");
        if !is_ours && !some_gate {
            return Err("没有此设备".into());
        }
        let mode = match text("openMode") {
            "" if self.has("a missing mode is forced") => "3",
            "" => "2",
            mode => mode,
        };
        match (mode, text("plateNumber")) {
            ("0", _) => self.hold(),
            ("1", _) => self.restore(),
            ("2", "") if self.has("refuses an empty plate") => Err(declined("缺少车牌")),
            ("2", "") => self.drive(),
            ("2", plate) => self.open_for(plate),
            ("3", _)
                if self.has("opens by force only for a vehicle")
                    && self.world().vehicle.is_none() =>
            {
                Err(declined("闸口没有车辆"))
            }
            ("3", plate) if self.has("compares the plate by force") && self.is_another(plate) => {
                Err(declined("车牌不一致"))
            }
            ("3", _) => self.drive(),
            _ if self.has("an unknown mode is forced") => self.drive(),
            (mode, _) => Err(format!("未知开闸模式 {mode}").into()),
        }
    }

    /// Whether somebody else than `plate` is there.
    fn is_another(&self, plate: &str) -> bool {
        let world = self.world();
        let there = world.vehicle.as_ref();
        !plate.is_empty() && there.is_some_and(|it| it.plate != plate)
    }

    fn hold(&self) -> Answer {
        self.world().is_held = !self.has("does not hold open");
        Ok(Map::new())
    }

    fn restore(&self) -> Answer {
        let mut world = self.world();
        world.is_held = false;
        world.arm_is_late = self.has("restores with the next vehicle only");
        world.first_passes = self.has("lets the first pass after a restore");
        Ok(Map::new())
    }

    fn open_for(&self, plate: &str) -> Answer {
        let there = self.world().vehicle.as_ref().map(|it| it.plate.clone());
        match there {
            None if self.has("opens in normal mode for nobody") => self.drive(),
            None => Err(declined("闸口没有车辆")),
            Some(there) if there == plate && self.has("does not open for the matching plate") => {
                Err(declined("车牌不一致"))
            }
            Some(there) if there != plate && !self.has("opens for another plate") => {
                Err(declined("车牌不一致"))
            }
            Some(_) => self.drive(),
        }
    }

    /// Drives the barrier up once.
    fn drive(&self) -> Answer {
        let mut world = self.world();
        if world.lost.contains_key("1301") {
            return if self.has("says opened before it is") {
                Ok(Map::new())
            } else {
                Err(declined("栏杆机无应答"))
            };
        }
        world.lifts += 1;
        Ok(Map::new())
    }

    pub(super) fn show(&self, fields: &Map<String, Value>) -> Answer {
        let device = fields.get("deviceNo").and_then(Value::as_str);
        let anywhere = self.has("shows a text anywhere");
        if device != Some(self.0.devices.display.as_str()) && !anywhere {
            return Err("没有此设备".into());
        }
        let msg = fields.get("msg");
        if msg.is_none() && self.has("takes a text without msg") {
            return Ok(Map::new());
        }
        if msg.is_some_and(Value::is_string) && self.has("refuses msg as a text") {
            return Err("msg 应为数组".into());
        }
        let has_texts = lines(msg.unwrap_or(&Value::Null))
            .iter()
            .all(|it| !it.is_empty());
        let forgiven = anywhere && device.is_none()
            || self.has("takes any alignment") && msg.is_some() && has_texts
            || self.has("takes lines without text") && msg.is_some() && !has_texts;
        if let Some((why, _)) = fault(fields, SHOW_FIELDS).filter(|_| !forgiven) {
            return Err(Refusal::Bad(why));
        }
        let mut world = self.world();
        if world.lost.contains_key("1101") && !self.has("says shown while the display is off") {
            return Err(declined("显示屏无应答"));
        }
        world.display = lines(msg.unwrap_or(&Value::Null));
        if self.has("collapses spaces") {
            for line in &mut world.display {
                *line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        Ok(Map::new())
    }
}

fn lines(msg: &Value) -> Vec<String> {
    let held = msg
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let lines: &Value = held.as_ref().unwrap_or(msg);
    let text = |line: &Value| line["text"].as_str().unwrap_or_default().to_owned();
    lines.as_array().into_iter().flatten().map(text).collect()
}

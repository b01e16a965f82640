//! Whether a plan makes sense.

use std::collections::HashSet;

use secrecy::ExposeSecret as _;

use super::{
    DetectorPlan, DetectorsSpeak, DisplaySpeaks, LanePlan, LotPlan, MAX_SPEED, PlanError, Speaks,
    Wiring,
};
use crate::equipment::Direction;

impl LotPlan {
    pub(in crate::lot) fn check(&self) -> Result<(), PlanError> {
        if !(self.speed > 0.0 && self.speed <= MAX_SPEED) {
            let expected = "more than 0 and at most 1000";
            return Err(wrong("speed", &self.speed, expected));
        }
        if self.heartbeat.is_zero() {
            return Err(wrong("heartbeat", &"0s", "a duration above zero"));
        }
        let mut names = HashSet::new();
        let mut devices = HashSet::new();
        for lane in &self.lanes {
            if !names.insert(&lane.name) {
                return Err(wrong("lane.name", &lane.name, "a name of its own"));
            }
            if let Some(twice) = lane.devices().find(|device| !devices.insert(*device)) {
                return Err(wrong("device", twice, "a number of its own"));
            }
            check_lane(lane)?;
        }
        self.detectors.as_ref().map_or(Ok(()), check_detectors)
    }
}

fn check_detectors(detectors: &DetectorPlan) -> Result<(), PlanError> {
    let over_mqtt = detectors.speaks == DetectorsSpeak::Mqtt;
    if over_mqtt && detectors.lot.is_empty() {
        return Err(wrong("detectors.lot", &"missing", "the lot in the topics"));
    }
    if !over_mqtt && detectors.key.expose_secret().is_empty() {
        let expected = "what is in the address that they push to";
        return Err(wrong("detectors.key", &"missing", expected));
    }
    if detectors.period.is_some_and(|it| it.is_zero()) {
        let expected = "a duration above zero";
        return Err(wrong("detectors.period", &"0s", expected));
    }
    Ok(())
}

fn check_lane(lane: &LanePlan) -> Result<(), PlanError> {
    let is_mixed = lane.direction == Direction::Mixed;
    if is_mixed != lane.exit_recognizer.is_some() {
        let expected = "one in a mixed lane, none in others";
        return Err(wrong("lane.exit_recognizer", &lane.name, expected));
    }
    let generic_display = lane.display_speaks == DisplaySpeaks::Generic;
    let shows = lane.display.is_some() && generic_display;
    if lane.speaks != Speaks::Generic && (is_mixed || shows) {
        let expected = "generic in a mixed lane, or one whose display is";
        return Err(wrong("lane.speaks", &lane.name, expected));
    }
    let on_camera = lane.display_speaks == DisplaySpeaks::OlmCamera;
    let no_display = lane.display.is_none() && !generic_display;
    let has_line = matches!(
        lane.speaks,
        Speaks::Vz | Speaks::Qy | Speaks::VzTcp | Speaks::VzMqtt
    );
    if no_display || (on_camera && !has_line) {
        let expected =
            "generic without a display; olm-camera only beside vz, qy, vz-tcp or vz-mqtt";
        return Err(wrong("lane.display_speaks", &lane.name, expected));
    }
    if lane.wiring == Wiring::Module && is_mixed {
        let expected = "camera in a mixed lane";
        return Err(wrong("lane.wiring", &lane.name, expected));
    }
    if lane.stays_up && lane.wiring != Wiring::Module {
        let expected = "false, or wiring = \"module\", whose relay lowers the arm";
        return Err(wrong("lane.stays_up", &lane.name, expected));
    }
    let is_dahua = matches!(lane.speaks, Speaks::Dahua | Speaks::DahuaStream);
    if is_dahua && lane.wiring != Wiring::Module {
        let expected = "module beside dahua and dahua-stream, which have nothing for loops";
        return Err(wrong("lane.wiring", &lane.name, expected));
    }
    if !(0.0..=1.0).contains(&lane.fault_share) {
        return Err(wrong("lane.fault_share", &lane.fault_share, "0 to 1"));
    }
    if let Some(fault) = lane.faults.iter().find(|it| !it.fits(lane)) {
        let expected = "a fault that the lane's devices can have";
        return Err(wrong("lane.faults", &format!("{fault:?}"), expected));
    }
    Ok(())
}

fn wrong(field: &'static str, value: &dyn std::fmt::Display, expected: &'static str) -> PlanError {
    PlanError::Value {
        field,
        value: value.to_string(),
        expected,
    }
}

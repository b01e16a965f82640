//! What the types cannot say of the lot's MQTT broker and of what speaks through it.

use boshi_service::config::unique;

use super::super::{ConfigError, Lot, Role, Topic, VzMqtt};
use super::equipment::{check_address, check_looks, wrong};

/// Longest name of a client, of a user, and of a camera, in bytes.
const LONGEST_NAME: usize = 128;

pub(super) fn check(path: &str, lot: &Lot) -> Result<(), ConfigError> {
    let serials = lot.vz_mqtt.iter().map(|it| it.serial.as_str());
    unique(serials, |place| format!("{path}.vz_mqtt[{place}].serial"))?;
    let Some(broker) = &lot.mqtt else {
        if lot.vz_mqtt.is_empty() {
            return Ok(());
        }
        let expected = "the broker that the devices speak through, with its address";
        return wrong(format!("{path}.mqtt"), "missing", expected);
    };
    let path = format!("{path}.mqtt");
    check_address(&path, &broker.address)?;
    let password = broker.password.is_some();
    if password && broker.user.is_none() {
        let expected = "a user, or no password: MQTT has none without a user";
        return wrong(format!("{path}.user"), "missing", expected);
    }
    for (key, text) in [
        ("client", Some(&broker.client)),
        ("user", broker.user.as_ref()),
    ] {
        let long = text.filter(|it| it.len() > LONGEST_NAME);
        if let Some(text) = long {
            let value = format!("{} bytes", text.len());
            return wrong(format!("{path}.{key}"), value, "128 bytes at most");
        }
    }
    Ok(())
}

pub(super) fn check_camera(path: &str, lot: &Lot, camera: &VzMqtt) -> Result<(), ConfigError> {
    let serial = &camera.serial;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if serial.is_empty() || serial.len() > LONGEST_NAME || !serial.chars().all(plain) {
        let expected = "the camera's serial number, as \"a1b2c3d4-0e1f2a3b\"";
        return wrong(format!("{path}.serial"), format!("{serial:?}"), expected);
    }
    check_looks(path, 1, camera.answer)?;
    for (key, topic) in [
        ("up", &camera.up),
        ("down", &camera.down),
        ("reply", &camera.reply),
    ] {
        check_holes(&format!("{path}.{key}"), topic, &["sn", "name"])?;
    }
    let own = [&camera.up, &camera.down, &camera.reply].map(Topic::filter);
    if own[0] == own[1] || own[0] == own[2] || own[1] == own[2] {
        let expected = "three topics: the gateway would hear itself, or take answers for readings";
        return wrong(
            format!("{path}.up, down, reply"),
            format!("{own:?}"),
            expected,
        );
    }
    if camera.command_qos > 1 {
        return wrong(format!("{path}.command_qos"), camera.command_qos, "0 or 1");
    }
    check_arm(path, lot, camera)
}

/// Only holes that are filled in, or read.
pub(super) fn check_holes(field: &str, topic: &Topic, known: &[&str]) -> Result<(), ConfigError> {
    let Some(other) = topic.holes().find(|hole| !known.contains(hole)) else {
        return Ok(());
    };
    let known: Vec<String> = known.iter().map(|it| format!("{{{it}}}")).collect();
    let expected = format!("no other holes than {}", known.join(" and "));
    wrong(field, format!("{{{other}}}"), &expected)
}

fn check_arm(path: &str, lot: &Lot, camera: &VzMqtt) -> Result<(), ConfigError> {
    let Some(barrier) = &camera.barrier else {
        if camera.gate_status {
            let expected = "a barrier: it is its arm that is shown";
            return wrong(format!("{path}.gate_status"), "true", expected);
        }
        return Ok(());
    };
    if !VzMqtt::PULSES.contains(&barrier.pulse) {
        let value = format!("{:?}", barrier.pulse);
        return wrong(format!("{path}.barrier.pulse"), value, "500ms to 5s");
    }
    let mut lanes = lot.lanes.iter();
    let switch = lanes.any(|it| it.barrier == barrier.device && it.limit_switch);
    if camera.gate_status && !switch {
        let expected = "limit_switch = true in the lane: it is what shows where the arm is";
        return wrong(format!("{path}.gate_status"), "true", expected);
    }
    let ends = |it: &&super::super::Input| matches!(it.role, Role::ArmUp | Role::ArmDown);
    let mut inputs = lot.contacts().filter(ends);
    if camera.gate_status && inputs.any(|it| it.device.as_ref() == Some(&barrier.device)) {
        let expected = "false, or no inputs that are arm_up or arm_down: one of them tells";
        return wrong(format!("{path}.gate_status"), "true", expected);
    }
    Ok(())
}

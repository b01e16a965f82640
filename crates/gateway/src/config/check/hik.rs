//! What the types cannot say of cameras of 海康.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;

use super::super::{ConfigError, HikBarrier, HikMode, Lot, Password, Role};
use super::camera::{check_confirm, check_recognizer};
use super::equipment::{check_address, check_barrier, check_inputs, check_looks, wrong};

/// Inputs and outputs of a camera: gate cameras have up to four.
const MOST_PORTS: u16 = 4;

/// Channels of a camera.
pub(super) const MOST_CHANNELS: u16 = 16;

/// Shortest pause between two questions to a camera: it is a small machine that reads plates.
const SHORTEST_POLL: Duration = Duration::from_millis(20);

/// Steps of a command: each takes time that a vehicle waits.
const MOST_STEPS: usize = 3;

pub(super) fn check<'a>(
    path: &str,
    lot: &'a Lot,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    for (place, camera) in lot.hik.iter().enumerate() {
        let path = format!("{path}.hik[{place}]");
        check_address(&path, &camera.address)?;
        check_login(&path, &camera.user, &camera.password)?;
        if camera.ca_file.is_some() && camera.certificate_file.is_some() {
            let expected = "nothing beside ca_file: one of the two shows who the camera is";
            return wrong(format!("{path}.certificate_file"), "a file", expected);
        }
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        check_looks(&path, camera.looks, camera.answer)?;
        if camera.poll < SHORTEST_POLL {
            let value = format!("{:?}", camera.poll);
            return wrong(format!("{path}.poll"), value, "20ms or more");
        }
        if camera.key.is_none() && !camera.alert_stream {
            let expected =
                "a key for its pushes, or alert_stream = true: it tells no plate otherwise";
            return wrong(format!("{path}.key"), "missing", expected);
        }
        check_inputs(&path, lot, &camera.inputs, MOST_PORTS)?;
        if let Some(barrier) = &camera.barrier {
            let path = format!("{path}.barrier");
            check_barrier(&path, lot, &barrier.device, driven)?;
            check_gate(&path, lot, barrier)?;
        }
    }
    Ok(())
}

/// The name stands in a header.
pub(super) fn check_login(path: &str, user: &str, password: &Password) -> Result<(), ConfigError> {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| !c.is_control());
    if !plain(user) || !user.is_ascii() {
        let value = format!("{user:?}");
        return wrong(
            format!("{path}.user"),
            value,
            "the name of a user, in ASCII",
        );
    }
    if !plain(password.expose()) {
        let expected = "that of the user, not empty, without control characters";
        return wrong(format!("{path}.password"), "another", expected);
    }
    Ok(())
}

fn check_gate(path: &str, lot: &Lot, barrier: &HikBarrier) -> Result<(), ConfigError> {
    if !(1..=MOST_CHANNELS).contains(&barrier.channel) {
        let expected = "a channel's number from 1 to 16";
        return wrong(format!("{path}.channel"), barrier.channel, expected);
    }
    if let Some(output) = barrier.output
        && !(1..=MOST_PORTS).contains(&output)
    {
        let expected = "an output's number from 1 to 4";
        return wrong(format!("{path}.output"), output, expected);
    }
    for (key, steps, never) in [
        ("hold", &barrier.hold, HikMode::Close),
        ("release", &barrier.release, HikMode::Open),
    ] {
        if steps.is_empty() || steps.len() > MOST_STEPS || steps.contains(&never) {
            let value = format!("{:?}", steps.iter().map(|it| it.word()).collect::<Vec<_>>());
            let expected = format!(
                "one to three of the camera's words, never {:?}",
                never.word()
            );
            return wrong(format!("{path}.{key}"), value, &expected);
        }
    }
    check_status(path, lot, barrier)?;
    check_confirm(path, lot, &barrier.device, barrier.confirm)
}

/// The state that the camera tells is the barrier's limit switch, of which there is one.
fn check_status(path: &str, lot: &Lot, barrier: &HikBarrier) -> Result<(), ConfigError> {
    if !barrier.status {
        return Ok(());
    }
    let field = format!("{path}.status");
    let mut lanes = lot.lanes.iter();
    if !lanes.any(|it| it.barrier == barrier.device && it.limit_switch) {
        let expected = "false, or limit_switch = true in its lane: the state is the limit switch";
        return wrong(field, "true", expected);
    }
    let wired = |role| matches!(role, Role::ArmUp | Role::ArmDown);
    let mut inputs = lot.contacts();
    if inputs.any(|it| wired(it.role) && it.device.as_ref() == Some(&barrier.device)) {
        let expected = "false: the limit switch of this barrier is wired to an input";
        return wrong(field, "true", expected);
    }
    Ok(())
}

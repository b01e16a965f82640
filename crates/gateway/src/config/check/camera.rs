//! What the types cannot say of cameras.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;

use super::super::{CameraBarrier, Config, ConfigError, Confirm, Hx, Lot, Vz, VzDialect};
use super::equipment::{
    check_address, check_barrier, check_inputs, check_looks, check_outputs, wrong,
};
use super::mqtt;

/// Inputs and outputs of a camera.
const MOST_PORTS: u16 = 4;

/// Those of them that can be reached over TCP.
const MOST_TCP_PORTS: u16 = 2;

/// Longest that a camera is kept waiting for an answer: below what its own patience can be.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Longest that the answer to a plate may wait: a camera that waits longer pushes again.
const LONGEST_REPLY_WAIT: Duration = Duration::from_secs(3);

pub(super) fn check<'a>(
    path: &str,
    lot: &'a Lot,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    for (place, camera) in lot.vz.iter().enumerate() {
        let path = format!("{path}.vz[{place}]");
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        check_waits(&path, camera)?;
        check_gate(&path, lot, camera.barrier.as_ref(), MOST_PORTS, driven)?;
        check_inputs(&path, lot, &camera.inputs, MOST_PORTS)?;
    }
    for (place, camera) in lot.hx.iter().enumerate() {
        let path = format!("{path}.hx[{place}]");
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        check_hx(&path, camera)?;
        check_gate(&path, lot, camera.barrier.as_ref(), 1, driven)?;
    }
    for (place, camera) in lot.vz_tcp.iter().enumerate() {
        let path = format!("{path}.vz_tcp[{place}]");
        check_address(&path, &camera.address)?;
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        check_looks(&path, camera.looks, camera.answer)?;
        check_gate(&path, lot, camera.barrier.as_ref(), MOST_TCP_PORTS, driven)?;
        check_inputs(&path, lot, &camera.inputs, MOST_TCP_PORTS)?;
    }
    for (place, camera) in lot.vz_mqtt.iter().enumerate() {
        let path = format!("{path}.vz_mqtt[{place}]");
        check_recognizer(&path, lot, &camera.recognizer, driven)?;
        mqtt::check_camera(&path, lot, camera)?;
        check_gate(&path, lot, camera.barrier.as_ref(), MOST_PORTS, driven)?;
        check_inputs(&path, lot, &camera.inputs, MOST_PORTS)?;
    }
    mqtt::check(path, lot)
}

/// What others published may be wrong, which whoever relies on it is to know.
pub(super) fn check_experimental(path: &str, experimental: bool) -> Result<(), ConfigError> {
    if experimental {
        return Ok(());
    }
    let expected = "true: this follows what others published, and nobody has tried it";
    wrong(format!("{path}.experimental"), "false", expected)
}

fn check_hx(path: &str, camera: &Hx) -> Result<(), ConfigError> {
    check_experimental(path, camera.experimental)?;
    if camera.surest == 0 {
        return wrong(format!("{path}.surest"), 0, "1 or more");
    }
    if camera.reply_wait > LONGEST_REPLY_WAIT {
        let value = format!("{:?}", camera.reply_wait);
        return wrong(format!("{path}.reply_wait"), value, "3s at most");
    }
    Ok(())
}

fn check_gate<'a>(
    path: &str,
    lot: &Lot,
    barrier: Option<&'a CameraBarrier>,
    most: u16,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let Some(barrier) = barrier else {
        return Ok(());
    };
    let path = format!("{path}.barrier");
    check_barrier(&path, lot, &barrier.device, driven)?;
    check_outputs(&path, &barrier.relays(), &mut HashSet::new(), most)?;
    check_confirm(&path, lot, &barrier.device, barrier.confirm)
}

/// Each key names one camera, in whichever lots.
pub(super) fn check_keys(config: &Config) -> Result<(), ConfigError> {
    let mut seen = HashSet::new();
    for (lot, known) in config.lots.iter().enumerate() {
        for (family, all) in known.families() {
            for (place, key) in all.iter().map(|it| it.key()).enumerate() {
                if key.is_some_and(|key| !seen.insert(key.expose())) {
                    let field = format!("lot[{lot}].{family}[{place}].key");
                    let expected = "a key of its own: it tells which camera pushes";
                    return wrong(field, "that of another camera too", expected);
                }
            }
        }
    }
    Ok(())
}

pub(super) fn check_recognizer<'a>(
    path: &str,
    lot: &Lot,
    recognizer: &'a DeviceNo,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let mut lanes = lot.lanes.iter();
    let known = lanes.any(|it| it.recognizers().any(|it| it == recognizer));
    if known && driven.insert(recognizer) {
        return Ok(());
    }
    let value = format!("{:?}", recognizer.as_str());
    let expected = "a recognizer of a lane of this lot, and each only once";
    wrong(format!("{path}.recognizer"), value, expected)
}

fn check_waits(path: &str, camera: &Vz) -> Result<(), ConfigError> {
    if camera.waits() > LONGEST_WAIT {
        let value = format!("{:?}", camera.waits());
        return wrong(format!("{path}.wait"), value, "30s at most");
    }
    if camera.reply_wait > LONGEST_REPLY_WAIT {
        let value = format!("{:?}", camera.reply_wait);
        return wrong(format!("{path}.reply_wait"), value, "3s at most");
    }
    let told = camera.comet || !camera.reply_wait.is_zero();
    if camera.barrier.is_some() && !told {
        let expected = "true, or a reply_wait: the camera cannot be told to open otherwise";
        return wrong(format!("{path}.comet"), "false", expected);
    }
    if camera.dialect == VzDialect::Vz && camera.comet && camera.waits().is_zero() {
        let expected = "more than 0s: the camera asks again at once, for ever";
        return wrong(format!("{path}.wait"), "0s", expected);
    }
    Ok(())
}

/// Nothing says that the arm moved, unless its limit switch does.
pub(super) fn check_confirm(
    path: &str,
    lot: &Lot,
    barrier: &DeviceNo,
    confirm: Confirm,
) -> Result<(), ConfigError> {
    let mut lanes = lot.lanes.iter();
    let seen = lanes.any(|it| it.barrier == *barrier && it.limit_switch);
    if seen || confirm == Confirm::Taken {
        return Ok(());
    }
    let expected = "\"taken\" (the camera's word counts), or limit_switch = true in its lane";
    wrong(format!("{path}.confirm"), "\"arm\"", expected)
}

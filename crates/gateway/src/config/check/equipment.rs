//! What the types cannot say of the drivers' equipment.

use std::collections::HashSet;
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use boshi_service::config::unique;

use super::super::{
    BAUDS, ConfigError, Framing, Input, Lot, Modbus, ModbusModule, PulseBy, RelayBarrier, Role,
    SerialLine, is_host, is_serial,
};
use super::{board, camera, dahua, hik};

/// Most relays and inputs of one module: the addresses of the largest known ones, with room.
const MOST: u16 = 64;

/// Most looks at an input before it counts.
const MOST_LOOKS: u8 = 20;

/// Longest pulse: a relay that stays closed longer is a hold.
const LONGEST_PULSE: Duration = Duration::from_secs(10);

/// Pulses that modules time are so many of these long.
const PULSE_UNIT: Duration = Duration::from_millis(100);

/// Longest that a module may take to answer: vehicles wait for it.
const LONGEST_ANSWER: Duration = Duration::from_secs(3);

pub(super) fn check(path: &str, lot: &Lot) -> Result<(), ConfigError> {
    for (family, all) in lot.families() {
        let names = all.iter().map(|it| it.name());
        unique(names, |place| format!("{path}.{family}[{place}].name"))?;
    }
    let mut driven = HashSet::new();
    camera::check(path, lot, &mut driven)?;
    hik::check(path, lot, &mut driven)?;
    dahua::check(path, lot, &mut driven)?;
    board::check(path, lot, &mut driven)?;
    for (place, module) in lot.modbus.iter().enumerate() {
        let path = format!("{path}.modbus[{place}]");
        check_address_or_port(&path, &module.address, module.line())?;
        check_relays(&path, lot, module, &mut driven)?;
        check_inputs(&path, lot, &module.inputs, MOST)?;
        check_numbers(&path, module)?;
    }
    let fires = lot.contacts().filter(|it| it.role == Role::Fire).count();
    if fires > 1 {
        let field = format!("{path}: inputs that are \"fire\"");
        return wrong(field, fires, "one at most: it opens every lane of the lot");
    }
    check_contacts(path, lot)
}

pub(super) fn check_address(path: &str, address: &str) -> Result<(), ConfigError> {
    if is_host(address) {
        return Ok(());
    }
    let expected = "a host and a port, as \"192.168.1.254:502\"";
    wrong(format!("{path}.address"), format!("{address:?}"), expected)
}

/// The same, or a serial port of this machine.
pub(super) fn check_address_or_port(
    path: &str,
    address: &str,
    line: SerialLine,
) -> Result<(), ConfigError> {
    if !is_serial(address) {
        return check_address(path, address);
    }
    if BAUDS.contains(&line.baud) {
        return Ok(());
    }
    let expected = "what the device is set to, from 1200 to 230400";
    wrong(format!("{path}.baud"), line.baud, expected)
}

fn check_numbers(path: &str, module: &Modbus) -> Result<(), ConfigError> {
    check_looks(path, module.looks, module.answer)?;
    if is_serial(&module.address) && module.frames() == Framing::Tcp {
        let expected = "\"rtu\", or nothing: it hangs on a serial port";
        return wrong(format!("{path}.framing"), "\"tcp\"", expected);
    }
    let times = matches!(module.module, ModbusModule::Waveshare | ModbusModule::JyDam);
    if module.pulse_by == Some(PulseBy::Module) && !times {
        let expected = "\"gateway\": this module cannot time a pulse";
        return wrong(format!("{path}.pulse_by"), "\"module\"", expected);
    }
    Ok(())
}

pub(super) fn check_looks(path: &str, looks: u8, answer: Duration) -> Result<(), ConfigError> {
    if !(1..=MOST_LOOKS).contains(&looks) {
        return wrong(format!("{path}.looks"), looks, "1 to 20");
    }
    if answer > LONGEST_ANSWER {
        let value = format!("{answer:?}");
        return wrong(format!("{path}.answer"), value, "3s at most");
    }
    Ok(())
}

fn check_relays<'a>(
    path: &str,
    lot: &Lot,
    module: &'a Modbus,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let mut used = HashSet::new();
    for (place, barrier) in module.barriers.iter().enumerate() {
        let path = format!("{path}.barrier[{place}]");
        check_barrier(&path, lot, &barrier.device, driven)?;
        check_outputs(&path, barrier, &mut used, MOST)?;
        check_lowering(&path, barrier, &module.inputs)?;
    }
    Ok(())
}

/// An arm is lowered only over a loop that the same module has just shown to be free.
fn check_lowering(path: &str, barrier: &RelayBarrier, inputs: &[Input]) -> Result<(), ConfigError> {
    let Some(close) = barrier.close else {
        return Ok(());
    };
    let is_its_loop =
        |it: &Input| it.role == Role::SafetyLoop && it.device.as_ref() == Some(&barrier.device);
    if inputs.iter().any(is_its_loop) {
        return Ok(());
    }
    let expected = "left out, or this barrier's safety_loop on an input of the same module: \
                    nothing else shows that nobody is under the arm";
    wrong(format!("{path}.close"), close, expected)
}

pub(super) fn check_barrier<'a>(
    path: &str,
    lot: &Lot,
    barrier: &'a DeviceNo,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let known = lot.lanes.iter().any(|it| it.barrier == *barrier);
    if known && driven.insert(barrier) {
        return Ok(());
    }
    let value = format!("{:?}", barrier.as_str());
    let expected = "the barrier of a lane of this lot, and each only once";
    wrong(format!("{path}.device"), value, expected)
}

/// The outputs of a module or a camera that has `most` of them.
pub(super) fn check_outputs(
    path: &str,
    barrier: &RelayBarrier,
    used: &mut HashSet<u16>,
    most: u16,
) -> Result<(), ConfigError> {
    let outputs = [
        ("open", Some(barrier.open)),
        ("hold", barrier.hold),
        ("close", barrier.close),
    ];
    for (key, relay) in outputs {
        let Some(relay) = relay else { continue };
        if !(1..=most).contains(&relay) || !used.insert(relay) {
            let expected = format!("an output's number from 1 to {most}, and each only once");
            return wrong(format!("{path}.{key}"), relay, &expected);
        }
    }
    let whole = barrier.pulse.as_millis();
    let whole = whole.is_multiple_of(PULSE_UNIT.as_millis());
    if !whole || barrier.pulse > LONGEST_PULSE {
        let value = format!("{:?}", barrier.pulse);
        let expected = "a multiple of 100ms, 10s at most";
        return wrong(format!("{path}.pulse"), value, expected);
    }
    Ok(())
}

pub(super) fn check_inputs(
    path: &str,
    lot: &Lot,
    inputs: &[Input],
    most: u16,
) -> Result<(), ConfigError> {
    let mut used = HashSet::new();
    for (place, input) in inputs.iter().enumerate() {
        let path = format!("{path}.input[{place}]");
        if !(1..=most).contains(&input.number) || !used.insert(input.number) {
            let expected = format!("an input's number from 1 to {most}, and each only once");
            return wrong(format!("{path}.number"), input.number, &expected);
        }
        check_owner(&path, lot, input)?;
    }
    Ok(())
}

fn check_owner(path: &str, lot: &Lot, input: &Input) -> Result<(), ConfigError> {
    let device = input.device.as_ref();
    let mut lanes = lot.lanes.iter();
    let (right, expected) = match input.role {
        Role::Fire => (device.is_none(), "nothing: the alarm is of the whole lot"),
        Role::TriggerLoop => (
            lanes.any(|it| it.trigger_loop && it.recognizers().any(|it| Some(it) == device)),
            "the recognizer of a lane with trigger_loop = true",
        ),
        Role::SafetyLoop => (
            lanes.any(|it| it.safety_loop && Some(&it.barrier) == device),
            "the barrier of a lane with safety_loop = true",
        ),
        Role::ArmUp | Role::ArmDown => (
            lanes.any(|it| it.limit_switch && Some(&it.barrier) == device),
            "the barrier of a lane with limit_switch = true",
        ),
    };
    if right {
        return Ok(());
    }
    let value = device.map_or_else(|| "missing".to_owned(), |it| format!("{:?}", it.as_str()));
    wrong(format!("{path}.device"), value, expected)
}

/// One loop wired to two inputs would be pressed and left by whichever was looked at last.
fn check_contacts(path: &str, lot: &Lot) -> Result<(), ConfigError> {
    let mut seen = Vec::new();
    for input in lot.contacts() {
        let contact = (input.role, &input.device);
        if seen.contains(&contact) {
            let value = format!("{:?} of {:?} once more", input.role, input.device);
            let field = format!("{path}: an input");
            return wrong(field, value, "each contact of a device only once");
        }
        seen.push(contact);
    }
    Ok(())
}

pub(super) fn wrong<T>(
    field: impl Into<String>,
    value: impl ToString,
    expected: &str,
) -> Result<T, ConfigError> {
    Err(ConfigError::value(field, value.to_string(), expected))
}

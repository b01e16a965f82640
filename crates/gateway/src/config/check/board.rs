//! What the types cannot say of display boards.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use boshi_protocol::id::DeviceNo;

use super::super::{ConfigError, Lot, Olm, is_serial};
use super::equipment::{check_address, check_address_or_port, check_looks, wrong};

/// How wide a board can be: a line of a frame holds 32 bytes.
const COLUMNS: RangeInclusive<u8> = 4..=32;

/// How many lines it can have.
const ROWS: RangeInclusive<u8> = 1..=4;

/// How long the password can be, in bytes.
const PASSWORD: RangeInclusive<usize> = 6..=32;

/// RS485 ports of a camera.
const PORTS: RangeInclusive<u8> = 1..=2;

pub(super) fn check<'a>(
    path: &str,
    lot: &'a Lot,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let mut used = HashSet::new();
    for (place, board) in lot.olm.iter().enumerate() {
        let path = format!("{path}.olm[{place}]");
        check_display(&path, lot, board, driven)?;
        check_way(&path, lot, board)?;
        check_numbers(&path, board)?;
        let way = (&board.address, &board.camera, board.port, board.unit);
        if !used.insert(way) {
            let expected = "another number than the other boards on this line have";
            return wrong(format!("{path}.unit"), board.unit, expected);
        }
        check_line(&path, lot, board)?;
    }
    Ok(())
}

fn check_display<'a>(
    path: &str,
    lot: &Lot,
    board: &'a Olm,
    driven: &mut HashSet<&'a DeviceNo>,
) -> Result<(), ConfigError> {
    let mut lanes = lot.lanes.iter();
    let known = lanes.any(|it| it.displays().any(|it| *it == board.display));
    if known && driven.insert(&board.display) {
        return Ok(());
    }
    let value = format!("{:?}", board.display.as_str());
    let expected = "a display of a lane of this lot, and each only once";
    wrong(format!("{path}.display"), value, expected)
}

fn check_way(path: &str, lot: &Lot, board: &Olm) -> Result<(), ConfigError> {
    let field = format!("{path}.address");
    let camera = match (&board.address, &board.camera) {
        (Some(address), None) if is_serial(address) => {
            return check_address_or_port(path, address, board.line());
        }
        (Some(address), None) => return check_address(path, address),
        (None, Some(camera)) => camera,
        (None, None) => {
            let expected = "a serial server, a serial port, or else `camera`";
            return wrong(field, "missing", expected);
        }
        (Some(address), Some(_)) => {
            let expected = "nothing: the board hangs on a camera";
            return wrong(field, format!("{address:?}"), expected);
        }
    };
    let pushes = lot.vz.iter().any(|it| it.name == *camera);
    let connected = lot.vz_tcp.iter().any(|it| it.name == *camera);
    let through_broker = lot.vz_mqtt.iter().any(|it| it.name == *camera);
    let of_hx = lot.hx.iter().any(|it| it.name == *camera);
    let known = [pushes, connected, through_broker, of_hx];
    if known.into_iter().filter(|it| *it).count() != 1 {
        let expected = "the name of one vz, vz_tcp, vz_mqtt or hx of this lot";
        return wrong(format!("{path}.camera"), format!("{camera:?}"), expected);
    }
    if of_hx && board.port != 1 {
        return wrong(format!("{path}.port"), board.port, "1: it has one");
    }
    if !PORTS.contains(&board.port) {
        return wrong(format!("{path}.port"), board.port, "1 or 2");
    }
    let told = lot.vz.iter().find(|it| it.name == *camera);
    if told.is_some_and(|it| !it.comet) {
        let expected = "a camera with comet = true: it can be given nothing otherwise";
        return wrong(format!("{path}.camera"), format!("{camera:?}"), expected);
    }
    if (connected || of_hx) && board.expect_ack == Some(true) {
        let expected = "false: nothing is known to come back through this camera";
        return wrong(format!("{path}.expect_ack"), "true", expected);
    }
    Ok(())
}

fn check_numbers(path: &str, board: &Olm) -> Result<(), ConfigError> {
    for (key, value, range) in [
        ("columns", board.columns, COLUMNS),
        ("rows", board.rows, ROWS),
    ] {
        if !range.contains(&value) {
            let expected = format!("{} to {}", range.start(), range.end());
            return wrong(format!("{path}.{key}"), value, &expected);
        }
    }
    if board.colors.is_empty() {
        return wrong(format!("{path}.colors"), "empty", "a colour at least");
    }
    let password = &board.password;
    if !PASSWORD.contains(&password.len()) || !password.is_ascii() {
        let length = format!("{} bytes", password.len());
        let expected = "6 to 32 letters or digits";
        return wrong(format!("{path}.password"), length, expected);
    }
    check_looks(path, 1, board.answer)
}

/// Boards on one line are spoken to one after the other, at one speed.
fn check_line(path: &str, lot: &Lot, board: &Olm) -> Result<(), ConfigError> {
    let Some(address) = &board.address else {
        return Ok(());
    };
    let mut others = lot.olm.iter();
    let differs = |it: &&Olm| it.address.as_ref() == Some(address) && it.line() != board.line();
    if let Some(other) = others.find(differs).filter(|_| is_serial(address)) {
        let expected = format!("as for {:?} on the same port", other.name);
        return wrong(format!("{path}.baud"), board.baud, &expected);
    }
    Ok(())
}

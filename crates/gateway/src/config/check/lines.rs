//! Lines that devices hang on: two who speak on one at the same time are understood by nobody.

use std::collections::HashMap;
use std::time::Duration;

use super::super::{ANYBODY, Config, ConfigError, Framing, Modbus, line_of};
use super::equipment::wrong;

/// Longest that a module may take to answer that is not alone on its line: a command for another waits
/// for it, and has two thirds of `act`.
const LONGEST_ANSWER: Duration = Duration::from_secs(1);

/// Who speaks on a line.
struct Owner<'a> {
    /// Where it is configured.
    field: String,
    /// As it is called in an error.
    name: String,
    lot: usize,
    address: &'a str,
    /// The module, if it is one.
    module: Option<&'a Modbus>,
}

/// A line has modules of one lot, or boards of one lot. Those are asked one after the other, and told
/// apart by their units.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut lines: HashMap<String, Vec<Owner<'_>>> = HashMap::new();
    for (lot, configured) in config.lots.iter().enumerate() {
        let modules = configured.modbus.iter().enumerate().map(|(at, it)| {
            let field = format!("lot[{lot}].modbus[{at}]");
            Owner {
                name: format!("{field}.address"),
                field,
                lot,
                address: &it.address,
                module: Some(it),
            }
        });
        let boards = configured.olm.iter().enumerate().filter_map(|(at, it)| {
            let address = it.address.as_deref()?;
            Some(Owner {
                field: format!("lot[{lot}].olm[{at}]"),
                name: format!("the boards of lot[{lot}] at {address:?}"),
                lot,
                address,
                module: None,
            })
        });
        for owner in modules.chain(boards) {
            let owners = lines.entry(line_of(owner.address)).or_default();
            for known in owners.iter() {
                check_beside(&owner, known)?;
            }
            owners.push(owner);
        }
    }
    Ok(())
}

fn check_beside(owner: &Owner<'_>, known: &Owner<'_>) -> Result<(), ConfigError> {
    let both_numbered =
        |one: &Modbus, other: &Modbus| [one, other].iter().all(|it| it.frames() == Framing::Tcp);
    match (owner.module, known.module) {
        (None, None) if owner.lot == known.lot => Ok(()),
        (Some(one), Some(other)) if owner.lot == known.lot => {
            check_modules(owner, one, known, other)
        }
        // Each lot has a connection of its own.
        (Some(one), Some(other)) if both_numbered(one, other) => {
            check_units(owner, one, known, other)
        }
        _ => {
            let expected = format!(
                "an address of its own: {} has this one, and only modules of one lot share a line",
                known.name
            );
            let value = format!("{:?}", owner.address);
            wrong(format!("{}.address", owner.field), value, &expected)
        }
    }
}

/// Two modules of one lot on one line.
fn check_modules(
    owner: &Owner<'_>,
    one: &Modbus,
    known: &Owner<'_>,
    other: &Modbus,
) -> Result<(), ConfigError> {
    let Owner { field, .. } = owner;
    let as_there = format!("as {}, which is on the same line", known.field);
    if one.frames() != other.frames() {
        let value = format!("{:?}", one.frames()).to_lowercase();
        return wrong(format!("{field}.framing"), value, &as_there);
    }
    if one.line() != other.line() {
        let fields = format!("{field}: baud, parity and stop_bits");
        return wrong(fields, format!("{:?}", one.line()), &as_there);
    }
    for (field, module) in [(field, one), (&known.field, other)] {
        if module.answer > LONGEST_ANSWER {
            let value = format!("{:?}", module.answer);
            let expected = "1s at most: others on its line wait for it";
            return wrong(format!("{field}.answer"), value, expected);
        }
    }
    check_units(owner, one, known, other)
}

fn check_units(
    owner: &Owner<'_>,
    one: &Modbus,
    known: &Owner<'_>,
    other: &Modbus,
) -> Result<(), ConfigError> {
    let (unit, taken) = (one.answers_to(), other.answers_to());
    if unit != taken && ![unit, taken].contains(&ANYBODY) {
        return Ok(());
    }
    let expected = format!(
        "a unit of its own, and not {ANYBODY} on either: {} is the same, with unit {taken}",
        known.name
    );
    wrong(format!("{}.unit", owner.field), unit, &expected)
}

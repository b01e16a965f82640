//! Lines that devices hang on: two who speak on one at the same time are understood by nobody.

use std::collections::HashMap;

use super::super::{ANYBODY, Config, ConfigError, Framing, Modbus, is_serial};
use super::equipment::wrong;

/// Who speaks on a line.
struct Owner<'a> {
    /// As it is called in an error.
    name: String,
    /// The module, if it is one.
    module: Option<&'a Modbus>,
}

/// A serial port of this machine, and a serial server, has one owner: one module, or the boards of
/// one lot. Behind an address that speaks Modbus TCP there may be several modules: what is between
/// them and the network asks one after the other, and tells them apart by their units.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut lines: HashMap<String, Vec<Owner<'_>>> = HashMap::new();
    for (place, lot) in config.lots.iter().enumerate() {
        let modules = lot.modbus.iter().enumerate().map(|(at, it)| {
            let field = format!("lot[{place}].modbus[{at}]");
            let name = format!("{field}.address");
            let module = Some(it);
            (it.address.as_str(), field, Owner { name, module })
        });
        let boards = lot.olm.iter().enumerate().filter_map(|(at, it)| {
            let field = format!("lot[{place}].olm[{at}]");
            let address = it.address.as_deref()?;
            let name = format!("the boards of lot[{place}] at {address:?}");
            let module = None;
            Some((address, field, Owner { name, module }))
        });
        for (address, field, owner) in modules.chain(boards) {
            let owners = lines.entry(line(address)).or_default();
            for known in owners.iter() {
                check_beside(&field, address, &owner, known)?;
            }
            owners.push(owner);
        }
    }
    Ok(())
}

fn check_beside(
    field: &str,
    address: &str,
    owner: &Owner<'_>,
    known: &Owner<'_>,
) -> Result<(), ConfigError> {
    let Owner { name, module } = known;
    match (owner.module, module) {
        (None, None) if owner.name == *name => Ok(()),
        (Some(one), Some(other)) if [one, other].iter().all(|it| it.frames() == Framing::Tcp) => {
            check_units(field, one, other, name)
        }
        _ if is_serial(address) => {
            let expected = format!("a port of its own: {name} has this one");
            wrong(
                format!("{field}.address"),
                format!("{address:?}"),
                &expected,
            )
        }
        _ => {
            let expected = format!(
                "an address of its own: {name} has this one, and only modules with framing = \"tcp\" can share one"
            );
            wrong(
                format!("{field}.address"),
                format!("{address:?}"),
                &expected,
            )
        }
    }
}

fn check_units(field: &str, one: &Modbus, other: &Modbus, name: &str) -> Result<(), ConfigError> {
    let (unit, taken) = (one.answers_to(), other.answers_to());
    if unit != taken && ![unit, taken].contains(&ANYBODY) {
        return Ok(());
    }
    let expected = format!(
        "a unit of its own, and not {ANYBODY} on either: {name} is the same, with unit {taken}"
    );
    wrong(format!("{field}.unit"), unit, &expected)
}

/// An address as it is compared: hosts have no case, and ports may have zeros in front.
fn line(address: &str) -> String {
    match address.rsplit_once(':') {
        Some((host, port)) if !is_serial(address) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            format!("{host}:{}", port.trim_start_matches('0'))
        }
        _ => address.to_owned(),
    }
}

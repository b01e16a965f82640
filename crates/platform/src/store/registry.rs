//! What is registered beside the configuration file.

use boshi_protocol::id::{AppId, LotId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{StoreError, audit, event, outage};
use crate::addresses::Addresses;
use crate::events::Kind;
use crate::registry::{LotEntry, Supplier};

/// Suppliers, and lots with their ids.
pub(crate) type Registered = (Vec<Supplier>, Vec<(LotId, LotEntry)>);

/// Everything that is registered.
///
/// # Errors
/// What the database said.
pub(crate) fn load(connection: &Connection) -> Result<Registered, StoreError> {
    let mut query =
        connection.prepare("SELECT app_id, name, secret, previous, addresses FROM supplier")?;
    type Columns = (String, String, String, Option<String>, Option<String>);
    let rows = query.query_map([], |row| Columns::try_from(row))?;
    let suppliers = rows.map(|row| {
        let (app_id, name, secret, previous, addresses) = row?;
        let addresses = Addresses::parse(&addresses.unwrap_or_default());
        Ok(Supplier {
            app_id: AppId::new(&app_id).map_err(|_| StoreError::Corrupt("supplier"))?,
            name,
            secret: SecretString::from(secret),
            previous: previous.map(SecretString::from),
            addresses: addresses.map_err(|_| StoreError::Corrupt("supplier"))?,
        })
    });
    let suppliers = suppliers.collect::<Result<_, StoreError>>()?;
    let mut query = connection.prepare("SELECT lot, definition FROM lot")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let lots = rows.map(|row| {
        let (lot, definition): (String, String) = row?;
        let lot = LotId::new(&lot).map_err(|_| StoreError::Corrupt("lot"))?;
        let entry = serde_json::from_str(&definition);
        Ok((lot, entry.map_err(|_| StoreError::Corrupt("lot"))?))
    });
    Ok((suppliers, lots.collect::<Result<_, StoreError>>()?))
}

/// Registers a supplier, or changes it.
///
/// # Errors
/// What the database said.
pub(crate) fn put_supplier(
    connection: &Connection,
    supplier: &Supplier,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let addresses = &supplier.addresses;
    connection.execute(
        "INSERT OR REPLACE INTO supplier (app_id, name, secret, previous, addresses)
         VALUES (?,?,?,?,?)",
        params![
            supplier.app_id.as_str(),
            supplier.name,
            supplier.secret.expose_secret(),
            supplier
                .previous
                .as_ref()
                .map(|secret| secret.expose_secret()),
            (!addresses.is_any()).then(|| addresses.to_string()),
        ],
    )?;
    audit::note(connection, None, act, now)
}

/// Registers a lot, or changes it.
///
/// # Errors
/// What the database said.
pub(crate) fn put_lot(
    connection: &Connection,
    lot: &LotId,
    entry: &LotEntry,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let definition = serde_json::to_string(entry).map_err(|_| StoreError::Corrupt("lot"))?;
    connection.execute(
        "INSERT OR REPLACE INTO lot (lot, supplier, definition) VALUES (?,?,?)",
        params![lot.as_str(), entry.supplier, definition],
    )?;
    let told = json!({"name": entry.name, "supplier": entry.supplier, "by": act.by});
    event::note_of(connection, Kind::LotChanged, lot, &told, now)?;
    audit::note(connection, Some(lot), act, now)
}

/// Retires a lot; its records stay, and an outage of it is over, since nobody watches it any more.
///
/// # Errors
/// What the database said.
pub(crate) fn retire_lot(
    connection: &Connection,
    lot: &LotId,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute("DELETE FROM lot WHERE lot = ?", [lot.as_str()])?;
    outage::end(connection, lot, now)?;
    let told = json!({"by": act.by});
    event::note_of(connection, Kind::LotRetired, lot, &told, now)?;
    audit::note(connection, Some(lot), act, now)
}

/// Retires a supplier; the id of a registered lot that it still has keeps it.
///
/// # Errors
/// What the database said.
pub(crate) fn retire_supplier(
    connection: &Connection,
    app_id: &AppId,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let kept: Option<String> = connection
        .query_row(
            "SELECT lot FROM lot WHERE supplier = ? LIMIT 1",
            [app_id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    if kept.is_none() {
        connection.execute("DELETE FROM supplier WHERE app_id = ?", [app_id.as_str()])?;
        audit::note(connection, None, act, now)?;
    }
    Ok(kept)
}

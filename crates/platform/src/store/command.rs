//! Commands to the devices of lots: written down before they are sent, and again with their end.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{StoreError, audit, event};
use crate::commands::{End, Order, State};
use crate::events::Kind;

/// Writes down that `order` is about to be sent.
///
/// # Errors
/// What the database said.
pub(crate) fn ask(
    connection: &Connection,
    lot: &LotId,
    id: Uuid,
    order: &Order,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO command (lot, id, device, what, plate, text, asked_by, reason, asked_at, state,
         said) VALUES (?,?,?,?,?,?,?,?,?,?,'')",
        params![
            lot.as_str(),
            id.to_string(),
            order.act.device().as_str(),
            order.act.what(),
            order.act.plate(),
            order.act.text(),
            order.by,
            order.reason,
            now.as_second(),
            State::Asked.as_str(),
        ],
    )?;
    let act = audit::Act {
        by: &order.by,
        what: &format!("command.{}", order.act.what()),
        target: order.act.device().as_str(),
        reason: &order.reason,
    };
    let told = told(connection, lot, &id.to_string())?;
    event::note_of(connection, Kind::CommandAsked, lot, &told, now)?;
    audit::note(connection, Some(lot), &act, now)
}

/// Writes down how a command ended.
///
/// # Errors
/// What the database said.
pub(crate) fn end(
    connection: &Connection,
    lot: &LotId,
    id: Uuid,
    end: &End,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = id.to_string();
    connection.execute(
        "UPDATE command SET state = ?, said = ?, done_at = ? WHERE lot = ? AND id = ?",
        params![
            end.state.as_str(),
            end.said,
            now.as_second(),
            lot.as_str(),
            id
        ],
    )?;
    let told = told(connection, lot, &id)?;
    event::note_of(connection, Kind::CommandEnded, lot, &told, now)
}

/// Gives up on what was sent by a process that has died since; how many.
///
/// # Errors
/// What the database said.
pub(crate) fn give_up(connection: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    let said = "平台在等待应答时中断，不知道设备是否已动作";
    let mut query = connection.prepare(
        "UPDATE command SET state = ?, said = ?, done_at = ? WHERE state = 'asked'
         RETURNING lot, id",
    )?;
    let values = params![State::Unknown.as_str(), said, now.as_second()];
    let rows = query.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    let given_up: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    for (lot, id) in &given_up {
        let lot = LotId::new(lot).map_err(|_| StoreError::Corrupt("lot"))?;
        let told = told(connection, &lot, id)?;
        event::note_of(connection, Kind::CommandEnded, &lot, &told, now)?;
    }
    Ok(given_up.len())
}

/// A command, as events tell it.
fn told(connection: &Connection, lot: &LotId, id: &str) -> Result<Value, StoreError> {
    let mut query = connection.prepare_cached("SELECT * FROM command WHERE lot = ? AND id = ?")?;
    let told = query.query_row([lot.as_str(), id], |row| {
        let text = |name: &str| row.get::<_, Option<String>>(name);
        Ok(json!({
            "id": text("id")?, "device": text("device")?, "what": text("what")?,
            "plate": text("plate")?, "text": text("text")?, "by": text("asked_by")?,
            "reason": text("reason")?, "state": text("state")?, "said": text("said")?,
        }))
    });
    Ok(told?)
}

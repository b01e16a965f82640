//! Commands to the devices of lots: written down before they are sent, and again with their end.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{StoreError, audit};
use crate::commands::{End, Order, State};

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
    connection.execute(
        "UPDATE command SET state = ?, said = ?, done_at = ? WHERE lot = ? AND id = ?",
        params![
            end.state.as_str(),
            end.said,
            now.as_second(),
            lot.as_str(),
            id.to_string()
        ],
    )?;
    Ok(())
}

/// Gives up on what was sent by a process that has died since; how many.
///
/// # Errors
/// What the database said.
pub(crate) fn give_up(connection: &Connection, now: Timestamp) -> Result<usize, StoreError> {
    let said = "平台在等待应答时中断，不知道设备是否已动作";
    let changed = connection.execute(
        "UPDATE command SET state = ?, said = ?, done_at = ? WHERE state = 'asked'",
        params![State::Unknown.as_str(), said, now.as_second()],
    )?;
    Ok(changed)
}

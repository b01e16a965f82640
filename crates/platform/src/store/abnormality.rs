//! Abnormalities (ABN-1): open when they arrive, then acknowledged, then cleared, by people; the
//! standard has no message that says that one is over.

use boshi_protocol::endpoint::Abnormal;
use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Value, json};

use super::{StoreError, audit, event};
use crate::events::Kind;

/// What a person does about an abnormality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody has seen it.
    Acknowledge,
    /// It is over.
    Clear,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// As wanted.
    Done,
    /// There is no such abnormality.
    Unknown,
    /// It is beyond that already.
    Already,
}

/// Keeps an abnormality; the same bytes again are the same one, whatever became of it meanwhile.
///
/// # Errors
/// What the database said.
pub(crate) fn keep(
    connection: &Connection,
    lot: &LotId,
    digest: [u8; 32],
    told: &Abnormal,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let kept = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO abnormality (lot, digest, code, device, msg, received)
             VALUES (?,?,?,?,?,?)",
        )?
        .execute(params![
            lot.as_str(),
            digest.as_slice(),
            told.code.as_str(),
            told.device.as_ref().map(DeviceNo::as_str),
            told.msg,
            now.as_second(),
        ])?;
    if kept > 0 {
        let told = json!({
            "id": hex(&digest), "code": told.code.as_str(), "msg": told.msg,
            "device": told.device.as_ref().map(DeviceNo::as_str),
        });
        event::note_of(connection, Kind::AbnormalityOpened, lot, &told, now)?;
    }
    Ok(kept > 0)
}

/// Takes a step with the abnormality whose digest is `id`, in hexadecimal digits.
///
/// # Errors
/// What the database said.
pub(crate) fn step(
    connection: &Connection,
    lot: &LotId,
    id: &str,
    step: Step,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<Stepped, StoreError> {
    let found: Option<(String, Value)> = connection
        .query_row(
            "SELECT state, lower(hex(digest)) AS id, code, msg, device FROM abnormality
             WHERE lot = ? AND digest = unhex(?)",
            [lot.as_str(), id],
            |row| Ok((row.get("state")?, shown(row, act)?)),
        )
        .optional()?;
    let Some((state, told)) = found else {
        return Ok(Stepped::Unknown);
    };
    let (kind, sql) = match (step, state.as_str()) {
        (Step::Acknowledge, "open") => (
            Kind::AbnormalityAcknowledged,
            "UPDATE abnormality SET state = 'acknowledged', acknowledged_by = ?, acknowledged_at = ?
             WHERE lot = ? AND digest = unhex(?)",
        ),
        (Step::Clear, "open" | "acknowledged") => (
            Kind::AbnormalityCleared,
            "UPDATE abnormality SET state = 'cleared', cleared_by = ?, cleared_at = ?
             WHERE lot = ? AND digest = unhex(?)",
        ),
        (Step::Acknowledge | Step::Clear, _) => return Ok(Stepped::Already),
    };
    connection.execute(sql, params![act.by, now.as_second(), lot.as_str(), id])?;
    event::note_of(connection, kind, lot, &told, now)?;
    audit::note(connection, Some(lot), act, now)?;
    Ok(Stepped::Done)
}

/// An abnormality and what somebody does about it, as events tell it.
fn shown(row: &Row<'_>, act: &audit::Act<'_>) -> rusqlite::Result<Value> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    Ok(json!({
        "id": text("id")?, "code": text("code")?, "msg": text("msg")?,
        "device": text("device")?, "by": act.by, "reason": act.reason,
    }))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

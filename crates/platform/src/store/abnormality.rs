//! Abnormalities (ABN-1): open when they arrive, then acknowledged, then cleared, by people; the
//! standard has no message that says that one is over.

use boshi_protocol::endpoint::Abnormal;
use boshi_protocol::id::{DeviceNo, LotId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{StoreError, audit};

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
    let kept = connection.execute(
        "INSERT OR IGNORE INTO abnormality (lot, digest, code, device, msg, received)
         VALUES (?,?,?,?,?,?)",
        params![
            lot.as_str(),
            digest.as_slice(),
            told.code.as_str(),
            told.device.as_ref().map(DeviceNo::as_str),
            told.msg,
            now.as_second(),
        ],
    )?;
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
    let found: Option<String> = connection
        .query_row(
            "SELECT state FROM abnormality WHERE lot = ? AND digest = unhex(?)",
            [lot.as_str(), id],
            |row| row.get(0),
        )
        .optional()?;
    let Some(state) = found else {
        return Ok(Stepped::Unknown);
    };
    let sql = match (step, state.as_str()) {
        (Step::Acknowledge, "open") => {
            "UPDATE abnormality SET state = 'acknowledged', acknowledged_by = ?, acknowledged_at = ?
             WHERE lot = ? AND digest = unhex(?)"
        }
        (Step::Clear, "open" | "acknowledged") => {
            "UPDATE abnormality SET state = 'cleared', cleared_by = ?, cleared_at = ?
             WHERE lot = ? AND digest = unhex(?)"
        }
        (Step::Acknowledge | Step::Clear, _) => return Ok(Stepped::Already),
    };
    connection.execute(sql, params![act.by, now.as_second(), lot.as_str(), id])?;
    audit::note(connection, Some(lot), act, now)?;
    Ok(Stepped::Done)
}

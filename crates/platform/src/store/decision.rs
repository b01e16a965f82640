//! The log of what was decided on recognitions.

use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::record::{Kept, Recognized};
use super::{StoreError, event};
use crate::china::ChinaTime;
use crate::decision::{Decision, Direction, FactsShown};
use crate::events::Kind;

/// What was decided on a recognition, as events tell it: what [`Recognized`] has, field by field, since
/// flattening it takes twice as long, and this is written for every vehicle.
#[derive(Serialize)]
struct Decided<'a> {
    uuid: &'a str,
    new: bool,
    device: &'a str,
    recognized_at: ChinaTime,
    plate: Option<&'a str>,
    color: &'static str,
    reliability: Option<u8>,
    image: &'a str,
    direction: Option<Direction>,
    pass: bool,
    code: &'a str,
    reason: &'a str,
}

/// What was decided.
pub(crate) struct Outcome<'a> {
    /// On which plate.
    pub(crate) plate: Option<&'a Plate>,
    /// On its way where.
    pub(crate) direction: Option<Direction>,
    /// What.
    pub(crate) decision: &'a Decision,
    /// Knowing what.
    pub(crate) facts: &'a FactsShown,
}

/// Writes down a decision, and tells of it unless it was asked for again and nothing is otherwise
/// (RECOG-2). Each is a row of its own, since a recognition is decided afresh each time it is sent
/// (D-13).
///
/// # Errors
/// What the database said.
pub(crate) fn log(
    connection: &Connection,
    lot: &LotId,
    kept: &Kept,
    outcome: &Outcome<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Outcome {
        decision, facts, ..
    } = outcome;
    let uuid = &kept.after.uuid;
    let reason = decision.reason.to_string();
    let is_news = kept.is_news() || !is_last(connection, lot, uuid, decision.pass, &reason)?;
    let facts = serde_json::to_string(facts).map_err(|_| StoreError::Corrupt("facts"))?;
    connection
        .prepare_cached(
            "INSERT INTO decision (lot, number, uuid, at, pass, reason, facts, record) VALUES (?1,
             (SELECT coalesce(max(number), 0) + 1 FROM decision WHERE lot = ?1), ?2, ?3, ?4, ?5,
             ?6, ?7)",
        )?
        .execute(params![
            lot.as_str(),
            uuid.as_str(),
            now.as_second(),
            decision.pass,
            reason,
            facts,
            kept.row,
        ])?;
    if !is_news {
        return Ok(());
    }
    let Recognized {
        uuid,
        new,
        device,
        recognized_at,
        color,
        reliability,
        image,
        ..
    } = Recognized::of(&kept.after, kept.is_new());
    let told = Decided {
        uuid,
        new,
        device,
        recognized_at,
        plate: outcome.plate.map(Plate::as_str),
        color,
        reliability,
        image,
        direction: outcome.direction,
        pass: decision.pass,
        code: decision.reason.code(),
        reason: decision.reason.sentence(),
    };
    event::note_of(connection, Kind::RecognitionDecided, lot, &told, now)
}

/// Whether that is what was decided last, and why.
fn is_last(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    pass: bool,
    reason: &str,
) -> Result<bool, StoreError> {
    let found: Option<(bool, String)> = connection
        .prepare_cached(
            "SELECT d.pass, d.reason FROM recognition r JOIN decision d ON d.record = r.id
             AND d.uuid = r.uuid AND d.lot = r.lot WHERE r.lot = ? AND r.uuid = ?
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row([lot.as_str(), uuid.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    Ok(found.is_some_and(|last| last.0 == pass && last.1 == reason))
}

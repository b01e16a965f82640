//! What a person says a crossing's plate was. The record itself stays as the supplier told it; the
//! correction links to it, and stays are paired by the last one.

use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::plate::Plate;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{StoreError, audit, event, passage};
use crate::china::ChinaTime;
use crate::events::Kind;
use crate::misread;

/// How long before or after a crossing its counterpart is looked for: longer than vehicles stay.
const REACH: SignedDuration = SignedDuration::from_hours(60 * 24);
/// Most unpaired stays that are compared: a large lot's unpaired stays of two months.
const MOST_COMPARED: i64 = 20_000;
/// Most candidates that are shown: what a person compares by eye.
const MOST_SHOWN: usize = 10;

/// A stay that may be the missing half of another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Candidate {
    /// The stay.
    uuid: String,
    plate: String,
    at: ChinaTime,
    /// The picture of its recognition.
    image: Option<String>,
    /// 0 is the same plate; 10 is one character that is another.
    distance: u32,
}

/// A correction, as events tell it.
#[derive(Serialize)]
struct Corrected<'a> {
    uuid: &'a str,
    was: Option<&'a str>,
    plate: Option<&'a str>,
    by: &'a str,
    reason: &'a str,
}

/// Says that the vehicle of a crossing was `plate`, or that nobody knows; false when there is no
/// such crossing.
///
/// # Errors
/// What the database said.
pub(crate) fn correct(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
    plate: Option<&Plate>,
    act: &audit::Act<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known: Option<Option<String>> = connection
        .query_row(
            "SELECT plate FROM crossing WHERE lot = ? AND uuid = ?",
            [lot.as_str(), uuid.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    let Some(told) = known else {
        return Ok(false);
    };
    let was = last(connection, lot, uuid)?.unwrap_or(told);
    connection.execute(
        "INSERT INTO correction (lot, number, uuid, was, plate, by, reason, at) VALUES (?1,
         (SELECT coalesce(max(number), 0) + 1 FROM correction WHERE lot = ?1), ?2, ?3, ?4, ?5, ?6,
         ?7)",
        params![
            lot.as_str(),
            uuid.as_str(),
            was,
            plate.map(Plate::as_str),
            act.by,
            act.reason,
            now.as_second(),
        ],
    )?;
    let told = Corrected {
        uuid: uuid.as_str(),
        was: was.as_deref(),
        plate: plate.map(Plate::as_str),
        by: act.by,
        reason: act.reason,
    };
    event::note_of(connection, Kind::CrossingCorrected, lot, &told, now)?;
    passage::follow(connection, lot, uuid, now)?;
    audit::note(connection, Some(lot), act, now)?;
    Ok(true)
}

/// What the last correction of a crossing says, if there is one.
///
/// # Errors
/// What the database said.
pub(super) fn last(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<Option<String>>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT plate FROM correction WHERE lot = ? AND uuid = ? ORDER BY number DESC LIMIT 1",
        )?
        .query_row([lot.as_str(), uuid.as_str()], |row| row.get(0));
    Ok(found.optional()?)
}

/// Unpaired stays whose plate may be that of the unpaired stay `uuid`, misread, the likeliest first:
/// exits for an entry, entries for an exit. None when there is no such unpaired stay.
///
/// # Errors
/// What the database said.
pub(crate) fn candidates(
    connection: &Connection,
    lot: &LotId,
    uuid: &RecordId,
) -> Result<Option<Vec<Candidate>>, StoreError> {
    let asked: Option<(String, String, i64)> = connection
        .query_row(
            "SELECT vehicle, state, began FROM stay WHERE lot = ? AND uuid = ?
             AND state <> 'closed'",
            [lot.as_str(), uuid.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((vehicle, state, began)) = asked else {
        return Ok(None);
    };
    let plate = stored_plate(&vehicle)?;
    let reach = REACH.as_secs();
    let (states, from, to) = match state.as_str() {
        "orphaned" => ("('open','superseded')", began - reach, began),
        _ => ("('orphaned')", began, began + reach),
    };
    let mut query = connection.prepare(&format!(
        "SELECT s.uuid, s.vehicle, s.began, r.image FROM stay s
         LEFT JOIN recognition r ON r.lot = s.lot AND r.uuid = s.uuid
         WHERE s.lot = ? AND s.state IN {states} AND s.began BETWEEN ? AND ?
         ORDER BY s.began DESC LIMIT ?"
    ))?;
    let rows = query.query_map(params![lot.as_str(), from, to, MOST_COMPARED], |row| {
        Ok((
            row.get(0)?,
            row.get::<_, String>(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    })?;
    let mut found = Vec::new();
    for row in rows {
        let (uuid, vehicle, at, image): (String, String, ChinaTime, Option<String>) = row?;
        let Some(distance) = misread::distance(&plate, &stored_plate(&vehicle)?) else {
            continue;
        };
        found.push(Candidate {
            uuid,
            plate: vehicle,
            at,
            image: image.filter(|image| !image.is_empty()),
            distance,
        });
    }
    let away = |of: &Candidate| of.at.timestamp().as_second().abs_diff(began);
    found.sort_by_key(|candidate| (candidate.distance, away(candidate)));
    found.truncate(MOST_SHOWN);
    Ok(Some(found))
}

fn stored_plate(text: &str) -> Result<Plate, StoreError> {
    let plate = Plate::read(text).map_err(|_| StoreError::Corrupt("plate"))?;
    plate.ok_or(StoreError::Corrupt("plate"))
}

//! Whether all that happened at a lot in a time is here: pushed + fetched + missing = seen.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::{StoreError, outage};

/// Most gaps that are named: who has more has lost a database.
const MOST_NAMED: i64 = 200;

/// What is here of a lot and a time, and what is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Proof {
    /// Vehicles of which anything is here: recognitions, and crossings without one.
    seen: i64,
    /// Recognitions that were pushed.
    pushed: i64,
    /// Recognitions that could only be fetched (D-19).
    fetched: i64,
    /// Crossings without a recognition: there must be none (D-14).
    missing: i64,
    /// Whether the lot was asked for all that it could not push when the time was over: until then
    /// nobody knows what it still holds.
    reconciled: bool,
    /// Whether the three are the first, and the lot was asked.
    complete: bool,
    /// Recognitions that may pass by the last decision on them.
    allowed: i64,
    /// How many of them have not crossed: backed out, or a crossing that is not here.
    allowed_not_crossed: i64,
    /// Gates that a command from here has opened for a vehicle: lifts beside those allowed.
    commanded: i64,
    /// Crossings.
    crossings: i64,
    /// Those whose vehicle was refused to the last: opened by a person, or by nobody.
    refused_but_crossed: i64,
    /// The first of the missing, by uuid.
    missing_uuids: Vec<String>,
    /// The first of those refused that crossed.
    refused_but_crossed_uuids: Vec<String>,
}

const MISSING: &str = "crossing c WHERE c.lot = ?1 AND c.at >= ?2 AND c.at < ?3 AND NOT EXISTS
    (SELECT 1 FROM recognition r WHERE r.lot = c.lot AND r.uuid = c.uuid)";

const REFUSED_BUT_CROSSED: &str = "crossing c WHERE c.lot = ?1 AND c.at >= ?2 AND c.at < ?3 AND
    0 = (SELECT pass FROM decision d JOIN recognition r ON d.record = r.id
         WHERE r.uuid = c.uuid AND r.lot = c.lot AND d.uuid = r.uuid AND d.lot = r.lot
         ORDER BY number DESC LIMIT 1)";

const ALLOWED: &str = "recognition r WHERE r.lot = ?1 AND r.at >= ?2 AND r.at < ?3 AND
    1 = (SELECT pass FROM decision d WHERE d.record = r.id AND d.uuid = r.uuid AND d.lot = r.lot
         ORDER BY number DESC LIMIT 1)";

const COMMANDED: &str = "command c WHERE c.lot = ?1 AND c.asked_at >= ?2 AND c.asked_at < ?3
    AND c.state = 'executed' AND c.what IN ('normal', 'forced')";

const RECOGNITIONS: &str = "recognition r WHERE r.lot = ?1 AND r.at >= ?2 AND r.at < ?3";

/// What is here of `lot` from `from` up to `to`.
///
/// # Errors
/// What the database said.
pub(crate) fn proof(
    connection: &Connection,
    lot: &LotId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Proof, StoreError> {
    let window = params![lot.as_str(), from.as_second(), to.as_second()];
    let count = |of: &str| -> Result<i64, StoreError> {
        let sql = format!("SELECT count(*) FROM {of}");
        Ok(connection.query_row(&sql, window, |row| row.get(0))?)
    };
    let named = |of: &str| -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT uuid FROM {of} ORDER BY at, uuid LIMIT {MOST_NAMED}");
        let mut query = connection.prepare(&sql)?;
        let uuids = query.query_map(window, |row| row.get(0))?;
        Ok(uuids.collect::<Result<_, _>>()?)
    };
    let missing = count(MISSING)?;
    let seen = count(RECOGNITIONS)? + missing;
    let pushed = count(&format!("{RECOGNITIONS} AND pushed"))?;
    let fetched = count(&format!("{RECOGNITIONS} AND fetched AND NOT pushed"))?;
    let reconciled = outage::checkpoint(connection, lot)?.is_some_and(|at| at >= to);
    let crossed = "EXISTS (SELECT 1 FROM crossing c WHERE c.lot = r.lot AND c.uuid = r.uuid)";
    Ok(Proof {
        seen,
        pushed,
        fetched,
        missing,
        reconciled,
        complete: reconciled && missing == 0 && pushed + fetched == seen,
        allowed: count(ALLOWED)?,
        allowed_not_crossed: count(&format!("{ALLOWED} AND NOT {crossed}"))?,
        commanded: count(COMMANDED)?,
        crossings: count("crossing c WHERE c.lot = ?1 AND c.at >= ?2 AND c.at < ?3")?,
        refused_but_crossed: count(REFUSED_BUT_CROSSED)?,
        missing_uuids: named(MISSING)?,
        refused_but_crossed_uuids: named(REFUSED_BUT_CROSSED)?,
    })
}

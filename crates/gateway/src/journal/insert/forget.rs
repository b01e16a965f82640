//! What is older than it has to be kept goes, except what is still to be pushed (UNPUSH-2, D-18).
//! A stay goes by its last crossing, and what it consists of and was paid for it not before.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

/// Tables whose rows are numbered as they come.
const LOGS: [&str; 4] = ["attempt", "lift", "command", "act"];

/// Tables of records, with the column that names one in the outbox, and as what it is there.
const RECORDS: [(&str, &str, &str); 3] = [
    ("recognition", "record", "'recognition', 'crossing'"),
    ("crossing", "record", "'crossing'"),
    ("abnormality", "id", "'abnormality'"),
];

pub(super) fn before(to: &Connection, lot: &LotId, before: Timestamp) -> Result<()> {
    let values = params![lot.as_str(), before.as_millisecond()];
    for log in LOGS {
        let old = old(log);
        let sql = format!("DELETE FROM {log} WHERE lot = ?1 AND {old}");
        to.prepare_cached(&sql)?.execute(values)?;
    }
    // A failed abnormality is pushed again when the network is back (PUSH-5).
    let old = old("outbox");
    let sql = format!(
        "DELETE FROM outbox WHERE lot = ?1 AND {old} \
         AND (state = 'delivered' OR (state = 'failed' AND kind <> 'abnormality'))"
    );
    to.prepare_cached(&sql)?.execute(values)?;
    for ended in ["exit_at < ?2", "exit_at IS NULL AND entry_at < ?2"] {
        let sql = format!("DELETE FROM stay WHERE lot = ?1 AND {ended}");
        to.prepare_cached(&sql)?.execute(values)?;
    }
    let unused = of_no_stay("payment", "stay");
    let sql = format!("DELETE FROM payment WHERE lot = ?1 AND at < ?2 AND {unused}");
    to.prepare_cached(&sql)?.execute(values)?;
    for (table, id, kinds) in RECORDS {
        let unused = of_no_stay(table, id);
        let sql = format!(
            "DELETE FROM {table} WHERE lot = ?1 AND at < ?2 AND {unused} AND NOT EXISTS \
             (SELECT 1 FROM outbox WHERE outbox.lot = {table}.lot AND outbox.kind IN ({kinds}) \
              AND outbox.key = {table}.{id})"
        );
        to.prepare_cached(&sql)?.execute(values)?;
    }
    Ok(())
}

/// Rows whose recognition is neither the entry nor the exit of a stay.
fn of_no_stay(table: &str, record: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM stay WHERE stay.lot = {table}.lot \
         AND (stay.entry = {table}.{record} OR stay.exit = {table}.{record}))"
    )
}

/// Rows from before the first that is not old: no more are looked at than that.
fn old(table: &str) -> String {
    format!(
        "at < ?2 AND seq < coalesce((SELECT seq FROM {table} WHERE at >= ?2 \
         ORDER BY seq LIMIT 1), 9223372036854775807)"
    )
}

//! How much there is.

use boshi_protocol::id::LotId;
use rusqlite::Connection;
use serde::Serialize;

use super::StoreError;

/// Records by how they came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Origins {
    total: i64,
    pushed: i64,
    fetched: i64,
    both: i64,
}

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    recognitions: Origins,
    crossings: Origins,
    /// Recognitions that were ever refused.
    refused: i64,
    abnormalities: i64,
    outages: i64,
    commands: i64,
    /// Commands of which nobody knows whether they were done.
    commands_unknown: i64,
    permits: i64,
    blocks: i64,
}

/// Counts what there is of `lot`, or of all lots.
///
/// # Errors
/// What the database said.
pub(crate) fn summary(connection: &Connection, lot: Option<&LotId>) -> Result<Summary, StoreError> {
    let lot = lot.map(LotId::as_str);
    let count = |what: &str| -> Result<i64, StoreError> {
        let (condition, parameters) = match &lot {
            Some(lot) => ("lot = ?", rusqlite::params_from_iter(Some(lot))),
            None => ("TRUE", rusqlite::params_from_iter(None)),
        };
        let sql = what.replace("{lot}", condition);
        Ok(connection.query_row(&sql, parameters, |row| row.get(0))?)
    };
    let origins = |table: &str| -> Result<Origins, StoreError> {
        let counted = |condition: &str| {
            count(&format!(
                "SELECT count(*) FROM {table} WHERE {{lot}} AND {condition}"
            ))
        };
        Ok(Origins {
            total: counted("TRUE")?,
            pushed: counted("pushed")?,
            fetched: counted("fetched")?,
            both: counted("pushed AND fetched")?,
        })
    };
    Ok(Summary {
        recognitions: origins("recognition")?,
        crossings: origins("crossing")?,
        refused: count(
            "SELECT count(*) FROM (SELECT DISTINCT lot, uuid FROM decision WHERE {lot} AND NOT pass)",
        )?,
        abnormalities: count("SELECT count(*) FROM abnormality WHERE {lot}")?,
        outages: count("SELECT count(*) FROM outage WHERE {lot}")?,
        commands: count("SELECT count(*) FROM command WHERE {lot}")?,
        commands_unknown: count("SELECT count(*) FROM command WHERE {lot} AND state = 'unknown'")?,
        permits: connection.query_row(
            "SELECT count(*) FROM permit
             WHERE ?1 IS NULL OR lots IS NULL OR instr(',' || lots || ',', ',' || ?1 || ',') > 0",
            [&lot],
            |row| row.get(0),
        )?,
        blocks: connection.query_row("SELECT count(*) FROM block", [], |row| row.get(0))?,
    })
}

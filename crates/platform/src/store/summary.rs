//! How much there is.

use boshi_protocol::id::LotId;
use rusqlite::{Connection, params_from_iter};
use schemars::JsonSchema;
use serde::Serialize;

use super::StoreError;

/// Records by how they came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Origins {
    total: i64,
    pushed: i64,
    fetched: i64,
    both: i64,
}

/// How much there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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

/// Counts what there is of these lots, or of all.
///
/// # Errors
/// What the database said.
pub(crate) fn summary(
    connection: &Connection,
    lots: Option<&[LotId]>,
) -> Result<Summary, StoreError> {
    let condition = |one: &str, between: &str| match lots {
        None => "TRUE".to_owned(),
        Some([]) => "FALSE".to_owned(),
        Some(lots) => format!("({})", vec![one; lots.len()].join(between)),
    };
    let count_by = |what: &str, condition: &str| -> Result<i64, StoreError> {
        let lots = lots.unwrap_or_default().iter().map(LotId::as_str);
        let sql = what.replace("{lot}", condition);
        let counted = connection.query_row(&sql, params_from_iter(lots), |row| row.get(0));
        Ok(counted?)
    };
    let of_lots = condition("lot = ?", " OR ");
    let for_lots = condition("instr(',' || lots || ',', ',' || ? || ',') > 0", " OR ");
    let count = |what: &str| count_by(what, &of_lots);
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
        permits: count_by(
            "SELECT count(*) FROM permit WHERE lots IS NULL OR {lot}",
            &for_lots,
        )?,
        blocks: connection.query_row("SELECT count(*) FROM block", [], |row| row.get(0))?,
    })
}

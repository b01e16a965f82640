//! Who did what, when and why: written in the transaction of the act itself.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::StoreError;

/// What somebody does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    /// Who.
    pub(crate) by: &'a str,
    /// What, in a word that stays the same for ever.
    pub(crate) what: &'a str,
    /// To what: a plate, a record, a user.
    pub(crate) target: &'a str,
    /// Why; empty where nobody is asked.
    pub(crate) reason: &'a str,
}

/// Writes down that it was done, to something of `lot` or to none.
///
/// # Errors
/// What the database said.
pub(crate) fn note(
    connection: &Connection,
    lot: Option<&LotId>,
    act: &Act<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO audit (lot, number, at, by, act, target, reason) VALUES (?1,
             (SELECT coalesce(max(number), 0) + 1 FROM audit WHERE lot = ?1), ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            lot.map_or("", LotId::as_str),
            now.as_second(),
            act.by,
            act.what,
            act.target,
            act.reason,
        ])?;
    Ok(())
}

//! What is older than it has to be kept goes, except what is still to be pushed (UNPUSH-2, D-18):
//! a few rows a transaction, so that no vehicle waits behind it.
//!
//! A record goes together with its row of the outbox, and a recognition not before its crossing. A
//! stay goes by its last crossing, and what it consists of and was paid for it not before.

use boshi_protocol::id::LotId;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Result, params};

use crate::journal::occupancy;
use crate::journal::read::all;

/// Most rows that go in one transaction: some milliseconds of a slow disk.
pub(crate) const ROWS_AT_ONCE: u32 = 200;

/// What becomes too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outdated {
    /// Attempts to push.
    Attempts,
    /// Lifts and other acts of the barriers.
    Lifts,
    /// Commands of the platform.
    Commands,
    /// What people did.
    Acts,
    /// How devices have been; how each is now stays.
    DeviceStates,
    /// Stays that ended.
    Stays,
    /// Stays that began and never ended.
    EndlessStays,
    /// Payments for none of the stays that are left.
    Payments,
    /// Crossings of none of the stays that are left.
    Crossings,
    /// Recognitions whose crossing, if there was one, is gone.
    Recognitions,
    /// Abnormalities that were delivered: one that failed is pushed again (PUSH-5).
    Abnormalities,
}

impl Outdated {
    /// Everything, in the order in which one thing lets go of the next.
    pub const ALL: [Outdated; 11] = [
        Outdated::Attempts,
        Outdated::Lifts,
        Outdated::Commands,
        Outdated::Acts,
        Outdated::DeviceStates,
        Outdated::Stays,
        Outdated::EndlessStays,
        Outdated::Payments,
        Outdated::Crossings,
        Outdated::Recognitions,
        Outdated::Abnormalities,
    ];

    /// The table, and the column that names a row within a lot.
    const fn table(self) -> (&'static str, &'static str) {
        match self {
            Outdated::Attempts => ("attempt", "seq"),
            Outdated::Lifts => ("lift", "seq"),
            Outdated::Commands => ("command", "seq"),
            Outdated::Acts => ("act", "seq"),
            Outdated::DeviceStates => ("device_state", "seq"),
            Outdated::Stays | Outdated::EndlessStays => ("stay", "record"),
            Outdated::Payments => ("payment", "id"),
            Outdated::Crossings => ("crossing", "record"),
            Outdated::Recognitions => ("recognition", "record"),
            Outdated::Abnormalities => ("abnormality", "id"),
        }
    }

    /// As what its rows are in the outbox, if they are.
    const fn pushed_as(self) -> Option<&'static str> {
        match self {
            Outdated::Crossings => Some("crossing"),
            Outdated::Recognitions => Some("recognition"),
            Outdated::Abnormalities => Some("abnormality"),
            Outdated::Attempts | Outdated::Lifts | Outdated::Commands | Outdated::Acts => None,
            Outdated::DeviceStates | Outdated::Payments => None,
            Outdated::Stays | Outdated::EndlessStays => None,
        }
    }

    /// The rows of lot `?1` that are from before `?2` and may go.
    fn rows(self) -> String {
        let old = "it.at < ?2";
        match self {
            Outdated::Attempts | Outdated::Lifts | Outdated::Commands | Outdated::Acts => {
                old.to_owned()
            }
            Outdated::DeviceStates => format!(
                "{old} AND it.seq < (SELECT max(seq) FROM device_state \
                 WHERE lot = it.lot AND device = it.device)"
            ),
            Outdated::Stays => "it.exit_at < ?2".to_owned(),
            Outdated::EndlessStays => "it.exit_at IS NULL AND it.entry_at < ?2".to_owned(),
            Outdated::Payments => format!("{old} AND {}", of_no_stay("it.stay")),
            Outdated::Crossings => {
                let of_no_stay = of_no_stay("it.record");
                format!("{old} AND {of_no_stay} AND {}", self.not_held(PENDING))
            }
            Outdated::Recognitions => format!(
                "{old} AND {} AND NOT EXISTS (SELECT 1 FROM crossing \
                 WHERE crossing.lot = it.lot AND crossing.record = it.record)",
                self.not_held(PENDING)
            ),
            Outdated::Abnormalities => format!("{old} AND {}", self.not_held(UNDELIVERED)),
        }
    }

    /// The outbox has no use for the row: it is not in one of the states `held`, and was settled
    /// long ago, too.
    fn not_held(self, held: &str) -> String {
        let (_, name) = self.table();
        let kind = self.pushed_as().unwrap_or_default();
        format!(
            "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.lot = it.lot \
             AND outbox.kind = '{kind}' AND outbox.key = it.{name} \
             AND (outbox.{held} OR outbox.settled_at >= ?2))"
        )
    }
}

/// What is still to be pushed (D-18).
const PENDING: &str = "state = 'pending'";

/// The same of what is pushed again after it has failed (PUSH-5).
const UNDELIVERED: &str = "state <> 'delivered'";

/// The recognition is neither at the entry nor at the exit of a stay.
fn of_no_stay(record: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM stay WHERE stay.lot = it.lot AND stay.entry = {record}) \
         AND NOT EXISTS (SELECT 1 FROM stay WHERE stay.lot = it.lot AND stay.exit = {record})"
    )
}

/// Lets go of [`ROWS_AT_ONCE`] at most.
pub(super) fn before(
    to: &Connection,
    lot: &LotId,
    what: Outdated,
    before: Timestamp,
) -> Result<()> {
    let (table, name) = what.table();
    let sql = format!("DELETE FROM {table} WHERE lot = ?1 AND {name} = ?2");
    let mut delete = to.prepare_cached(&sql)?;
    let settled = "DELETE FROM outbox WHERE lot = ?1 AND kind = ?3 AND key = ?2";
    let mut delete_settled = to.prepare_cached(settled)?;
    for row in rows(to, lot, what, before, ROWS_AT_ONCE)? {
        if what == Outdated::Crossings {
            occupancy::carry(to, lot, &row)?;
        }
        delete.execute(params![lot.as_str(), row])?;
        if let Some(kind) = what.pushed_as() {
            delete_settled.execute(params![lot.as_str(), row, kind])?;
        }
    }
    Ok(())
}

/// The names of the rows that may go, `most` of them.
pub(in crate::journal) fn rows(
    from: &Connection,
    lot: &LotId,
    what: Outdated,
    before: Timestamp,
    most: u32,
) -> Result<Vec<Value>> {
    let ((table, name), outdated) = (what.table(), what.rows());
    let sql = format!("SELECT it.{name} FROM {table} it WHERE it.lot = ?1 AND {outdated} LIMIT ?3");
    let values = params![lot.as_str(), before.as_millisecond(), most];
    all(from, &sql, values, |row| row.get(0))
}

//! The schema, step by step; `user_version` counts the steps that a file has taken.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

const STEPS: [&str; 4] = [
    include_str!("../../migrations/0001_records.sql"),
    include_str!("../../migrations/0002_operations.sql"),
    include_str!("../../migrations/0003_registry.sql"),
    include_str!("../../migrations/0004_users.sql"),
];

/// Brings the file to the newest schema, each step in a transaction of its own.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(version).map_err(|_| StoreError::Corrupt("version"))?;
    if found > STEPS.len() {
        return Err(StoreError::Newer {
            found,
            known: STEPS.len(),
        });
    }
    for (taken, step) in STEPS.iter().enumerate().skip(found) {
        let step_transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        step_transaction.execute_batch(step)?;
        let version = i64::try_from(taken + 1).map_err(|_| StoreError::Corrupt("version"))?;
        step_transaction.pragma_update(None, "user_version", version)?;
        step_transaction.commit()?;
    }
    Ok(())
}

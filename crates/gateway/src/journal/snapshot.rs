//! The journal as it is at one moment, in a file of its own.

use std::path::Path;

use super::{JournalError, open};

/// Writes what is in the journal at `path` to the empty file `to`, whether a gateway runs on it or
/// not: that one goes on writing meanwhile.
///
/// # Errors
/// [`JournalError`] when the journal cannot be read, or the file is not empty or cannot be written.
pub(crate) fn snapshot(path: &Path, to: &Path) -> Result<(), JournalError> {
    let connection = open::reading(path)?;
    let to = to.to_str().ok_or_else(|| JournalError::Open {
        path: to.to_owned(),
        reason: "its name is no UTF-8".to_owned(),
    })?;
    connection.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

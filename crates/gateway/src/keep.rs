//! Keeping a gateway: backup, restore, check of the journal, and a bundle for support.
//!
//! Each works on the folder of a gateway, whether one runs on it or not.

mod backup;
mod bundle;
mod mask;

pub use boshi_upkeep::{KeepError, Listed, Manifest, restore};

pub use self::backup::{Backup, backup};
pub use self::bundle::{Bundled, bundle};
use crate::journal::JournalError;
pub use crate::journal::{Findings, Flaw, check};

impl From<JournalError> for KeepError {
    fn from(error: JournalError) -> KeepError {
        KeepError::Records(error.to_string())
    }
}

//! Every act of a person is written down, with name and reason.

use crate::journal::{Act, Entry, Journal};

/// Writes an act down. It has been done: a disk that fails cannot undo it, and is only said.
pub(super) async fn write(journal: &Journal, act: Act) {
    tracing::info!(
        lot = %act.lot,
        by = act.by,
        what = act.what,
        subject = act.subject,
        reason = act.reason,
        outcome = act.outcome,
        "a person acted"
    );
    if let Err(error) = journal.write(vec![Entry::Act(act)]).await {
        tracing::error!(%error, "the act of a person cannot be written down");
    }
}

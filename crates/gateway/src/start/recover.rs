//! What the run before left behind, taken up (D-18) and told in one line.

use std::iter::Sum;

use boshi_protocol::delivery::Recovered;
use jiff::Timestamp;

use crate::config;
use crate::journal::{Entry, Journal, JournalError, Run};

/// What an earlier run of a lot left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftBehind {
    /// Records to be pushed.
    pending: usize,
    /// Failed abnormalities, to be pushed when the network is back.
    failed: usize,
    /// Abnormalities that lasted.
    lasting: usize,
    /// Passages that were not over.
    passages: u64,
}

impl Sum for LeftBehind {
    fn sum<I: Iterator<Item = LeftBehind>>(all: I) -> LeftBehind {
        all.fold(LeftBehind::default(), |sum, it| LeftBehind {
            pending: sum.pending + it.pending,
            failed: sum.failed + it.failed,
            lasting: sum.lasting + it.lasting,
            passages: sum.passages + it.passages,
        })
    }
}

/// Takes up what an earlier run left behind. Abnormalities that lasted when it ended are closed:
/// what still lasts is found anew. Passages that were not over are interrupted: whether the vehicle
/// is still there, its loop tells, and then it is recognized anew.
pub(super) async fn recover(
    lot: &config::Lot,
    journal: &Journal,
) -> Result<(Vec<Recovered>, LeftBehind), JournalError> {
    let pending = journal.pending(&lot.id).await?;
    let lasting = journal.open_occurrences(&lot.id).await?;
    let failed = pending.iter().filter(|it| it.failed).count();
    let left = LeftBehind {
        pending: pending.len() - failed,
        failed,
        lasting: lasting.len(),
        passages: journal.open_passages(&lot.id).await?,
    };
    let (id, at) = (&lot.id, Timestamp::now());
    let closed = lasting
        .into_iter()
        .map(|occurrence| Entry::AbnormalityCleared {
            lot: id.clone(),
            occurrence,
            at,
        });
    let interrupted = Entry::Interrupted {
        lot: id.clone(),
        at,
    };
    // A disk that takes nothing keeps no gate shut: the next start finds the same again.
    if let Err(error) = journal.write(closed.chain([interrupted]).collect()).await {
        tracing::error!(%error, lot = %id, "what an earlier run left behind cannot be closed");
    }
    let recovered = pending.into_iter().map(|it| {
        if it.failed {
            Recovered::FailedAbnormality(it.key.id)
        } else {
            Recovered::Pending(it.key)
        }
    });
    Ok((recovered.collect(), left))
}

/// Explains a start in one line: how the run before ended, how long nobody was there, and what was
/// taken up.
pub(super) fn explain(before: Option<&Run>, left: LeftBehind, now: Timestamp) {
    let Some(run) = before else {
        tracing::info!("the first start with this journal");
        return;
    };
    let LeftBehind {
        pending,
        failed,
        lasting,
        passages,
    } = left;
    let (version, last) = (&run.version, run.alive_at);
    // Not known when the clock was set back meanwhile.
    let down_seconds = now.duration_since(last).as_secs();
    if run.stopped_at.is_some() {
        tracing::info!(
            %version, stopped_at = %last, down_seconds, pending, failed, lasting, passages,
            "a start after a stop in good order: what was pending goes on, what lasted is closed"
        );
    } else {
        tracing::warn!(
            %version, started_at = %run.started_at, last_alive_at = %last, down_seconds,
            pending, failed, lasting, passages,
            "a start after a crash or a power cut: what was pending goes on, what lasted is closed, \
             passages are interrupted"
        );
    }
}

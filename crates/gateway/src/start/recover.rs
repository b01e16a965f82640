//! What the run before left behind, taken up (D-18) and told in one line.

use std::iter::Sum;

use boshi_protocol::delivery::Recovered;
use jiff::Timestamp;

use crate::config;
use crate::journal::{Entry, Journal, JournalError, Run};
use crate::lot::LaneNo;

/// What an earlier run of a lot left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftBehind {
    /// Records to be pushed.
    pending: usize,
    /// Failed abnormalities, to be pushed when the network is back.
    failed: usize,
    /// Abnormalities that lasted.
    lasting: usize,
    /// Presses of anti-smash loops that had not come to count.
    presses: usize,
    /// Passages that were not over.
    passages: u64,
}

/// What a lot takes up.
pub(crate) struct TakenUp {
    pub(crate) records: Vec<Recovered>,
    pub(crate) pressed: Vec<LaneNo>,
    pub(crate) left: LeftBehind,
}

impl Sum for LeftBehind {
    fn sum<I: Iterator<Item = LeftBehind>>(all: I) -> LeftBehind {
        all.fold(LeftBehind::default(), |sum, it| LeftBehind {
            pending: sum.pending + it.pending,
            failed: sum.failed + it.failed,
            lasting: sum.lasting + it.lasting,
            presses: sum.presses + it.presses,
            passages: sum.passages + it.passages,
        })
    }
}

/// Takes up what an earlier run left behind. Abnormalities that lasted when it ended are closed:
/// what still lasts is found anew. Presses of anti-smash loops that were acknowledged and had not come
/// to count are crossings. Passages that were not over otherwise are interrupted: whether the vehicle
/// is still there, its loop tells, and then it is recognized anew.
pub(crate) async fn recover(
    lot: &config::Lot,
    journal: &Journal,
    at: Timestamp,
) -> Result<TakenUp, JournalError> {
    let lasting = journal.open_occurrences(&lot.id).await?;
    let lanes = journal.pressed_lanes(&lot.id).await?;
    let mut left = LeftBehind {
        lasting: lasting.len(),
        presses: lanes.len(),
        passages: journal.open_passages(&lot.id).await?,
        ..LeftBehind::default()
    };
    let id = &lot.id;
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
    let pending = journal.pending(&lot.id).await?;
    left.failed = pending.iter().filter(|it| it.failed).count();
    left.pending = pending.len() - left.failed;
    let records = pending.into_iter().map(|it| {
        if it.failed {
            Recovered::FailedAbnormality(it.key.id)
        } else {
            Recovered::Pending(it.key)
        }
    });
    let known = (0..lot.lanes.len()).filter(|place| lanes.contains(&lot.lanes[*place].name));
    Ok(TakenUp {
        records: records.collect(),
        pressed: known.map(LaneNo).collect(),
        left,
    })
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
        presses,
        passages,
    } = left;
    let (version, last) = (&run.version, run.alive_at);
    // Not known when the clock was set back meanwhile.
    let down_seconds = now.duration_since(last).as_secs();
    if run.stopped_at.is_some() {
        tracing::info!(
            %version, stopped_at = %last, down_seconds, pending, failed, lasting, presses, passages,
            "a start after a stop in good order: what was pending goes on, what lasted is closed"
        );
    } else {
        tracing::warn!(
            %version, started_at = %run.started_at, last_alive_at = %last, down_seconds,
            pending, failed, lasting, presses, passages,
            "a start after a crash or a power cut: what was pending goes on, what lasted is closed, \
             presses of anti-smash loops are crossings, passages are interrupted"
        );
    }
}

//! What the run before left behind, taken up (D-18) and told in one line.

use std::iter::Sum;
use std::time::Duration;

use boshi_protocol::delivery::Recovered;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{Reading, Resumed, Sighting, Timing, Waited};
use jiff::{SignedDuration, Timestamp};

use crate::config;
use crate::journal::{Entry, Journal, JournalError, Run};
use crate::lot::{LaneNo, crosses_as};

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
    /// Those of them that go on.
    resumed: usize,
    /// Vehicles that waited a moment ago, and may still.
    waiting: usize,
}

/// What a lot takes up.
pub(crate) struct TakenUp {
    pub(crate) records: Vec<Recovered>,
    pub(crate) pressed: Vec<LaneNo>,
    pub(crate) passing: Vec<(LaneNo, Resumed)>,
    pub(crate) waiting: Vec<(LaneNo, Waited)>,
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
            resumed: sum.resumed + it.resumed,
            waiting: sum.waiting + it.waiting,
        })
    }
}

/// Takes up what an earlier run left behind. Abnormalities that lasted when it ended are closed:
/// what still lasts is found anew. Presses of anti-smash loops that were acknowledged and had not come
/// to count are crossings. Vehicles that were let through so lately that they may still cross, within
/// `passage`, go on, and so do those that waited so lately that they still count as being there, within
/// `presence`. Passages that were not over otherwise are interrupted.
pub(crate) async fn recover(
    lot: &config::Lot,
    journal: &Journal,
    timing: &Timing,
    at: Timestamp,
) -> Result<TakenUp, JournalError> {
    let lasting = journal.open_occurrences(&lot.id).await?;
    let lanes = journal.pressed_lanes(&lot.id).await?;
    let passing = passing(lot, journal, timing.passage, at).await?;
    let waiting = waiting(lot, journal, timing.presence, &passing, at).await?;
    let mut left = LeftBehind {
        resumed: passing.len(),
        waiting: waiting.len(),
        lasting: lasting.len(),
        presses: lanes.len(),
        passages: journal.open_passages(&lot.id).await?,
        ..LeftBehind::default()
    };
    let waiting_ones = waiting.iter().map(|(_, it)| it.record.clone());
    let going_on = passing.iter().map(|(_, it)| it.record.clone());
    let going_on: Vec<RecordId> = going_on.chain(waiting_ones).collect();
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
        but: going_on,
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
        passing,
        waiting,
        left,
    })
}

/// The vehicles that may still cross. Of a clock that was set meanwhile nothing is believed: what it
/// says lies in the future, or has been for too long.
async fn passing(
    lot: &config::Lot,
    journal: &Journal,
    passage: Duration,
    at: Timestamp,
) -> Result<Vec<(LaneNo, Resumed)>, JournalError> {
    let passage = SignedDuration::try_from(passage).unwrap_or(SignedDuration::MAX);
    let since = at.checked_sub(passage).unwrap_or(Timestamp::MIN);
    let let_through = journal.let_through(&lot.id, since).await?;
    let resumed = let_through.into_iter().filter_map(|it| {
        let place = lot.lanes.iter().position(|lane| lane.name == it.lane)?;
        let rest = passage - at.duration_since(it.lifted_at);
        let resumed = Resumed {
            side: lot.lanes[place].layout().side_of(&it.device)?,
            record: it.record,
            plate: it.plate,
            color: it.color,
            at: it.at,
            crosses_as: crosses_as(&it.cause)?,
            rest: Duration::try_from(rest).ok().filter(|_| rest <= passage)?,
        };
        Some((LaneNo(place), resumed))
    });
    Ok(resumed.collect())
}

/// Who was recognized last on each side and may still wait there, unless somebody `passing` stands there.
async fn waiting(
    lot: &config::Lot,
    journal: &Journal,
    presence: Duration,
    passing: &[(LaneNo, Resumed)],
    at: Timestamp,
) -> Result<Vec<(LaneNo, Waited)>, JournalError> {
    let presence = SignedDuration::try_from(presence).unwrap_or(SignedDuration::MAX);
    let since = at.checked_sub(presence).unwrap_or(Timestamp::MIN);
    let mut latest: Vec<(LaneNo, Waited)> = Vec::new();
    for it in journal.waited(&lot.id, since, at).await? {
        let lane = lot.lanes.iter().position(|lane| lane.name == it.lane);
        let spot = lane.and_then(|place| {
            let side = lot.lanes[place].layout().side_of(&it.device)?;
            Some((LaneNo(place), side))
        });
        let Some((lane, side)) = spot else { continue };
        let sighting = Sighting {
            plate: it.plate,
            color: it.color,
            reliability: None,
            picture: it.picture.map(Into::into),
        };
        latest.retain(|(other, it)| (*other, it.reading.side) != (lane, side));
        let waited = Waited {
            record: it.record,
            reading: Reading { side, sighting },
            at: it.at,
        };
        latest.push((lane, waited));
    }
    latest.retain(|(lane, waited)| {
        let mut there = passing.iter().filter(|(other, _)| other == lane);
        !there.any(|(_, it)| it.side == waited.reading.side)
    });
    Ok(latest)
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
        resumed,
        waiting,
    } = left;
    let (version, last) = (&run.version, run.alive_at);
    // Not known when the clock was set back meanwhile.
    let down_seconds = Some(now.duration_since(last).as_secs()).filter(|down| *down >= 0);
    if run.stopped_at.is_some() {
        tracing::info!(
            %version, stopped_at = %last, down_seconds, pending, failed, lasting, presses, passages, resumed,
            waiting, "a start after a stop in good order: what was pending goes on, what lasted is closed"
        );
    } else {
        tracing::warn!(
            %version, started_at = %run.started_at, last_alive_at = %last, down_seconds,
            pending, failed, lasting, presses, passages, resumed, waiting,
            "a start after a crash or a power cut: what was pending goes on, what lasted is closed, \
             presses of anti-smash loops are crossings, passages that were let through a moment ago \
             go on, as do vehicles that waited a moment ago, others are interrupted"
        );
    }
}

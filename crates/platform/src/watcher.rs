//! The heartbeat of one lot (BEAT-1): asks, tells the watch, and writes down what has changed.

use std::sync::Arc;
use std::time::Duration;

use boshi_protocol::endpoint::CheckConnect;
use boshi_protocol::envelope::Answer;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::Heartbeat;
use crate::lots::Lot;
use crate::store::{Store, outage};
use crate::watch::Change;

/// Longest wait before the first heartbeat: a person looks whether the lots are there, and a
/// thousand lots are not to be asked at once.
const FIRST_WITHIN: Duration = Duration::from_secs(2);

/// Watches `lot` until `stop`.
pub(crate) async fn watch(
    lot: Arc<Lot>,
    store: Store,
    settings: Heartbeat,
    stop: CancellationToken,
) {
    let mut next = Instant::now() + share(settings.interval.min(FIRST_WITHIN), 0.0);
    while !stop.is_cancelled() {
        let change = tokio::select! {
            () = stop.cancelled() => return,
            () = lot.called.notified() => lot.presence().watch.heard(Timestamp::now()),
            () = tokio::time::sleep_until(next) => {
                let beat = stop.run_until_cancelled(beat(&lot, settings.timeout));
                let Some(change) = beat.await else { return };
                next = Instant::now() + share(settings.interval, 0.8);
                change
            }
        };
        if let Some(change) = change {
            note(&lot, &store, change).await;
        }
    }
}

async fn beat(lot: &Lot, timeout: Duration) -> Option<Change> {
    let asked = lot
        .peer
        .call::<CheckConnect>(&(), Timestamp::now(), timeout);
    let answered = match asked.await {
        Ok(Answer::Accepted { .. }) => Ok(()),
        Ok(Answer::Refused(refusal)) => Err(format!("车场应答：{refusal}")),
        Err(fault) => Err(fault.to_string()),
    };
    let mut presence = lot.presence();
    let change = match &answered {
        Ok(()) => presence.watch.heard(Timestamp::now()),
        Err(_) => presence.watch.missed(),
    };
    presence.heartbeat = Some(answered);
    change
}

async fn note(lot: &Lot, store: &Store, change: Change) {
    let id = lot.id.clone();
    let written = match change {
        Change::Appeared => {
            info!(lot = %id, "the lot answers");
            lot.returned.notify_one();
            Ok(())
        }
        Change::Lost { since } => {
            let why = lot.presence().heartbeat.clone().and_then(Result::err);
            warn!(lot = %id, %since, why, "the lot does not answer");
            store.write(move |db| outage::begin(db, &id, since)).await
        }
        Change::Returned { since } => {
            info!(lot = %id, %since, "the lot answers again");
            let until = Timestamp::now();
            let written = store.write(move |db| outage::end(db, &id, until)).await;
            // After the end is written: the pass begins before outages that have ended (D-19).
            lot.returned.notify_one();
            written
        }
    };
    if let Err(error) = written {
        error!(lot = %lot.id, %error, "an outage could not be written down");
    }
}

/// Somewhere between `least` of `whole` and all of it, so that lots do not march in step.
pub(crate) fn share(whole: Duration, least: f64) -> Duration {
    // Without randomness they do march in step, which is no reason to stop watching.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    let part = f64::from(random) / f64::from(u32::MAX);
    whole.mul_f64(least + (1.0 - least) * part)
}

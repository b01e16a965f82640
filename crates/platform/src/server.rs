//! The three endpoints that the platform serves, on [`boshi_transport::serve`].

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use boshi_protocol::endpoint::{ReceiveAbnormal, ReceiveCrossGate, ReceivePlateNumber};
use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::token::{Credentials, Secret};
use boshi_transport::serve::{Gatekeeper, Held, Outcome, TooMuch, endpoint, with_fallbacks};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::counts::Counts;
use crate::desk::Desk;
use crate::lots::Lots;
use crate::turnstile::Turnstile;
use crate::watch::Standing;

/// Lets the supplier of each lot in, and notes what is heard of the lot by that.
pub struct Door {
    /// The lots.
    pub lots: Arc<Lots>,
    /// How old a request may be (D-4).
    pub freshness: Freshness,
    pub(crate) turnstile: Arc<Turnstile>,
    pub(crate) counts: Counts,
}

impl Gatekeeper for Door {
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal> {
        let known = self.lots.get(lot);
        let known = known.ok_or_else(|| Refusal::new("UNKNOWN_LOT", "车场编号未登记"))?;
        if app == Some(known.credentials.app_id()) {
            Ok(known.credentials.clone())
        } else {
            Err(Refusal::new("WRONG_APP", "appId 与车场的供应商不符"))
        }
    }

    fn may_call_from(&self, lot: &LotId, from: Option<IpAddr>) -> Result<(), Refusal> {
        let Some(lot) = self.lots.get(lot) else {
            return Ok(());
        };
        if lot.addresses.allow(from) {
            return Ok(());
        }
        // Whoever knows the secret calls from elsewhere: it has moved, or the secret has.
        lot.presence().refused_from = from;
        let from = from.map_or_else(|| "不明".to_owned(), |from| from.to_string());
        let sentence = format!("来源地址 {from} 不在供应商允许的地址之内");
        Err(Refusal::new("WRONG_ADDRESS", sentence))
    }

    fn heard(&self, lot: &LotId, skew_seconds: i64) {
        let Some(lot) = self.lots.get(lot) else {
            return;
        };
        let window = self.freshness.window();
        let too_much = |skew: i64| window.is_some_and(|most| skew.unsigned_abs() > most.as_secs());
        let (before, is_there) = {
            let mut presence = lot.presence();
            presence.refused_from = None;
            presence.skew.note(skew_seconds);
            let standing = presence.watch.standing();
            let is_there = matches!(standing, Standing::Up | Standing::Suspected { .. });
            if is_there && !too_much(skew_seconds) {
                // At once: its watcher may be waiting for the last heartbeat before an outage.
                presence.watch.heard(lot.peer.now());
            }
            (presence.skew_seconds.replace(skew_seconds), is_there)
        };
        if !too_much(skew_seconds) {
            // Of a lot that is there its watcher has nothing to learn; of another it has to write it down.
            if !is_there {
                lot.called.notify_one();
            }
        } else if !before.is_some_and(too_much) {
            tracing::warn!(lot = %lot.id, skew_seconds, "the clock of the lot is wrong");
        }
    }

    fn signed_with(&self, lot: &LotId, secret: Secret) {
        if secret == Secret::Current
            && let Some(lot) = self.lots.get(lot)
        {
            lot.shows_current_secret();
        }
    }

    fn enter(&self, lot: &LotId) -> Result<Option<Held>, TooMuch> {
        // Who has shown who it is has a lot; one that was retired since is refused by the desk.
        let Some(lot) = self.lots.get(lot) else {
            return Ok(None);
        };
        let supplier = lot.credentials.app_id();
        let pass = self.turnstile.enter(supplier, &lot.id, Instant::now())?;
        Ok(Some(Box::new(pass)))
    }

    fn answered(&self, outcome: Outcome<'_>) {
        self.counts.call(outcome);
    }

    fn freshness(&self) -> Freshness {
        self.freshness
    }

    fn now(&self) -> Timestamp {
        self.lots.now()
    }
}

/// The routes of the platform; what passes `door` is answered by `desk`.
pub fn router(door: Door, desk: Arc<Desk>) -> Router {
    let door: Arc<dyn Gatekeeper> = Arc::new(door);
    let at = Arc::clone(&desk);
    let router = endpoint::<ReceivePlateNumber, _, _>(
        Router::new(),
        Arc::clone(&door),
        move |call, pushed| {
            let desk = Arc::clone(&at);
            async move {
                let told = call.envelope.time.timestamp();
                desk.recognized(call.envelope.lot, pushed, told, call.received)
                    .await
            }
        },
    );
    let at = Arc::clone(&desk);
    let router =
        endpoint::<ReceiveCrossGate, _, _>(router, Arc::clone(&door), move |call, pushed| {
            let desk = Arc::clone(&at);
            async move {
                let told = call.envelope.time.timestamp();
                desk.crossed(call.envelope.lot, pushed, told, call.received)
                    .await
            }
        });
    let router = endpoint::<ReceiveAbnormal, _, _>(router, door, move |call, pushed| {
        let desk = Arc::clone(&desk);
        async move {
            let digest = call.digest();
            desk.abnormal(call.envelope.lot, digest, pushed, call.received)
                .await
        }
    });
    with_fallbacks(router)
}

#[cfg(test)]
mod effort;

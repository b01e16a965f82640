//! Whom the gateway lets in: the platform, for each of its lots.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::token::Credentials;
use boshi_transport::serve::Gatekeeper;

/// Knows the lots and the secret that is shared with the platform.
pub(crate) struct Door {
    credentials: Credentials,
    freshness: Freshness,
    skews: HashMap<LotId, AtomicI64>,
}

impl Door {
    pub(crate) fn new(
        credentials: Credentials,
        freshness: Freshness,
        lots: impl Iterator<Item = LotId>,
    ) -> Door {
        Door {
            credentials,
            freshness,
            skews: lots.map(|lot| (lot, AtomicI64::new(0))).collect(),
        }
    }

    /// By how many seconds the platform's clock was ahead of ours when it called last (D-4).
    pub(crate) fn skew_seconds(&self, lot: &LotId) -> i64 {
        let skew = self.skews.get(lot);
        skew.map_or(0, |skew| skew.load(Ordering::Relaxed))
    }
}

impl Gatekeeper for Door {
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal> {
        if !self.skews.contains_key(lot) {
            return Err(Refusal::new("UNKNOWN_LOT", "车场编号未配置"));
        }
        match app {
            Some(app) if app != self.credentials.app_id() => {
                Err(Refusal::new("WRONG_APP", "appId 与本供应商不符"))
            }
            Some(_) | None => Ok(self.credentials.clone()),
        }
    }

    fn heard(&self, lot: &LotId, skew_seconds: i64) {
        let Some(skew) = self.skews.get(lot) else {
            return;
        };
        let before = skew.swap(skew_seconds, Ordering::Relaxed);
        let window = self.freshness.window();
        let wrong = |skew: i64| window.is_some_and(|most| skew.unsigned_abs() > most.as_secs());
        if wrong(skew_seconds) && !wrong(before) {
            tracing::warn!(%lot, skew_seconds, "this clock and the platform's differ too much");
        }
    }

    fn freshness(&self) -> Freshness {
        self.freshness
    }
}

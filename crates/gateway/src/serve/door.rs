//! Whom the gateway lets in: the platform, for each of its lots.

use std::sync::{PoisonError, RwLock};

use boshi_protocol::freshness::Freshness;
use boshi_protocol::id::{AppId, LotId};
use boshi_protocol::refusal::Refusal;
use boshi_protocol::token::Credentials;
use boshi_transport::call::Peer;
use boshi_transport::serve::Gatekeeper;
use jiff::{SignedDuration, Timestamp};

use crate::clock::Skews;

/// Knows the lots and the secret that is shared with the platform.
pub(crate) struct Door {
    credentials: RwLock<Credentials>,
    freshness: Freshness,
    skews: Skews,
    peer: Option<Peer>,
}

impl Door {
    pub(crate) fn new(credentials: Credentials, freshness: Freshness, skews: Skews) -> Door {
        Door {
            credentials: RwLock::new(credentials),
            freshness,
            skews,
            peer: None,
        }
    }

    /// The same, by the clock that requests to `peer` are signed with.
    pub(crate) fn by_the_clock_of(self, peer: Peer) -> Door {
        let peer = Some(peer);
        Door { peer, ..self }
    }

    /// Takes what is signed with these from now on (D-6); whether they are others than before.
    pub(crate) fn rotate_to(&self, credentials: Credentials) -> bool {
        let mut known = self
            .credentials
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let news = !known.same_as(&credentials);
        *known = credentials;
        news
    }

    /// Whether that is so much that it is an alarm (D-4).
    pub(crate) fn is_skewed(&self, lot: &LotId) -> bool {
        self.skews.get(lot).is_some_and(|skew| skew.is_alarming())
    }

    /// By how many seconds the platform's clock was ahead of ours when it was heard of last (D-4).
    pub(crate) fn skew_seconds(&self, lot: &LotId) -> i64 {
        self.skews.get(lot).map_or(0, |skew| skew.seconds())
    }
}

impl Gatekeeper for Door {
    fn credentials(&self, lot: &LotId, app: Option<&AppId>) -> Result<Credentials, Refusal> {
        if !self.skews.contains_key(lot) {
            return Err(Refusal::new("UNKNOWN_LOT", "车场编号未配置"));
        }
        let known = self.credentials.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        match app {
            Some(app) if app != known.app_id() => {
                Err(Refusal::new("WRONG_APP", "appId 与本供应商不符"))
            }
            Some(_) | None => Ok(known.clone()),
        }
    }

    fn heard(&self, lot: &LotId, skew_seconds: i64) {
        if let Some(skew) = self.skews.get(lot) {
            skew.heard(skew_seconds);
        }
    }

    fn clock_is_behind(&self, lot: &LotId) -> SignedDuration {
        let skew = self.skews.get(lot);
        skew.map_or(SignedDuration::ZERO, |skew| skew.borrowed())
    }

    fn freshness(&self) -> Freshness {
        self.freshness
    }

    fn now(&self) -> Timestamp {
        self.peer.as_ref().map_or_else(Timestamp::now, Peer::now)
    }
}

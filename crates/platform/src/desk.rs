//! Answers what suppliers send: load, decide, store, reply. The reply follows the commit.

use std::collections::HashMap;

use crate::decision::{Approach, Decision, decide};
use crate::lots::Rules;
use crate::store::record::{find, keep};
use crate::store::{Record, RecordKind, Store, StoreError, abnormality, facts, passage};
use boshi_protocol::endpoint::{Abnormal, CrossGate, PlateNumber};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use boshi_transport::serve::Reply;
use jiff::Timestamp;

/// Answers for all lots.
pub struct Desk {
    store: Store,
    lots: HashMap<LotId, Rules>,
}

impl Desk {
    /// A desk for `lots` that writes to `store`.
    pub fn new(store: Store, lots: HashMap<LotId, Rules>) -> Desk {
        Desk { store, lots }
    }

    /// A plate was recognized: stored once, decided afresh each time (RECOG-1, D-13). Decided is
    /// what all accounts of the recognition together say.
    pub async fn recognized(&self, lot: LotId, pushed: PlateNumber, now: Timestamp) -> Reply<()> {
        let Some(known) = self.lots.get(&lot) else {
            return refused(unknown_lot());
        };
        let policy = known.policy;
        let direction = known.directions.get(&pushed.device).copied();
        let work = self.store.write(move |db| {
            let uuid = pushed.record.clone();
            keep(db, RecordKind::Recognition, &lot, Record::from(pushed))?;
            let record = find(db, RecordKind::Recognition, &lot, &uuid)?
                .ok_or(StoreError::Corrupt("recognition"))?;
            let known = facts::facts(db, record.plate.as_ref())?;
            let approach = Approach {
                lot: &lot,
                plate: record.plate.as_ref(),
                direction,
            };
            let decision = decide(approach, &known, policy, now);
            facts::log(db, &lot, &uuid, &decision, now)?;
            Ok(decision)
        });
        match work.await {
            Ok(decision) if decision.pass => Reply::Answer(Answer::Accepted {
                note: decision.reason.to_string(),
                body: (),
            }),
            Ok(decision) => refused(decision.reason),
            Err(error) => not_stored(&error),
        }
    }

    /// What would be decided now about `plate` at `device`; nothing is written down. None when
    /// there is no such lot.
    ///
    /// # Errors
    /// What the database said.
    pub async fn foresee(
        &self,
        lot: LotId,
        device: &DeviceNo,
        plate: Option<Plate>,
        now: Timestamp,
    ) -> Result<Option<Decision>, StoreError> {
        let Some(known) = self.lots.get(&lot) else {
            return Ok(None);
        };
        let (policy, direction) = (known.policy, known.directions.get(device).copied());
        let decided = self.store.read(move |db| {
            let known = facts::facts(db, plate.as_ref())?;
            let approach = Approach {
                lot: &lot,
                plate: plate.as_ref(),
                direction,
            };
            Ok(decide(approach, &known, policy, now))
        });
        decided.await.map(Some)
    }

    /// A vehicle crossed; the same again changes nothing (CROSS-3), and one that comes before its
    /// recognition is kept.
    pub async fn crossed(&self, lot: LotId, pushed: CrossGate) -> Reply<()> {
        let Some(rules) = self.lots.get(&lot).cloned() else {
            return refused(unknown_lot());
        };
        let record = Record::from(pushed);
        let kept = self
            .store
            .write(move |db| passage::cross(db, &lot, record, &rules));
        stored(kept.await.map(drop))
    }

    /// Something is wrong (ABN-1). `digest` is that of the whole request: a repeated delivery of
    /// the same bytes is one occurrence.
    pub async fn abnormal(
        &self,
        lot: LotId,
        digest: [u8; 32],
        pushed: Abnormal,
        now: Timestamp,
    ) -> Reply<()> {
        if !self.lots.contains_key(&lot) {
            return refused(unknown_lot());
        }
        let kept = self
            .store
            .write(move |db| abnormality::keep(db, &lot, digest, &pushed, now));
        stored(kept.await.map(drop))
    }
}

fn stored(result: Result<(), StoreError>) -> Reply<()> {
    match result {
        Ok(()) => Answer::done(()).into(),
        Err(error) => not_stored(&error),
    }
}

fn refused(refusal: Refusal) -> Reply<()> {
    Answer::Refused(refusal).into()
}

fn unknown_lot() -> Refusal {
    Refusal::new("UNKNOWN_LOT", "车场编号未登记")
}

/// Not a decision against the vehicle but a failed attempt (D-1): the supplier tries again, then
/// lets it through and keeps the record for us to fetch (PUSH-2, PUSH-3).
fn not_stored(error: &StoreError) -> Reply<()> {
    tracing::error!(%error, "a request could not be stored");
    Reply::Unavailable(Refusal::new("NOT_STORED", "平台暂时无法保存记录，请重试"))
}

#[cfg(test)]
mod tests;

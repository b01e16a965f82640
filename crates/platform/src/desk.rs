//! Answers what suppliers send: load, decide, store, reply. The reply follows the commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use boshi_protocol::endpoint::{Abnormal, CrossGate, PlateNumber};
use boshi_protocol::envelope::Answer;
use boshi_protocol::id::{DeviceNo, LotId};
use boshi_protocol::plate::Plate;
use boshi_protocol::refusal::Refusal;
use boshi_transport::serve::Reply;
use jiff::Timestamp;
use rusqlite::Connection;

use crate::announce::Announcer;
use crate::counts::Counts;
use crate::decision::{Approach, Decision, Explained, Facts, decide, with_opinion};
use crate::external::External;
use crate::lots::{Lot, Lots, Rules};
use crate::store::decision::log;
use crate::store::record::{Kept, keep};
use crate::store::{Record, RecordKind, Store, StoreError, abnormality, facts, passage};

/// Longest that a record may take to be written: the supplier gives up after two seconds (D-17), and
/// an answer that comes later is worse than none, for it keeps the next one waiting.
const WRITTEN_WITHIN: Duration = Duration::from_millis(1500);

/// Answers for all lots.
pub struct Desk {
    store: Store,
    lots: Arc<Lots>,
    announcer: Announcer,
    counts: Counts,
    written_within: Duration,
}

/// A recognition as it is decided on.
struct Seen {
    kept: Kept,
    facts: Facts,
    own: Explained,
}

impl Desk {
    /// A desk for `lots` that writes to `store`.
    pub fn new(store: Store, lots: Arc<Lots>, counts: Counts) -> Desk {
        Desk {
            store,
            lots,
            announcer: Announcer::new(),
            counts,
            written_within: WRITTEN_WITHIN,
        }
    }

    /// The same with all the time that a run takes whose time is not the machine's.
    pub(crate) fn patient(self) -> Desk {
        let written_within = Duration::from_secs(3600);
        Desk {
            written_within,
            ..self
        }
    }

    fn in_time(&self) -> Instant {
        Instant::now() + self.written_within
    }

    /// A plate was recognized: stored once, decided afresh each time (RECOG-1, D-13). Decided is
    /// what all accounts of the recognition together say.
    pub async fn recognized(&self, lot: LotId, pushed: PlateNumber, now: Timestamp) -> Reply<()> {
        let Some(lot) = self.lots.get(&lot) else {
            return refused(unknown_lot());
        };
        let decided = match &lot.external {
            None => self.decide(&lot, pushed, now).await,
            Some(external) => self.decide_with(&lot, external, pushed, now).await,
        };
        let (record, decision) = match decided {
            Ok(decided) => decided,
            Err(error) => return not_stored(&error),
        };
        self.counts.decision(&decision);
        self.announcer.announce(
            &lot,
            &record.device,
            &record.uuid,
            record.plate.as_ref(),
            &decision,
        );
        match decision.pass {
            true => Reply::Answer(Answer::Accepted {
                note: decision.reason.to_string(),
                body: (),
            }),
            false => refused(decision.reason),
        }
    }

    /// Load, decide and store, in one transaction.
    async fn decide(
        &self,
        lot: &Lot,
        pushed: PlateNumber,
        now: Timestamp,
    ) -> Result<(Record, Decision), StoreError> {
        let (id, rules) = (lot.id.clone(), Arc::clone(&lot.rules));
        let record = Record::from(pushed);
        let decided = self.store.write_by(self.in_time(), move |db| {
            let seen = see(db, &id, &rules, record.clone(), now)?;
            let direction = rules.directions.get(&seen.kept.after.device).copied();
            let (decision, known) = (seen.own.decision, seen.facts.shown());
            log(db, &id, &seen.kept, direction, (&decision, &known), now)?;
            Ok((seen.kept.after, decision))
        });
        decided.await
    }

    /// The same in two transactions, between which another system is asked.
    async fn decide_with(
        &self,
        lot: &Lot,
        external: &External,
        pushed: PlateNumber,
        now: Timestamp,
    ) -> Result<(Record, Decision), StoreError> {
        let (id, rules) = (lot.id.clone(), Arc::clone(&lot.rules));
        let record = Record::from(pushed);
        let seen = self.store.write_by(self.in_time(), move |db| {
            see(db, &id, &rules, record.clone(), now)
        });
        let Seen { kept, facts, own } = seen.await?;
        let record = kept.after.clone();
        let direction = lot.rules.directions.get(&record.device).copied();
        let mut known = facts.shown();
        let decision = if own.decision.is_final() {
            own.decision
        } else {
            let approach = approach(&lot.id, &lot.rules, &record.device, record.plate.as_ref());
            let opinion = external
                .ask(&record.uuid, approach, &facts, &own, now)
                .await;
            let decided = with_opinion(own, &opinion, external.fallback);
            known.external = decided.steps.last().map(|step| step.found.clone());
            decided.decision
        };
        let (id, told) = (lot.id.clone(), decision.clone());
        let logged = self.store.write_by(self.in_time(), move |db| {
            log(db, &id, &kept, direction, (&told, &known), now)
        });
        logged.await?;
        Ok((record, decision))
    }

    /// What would be decided at `now` about `plate` at `device`, and why, without asking another
    /// system; nothing is written down. None when there is no such lot.
    ///
    /// # Errors
    /// What the database said.
    pub async fn foresee(
        &self,
        lot: &LotId,
        device: DeviceNo,
        plate: Option<Plate>,
        now: Timestamp,
    ) -> Result<Option<(Explained, Facts)>, StoreError> {
        let Some(lot) = self.lots.get(lot) else {
            return Ok(None);
        };
        let decided = self.store.read(move |db| {
            let known = facts::facts(db, &lot.id, plate.as_ref())?;
            let approach = approach(&lot.id, &lot.rules, &device, plate.as_ref());
            Ok((decide(approach, &known, lot.rules.policy, now), known))
        });
        decided.await.map(Some)
    }

    /// A vehicle crossed; the same again changes nothing (CROSS-3), and one that comes before its
    /// recognition is kept.
    pub async fn crossed(&self, lot: LotId, pushed: CrossGate, now: Timestamp) -> Reply<()> {
        let Some(known) = self.lots.get(&lot) else {
            return refused(unknown_lot());
        };
        let rules = Arc::clone(&known.rules);
        let record = Record::from(pushed);
        let kept = self.store.write_by(self.in_time(), move |db| {
            passage::cross(db, &lot, record.clone(), &rules, now)
        });
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
        if self.lots.get(&lot).is_none() {
            return refused(unknown_lot());
        }
        let kept = self.store.write_by(self.in_time(), move |db| {
            abnormality::keep(db, &lot, digest, &pushed, now)
        });
        stored(kept.await.map(drop))
    }
}

/// Keeps a recognition and decides on all that is known of it.
fn see(
    db: &Connection,
    lot: &LotId,
    rules: &Rules,
    record: Record,
    now: Timestamp,
) -> Result<Seen, StoreError> {
    let kept = keep(db, RecordKind::Recognition, lot, record)?;
    let record = &kept.after;
    let facts = facts::facts(db, lot, record.plate.as_ref())?;
    let approach = approach(lot, rules, &record.device, record.plate.as_ref());
    let own = decide(approach, &facts, rules.policy, now);
    Ok(Seen { kept, facts, own })
}

fn approach<'a>(
    lot: &'a LotId,
    rules: &Rules,
    device: &'a DeviceNo,
    plate: Option<&'a Plate>,
) -> Approach<'a> {
    Approach {
        lot,
        device,
        plate,
        direction: rules.directions.get(device).copied(),
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
    if let StoreError::Busy | StoreError::Late = error {
        // Counted, and said with the refusal: a line for each would make it worse.
        return Reply::Unavailable(Refusal::new("OVERLOADED", "平台繁忙，请稍后重试"));
    }
    tracing::error!(%error, "a request could not be stored");
    Reply::Unavailable(Refusal::new("NOT_STORED", "平台暂时无法保存记录，请重试"))
}

#[cfg(test)]
mod tests;

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
use crate::decision::{
    Approach, Decision, Explained, Facts, FactsShown, Opinion, decide, with_opinion,
};
use crate::external::External;
use crate::lots::{Lot, Lots, Rules};
use crate::store::decision::{Outcome, log};
use crate::store::record::{Kept, find, keep};
use crate::store::{Record, RecordKind, Store, StoreError, abnormality, facts, passage};

/// Longest that a record may take to be written: the supplier gives up after two seconds (D-17), and
/// an answer that comes later is worse than none, for it keeps the next one waiting.
const WRITTEN_WITHIN: Duration = Duration::from_millis(1500);

/// What of it is kept for writing down what was decided once another system was asked: a busy disk
/// writes within that.
const KEPT_FOR_WRITING: Duration = Duration::from_millis(300);

/// Answers for all lots.
pub struct Desk {
    store: Store,
    lots: Arc<Lots>,
    announcer: Announcer,
    counts: Counts,
    written_within: Duration,
}

/// A recognition that a supplier has pushed, and wants to be decided on.
#[derive(Clone)]
struct Pushed {
    lot: Arc<Lot>,
    record: Record,
    now: Timestamp,
}

/// What is decided on, and what would be decided without another system.
struct Judged {
    plate: Option<Plate>,
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

    /// A plate was recognized: stored once, decided afresh each time (RECOG-1, D-13). The request was made
    /// at `told`, by the supplier's clock.
    pub async fn recognized(
        &self,
        lot: LotId,
        pushed: PlateNumber,
        told: Timestamp,
        now: Timestamp,
    ) -> Reply<()> {
        let Some(lot) = self.lots.get(&lot) else {
            return refused(unknown_lot());
        };
        let (device, uuid) = (pushed.device.clone(), pushed.record.clone());
        let pushed = Pushed {
            lot: Arc::clone(&lot),
            record: Record::from(pushed).told(told),
            now,
        };
        let decided = match &lot.external {
            None => self.decide(pushed).await,
            Some(external) => self.decide_with(external, pushed).await,
        };
        let (plate, decision) = match decided {
            Ok(decided) => decided,
            Err(error) => return not_stored(&error),
        };
        self.counts.decision(&decision);
        self.announcer
            .announce(&lot, &device, &uuid, plate.as_ref(), &decision);
        match decision.pass {
            true => Reply::Answer(Answer::Accepted {
                note: decision.reason.to_string(),
                body: (),
            }),
            false => refused(decision.reason),
        }
    }

    /// Load, decide and store, in one transaction.
    async fn decide(&self, pushed: Pushed) -> Result<(Option<Plate>, Decision), StoreError> {
        let decided = self.store.write_by(self.in_time(), move |db| {
            let (kept, judged) = pushed.see(db)?;
            let (known, decision) = (judged.facts.shown(), judged.own.decision);
            pushed.log(db, &kept, (&decision, &known), judged.plate.as_ref())?;
            Ok((judged.plate, decision))
        });
        decided.await
    }

    /// The same once another system was asked. Nothing is written before that, so what is cut off
    /// meanwhile is as if it never came; and what is decided is judged by what is known afterwards.
    async fn decide_with(
        &self,
        external: &External,
        pushed: Pushed,
    ) -> Result<(Option<Plate>, Decision), StoreError> {
        let by = self.in_time();
        let looking = pushed.clone();
        let looked = self.store.read(move |db| looking.look(db));
        let looked = tokio::time::timeout_at(by.into(), looked).await;
        let (all, judged) = looked.unwrap_or(Err(StoreError::Late))?;
        let left = by.saturating_duration_since(Instant::now());
        let within = left.saturating_sub(KEPT_FOR_WRITING);
        let opinion = pushed.ask(external, within, &all, &judged).await;
        let (asked, fallback) = (judged.plate, external.fallback);
        let decided = self.store.write_by(by, move |db| {
            let (kept, judged) = pushed.see(db)?;
            let mut known = judged.facts.shown();
            let decision = if judged.own.decision.is_final() {
                judged.own.decision
            } else {
                let other = Opinion::of_another_plate();
                let about_it = judged.plate == asked;
                let opinion = if about_it { &opinion } else { &other };
                let decided = with_opinion(judged.own, opinion, fallback);
                known.external = decided.steps.last().map(|step| step.found.clone());
                decided.decision
            };
            pushed.log(db, &kept, (&decision, &known), judged.plate.as_ref())?;
            Ok((judged.plate, decision))
        });
        decided.await
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
    /// recognition is kept. The request was made at `told`, by the supplier's clock.
    pub async fn crossed(
        &self,
        lot: LotId,
        pushed: CrossGate,
        told: Timestamp,
        now: Timestamp,
    ) -> Reply<()> {
        let Some(known) = self.lots.get(&lot) else {
            return refused(unknown_lot());
        };
        let rules = Arc::clone(&known.rules);
        let record = Record::from(pushed).told(told);
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

impl Pushed {
    /// Keeps it, and decides on it.
    fn see(&self, db: &Connection) -> Result<(Kept, Judged), StoreError> {
        let kept = keep(
            db,
            RecordKind::Recognition,
            &self.lot.id,
            self.record.clone(),
        )?;
        let judged = self.judge(db, &kept.after)?;
        Ok((kept, judged))
    }

    /// All that would be kept, and what would be decided on it; nothing is written.
    fn look(&self, db: &Connection) -> Result<(Record, Judged), StoreError> {
        let own = self.record.clone();
        let there = find(db, RecordKind::Recognition, &self.lot.id, &own.uuid)?;
        let all = match there {
            Some(there) => there.join(own),
            None => own,
        };
        let judged = self.judge(db, &all)?;
        Ok((all, judged))
    }

    /// What another system says of it `within` that time, unless nobody is to be asked.
    async fn ask(
        &self,
        external: &External,
        within: Duration,
        all: &Record,
        judged: &Judged,
    ) -> Opinion {
        if judged.own.decision.is_final() {
            return Opinion::not_asked();
        }
        let approach = self.approach(all, judged.plate.as_ref());
        let (facts, own) = (&judged.facts, &judged.own);
        let within = external.deadline.min(within);
        external
            .ask(&self.record.uuid, approach, (facts, own), within, self.now)
            .await
    }

    /// Decides on the plate that this request tells, for the answer is about that one; but for one
    /// that is less sure than what is known by `all` accounts together.
    fn judge(&self, db: &Connection, all: &Record) -> Result<Judged, StoreError> {
        let believed = match self.record.is_as_sure_as(all) {
            true => &self.record,
            false => all,
        };
        let plate = believed.plate.clone();
        let facts = facts::facts(db, &self.lot.id, plate.as_ref())?;
        let approach = self.approach(all, plate.as_ref());
        let own = decide(approach, &facts, self.lot.rules.policy, self.now);
        Ok(Judged { plate, facts, own })
    }

    fn approach<'a>(&'a self, all: &'a Record, plate: Option<&'a Plate>) -> Approach<'a> {
        approach(&self.lot.id, &self.lot.rules, &all.device, plate)
    }

    /// Writes down what was decided on `plate`.
    fn log(
        &self,
        db: &Connection,
        kept: &Kept,
        (decision, facts): (&Decision, &FactsShown),
        plate: Option<&Plate>,
    ) -> Result<(), StoreError> {
        let directions = &self.lot.rules.directions;
        let outcome = Outcome {
            plate,
            direction: directions.get(&kept.after.device).copied(),
            decision,
            facts,
        };
        log(db, &self.lot.id, kept, &outcome, self.now)
    }
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

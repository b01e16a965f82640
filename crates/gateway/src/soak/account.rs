//! The reckoning: what physically happened against what the journal and the platform have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use boshi_protocol::delivery::Outcome;
use boshi_protocol::id::RecordId;
use boshi_protocol::page::PageRequest;
use boshi_simulator::equipment::{Cause, Fact};
use jiff::Timestamp;

use super::world::World;
use crate::journal::{Entry, check};

/// A vehicle that goes under another's arm, unread, may be taken for that one, which has turned away
/// since its lift or is still about; so long ago at most, and seldom.
const LENT_WITHIN: Duration = Duration::from_secs(40);

/// What was noted while it happened, in true time.
#[derive(Default)]
pub(super) struct Account {
    /// How long the gateway stays away after its next crash.
    pub(super) away: Duration,
    /// How often it has ended.
    pub(super) crashes: u32,
    recognized: HashMap<RecordId, (Duration, u64)>,
    /// Recognitions that the platform has refused at least once.
    refused: HashSet<RecordId>,
    /// How long each vehicle waited for its decision, from its recognition.
    waits: BTreeMap<RecordId, Duration>,
}

impl Account {
    pub(super) fn asked(&mut self, record: &RecordId, outcome: &Outcome) {
        if matches!(outcome, Outcome::Refused(_)) {
            self.refused.insert(record.clone());
        }
    }

    pub(super) fn note(&mut self, entries: &[Entry], at: Duration, run: u64) {
        for entry in entries {
            match entry {
                Entry::Recognition(it) => {
                    self.recognized.insert(it.record.clone(), (at, run));
                }
                Entry::Lift(it) if ["may_pass", "blind"].contains(&it.cause.as_str()) => {
                    let record = it.record.clone().expect("a decision is for a vehicle");
                    if let Some((since, of)) = self.recognized.get(&record)
                        && *of == run
                    {
                        self.waits.entry(record).or_insert(at - *since);
                    }
                }
                _ => {}
            }
        }
    }
}

impl World {
    /// Asserts that everything is accounted for.
    pub(super) fn settle(self) {
        let crashes = self.account.crashes;
        assert!(
            crashes > 20,
            "seed {}: {crashes} crashes are too few",
            self.seed
        );
        let sound = check(&self.gateway.file()).unwrap();
        assert!(sound.is_sound(), "seed {}: {sound:?}", self.seed);
        self.records_are_in_one_state();
        self.failed_are_to_be_fetched();
        self.crossings_are_what_happened();
        self.outcomes_are_known();
        self.nobody_waited();
        self.lifts_are_explained();
    }

    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let reader = self.gateway.reader();
        let mut query = reader.prepare(sql).unwrap();
        let columns = query.column_count();
        let rows = query.query_map([], |row| {
            let cell = |place| row.get::<_, Option<String>>(place);
            (0..columns)
                .map(|place| Ok(cell(place)?.unwrap_or_default()))
                .collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn count(&self, sql: &str) -> u64 {
        let reader = self.gateway.reader();
        let count: i64 = reader.query_row(sql, [], |row| row.get(0)).unwrap();
        count.unsigned_abs()
    }

    /// D-18: each record is delivered, or failed; the platform has what is delivered, and nothing
    /// that is not in the journal.
    fn records_are_in_one_state(&self) {
        let pending = self.rows(
            "SELECT kind, key FROM outbox WHERE state = 'pending' \
             OR (kind = 'abnormality' AND state = 'failed')",
        );
        assert!(pending.is_empty(), "seed {}: {pending:?}", self.seed);
        for kind in ["recognition", "crossing", "abnormality"] {
            let of = |state: &str| -> BTreeSet<String> {
                let sql = format!(
                    "SELECT key FROM outbox WHERE kind = '{kind}' AND state LIKE '{state}'"
                );
                self.rows(&sql).into_iter().flatten().collect()
            };
            let has: BTreeSet<String> = (self.platform.records.iter())
                .filter(|(of, _)| crate::journal::kind_word(*of) == kind)
                .map(|(_, id)| id.clone())
                .collect();
            assert!(
                of("delivered").is_subset(&has),
                "seed {}: {kind}",
                self.seed
            );
            assert!(has.is_subset(&of("%")), "seed {}: {kind}", self.seed);
        }
    }

    /// UNPUSH-1
    fn failed_are_to_be_fetched(&self) {
        let (lot, journal) = (&self.gateway.config.lots[0].id, &self.gateway.journal);
        let (begin, end) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let page = PageRequest::largest(1);
        let recognitions = journal.unpushed_recognitions(lot, begin, end, page);
        let recognitions = self.gateway.runtime.block_on(recognitions).unwrap().0;
        let crossings = journal.unpushed_crossings(lot, begin, end, page);
        let crossings = self.gateway.runtime.block_on(crossings).unwrap().0;
        for (kind, fetched) in [("recognition", recognitions), ("crossing", crossings)] {
            let failed =
                format!("SELECT count(*) FROM outbox WHERE kind = '{kind}' AND state = 'failed'");
            assert_eq!(self.count(&failed), fetched, "seed {}: {kind}", self.seed);
            assert!(fetched > 0, "seed {}: no {kind} ever failed", self.seed);
        }
    }

    /// CROSS-1: each press of each anti-smash loop is one crossing, in its order.
    fn crossings_are_what_happened(&self) {
        let (mut all, mut lent) = (0, 0);
        for road in &self.roads {
            let pressed = road.presses();
            let written = self.rows(&format!(
                "SELECT coalesce(crossing.plate, ''), crossing.record FROM outbox \
                 JOIN crossing ON crossing.record = outbox.key \
                 WHERE kind = 'crossing' AND lane = '{}' ORDER BY seq",
                road.name
            ));
            let name = road.name;
            let (seed, pressed_here, here) = (self.seed, pressed.len(), written.len());
            assert_eq!(pressed_here, here, "seed {seed}, lane {name}: crossings");
            all += here;
            for ((at, vehicle), row) in pressed.into_iter().zip(written) {
                if row[0].is_empty() || row[0] == road.plate(vehicle) {
                    continue;
                }
                lent += 1;
                eprintln!(
                    "LENT seed {seed} lane {name} at {at:?}: {row:?} is {}\n{}",
                    road.plate(vehicle),
                    road.lately(at)
                );
                let was_there = road.was_about(&row[0], at, LENT_WITHIN);
                let lately = road.lately(at);
                assert!(
                    was_there,
                    "seed {seed}, lane {name} at {at:?}: {row:?}\n{lately}"
                );
            }
        }
        let seed = self.seed;
        assert!(all > 1_000, "seed {seed}: {all} crossings are no two days");
        assert!(
            lent * 200 <= all,
            "seed {seed}: {lent} of {all} under another plate"
        );
    }

    /// Every recognition has its end.
    fn outcomes_are_known(&self) {
        let open = self.rows("SELECT record, lane, plate FROM recognition WHERE outcome IS NULL");
        assert!(open.is_empty(), "seed {}: {open:?}", self.seed);
    }

    /// D-17, PUSH-3: whoever may pass at last still lets the one before him clear the barrier.
    fn nobody_waited(&self) {
        let config = &self.gateway.config;
        let longest = config.push.budget + config.timing.follow_wait;
        let waits = self.account.waits.iter();
        let waits = waits.filter(|(record, _)| !self.account.refused.contains(*record));
        let waits: Vec<_> = waits.collect();
        for (record, wait) in &waits {
            if **wait > config.push.budget {
                eprintln!(
                    "WAIT seed {} {record} {wait:?} recognized {:?}",
                    self.seed, self.account.recognized[*record]
                );
            }
        }
        let late: Vec<_> = waits
            .into_iter()
            .filter(|(_, wait)| **wait > longest)
            .collect();
        assert!(late.is_empty(), "seed {}: {late:?}", self.seed);
    }

    /// RECOG-3: no arm lifts for nobody, unless who was there has left that very moment.
    fn lifts_are_explained(&self) {
        let moment = Duration::from_secs(1);
        for road in &self.roads {
            let mut there = HashSet::new();
            let mut left = None;
            for (at, fact) in &road.history {
                match fact {
                    Fact::OnLoop(vehicle) => {
                        there.insert(*vehicle);
                    }
                    Fact::Gone { vehicle, .. } | Fact::Crossed { vehicle, .. } => {
                        there.remove(vehicle);
                        left = Some(*at);
                    }
                    Fact::Lifted {
                        cause: Cause::Opened(act),
                        ..
                    } => assert!(
                        !there.is_empty() || left.is_some_and(|left| *at - left < moment),
                        "seed {}, lane {}: {act:?} at {at:?} is for nobody",
                        self.seed,
                        road.name
                    ),
                    _ => {}
                }
            }
        }
    }
}

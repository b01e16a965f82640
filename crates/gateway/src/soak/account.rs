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

/// One in so many crossings of vehicles that were read is under no plate, at most: those that cross while
/// nobody listens, or a moment before or after, of which loops and readings are told in a burst.
const UNNAMED_OF: usize = 16;

/// How long after its press a crossing may be told, and count: the gateway has to be there until then.
const TOLD_WITHIN: Duration = Duration::from_secs(1);

/// What was noted while it happened, in true time.
#[derive(Default)]
pub(super) struct Account {
    /// How long the gateway stays away after its next crash.
    pub(super) away: Duration,
    /// How often it has ended.
    pub(super) crashes: u32,
    /// When it has started.
    pub(super) starts: Vec<Duration>,
    /// When it has ended.
    pub(super) ends: Vec<Duration>,
    recognized: HashMap<RecordId, (Duration, u64)>,
    /// Recognitions that the platform has refused at least once.
    refused: HashSet<RecordId>,
    /// Each vehicle's wait from its recognition until the barrier was driven for it.
    waits: BTreeMap<RecordId, Wait>,
}

struct Wait {
    lane: String,
    until: Duration,
    took: Duration,
}

impl Account {
    pub(super) fn asked(&mut self, record: &RecordId, outcome: &Outcome) {
        if matches!(outcome, Outcome::Refused(_)) {
            self.refused.insert(record.clone());
        }
    }

    /// Whether nobody listened at any time between these.
    fn was_away(&self, from: Duration, to: Duration) -> bool {
        let back = |end: &Duration| self.starts.iter().find(|start| *start >= end);
        let overlaps = |end: &Duration| *end <= to && back(end).is_none_or(|back| *back >= from);
        self.ends.iter().any(overlaps)
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
                        self.waits.entry(record).or_insert_with(|| Wait {
                            lane: it.lane.clone(),
                            until: at,
                            took: at - *since,
                        });
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

    /// CROSS-1, D-14: each press of each anti-smash loop is one crossing, in its order, and under no
    /// other plate than that of who pressed it; under that if it was read, unless nobody listened.
    #[expect(
        clippy::print_stderr,
        reason = "who plays seeds by hand wants to see the shares"
    )]
    fn crossings_are_what_happened(&self) {
        let (seed, mut all, mut unread, mut unheard) = (self.seed, 0, 0, 0);
        let mut wrong = String::new();
        for road in &self.roads {
            let pressed = road.presses();
            let written = self.rows(&format!(
                "SELECT coalesce(crossing.plate, ''), crossing.record FROM outbox \
                 JOIN crossing ON crossing.record = outbox.key \
                 WHERE kind = 'crossing' AND lane = '{}' ORDER BY seq",
                road.name
            ));
            let name = road.name;
            let (pressed_here, here) = (pressed.len(), written.len());
            assert_eq!(pressed_here, here, "seed {seed}, lane {name}: crossings");
            all += here;
            for ((at, vehicle), row) in pressed.into_iter().zip(written) {
                let is_its_own = match road.read_before(vehicle, at) {
                    _ if !row[0].is_empty() => row[0] == road.plate(vehicle),
                    None => {
                        unread += 1;
                        true
                    }
                    Some(read) => {
                        unheard += 1;
                        self.account.was_away(read, at + TOLD_WITHIN)
                    }
                };
                let is_in_doubt = road.is_mixed() && self.has_just_started(at);
                if !is_its_own && !is_in_doubt {
                    let lately = road.lately(at);
                    wrong += &format!("lane {name} at {at:?}: {row:?} is another\n{lately}\n");
                }
            }
        }
        eprintln!(
            "seed {seed}: of {all} crossings {unread} were never read, {unheard} not heard of"
        );
        assert!(all > 1_000, "seed {seed}: {all} crossings are no two days");
        assert!(
            unheard * UNNAMED_OF <= all,
            "seed {seed}: {unheard} of {all} without the plate that was read"
        );
        assert!(wrong.is_empty(), "seed {seed}:\n{wrong}");
    }

    /// Whether the gateway started so lately that it cannot know from which side of a mixed lane a
    /// vehicle came that is under the arm.
    fn has_just_started(&self, at: Duration) -> bool {
        let within = self.gateway.config.timing.far_side;
        let mut starts = self.account.starts.iter();
        starts.any(|start| *start <= at && at - *start < within)
    }

    /// Every recognition has its end.
    fn outcomes_are_known(&self) {
        let open = self.rows("SELECT record, lane, plate FROM recognition WHERE outcome IS NULL");
        assert!(open.is_empty(), "seed {}: {open:?}", self.seed);
    }

    /// D-17, PUSH-3: longer than the budget waits only who lets the one before him clear the barrier.
    fn nobody_waited(&self) {
        let config = &self.gateway.config;
        let (budget, follow) = (config.push.budget, config.timing.follow_wait);
        let waits = self.account.waits.iter();
        for (record, wait) in waits.filter(|it| !self.account.refused.contains(it.0)) {
            let mut roads = self.roads.iter();
            let road = roads.find(|road| road.name == wait.lane).expect("a lane");
            let one_before = road.somebody_crossed(wait.until - follow, wait.until);
            let longest = budget + if one_before { follow } else { Duration::ZERO };
            let (seed, took, lately) = (self.seed, wait.took, road.lately(wait.until));
            assert!(
                took <= longest,
                "seed {seed}: {record} took {took:?}\n{lately}"
            );
        }
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

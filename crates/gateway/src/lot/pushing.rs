//! The outbox: what is handed to the delivery, what it wants, and abnormalities on their way there.

use boshi_protocol::delivery::{
    self, Ask, AttemptId, Effect, Key, Kind, Outcome, Settled, Verdict,
};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{self, AskId};

use super::action::{Action, Push, Trace};
use super::happening::{Happening, What};
use super::input::LaneNo;
use super::turn::{Work, Working};
use super::{Lot, words};
use crate::journal::{Attempt, Entry, Letter, Settlement, kind_word};

/// How many records of the backlog are read together.
const FETCHED_TOGETHER: usize = 64;

/// How many must wait for that: fewer are read one by one, each when it is pushed.
const WORTH_FETCHING: usize = 8;

impl Lot {
    /// Hands a record that is on disk to the delivery, behind what waits for room already.
    pub(super) fn enqueue(&mut self, turn: &mut Working<'_>, key: Key) {
        if self.backlog.is_empty() {
            turn.queue(Work::Deliver(delivery::Input::Take { key }));
        } else {
            self.backlog.push_back(key);
        }
    }

    /// Hands over what waited for room, as far as there is some.
    pub(super) fn feed(&mut self, turn: &mut Working<'_>) {
        while self.delivery.room() > 0
            && let Some(key) = self.backlog.pop_front()
        {
            self.tell_delivery(turn, delivery::Input::Take { key });
        }
    }

    /// Has the next records of the backlog read together, once those that were are used up.
    fn fetch(&mut self, turn: &mut Working<'_>) {
        if self.fetching {
            return;
        }
        let upcoming = self.delivery.upcoming().take(FETCHED_TOGETHER);
        let bare = upcoming.filter(|key| !self.letters.contains_key(key));
        let bare: Vec<Key> = bare.cloned().collect();
        if bare.len() >= WORTH_FETCHING {
            self.fetching = true;
            turn.act(Action::Fetch(bare));
        }
    }

    /// What was read is at hand when it is pushed, unless that has happened, or the record is another
    /// by now.
    pub(super) fn fetched(&mut self, letters: Vec<(Key, Letter)>) {
        self.fetching = false;
        for (key, letter) in letters {
            if self.delivery.holds(&key) {
                self.letters.entry(key).or_insert(letter);
            }
        }
    }

    /// Keeps the order of a record for which there is no room; the record itself is in the journal.
    fn defer(&mut self, key: Key) {
        self.letters.remove(&key);
        self.backlog.push_back(key);
    }

    pub(super) fn tell_delivery(&mut self, turn: &mut Working<'_>, input: delivery::Input) {
        for effect in self.delivery.handle(input, turn.now.tick) {
            match effect {
                Effect::Send {
                    attempt,
                    key,
                    number,
                    timeout,
                } => {
                    *self.attempts.entry(key.clone()).or_default() += 1;
                    let letter = self.letters.get(&key).cloned();
                    if letter.is_none() {
                        self.fetch(turn);
                    }
                    turn.act(Action::Push(Push {
                        attempt,
                        key,
                        number,
                        timeout,
                        letter,
                    }));
                }
                Effect::Verdict {
                    record,
                    ask,
                    verdict,
                } => self.verdict(turn, record, ask, verdict),
                Effect::Settle { key, settled } => self.settled(turn, key, settled),
                Effect::Defer { key } => self.defer(key),
                Effect::NetworkLost => self.tell(turn, None, What::NetworkLost),
                Effect::NetworkBack => self.tell(turn, None, What::NetworkBack),
            }
        }
    }

    pub(super) fn pushed(
        &mut self,
        turn: &mut Working<'_>,
        attempt: AttemptId,
        outcome: Outcome,
        trace: Trace,
    ) {
        turn.write(Entry::Attempt(Attempt {
            lot: self.id.clone(),
            key: trace.key,
            number: trace.number,
            at: trace.began,
            outcome: words::pushed(&outcome),
            millis: u64::try_from(trace.took.as_millis()).unwrap_or(u64::MAX),
        }));
        turn.queue(Work::Deliver(delivery::Input::Done { attempt, outcome }));
    }

    /// RECOG-1, PUSH-3: what the platform said, or that it said nothing, reaches the lane that asked.
    fn verdict(&mut self, turn: &mut Working<'_>, record: RecordId, ask: Ask, verdict: Verdict) {
        let Some(vehicle) = self.vehicles.get_mut(&record) else {
            return;
        };
        vehicle.replied(turn.now.tick);
        let (lane, plate, color) = (vehicle.lane, vehicle.plate_text(), vehicle.color);
        let verdict = match verdict {
            Verdict::MayPass => lane::Verdict::MayPass,
            Verdict::MayNot(refusal) => {
                let reason = refusal.sentence().to_owned();
                let what = What::Refused {
                    record: record.to_string(),
                    plate,
                    color: color.as_str(),
                    reason: reason.clone(),
                };
                self.tell(turn, Some(lane), what);
                lane::Verdict::MayNot { reason }
            }
            Verdict::Undeliverable { .. } => {
                vehicle.settled = true;
                lane::Verdict::Undeliverable
            }
        };
        let round = u32::try_from(ask.0).expect("questions are numbered by the lane's rounds");
        let ask = AskId { record, round };
        turn.queue(Work::Lane(lane, lane::Input::Verdict { ask, verdict }));
    }

    fn settled(&mut self, turn: &mut Working<'_>, key: Key, settled: Settled) {
        let attempts = self.attempts.remove(&key).unwrap_or_default();
        if let Settled::Failed { reason } = &settled {
            let what = What::PushFailed {
                kind: kind_word(key.kind),
                record: key.id.to_string(),
                reason: reason.to_string(),
            };
            self.tell(turn, None, what);
        }
        let waiting = match key.kind {
            Kind::Recognition => self.vehicles.get_mut(&key.id),
            Kind::Crossing | Kind::Abnormality => None,
        };
        match waiting {
            // Its lane may ask about it again, perhaps while the disk fails.
            Some(vehicle) => vehicle.settled = true,
            None => drop(self.letters.remove(&key)),
        }
        turn.write(Entry::Settled(Settlement {
            lot: self.id.clone(),
            key,
            settled,
            attempts,
            at: turn.now.wall,
        }));
    }

    pub(super) fn tell(&self, turn: &mut Working<'_>, lane: Option<LaneNo>, what: What) {
        let at = turn.now.wall;
        turn.act(Action::Tell(Happening {
            at,
            lot: self.id.clone(),
            lane: lane.map(|lane| self.lanes[lane.0].name.clone()),
            what,
        }));
    }
}

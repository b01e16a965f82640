//! Every recognition: who it is, what was asked and replied, and how it ended.

mod lifts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

pub(super) use self::lifts::record_of;
use super::super::super::*;
use super::barrier::BarrierAccount;
use super::presence::Presence;
use crate::code::CrossStatus;
use crate::id::RecordId;
use crate::moment::{Moment, Tick};
use crate::plate::Plate;

/// Most recognitions that are open at a time: those that the lane keeps, and one on each side.
const MAX_OPEN: usize = MAX_PASSING + MAX_LEAVING + 2;

/// Every recognition so far.
pub(super) struct Vehicles {
    poll: Duration,
    travel: Duration,
    follow_wait: Duration,
    between_loops: Duration,
    accounts: BTreeMap<RecordId, Account>,
    open: BTreeSet<RecordId>,
    /// Pulses, and crossings that they explain, by what the pulses were for.
    lifts: HashMap<Outcome, [usize; 2]>,
}

struct Account {
    side: Side,
    plate: Option<Plate>,
    origin: Origin,
    at: jiff::Timestamp,
    since: Tick,
    /// Pushes so far, and when the last one was.
    rounds: u32,
    asked: Tick,
    /// The first reply to the latest push.
    reply: Option<(Verdict, Tick)>,
    /// Its push has failed for good.
    failed: bool,
    /// Pushes whose reply has moved the barrier.
    lifted_for: BTreeSet<u32>,
    /// The last act for it.
    act: Option<ActId>,
    /// Its place in the order in which vehicles were let through, and when it was.
    through: Option<(usize, Tick)>,
    /// A person has commanded something since the latest push.
    interfered: bool,
    /// It has come onto the loop since the latest push.
    came: bool,
    /// It has left the loop; it was followed by another.
    left: bool,
    left_at: Option<Tick>,
    superseded: bool,
    crossed: bool,
    settled: bool,
    ask_due: Option<Tick>,
    lift_due: Option<Tick>,
}

impl Account {
    fn of(recognition: &Recognition, now: Tick) -> Account {
        Account {
            side: recognition.side,
            plate: recognition.sighting.plate.clone(),
            origin: recognition.origin,
            at: recognition.at,
            since: now,
            rounds: 0,
            asked: now,
            reply: None,
            failed: false,
            lifted_for: BTreeSet::new(),
            act: None,
            through: None,
            interfered: false,
            came: false,
            left: false,
            left_at: None,
            superseded: false,
            crossed: false,
            settled: false,
            ask_due: None,
            lift_due: None,
        }
    }

    /// Whether it is the vehicle at the gate.
    fn is_current(&self) -> bool {
        !self.left && !self.superseded && !self.settled
    }
}

impl Vehicles {
    pub(super) fn new(timing: &Timing) -> Vehicles {
        Vehicles {
            poll: timing.refused_poll,
            travel: timing.travel,
            follow_wait: timing.follow_wait,
            between_loops: timing.leave_grace / 2,
            accounts: BTreeMap::new(),
            open: BTreeSet::new(),
            lifts: HashMap::new(),
        }
    }

    fn at_side(&mut self, side: Side) -> impl Iterator<Item = &mut Account> {
        let accounts = self.accounts.values_mut();
        accounts.filter(move |account| account.side == side && !account.settled)
    }

    fn open_account(&mut self, record: &RecordId) -> &mut Account {
        let account = self.accounts.get_mut(record);
        let open = account.filter(|account| !account.settled);
        open.unwrap_or_else(|| panic!("{record} is unknown or settled"))
    }

    /// Something comes onto a loop. Returns whether that is a vehicle read before.
    pub(super) fn came(&mut self, side: Side) -> bool {
        self.at_side(side).for_each(|account| account.came = true);
        self.at_side(side).any(|account| account.is_current())
    }

    /// A loop is free again, or says at the end of a silence that it is: then who is read from that
    /// moment on was not on it.
    pub(super) fn left(&mut self, side: Side, edge: Tick, ends_silence: bool) {
        let was_there = |account: &&mut Account| !ends_silence || account.since < edge;
        for account in self.at_side(side).filter(was_there) {
            account.left = true;
            account.left_at.get_or_insert(edge);
        }
    }

    /// A person has commanded something: what was due may be due no longer.
    pub(super) fn people_interfere(&mut self) {
        for account in self.accounts.values_mut() {
            account.interfered = true;
            account.ask_due = None;
        }
    }

    /// A lift is confirmed late: whatever was asked since is in question no longer.
    pub(super) fn let_through_after_all(&mut self, record: &RecordId) {
        if let Some(account) = self.accounts.get_mut(record) {
            account.interfered = true;
            (account.ask_due, account.lift_due) = (None, None);
        }
    }

    pub(super) fn recognized(&mut self, recognition: &Recognition, now: Moment) {
        if recognition.origin == Origin::Arrival {
            self.at_side(recognition.side)
                .for_each(|account| account.superseded = true);
        }
        let account = Account::of(recognition, now.tick);
        let before = self.accounts.insert(recognition.record.clone(), account);
        assert!(before.is_none(), "recognized twice: {recognition:?}");
        self.open.insert(recognition.record.clone());
    }

    pub(super) fn amended(&mut self, recognition: &Recognition) {
        let account = self.open_account(&recognition.record);
        assert!(
            account.is_current(),
            "amended though it is gone: {recognition:?}"
        );
        account.plate = recognition.sighting.plate.clone();
    }

    /// RECOG-2: it was refused, or the barrier failed, long enough ago; or it has come onto the
    /// loop, or into view again; or the barrier is held open no longer.
    pub(super) fn may_ask_again(
        &mut self,
        ask: &AskId,
        now: Tick,
        presence: &Presence,
        barrier: &BarrierAccount,
    ) {
        let poll = self.poll;
        let account = self.open_account(&ask.record);
        let refused = match &account.reply {
            Some((Verdict::MayNot { .. }, at)) => *at + poll <= now,
            Some((Verdict::MayPass | Verdict::Undeliverable, _)) | None => false,
        };
        let failed = account.act.and_then(|act| barrier.acts[&act].failed);
        let failed = failed.is_some_and(|at| at + poll <= now);
        let in_view = !presence.has_loop(account.side) && presence.was_just_read(account.side, now);
        let restored = account.asked <= barrier.normal_since;
        let reason = refused || failed || account.came || restored || in_view;
        assert!(reason, "RECOG-2: no reason to ask for {ask} again");
    }

    /// A push of a vehicle that is there, and of which no push has failed (PUSH-3).
    pub(super) fn asked(&mut self, ask: &AskId, now: Tick) {
        let account = self.open_account(&ask.record);
        assert!(account.is_current(), "asked for {ask}, which is gone");
        assert!(
            !account.failed,
            "PUSH-3: {ask} is pushed again after it failed"
        );
        assert_eq!(ask.round, account.rounds + 1, "pushes are numbered: {ask}");
        account.rounds = ask.round;
        account.asked = now;
        account.reply = None;
        account.interfered = false;
        account.came = false;
        account.act = None;
        account.through = None;
        account.ask_due = None;
        account.lift_due = None;
    }

    /// A reply: what it obliges the lane to, if the vehicle stands on the loop and nobody meddles.
    pub(super) fn replied(
        &mut self,
        ask: &AskId,
        verdict: &Verdict,
        now: Tick,
        presence: &Presence,
        barrier: &BarrierAccount,
    ) {
        let lift_by = now + self.travel.max(self.follow_wait);
        let poll = self.poll;
        let Some(account) = self.accounts.get_mut(&ask.record) else {
            return;
        };
        if account.settled || ask.round != account.rounds || account.reply.is_some() {
            return;
        }
        account.reply = Some((verdict.clone(), now));
        let meddled = account.interfered || account.act.is_some();
        if meddled || !account.is_current() || !barrier.was_normal_throughout() {
            return;
        }
        let on_loop = presence.has_loop(account.side) && presence.is_on_loop(account.side);
        match verdict {
            Verdict::MayNot { .. } if on_loop => account.ask_due = Some(now + poll),
            Verdict::MayPass if on_loop => account.lift_due = Some(lift_by),
            Verdict::MayPass | Verdict::MayNot { .. } => {}
            Verdict::Undeliverable => {
                account.failed = true;
                account.lift_due = on_loop.then_some(lift_by);
            }
        }
    }

    pub(super) fn plate_of(&self, record: &RecordId) -> Option<&Plate> {
        self.accounts.get(record)?.plate.as_ref()
    }

    /// D-14: after its recognition, and once; in the order in which vehicles were let through, but
    /// for those that left the loop so long ago that they may have turned back.
    pub(super) fn crossed(&mut self, crossing: &Crossing, now: Tick, barrier: &BarrierAccount) {
        let through = |record: &RecordId| {
            let account = &self.accounts[record];
            let lifted = account
                .act
                .is_some_and(|act| barrier.acts[&act].failed.is_none());
            let left = account.left_at;
            let under_way = left.is_none_or(|left| now < left + self.between_loops);
            let since = account
                .through
                .filter(|(_, at)| lifted && *at > barrier.normal_since);
            since.map(|(place, _)| (place, under_way))
        };
        let may_be_first = self.open.iter().filter_map(through);
        let under_way = may_be_first.filter(|(_, under_way)| *under_way);
        let first = under_way.map(|(place, _)| place).min();
        let own = through(&crossing.record).map(|(place, _)| place);
        assert!(
            own.is_none() || first.is_none() || own <= first,
            "another goes first: {crossing:?}"
        );
        let account = self.open_account(&crossing.record);
        assert!(!account.crossed, "crossed twice: {crossing:?}");
        account.crossed = true;
        assert_eq!(account.plate, crossing.plate, "{crossing:?}");
        let own = account.origin != Origin::Crossing || account.at == crossing.at;
        assert!(
            own,
            "D-14: the recognition of a crossing is as old as it: {crossing:?}"
        );
    }

    /// Once, with an outcome that says whether it crossed, and by a lift that was made.
    pub(super) fn settled(&mut self, record: &RecordId, outcome: Outcome) {
        let account = self.open_account(record);
        account.settled = true;
        let crossed = outcome.cross_status() == Some(CrossStatus::Crossed);
        assert_eq!(
            crossed, account.crossed,
            "{record} is settled as {outcome:?}"
        );
        let replayed = account.origin == Origin::Replay;
        assert_eq!(
            replayed,
            outcome == Outcome::Replayed,
            "{record} as {outcome:?}"
        );
        self.open.remove(record);
        let by_lift = matches!(
            outcome,
            Outcome::Crossed | Outcome::ReleasedBlind | Outcome::Commanded | Outcome::Forced
        );
        if by_lift {
            let [lifts, crossings] = self.lifts.entry(outcome).or_default();
            *crossings += 1;
            assert!(
                crossings <= lifts,
                "{record} crossed by a lift that explains another"
            );
        }
    }

    pub(super) fn demands(&mut self, now: Tick, presence: &Presence, barrier: &BarrierAccount) {
        let normal = barrier.was_normal_throughout();
        assert!(
            self.open.len() <= MAX_OPEN,
            "{} recognitions are open",
            self.open.len()
        );
        for record in &self.open {
            let account = self.accounts.get_mut(record).expect("open accounts exist");
            if !normal || !account.is_current() {
                (account.ask_due, account.lift_due) = (None, None);
            }
            let there = presence.is_there(account.side, now);
            let over = |due: Option<Tick>| there && due.is_some_and(|due| due <= now);
            assert!(
                !over(account.ask_due),
                "RECOG-2: {record} is not asked for again"
            );
            assert!(
                !over(account.lift_due),
                "{record} may pass and is not let through"
            );
        }
    }

    pub(super) fn quiet(&self) {
        assert!(self.open.is_empty(), "never settled: {:?}", self.open);
    }
}

//! Both sides' stores against each other and against what physically happened.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use boshi_gateway::tally::{Act, Crossing, Tally as Journal};
use boshi_platform::store::RecordKind;
use boshi_platform::tally::Tally as Store;
use boshi_simulator::equipment::{Cause, Motion};
use boshi_simulator::ledger::{Ledger, Lift, Visit};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::planted::Three;

/// How long after a vehicle has left its barrier may still lift for it: the gateway cannot know before it
/// is told, which is after it was away for some seconds, started on a machine that may be busy, and was
/// told everything that came before.
const LEFT_LATELY: SignedDuration = SignedDuration::from_secs(10);

/// How much later than its decision a barrier's relay switches at most: a request and its time-out.
const SWITCHED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// Two clocks of one machine, one of them counted up from the start.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_millis(50);

/// For how long, in the lanes' time, a vehicle that went under another's arm unread may be taken for one
/// that was about.
const LENT_WITHIN: SignedDuration = SignedDuration::from_secs(40);

/// What the three accounts amount to. All that is wrong is counted, and told in `wrong`.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Account {
    /// Records in the gateway's journal.
    pub(super) written: usize,
    /// Of these: the gateway has the platform's acknowledgement.
    pub(super) acknowledged: usize,
    /// Of these: recorded as failed, to be fetched.
    pub(super) failed: usize,
    /// Records in the platform's store.
    pub(super) stored: usize,
    /// Acknowledged and not stored.
    pub(super) lost: usize,
    /// Stored and never written down.
    pub(super) invented: usize,
    /// Written down and not stored, after everything was fetched.
    pub(super) missing: usize,
    /// Stored more than once.
    pub(super) twice: usize,
    /// Messages that something is abnormal in the gateway's journal.
    pub(super) abnormal: usize,
    /// Visits of vehicles whose plate was read, as the simulator saw them.
    pub(super) read: usize,
    /// Presses of anti-smash loops, as the simulator saw them.
    pub(super) presses: usize,
    /// Crossings in the journal.
    pub(super) crossings: usize,
    /// Crossings in the name of a vehicle that was about but not the one that crossed.
    pub(super) lent: usize,
    /// Acts that barriers obeyed.
    pub(super) obeyed: usize,
    /// Vehicles that were let through since the platform could not be asked (PUSH-3).
    pub(super) released_blind: usize,
    /// Refused at least once.
    pub(super) refused: usize,
    /// Orders of the platform that were carried out.
    pub(super) ordered: usize,
    #[serde(skip)]
    pub(super) wrong: Vec<Wrong>,
}

/// Something that must not be: where and when, for the story, and what.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) lane: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) what: String,
}

/// What has to be known of a round beside its three accounts.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    /// How much faster than in life everything in the lanes happened.
    pub(super) speed: f64,
    /// By how much the clock of the gateway was off at most.
    pub(super) off: SignedDuration,
    /// When the gateway was away.
    pub(super) downs: Vec<Down>,
}

/// For how long a side that was killed was away.
#[derive(Clone, Copy, Debug)]
pub(super) struct Down {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Account {
    /// Compares the three.
    pub(super) fn of(three: &Three, around: &Circumstances) -> Account {
        let Three {
            journal,
            store,
            ledger,
        } = three;
        let mut account = Account {
            refused: journal.refused.len(),
            crossings: journal.crossed.len(),
            ordered: store.commands_done,
            ..Account::default()
        };
        account.records(journal, store);
        account.abnormalities(journal, store, around.downs.len());
        account.readings(journal, ledger, around);
        account.passages(journal, ledger, LENT_WITHIN.as_secs_f64() / around.speed);
        account.acts(journal, ledger, around.off);
        account.decisions(journal, store);
        if ledger.forgotten() > 0 || ledger.given_up().count() > 0 {
            let given_up: Vec<_> = ledger.given_up().collect();
            account.is_wrong(None, None, format!("the ledger is not whole: {given_up:?}"));
        }
        account
    }

    pub(super) fn is_whole(&self) -> bool {
        self.wrong.is_empty()
    }

    fn is_wrong(&mut self, lane: Option<&str>, at: Option<Timestamp>, what: String) {
        self.wrong.push(Wrong {
            lane: lane.map(str::to_owned),
            at,
            what,
        });
    }

    /// Acknowledged ⊆ stored ⊆ written; and at last stored = written (D-19), each once (D-13, CROSS-3).
    fn records(&mut self, journal: &Journal, store: &Store) {
        let kind = |kind| match kind {
            RecordKind::Recognition => "recognition",
            RecordKind::Crossing => "crossing",
        };
        let named = |kind: &str, ids: &BTreeSet<String>| -> BTreeSet<(String, String)> {
            ids.iter().map(|id| (kind.to_owned(), id.clone())).collect()
        };
        let mut written = named("recognition", &journal.recognized);
        written.extend(named("crossing", &journal.crossed));
        let entries = store.entries.iter();
        let kept = entries.map(|entry| (kind(entry.kind).to_owned(), entry.uuid.to_string()));
        let kept: Vec<_> = kept.collect();
        let stored: BTreeSet<_> = kept.iter().cloned().collect();
        let delivered = journal.delivered.iter();
        let acknowledged: BTreeSet<_> = delivered
            .filter(|(kind, _)| kind != "abnormality")
            .cloned()
            .collect();
        self.written = written.len();
        self.acknowledged = acknowledged.len();
        self.failed = journal.failed_recognitions.len() + journal.failed_crossings.len();
        self.stored = kept.len();
        self.twice = kept.len() - stored.len();
        let (mut lost, mut invented, mut missing) = (0, 0, 0);
        for (count, found, what) in [
            (
                &mut lost,
                &acknowledged - &stored,
                "acknowledged and not stored",
            ),
            (
                &mut invented,
                &stored - &written,
                "stored and never written down",
            ),
            (
                &mut missing,
                &written - &stored,
                "written down and not stored",
            ),
        ] {
            *count = found.len();
            for (kind, id) in found {
                self.is_wrong(None, None, format!("{kind} {id} is {what}"));
            }
        }
        (self.lost, self.invented, self.missing) = (lost, invented, missing);
        if self.twice > 0 {
            self.is_wrong(
                None,
                None,
                format!("{} records are stored twice", self.twice),
            );
        }
        if journal.open > 0 {
            self.is_wrong(
                None,
                None,
                format!("{} records are open for ever", journal.open),
            );
        }
    }

    /// Each press of each anti-smash loop is one crossing, in its order (CROSS-1), in nobody's name or
    /// that of a vehicle that was there.
    fn passages(&mut self, journal: &Journal, ledger: &Ledger, lent_within: f64) {
        let mut presses: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        for press in ledger.presses() {
            presses.entry(&press.lane).or_default().push(press.at);
            self.presses += 1;
        }
        let mut crossings: BTreeMap<&str, Vec<&Crossing>> = BTreeMap::new();
        for crossing in &journal.crossings {
            crossings.entry(&crossing.lane).or_default().push(crossing);
        }
        let lanes: BTreeSet<&str> = presses.keys().chain(crossings.keys()).copied().collect();
        for lane in lanes {
            let pressed = presses.remove(lane).unwrap_or_default();
            let written = crossings.remove(lane).unwrap_or_default();
            if pressed.len() != written.len() {
                let what = format!("{} presses are {} crossings", pressed.len(), written.len());
                self.is_wrong(Some(lane), first_apart(&pressed, &written), what);
                continue;
            }
            for (at, crossing) in pressed.into_iter().zip(written) {
                self.name_of(crossing, at, ledger, lent_within);
            }
        }
    }

    fn name_of(&mut self, crossing: &Crossing, at: Timestamp, ledger: &Ledger, lent_within: f64) {
        let Some(plate) = &crossing.plate else {
            return;
        };
        let here = |visit: &&Visit| *visit.lane == *crossing.lane;
        let its = |visit: &&Visit| {
            visit
                .vehicle
                .plate
                .as_ref()
                .is_some_and(|it| it.as_str() == plate)
        };
        let visits: Vec<&Visit> = ledger.visits().filter(here).filter(its).collect();
        let since = |earlier: Timestamp| at.duration_since(earlier).as_secs_f64();
        let about = |visit: &Visit| {
            visit.arrived <= at
                && visit
                    .gone
                    .is_none_or(|(gone, _)| since(gone) <= lent_within)
        };
        let crossed = |visit: &Visit| {
            visit
                .crossed
                .is_some_and(|crossed| since(crossed).abs() < 1.0)
        };
        if visits.iter().any(|visit| crossed(visit)) {
            return;
        }
        if visits.iter().any(|visit| about(visit)) {
            self.lent += 1;
            return;
        }
        let what = format!("a crossing in the name of {plate}, which was not there");
        self.is_wrong(Some(&crossing.lane), Some(at), what);
    }

    /// Each act that a barrier obeyed was written down before (no lift is unexplained), and no arm
    /// lifted on a decision for nobody, unless who was there had left that very moment (RECOG-3).
    ///
    /// By a clock that was set it is not known which act was which, only that there is one for each.
    fn acts(&mut self, journal: &Journal, ledger: &Ledger, off: SignedDuration) {
        let mut decided: BTreeMap<&str, Vec<&Act>> = BTreeMap::new();
        for act in &journal.acts {
            decided.entry(&act.lane).or_default().push(act);
        }
        for obeyed in ledger.acts() {
            self.obeyed += 1;
            let decided = decided.entry(&obeyed.lane).or_default();
            let fits = |act: &&Act| {
                act.at <= obeyed.at + CLOCKS_DIFFER + off
                    && obeyed.at <= act.at + SWITCHED_WITHIN + off
            };
            let Some(place) = decided.iter().rposition(fits) else {
                let what = "a barrier was driven and nobody has written why".to_owned();
                self.is_wrong(Some(&obeyed.lane), Some(obeyed.at), what);
                continue;
            };
            let act = decided.remove(place);
            let on_a_decision = ["may_pass", "blind"].contains(&act.cause.as_str());
            let mut lifts = ledger.lifts();
            let lift = lifts.find(|it| Some(it.number) == obeyed.lift && it.lane == obeyed.lane);
            if off.is_zero()
                && obeyed.motion == Motion::Open
                && on_a_decision
                && let Some(lift) = lift
                && is_for_nobody(lift, ledger)
            {
                let what = format!("an arm lifted for nobody: {}", act.cause);
                self.is_wrong(Some(&obeyed.lane), Some(obeyed.at), what);
            }
        }
    }

    /// An arm lifts for a vehicle once (RECOG-1), and only when the platform has stored that it may pass,
    /// or could not be asked (PUSH-3).
    fn decisions(&mut self, journal: &Journal, store: &Store) {
        let mut lifted: BTreeSet<&str> = BTreeSet::new();
        for act in &journal.acts {
            let (Some(record), cause) = (&act.record, act.cause.as_str()) else {
                continue;
            };
            let what = match cause {
                "may_pass" if !store.allowed.contains(record) => "nobody has decided that it may",
                "blind" if !journal.failed_recognitions.contains(record) => {
                    "it was let through blind, but its push has not failed"
                }
                "may_pass" | "blind" if !lifted.insert(record) => "the arm lifted for it twice",
                _ => {
                    self.released_blind += usize::from(cause == "blind");
                    continue;
                }
            };
            self.is_wrong(Some(&act.lane), Some(act.at), format!("{record}: {what}"));
        }
        // A command whose answer got lost is carried out and unknown, never the other way round.
        let (done, heard) = (journal.commands_done, store.commands_done);
        if heard > done {
            let what = format!("{heard} orders are said to be carried out, {done} were");
            self.is_wrong(None, None, what);
        }
    }
}

/// Where two accounts of one lane begin to differ, as far as their times tell: a crossing is written down
/// when its press is told, which may be late but is never before it.
fn first_apart(pressed: &[Timestamp], written: &[&Crossing]) -> Option<Timestamp> {
    let mut places = 0..pressed.len().max(written.len());
    let first = places.find(|place| {
        let (press, crossing) = (pressed.get(*place), written.get(*place));
        let (Some(press), Some(crossing)) = (press, crossing) else {
            return true;
        };
        let next = pressed.get(place + 1);
        let early = crossing.at + CLOCKS_DIFFER < *press;
        let is_the_next = next.is_some_and(|next| crossing.at >= *next);
        early || (pressed.len() > written.len() && is_the_next)
    })?;
    let written = written.get(first).map(|crossing| crossing.at);
    if pressed.len() > first {
        return pressed
            .get(first)
            .copied()
            .min(written.or(Some(Timestamp::MAX)));
    }
    written
}

fn is_for_nobody(lift: &Lift, ledger: &Ledger) -> bool {
    if lift.waiting.is_some() || !matches!(lift.cause, Cause::Opened(_)) {
        return false;
    }
    let mut here = ledger.visits().filter(|visit| visit.lane == lift.lane);
    !here.any(|visit| {
        let left = visit.crossed.or(visit.gone.map(|(at, _)| at));
        let lately = left.is_none_or(|left| lift.at.duration_since(left) <= LEFT_LATELY);
        lately && visit.on_loop.is_some_and(|since| since <= lift.at)
    })
}

#[cfg(test)]
mod tests;

//! What the lanes told, and what the gateway says to be abnormal: each has to be there, although no barrier
//! and no loop knows of it.

use std::collections::BTreeMap;

use boshi_gateway::tally::{Recognition, Tally as Journal};
use boshi_platform::tally::Tally as Store;
use boshi_simulator::ledger::{Ledger, Visit};
use jiff::{SignedDuration, Timestamp};

use super::{Account, Circumstances, Down};

/// For how long after a vehicle has left a reading of it may still be under way, which is told again, as
/// history, when it was not acknowledged.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(2);

/// Within which two requests may have the same second: one of it, and how long an answer may take.
const ONE_SECOND: SignedDuration = SignedDuration::from_secs(3);

/// What an abnormality says: the standard has no name for it.
type Message<'a> = (&'a str, Option<&'a str>, &'a str);

/// Who was read as something in a lane, and who was written down as that.
#[derive(Default)]
struct Known<'a> {
    read: Vec<&'a Visit>,
    written: Vec<&'a Recognition>,
}

/// How often something was said.
#[derive(Default)]
struct Said {
    written: usize,
    attempts: usize,
    acknowledged: Vec<Timestamp>,
    stored: usize,
}

impl Account {
    /// Invariant 1: each vehicle that was read as something is a recognition of that lane, whatever became
    /// of it, and no more than one, beside one that its recognizer told again as history since nobody had
    /// acknowledged it; unless the gateway was killed while it was there: then it may be taken for another, or for one that cannot be read: what a controller tells late is told of a vehicle that
    /// may have been let through as such. Who is read only after it has crossed may be the one that crossed in nobody's name
    /// (D-14). A controller tells each reading until it is acknowledged, and gave up none.
    pub(super) fn readings(&mut self, journal: &Journal, ledger: &Ledger, around: &Circumstances) {
        let downs = &around.downs;
        let mut nameless: Vec<&Recognition> = journal.recognitions.iter().collect();
        nameless.retain(|it| it.plate.is_none());
        let mut known: BTreeMap<(&str, &str), Known<'_>> = BTreeMap::new();
        for visit in ledger.visits() {
            let read = visit.read.as_ref().and_then(|(_, it)| it.plate.as_ref());
            let Some(plate) = read else { continue };
            let named = (&*visit.lane, plate.as_str());
            known.entry(named).or_default().read.push(visit);
            self.read += 1;
        }
        for it in &journal.recognitions {
            let Some(plate) = &it.plate else { continue };
            let named = (it.lane.as_str(), plate.as_str());
            known.entry(named).or_default().written.push(it);
        }
        for ((lane, plate), Known { read, written }) in known {
            let told = read.iter().filter(|it| !is_read_late(it)).count();
            let again: usize = read.iter().map(|it| started_while(it, downs)).sum();
            let at = read.first().map(|it| it.arrived);
            let at = at.or(written.first().map(|it| it.at));
            let (vehicles, records) = (read.len(), written.len());
            let missing = told.saturating_sub(records);
            let unnamed = read.iter().filter(|it| started_while(it, downs) > 0);
            let unnamed = unnamed.filter(|it| is_nameless(it, &mut nameless, around.off));
            let history = written.iter().filter(|it| it.replayed).count();
            let most = vehicles + again;
            let too_many = records - history > most || history > most;
            if unnamed.take(missing).count() < missing || too_many {
                let what =
                    format!("{plate} was read {vehicles} times and is {records} recognitions");
                self.is_wrong(Some(lane), at, what);
            }
        }
    }

    /// Invariant 1, PUSH-5, D-15, D-16: each message that something is abnormal gets there. An attempt whose
    /// answer got lost is made again with another time, and is another one there (D-17); two that say the
    /// same in one second are the same bytes, and one.
    pub(super) fn abnormalities(&mut self, journal: &Journal, store: &Store, downs: usize) {
        let mut said: BTreeMap<Message<'_>, Said> = BTreeMap::new();
        for it in &journal.abnormalities {
            let message = (it.code.as_str(), it.device.as_deref(), it.msg.as_str());
            let said = said.entry(message).or_default();
            said.written += 1;
            said.attempts += it.attempts;
            said.acknowledged.extend(it.delivered);
            self.abnormal += 1;
        }
        for it in &store.abnormalities {
            let message = (it.code.as_str(), it.device.as_deref(), it.msg.as_str());
            said.entry(message).or_default().stored += 1;
        }
        for ((code, device, msg), it) in said {
            // A gateway that was killed does not know of the attempts that it was making.
            let most = it.attempts + downs * it.written;
            let least = told_apart(it.acknowledged);
            let what = if it.stored < least {
                "acknowledged and not stored"
            } else if it.stored == 0 {
                "written down and not stored"
            } else if it.written == 0 {
                "stored and never written down"
            } else if it.stored > most {
                "stored more often than it was tried"
            } else {
                continue;
            };
            let device = device.unwrap_or("no device");
            let what = format!(
                "abnormality {code} of {device} ({msg}) is {what}: {} written down, {} acknowledged, {} stored",
                it.written, least, it.stored
            );
            self.is_wrong(None, None, what);
        }
    }
}

/// Whether a vehicle is one of those that are written down without a plate, which then stands for it.
fn is_nameless(visit: &Visit, nameless: &mut Vec<&Recognition>, off: SignedDuration) -> bool {
    let gone = visit.gone.map(|(gone, _)| gone + UNDER_WAY + off);
    let place = nameless.iter().position(|it| {
        let is_here = *it.lane == *visit.lane;
        is_here && visit.arrived <= it.at + off && gone.is_none_or(|gone| it.at <= gone)
    });
    place.map(|place| nameless.remove(place)).is_some()
}

fn is_read_late(visit: &Visit) -> bool {
    let read = visit.read.as_ref().map(|(at, _)| *at);
    visit
        .crossed
        .is_some_and(|crossed| read.is_none_or(|read| read > crossed))
}

/// How many messages that say the same were told apart for certain, by when they were acknowledged.
fn told_apart(mut acknowledged: Vec<Timestamp>) -> usize {
    acknowledged.sort_unstable();
    let mut last = Timestamp::MIN;
    let apart = acknowledged.into_iter().filter(|at| {
        let is_apart = at.duration_since(last) > ONE_SECOND;
        if is_apart {
            last = *at;
        }
        is_apart
    });
    apart.count()
}

/// How often the gateway was killed, and started again, while a vehicle was there.
fn started_while(visit: &Visit, downs: &[Down]) -> usize {
    let here = |down: &&Down| {
        let gone = visit.gone.map(|(gone, _)| gone + UNDER_WAY);
        visit.arrived <= down.until && gone.is_none_or(|gone| gone >= down.from)
    };
    downs.iter().filter(here).count()
}

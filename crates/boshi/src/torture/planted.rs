//! Whether the account can be trusted: each of three accounts that are right is changed in one line, and it
//! has to say so.

use boshi_gateway::tally::{Act, Recognition, Tally as Journal};
use boshi_platform::store::RecordKind;
use boshi_platform::tally::{Entry, Tally as Store};
use boshi_protocol::id::RecordId;
use boshi_simulator::equipment::{ActId, Fact, Motion};
use boshi_simulator::ledger::Ledger;
use jiff::SignedDuration;
use serde::Serialize;

use super::account::Account;

/// Most acts that are left out, one at a time: each is an account of its own.
const ACTS_LEFT_OUT: usize = 20;

/// The three accounts of a round.
#[derive(Clone)]
pub(super) struct Three {
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) ledger: Ledger,
}

/// What became of what was planted.
#[derive(Debug, Default, Serialize)]
pub(super) struct Planted {
    /// How many changes there was something for.
    pub(super) planted: usize,
    /// Those which the account did not find.
    pub(super) overlooked: Vec<&'static str>,
}

/// Changes one line; none when there is no such line.
type Change = fn(&mut Three) -> Option<()>;

const CHANGES: [(&str, Change); 17] = [
    ("a stored record is dropped", |it| {
        it.store.entries.pop().map(drop)
    }),
    ("a record is stored twice", |it| {
        let again = it.store.entries.first()?.clone();
        it.store.entries.push(again);
        Some(())
    }),
    ("a record is stored that nobody wrote", |it| {
        let mut another = it.store.entries.first()?.clone();
        another.uuid = RecordId::new("planted").ok()?;
        it.store.entries.push(another);
        Some(())
    }),
    ("a recognition is not written down", |it| {
        it.journal.recognized.pop_first().map(drop)
    }),
    // One alone may be made up for: who was there when the gateway was killed may be two, or unnamed.
    ("the readings of a lane are lost", |it| {
        let mut visits = it.ledger.visits();
        let told = visits.find(|visit| {
            let read = visit.read.as_ref();
            let (is_read, at) = (
                read.is_some_and(|it| it.1.plate.is_some()),
                read.map(|it| it.0),
            );
            is_read && visit.crossed.is_none_or(|crossed| at < Some(crossed))
        })?;
        let lane = told.lane.to_string();
        let all = std::mem::take(&mut it.journal.recognitions);
        let (lost, kept) = all.into_iter().partition(|read| read.lane == lane);
        it.journal.recognitions = kept;
        let lost: Vec<Recognition> = lost;
        for Recognition { record, .. } in lost {
            it.journal.recognized.remove(&record);
            let named = ("recognition".to_owned(), record.clone());
            it.journal.delivered.remove(&named);
            let is_its = |entry: &Entry| entry.uuid.as_str() == record;
            let entries = &mut it.store.entries;
            entries.retain(|entry| entry.kind != RecordKind::Recognition || !is_its(entry));
        }
        let crossings = it.journal.crossings.iter_mut();
        for crossing in crossings.filter(|crossing| crossing.lane == lane) {
            crossing.plate = None;
        }
        Some(())
    }),
    ("a vehicle is recognized twice", |it| {
        let mut again = it.journal.recognitions.first()?.clone();
        again.plate = Some("粤Z00000".to_owned());
        it.journal.recognitions.push(again);
        Some(())
    }),
    ("an abnormality does not get there", |it| {
        let lost = it.store.abnormalities.last()?.msg.clone();
        it.store.abnormalities.retain(|kept| kept.msg != lost);
        Some(())
    }),
    ("an abnormality gets there that nobody wrote", |it| {
        let mut another = it.store.abnormalities.first()?.clone();
        another.msg.push('！');
        it.store.abnormalities.push(another);
        Some(())
    }),
    ("a crossing is not written down", |it| {
        it.journal.crossings.pop().map(drop)
    }),
    ("a crossing is written down twice", |it| {
        let again = it.journal.crossings.first()?.clone();
        it.journal.crossings.push(again);
        Some(())
    }),
    (
        "a crossing is in the name of a vehicle that never was",
        |it| {
            it.journal.crossings.first_mut()?.plate = Some("粤Z00000".to_owned());
            Some(())
        },
    ),
    ("an arm lifts twice for one vehicle", |it| {
        let again = it
            .journal
            .acts
            .iter()
            .find(|act| is_for_a_vehicle(act))?
            .clone();
        it.journal.acts.push(again);
        Some(())
    }),
    (
        "nobody has decided on a vehicle that was let through",
        |it| {
            let mut acts = it.journal.acts.iter();
            let passed = acts.find(|act| act.cause == "may_pass")?;
            it.store
                .allowed
                .remove(passed.record.as_ref()?)
                .then_some(())
        },
    ),
    (
        "the push of who was let through blind has not failed",
        |it| {
            let mut acts = it.journal.acts.iter();
            let blind = acts.find(|act| act.cause == "blind")?;
            let failed = &mut it.journal.failed_recognitions;
            failed.remove(blind.record.as_ref()?).then_some(())
        },
    ),
    ("a press is in the ledger alone", |it| {
        let press = it.ledger.presses().next()?.clone();
        it.ledger
            .record(&press.lane, press.at, &Fact::SafetyPressed);
        Some(())
    }),
    ("a barrier was driven and the ledger alone has it", |it| {
        let driven = it.ledger.acts().next()?.clone();
        let long_before = driven.at - SignedDuration::from_hours(24);
        let unasked = Fact::Commanded {
            act: ActId(u64::MAX),
            motion: Motion::Open,
            lift: None,
        };
        it.ledger.record(&driven.lane, long_before, &unasked);
        Some(())
    }),
    ("an order is said to be carried out", |it| {
        it.store.commands_done = it.journal.commands_done + 1;
        Some(())
    }),
];

/// Plants each change, and makes an account of that.
pub(super) fn plant(three: &Three, account: impl Fn(&Three) -> Account) -> Planted {
    let mut planted = Planted::default();
    let mut note = |name, found: bool| {
        planted.planted += 1;
        if !found {
            planted.overlooked.push(name);
        }
    };
    for (name, change) in CHANGES {
        let mut changed = three.clone();
        if change(&mut changed).is_some() {
            note(name, !account(&changed).is_whole());
        }
    }
    // One that was decided on, and that a kill kept from being carried out, is missed by nobody.
    let acts = three.journal.acts.len().min(ACTS_LEFT_OUT);
    let without = |place| {
        let mut changed = three.clone();
        changed.journal.acts.remove(place);
        !account(&changed).is_whole()
    };
    if acts > 0 {
        note(
            "no act is missed that is not written down",
            (0..acts).any(without),
        );
    }
    planted
}

fn is_for_a_vehicle(act: &Act) -> bool {
    act.record.is_some() && ["may_pass", "blind"].contains(&act.cause.as_str())
}

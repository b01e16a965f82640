//! What happened around something that must not be, in the order in which it happened.

use std::fmt::Write as _;

use boshi_gateway::tally::Tally as Journal;
use boshi_simulator::ledger::{Ledger, Visit};
use jiff::{SignedDuration, Timestamp};

use super::account::Wrong;
use super::trouble::Told;

/// How long before and after it the story tells.
const AROUND: SignedDuration = SignedDuration::from_secs(6);

/// Everything that is known of a run, as lines with a time and, perhaps, a lane.
pub(super) struct Story {
    lines: Vec<(Timestamp, Option<String>, String)>,
}

impl Story {
    pub(super) fn of(journal: &Journal, ledger: &Ledger, told: Told) -> Story {
        let mut lines: Vec<_> = told
            .into_iter()
            .map(|(at, what)| (at, None, what))
            .collect();
        let mut add = |at: Timestamp, lane: &str, what: String| {
            lines.push((at, Some(lane.to_owned()), what));
        };
        for visit in ledger.visits() {
            for (at, what) in steps(visit) {
                add(at, &visit.lane, what);
            }
        }
        for lift in ledger.lifts() {
            let what = format!(
                "the arm lifts: {:?}, waiting {:?}",
                lift.cause, lift.waiting
            );
            add(lift.at, &lift.lane, what);
        }
        for press in ledger.presses() {
            let lasted = press
                .released
                .map(|released| released.duration_since(press.at));
            add(
                press.at,
                &press.lane,
                format!("the anti-smash loop is pressed for {lasted:?}"),
            );
        }
        for act in ledger.acts() {
            add(
                act.at,
                &act.lane,
                format!("the barrier obeys: {:?}", act.motion),
            );
        }
        for act in &journal.acts {
            let record = act.record.as_deref().unwrap_or("nobody");
            add(
                act.at,
                &act.lane,
                format!("journal: drive for {record}: {}", act.cause),
            );
        }
        for it in &journal.crossings {
            let plate = it.plate.as_deref().unwrap_or("unread");
            add(
                it.at,
                &it.lane,
                format!("journal: crossing {} ({plate})", it.record),
            );
        }
        lines.sort_by_key(|line| line.0);
        Story { lines }
    }

    /// What is wrong, and what happened around it.
    pub(super) fn tell(&self, wrong: &Wrong) -> String {
        let lane = wrong.lane.as_deref().unwrap_or("-");
        let mut text = format!("lane {lane}: {}\n", wrong.what);
        let Some(at) = wrong.at else {
            return text;
        };
        let _ = writeln!(text, "  at {at}; around it:");
        let near = |line: &&(Timestamp, Option<String>, String)| {
            line.0.duration_since(at).abs() <= AROUND && (line.1.is_none() || line.1 == wrong.lane)
        };
        for (when, _, what) in self.lines.iter().filter(near) {
            let after = when.duration_since(at).as_secs_f64();
            let _ = writeln!(text, "  {after:+8.3} s  {what}");
        }
        text
    }
}

/// What a vehicle came to.
fn steps(visit: &Visit) -> impl Iterator<Item = (Timestamp, String)> {
    let plate = visit.vehicle.plate.as_ref();
    let plate = plate.map_or("without a plate", |plate| plate.as_str());
    let name = format!("vehicle {} ({plate})", visit.id.0);
    let gone = visit
        .gone
        .map(|(at, how)| (at, format!("is gone: {how:?}")));
    let step = |at: Option<Timestamp>, what: &str| at.map(|at| (at, what.to_owned()));
    let steps = [
        step(visit.on_loop, "presses the trigger loop"),
        step(visit.read.as_ref().map(|read| read.0), "is read"),
        step(visit.let_through, "is let through"),
        step(visit.crossed, "crosses"),
        gone,
    ];
    let steps = steps.into_iter().flatten();
    steps.map(move |(at, what)| (at, format!("{name} {what}")))
}

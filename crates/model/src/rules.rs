//! What may happen in a state, and what it leads to.
//!
//! A message that is lost is one that never arrives: for that nothing has to happen.

use crate::defect::Defect;
use crate::world::{Kind, Message, Pass, Row, Setting, World};

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A record comes about at the gateway and is written down (D-18).
    Happens(usize),
    /// It is pushed (PUSH-1).
    Pushed(usize),
    /// Its attempt is given up (D-2, PUSH-2).
    GivenUp(usize),
    /// A failed abnormality is to be pushed again (PUSH-5).
    PushedAgain(usize),
    /// A message arrives.
    Arrives(Message),
    /// A message arrives and will arrive once more.
    ArrivesTwice(Message),
    /// What the platform has taken gets written; only with a defect.
    Written,
    /// The gateway is killed.
    GatewayDies,
    /// It starts.
    GatewayStarts,
    /// The platform is killed.
    PlatformDies,
    /// It starts.
    PlatformStarts,
    /// Time passes; the platform looks whether the lot answers.
    Tick,
    /// The platform begins to ask for what could not be pushed (D-19).
    PassBegins,
    /// A page comes, or the end.
    Page,
    /// A page does not come.
    PassFails,
}

/// Everything that may happen.
#[must_use]
pub fn possible(world: &World, setting: &Setting) -> Vec<Step> {
    let mut steps = Vec::new();
    for (record, row) in world.journal.iter().enumerate() {
        if world.gateway {
            let its_turn = record == 0 || world.journal[record - 1].at.is_some();
            if row.at.is_none() && its_turn {
                steps.push(Step::Happens(record));
            }
            let may_push = row.flying.is_none() && row.attempts < setting.pushes;
            if row.pending && may_push && may_go(world, setting, record) {
                steps.push(Step::Pushed(record));
            }
            if row.flying.is_some() {
                steps.push(Step::GivenUp(record));
            }
        }
    }
    for message in &world.wire {
        let is_heard = match message {
            Message::Push(..) => world.platform,
            Message::Answer(..) => world.gateway,
        };
        if is_heard {
            steps.push(Step::Arrives(*message));
            if world.repeats > 0 {
                steps.push(Step::ArrivesTwice(*message));
            }
        }
    }
    if !world.unwritten.is_empty() {
        steps.push(Step::Written);
    }
    match (world.gateway, world.kills) {
        (false, _) => steps.push(Step::GatewayStarts),
        (true, 0) => {}
        (true, _) => steps.push(Step::GatewayDies),
    }
    match (world.platform, world.kills) {
        (false, _) => steps.push(Step::PlatformStarts),
        (true, 0) => {}
        (true, _) => steps.push(Step::PlatformDies),
    }
    let is_late = |row: &Row| {
        row.pending
            && row
                .at
                .is_some_and(|at| at.saturating_add(setting.settled_within) <= world.now)
    };
    if world.now < setting.ticks && !world.journal.iter().any(is_late) {
        steps.push(Step::Tick);
    }
    match world.pass {
        None if world.platform && world.gateway => steps.push(Step::PassBegins),
        None => {}
        Some(_) => {
            steps.push(Step::PassFails);
            if world.gateway {
                steps.push(Step::Page);
            }
        }
    }
    steps
}

/// A crossing waits until its recognition is settled.
fn may_go(world: &World, setting: &Setting, record: usize) -> bool {
    setting.records[record] != Kind::Crossing
        || record == 0
        || world.journal[record - 1].delivered
        || world.journal[record - 1].failed
}

/// The state after `step`.
#[must_use]
pub fn take(world: &World, step: Step, setting: &Setting, defect: Option<Defect>) -> World {
    let mut next = world.clone();
    let has = |wanted| defect == Some(wanted);
    match step {
        Step::Happens(record) => {
            let row = &mut next.journal[record];
            (row.at, row.pending) = (Some(world.now), true);
        }
        Step::Pushed(record) => {
            let row = &mut next.journal[record];
            row.attempts += 1;
            row.flying = Some(row.attempts);
            next.wire.insert(Message::Push(record, row.attempts));
        }
        Step::GivenUp(record) => given_up(&mut next.journal[record], setting, defect),
        Step::PushedAgain(record) => push_again(&mut next.journal[record]),
        Step::Arrives(message) => {
            next.wire.remove(&message);
            arrives(&mut next, message, setting, defect);
        }
        Step::ArrivesTwice(message) => {
            next.repeats -= 1;
            arrives(&mut next, message, setting, defect);
        }
        Step::Written => {
            for record in std::mem::take(&mut next.unwritten) {
                next.store[record] = 1;
            }
        }
        Step::GatewayDies => {
            next.kills -= 1;
            next.gateway = false;
            for row in &mut next.journal {
                row.flying = None;
                if has(Defect::PushBeforeWrite) && row.pending {
                    row.pending = false;
                }
            }
        }
        Step::GatewayStarts => {
            next.gateway = true;
            for (row, kind) in next.journal.iter_mut().zip(&setting.records) {
                started(row, *kind, defect);
            }
        }
        Step::PlatformDies => {
            next.kills -= 1;
            next.platform = false;
            next.pass = None;
            next.unwritten.clear();
        }
        Step::PlatformStarts => next.platform = true,
        Step::Tick => {
            next.now += 1;
            if next.platform {
                looks(&mut next);
            }
        }
        Step::PassBegins => next.pass = Some(planned(world, setting, defect)),
        Step::Page => page(&mut next, setting, defect),
        Step::PassFails => {
            if has(Defect::CheckpointBeforeLastPage)
                && let Some(pass) = next.pass
            {
                next.checkpoint = next.checkpoint.max(Some(pass.end));
            }
            next.pass = None;
        }
    }
    next
}

fn given_up(row: &mut Row, setting: &Setting, defect: Option<Defect>) {
    row.flying = None;
    row.failures += 1;
    if row.failures >= setting.attempts {
        fail(row, defect);
    }
}

/// PUSH-2
fn fail(row: &mut Row, defect: Option<Defect>) {
    row.pending = defect == Some(Defect::FailedStaysPending);
    row.failed = defect != Some(Defect::FailureForgotten);
    row.failures = 0;
}

fn push_again(row: &mut Row) {
    (row.failed, row.pending) = (false, true);
}

fn arrives(world: &mut World, message: Message, setting: &Setting, defect: Option<Defect>) {
    match message {
        Message::Push(record, attempt) => {
            match defect {
                Some(Defect::AnswerBeforeCommit) => drop(world.unwritten.insert(record)),
                Some(Defect::NoKey) => world.store[record] += 1,
                _ => world.store[record] = 1,
            }
            world.wire.insert(Message::Answer(record, attempt));
        }
        Message::Answer(record, attempt) => {
            let row = &mut world.journal[record];
            if row.flying == Some(attempt) {
                row.flying = None;
                (row.pending, row.delivered, row.failures) = (false, true, 0);
            } else if defect == Some(Defect::LateAnswerCounts) {
                row.delivered = true;
            }
            // PUSH-5: the network is back.
            for (row, kind) in world.journal.iter_mut().zip(&setting.records) {
                let again = *kind == Kind::Abnormality && row.failed;
                if again && defect != Some(Defect::AbnormalityGivenUp) {
                    push_again(row);
                }
            }
        }
    }
}

/// D-18: what was under way is carried on; a recognition whose vehicle is gone has failed.
fn started(row: &mut Row, kind: Kind, defect: Option<Defect>) {
    if row.pending {
        row.failures = 0;
        match kind {
            _ if defect == Some(Defect::StartForgetsPending) => row.pending = false,
            Kind::Recognition => fail(row, defect),
            Kind::Crossing | Kind::Abnormality => {}
        }
    }
    if row.failed && defect == Some(Defect::StartForgetsFailed) {
        row.failed = false;
    }
}

/// A heartbeat: the lot answers, or an outage is noted.
fn looks(world: &mut World) {
    match (world.gateway, world.outage) {
        (true, Some((since, None))) => world.outage = Some((since, Some(world.now))),
        (false, Some((_, Some(_))) | None) => world.outage = Some((world.now, None)),
        (true, _) | (false, Some((_, None))) => {}
    }
}

/// From before the last pass, and from before an outage that was lately.
fn planned(world: &World, setting: &Setting, defect: Option<Defect>) -> Pass {
    let no_overlap = defect == Some(Defect::NoOverlap);
    let overlap = if no_overlap { 0 } else { setting.overlap };
    let lately = |until: Option<u8>| until.is_none_or(|until| until + overlap >= world.now);
    let outage = world
        .outage
        .filter(|(_, until)| lately(*until) && !no_overlap);
    let begin = match (world.checkpoint, outage) {
        (None, _) => 0,
        (Some(checkpoint), None) => checkpoint.saturating_sub(overlap),
        (Some(checkpoint), Some((since, _))) => checkpoint.min(since).saturating_sub(overlap),
    };
    Pass {
        begin,
        end: world.now,
        pages: 0,
    }
}

/// UNPUSH-1, PAGE-1: the failed records of that time, in the order of their time and name, one a page.
fn page(world: &mut World, setting: &Setting, defect: Option<Defect>) {
    let Some(pass) = &mut world.pass else {
        return;
    };
    let mut rows: Vec<(u8, usize)> = Vec::new();
    for (record, row) in world.journal.iter().enumerate() {
        let is_fetched = row.failed && setting.records[record] != Kind::Abnormality;
        let within = row.at.filter(|at| (pass.begin..=pass.end).contains(at));
        rows.extend(within.filter(|_| is_fetched).map(|at| (at, record)));
    }
    rows.sort_unstable();
    let Some((_, record)) = rows.get(usize::from(pass.pages)) else {
        let at_the_end = defect == Some(Defect::CheckpointAtTheEnd);
        let end = if at_the_end { world.now } else { pass.end };
        world.checkpoint = world.checkpoint.max(Some(end));
        world.pass = None;
        return;
    };
    pass.pages += 1;
    match defect {
        Some(Defect::FetchedBeside) => world.store[*record] += 1,
        Some(Defect::AskedForIsGone) => {
            // The answer may be lost all the same.
            world.journal[*record].failed = false;
            world.journal[*record].delivered = true;
        }
        _ => world.store[*record] = 1,
    }
}

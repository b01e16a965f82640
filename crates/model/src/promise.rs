//! What must hold in every state, and what must come about from every state.

use crate::defect::Defect;
use crate::rules::{self, Step};
use crate::world::{Kind, Setting, World};

/// Passes after which, with nothing going wrong, everything has to be there.
const PASSES: u8 = 2;

/// A promise that this state breaks.
#[must_use]
pub fn broken(world: &World, setting: &Setting, defect: Option<Defect>) -> Option<&'static str> {
    for (record, row) in world.journal.iter().enumerate() {
        let states = [row.pending, row.delivered, row.failed];
        let states = states.iter().filter(|state| **state).count();
        if states != usize::from(row.at.is_some()) {
            return Some("every record that has happened is in exactly one state");
        }
        if world.store[record] > 1 {
            return Some("no record is stored twice");
        }
        if row.at.is_none() && world.store[record] > 0 {
            return Some("what is stored has happened");
        }
        if row.delivered && world.store[record] == 0 {
            return Some("what was acknowledged is stored");
        }
    }
    comes_right(world, setting, defect)
}

/// From here on nothing goes wrong: what was under way is lost, but both sides run, records are pushed, and
/// the platform asks. Then every record is stored, once.
fn comes_right(world: &World, setting: &Setting, defect: Option<Defect>) -> Option<&'static str> {
    let mut world = world.clone();
    world.kills = 0;
    world.wire.clear();
    let setting = &Setting {
        pushes: u8::MAX,
        ..setting.clone()
    };
    let take = |world: &mut World, step| *world = rules::take(world, step, setting, defect);
    if !world.gateway {
        take(&mut world, Step::GatewayStarts);
    }
    if !world.platform {
        take(&mut world, Step::PlatformStarts);
    }
    if world.pass.is_some() {
        take(&mut world, Step::PassFails);
    }
    for _ in 0..PASSES {
        if defect != Some(Defect::AbnormalityGivenUp) {
            again(&mut world, setting, &take);
        }
        pushes(&mut world, setting, &take);
        world.now += 1;
        take(&mut world, Step::PassBegins);
        ends(&mut world, &take);
    }
    if setting.whole_passes {
        world.checkpoint = None;
        take(&mut world, Step::PassBegins);
        ends(&mut world, &take);
    }
    let happened = world.journal.iter().zip(&world.store);
    let mut wrong = happened.filter(|(row, stored)| row.at.is_some() && **stored != 1);
    if wrong.next().is_some() {
        return Some("once nothing goes wrong any more, every record comes to be stored, once");
    }
    let settled = world.journal.iter().zip(&setting.records);
    let open = |(row, kind): (&crate::world::Row, &Kind)| {
        row.pending || (row.failed && *kind == Kind::Abnormality)
    };
    settled
        .into_iter()
        .any(open)
        .then_some("once nothing goes wrong any more, nothing is left to be pushed")
}

/// A heartbeat tells that the network is back, also when nothing else is pushed (PUSH-5).
fn again(world: &mut World, setting: &Setting, take: &impl Fn(&mut World, Step)) {
    for record in 0..world.journal.len() {
        let is_abnormality = setting.records[record] == Kind::Abnormality;
        if is_abnormality && world.journal[record].failed {
            take(world, Step::PushedAgain(record));
        }
    }
}

/// Whatever is to be pushed is, and arrives.
fn pushes(world: &mut World, setting: &Setting, take: &impl Fn(&mut World, Step)) {
    for _ in 0..=world.journal.len() {
        for record in 0..world.journal.len() {
            if world.journal[record].flying.is_some() {
                take(world, Step::GivenUp(record));
            }
            let step = Step::Pushed(record);
            if rules::possible(world, setting).contains(&step) {
                take(world, step);
            }
            while let Some(message) = world.wire.first().copied() {
                take(world, Step::Arrives(message));
            }
        }
        if !world.unwritten.is_empty() {
            take(world, Step::Written);
        }
    }
}

/// All pages come.
fn ends(world: &mut World, take: &impl Fn(&mut World, Step)) {
    while world.pass.is_some() {
        take(world, Step::Page);
    }
}

//! A lane with loops and a barrier, on virtual time.

use std::time::Duration;

use boshi_protocol::id::{DeviceNo, RecordId};
use boshi_protocol::lane::{
    ActId, AskId, By, Cause, CommandId, Direction, Effect, Input, Lane, Layout, Motion, Order,
    Reading, Side, Sighting, Timing, Verdict,
};
use boshi_protocol::moment::{Moment, Tick};
use boshi_protocol::plate::{Plate, PlateColor};

pub(crate) struct Site {
    lane: Lane,
    now: Moment,
    ids: u32,
    commands: u64,
    /// Everything the lane wanted, from the start.
    pub(crate) effects: Vec<Effect>,
}

impl Site {
    /// An entry with a trigger loop, an anti-smash loop and no limit switch.
    pub(crate) fn entry() -> Site {
        let layout = Layout {
            direction: Direction::Entry {
                recognizer: DeviceNo::new("C-01").unwrap(),
            },
            barrier: DeviceNo::new("B-01").unwrap(),
            trigger_loop: true,
            safety_loop: true,
            limit_switch: false,
        };
        let wall = "2026-11-24T00:00:00Z".parse().unwrap();
        let now = Moment {
            tick: Tick::ZERO,
            wall,
        };
        let lane = Lane::new(layout, Timing::default());
        Site {
            lane,
            now,
            ids: 0,
            commands: 0,
            effects: Vec::new(),
        }
    }

    pub(crate) fn tell(&mut self, input: Input) {
        let ids = &mut self.ids;
        let mut next = || {
            *ids += 1;
            RecordId::new(&format!("u-{ids}")).unwrap()
        };
        self.effects
            .extend(self.lane.handle(input, self.now, &mut next));
    }

    /// Lets time go by, with a tick at every deadline.
    pub(crate) fn pass(&mut self, seconds: f64) {
        let end = self.now.later(Duration::from_secs_f64(seconds));
        while let Some(due) = self.lane.deadline().filter(|due| *due <= end.tick) {
            self.now = self.now.later(due.since(self.now.tick));
            self.tell(Input::Tick);
        }
        self.now = end;
    }

    /// A vehicle drives onto the trigger loop and is read.
    pub(crate) fn arrive(&mut self, plate: &str) {
        self.trigger(true);
        self.read(plate);
    }

    pub(crate) fn read(&mut self, plate: &str) {
        let sighting = Sighting {
            plate: Plate::read(plate).unwrap(),
            color: PlateColor::Blue,
            reliability: Some(90),
            picture: None,
        };
        self.tell(Input::Read(Reading {
            side: Side::Entry,
            sighting,
        }));
    }

    pub(crate) fn trigger(&mut self, pressed: bool) {
        self.tell(Input::TriggerLoop {
            side: Side::Entry,
            pressed,
        });
        self.pass(0.5);
    }

    pub(crate) fn safety(&mut self, pressed: bool) {
        self.tell(Input::SafetyLoop { pressed });
        self.pass(0.5);
    }

    /// Drives under the arm and away.
    pub(crate) fn cross(&mut self) {
        self.trigger(false);
        self.safety(true);
        self.safety(false);
    }

    pub(crate) fn reply(&mut self, ask: AskId, verdict: Verdict) {
        self.tell(Input::Verdict { ask, verdict });
    }

    pub(crate) fn order(&mut self, order: Order) -> CommandId {
        self.commands += 1;
        let command = CommandId(self.commands);
        self.tell(Input::Command {
            command,
            side: None,
            order,
            by: By::Platform,
        });
        command
    }

    /// The barrier does what was asked of it last.
    pub(crate) fn barrier_obeys(&mut self) {
        let (act, ..) = self.drives().pop().unwrap();
        self.tell(Input::ActDone {
            act,
            result: Ok(()),
        });
    }

    pub(crate) fn drives(&self) -> Vec<(ActId, Motion, Cause)> {
        let drive = |effect: &Effect| match effect {
            Effect::Drive { act, motion, cause } => Some((*act, *motion, cause.clone())),
            _ => None,
        };
        self.effects.iter().filter_map(drive).collect()
    }

    pub(crate) fn pulses(&self) -> usize {
        self.drives()
            .iter()
            .filter(|(_, motion, _)| *motion == Motion::Pulse)
            .count()
    }

    /// Every push that was asked for, in order.
    pub(crate) fn asks(&self) -> Vec<AskId> {
        let ask = |effect: &Effect| match effect {
            Effect::Recognized { ask, .. } | Effect::Amended { ask, .. } => ask.clone(),
            Effect::AskAgain { ask } => Some(ask.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(ask).collect()
    }

    pub(crate) fn last_ask(&self) -> AskId {
        self.asks().pop().unwrap()
    }

    pub(crate) fn recognized(&self) -> Vec<(RecordId, Option<Plate>)> {
        let recognition = |effect: &Effect| match effect {
            Effect::Recognized { recognition, .. } => Some((
                recognition.record.clone(),
                recognition.sighting.plate.clone(),
            )),
            _ => None,
        };
        self.effects.iter().filter_map(recognition).collect()
    }

    pub(crate) fn crossed(&self) -> Vec<RecordId> {
        let record = |effect: &Effect| match effect {
            Effect::Crossed(crossing) => Some(crossing.record.clone()),
            _ => None,
        };
        self.effects.iter().filter_map(record).collect()
    }

    pub(crate) fn codes(&self) -> Vec<String> {
        let code = |effect: &Effect| match effect {
            Effect::Abnormal(abnormal) => Some(abnormal.code.to_string()),
            _ => None,
        };
        self.effects.iter().filter_map(code).collect()
    }

    /// How `command` was answered: nothing yet, done, or the code of the refusal.
    pub(crate) fn answer(&self, command: CommandId) -> Option<&'static str> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Answer {
                command: answered,
                answer,
            } if *answered == command => Some(
                answer
                    .as_ref()
                    .map_or_else(|refusal| refusal.code(), |_| "done"),
            ),
            _ => None,
        })
    }
}

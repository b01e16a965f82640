//! Scenes at a lane, played in virtual time.

mod asking;
mod barrier;
mod booth;
mod commands;
mod crossing;
mod gate;
mod loopless;
mod loops;
mod mixed;
mod oracle;
mod play;
mod property;
mod script;
mod tailgating;

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::code::AbnormalCode;
use crate::id::{DeviceNo, RecordId};
use crate::moment::{Moment, Tick};
use crate::plate::{Plate, PlateColor};

const CAR: &str = "粤B12345";
const NEXT: &str = "京A66666";

fn plate(text: &str) -> Plate {
    Plate::read(text).unwrap().unwrap()
}

fn device(text: &str) -> DeviceNo {
    DeviceNo::new(text).unwrap()
}

fn sighting(text: &str, reliability: u8) -> Sighting {
    let plate = Plate::read(text).unwrap();
    let picture = Some("a.jpg".into());
    Sighting {
        plate,
        color: PlateColor::Blue,
        reliability: Some(reliability),
        picture,
    }
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// An entry lane with both loops and no limit switch.
fn entry() -> Layout {
    Layout {
        direction: Direction::Entry {
            recognizer: device("camera"),
        },
        barrier: device("arm"),
        trigger_loop: true,
        safety_loop: true,
        limit_switch: false,
    }
}

/// A lane that is driven both ways, with all its loops.
fn mixed() -> Layout {
    let direction = Direction::Mixed {
        entry: device("camera in"),
        exit: device("camera out"),
    };
    Layout {
        direction,
        ..entry()
    }
}

/// How the barrier answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    Obeys,
    Fails,
    Silent,
}

/// A lane, the time, and everything that was wanted done so far.
struct Scene {
    lane: Lane,
    now: Moment,
    temper: Temper,
    records: u64,
    commands: u64,
    log: Vec<(Moment, Effect)>,
}

impl Scene {
    fn new(layout: Layout) -> Scene {
        Scene::with(Lane::new(layout, Timing::default()))
    }

    fn with(lane: Lane) -> Scene {
        let wall = "2026-01-01T00:00:00Z".parse().unwrap();
        let now = Moment {
            tick: Tick::after_start(seconds(1000)),
            wall,
        };
        Scene {
            lane,
            now,
            temper: Temper::Obeys,
            records: 0,
            commands: 0,
            log: Vec::new(),
        }
    }

    /// Tells the lane of something, and the barrier of what the lane wants of it.
    fn say(&mut self, input: Input) {
        let records = &mut self.records;
        let mut ids = || {
            *records += 1;
            RecordId::new(&format!("r{records}")).unwrap()
        };
        let effects = self.lane.handle(input, self.now, &mut ids);
        let spins = self.lane.deadline().is_some_and(|due| due <= self.now.tick);
        assert!(!spins, "the lane wants to be woken at once, for ever");
        for effect in effects {
            self.log.push((self.now, effect.clone()));
            if let Effect::Drive { act, .. } = effect {
                match self.temper {
                    Temper::Obeys => self.say(Input::ActDone {
                        act,
                        result: Ok(()),
                    }),
                    Temper::Fails => {
                        self.say(Input::ActDone {
                            act,
                            result: Err("继电器无响应".into()),
                        });
                    }
                    Temper::Silent => {}
                }
            }
        }
    }

    /// Lets time pass, waking the lane whenever it wants.
    fn wait(&mut self, span: Duration) {
        let end = self.now.later(span);
        while let Some(due) = self.lane.deadline().filter(|due| *due <= end.tick) {
            self.now = self.now.later(due - self.now.tick);
            self.say(Input::Tick);
        }
        self.now = end;
    }

    fn reads(&mut self, text: &str) {
        self.reads_from(Side::Entry, text, 90);
    }

    fn reads_from(&mut self, side: Side, text: &str, reliability: u8) {
        let sighting = sighting(text, reliability);
        self.say(Input::Read(Reading { side, sighting }));
    }

    fn trigger(&mut self, side: Side, pressed: bool) {
        self.say(Input::TriggerLoop { side, pressed });
        self.wait(Timing::default().debounce);
    }

    fn safety(&mut self, pressed: bool) {
        self.say(Input::SafetyLoop { pressed });
        self.wait(Timing::default().debounce);
    }

    /// A vehicle comes onto the entry's loop and is read.
    fn arrives(&mut self, text: &str) {
        self.trigger(Side::Entry, true);
        self.reads(text);
    }

    /// Whatever is on the entry's loop leaves it.
    fn leaves(&mut self) {
        self.trigger(Side::Entry, false);
    }

    /// The vehicle on the entry's loop drives on, under the arm and away.
    fn crosses(&mut self) {
        self.safety(true);
        self.leaves();
        self.safety(false);
    }

    fn verdict(&mut self, verdict: Verdict) {
        let ask = self.last_ask();
        self.say(Input::Verdict { ask, verdict });
    }

    fn may_pass(&mut self) {
        self.verdict(Verdict::MayPass);
    }

    fn may_not(&mut self) {
        self.verdict(Verdict::MayNot {
            reason: "未缴费".into(),
        });
    }

    fn command(&mut self, order: Order) -> CommandId {
        self.commands += 1;
        let command = CommandId(self.commands);
        self.say(Input::Command {
            command,
            side: None,
            order,
            by: By::Platform,
        });
        command
    }

    fn lift_for(&mut self, text: &str) -> CommandId {
        self.command(Order::Lift {
            plate: Plate::read(text).unwrap(),
        })
    }

    fn types(&mut self, text: &str) -> CommandId {
        self.commands += 1;
        let command = CommandId(self.commands);
        self.say(Input::TypedPlate {
            command,
            side: None,
            plate: plate(text),
        });
        command
    }

    fn told<T>(&self, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        self.log
            .iter()
            .filter_map(|(_, effect)| pick(effect))
            .collect()
    }

    fn asks(&self) -> Vec<AskId> {
        self.told(ask_of)
    }

    fn last_ask(&self) -> AskId {
        self.asks().pop().expect("somebody was asked for")
    }

    fn recognitions(&self) -> Vec<Recognition> {
        self.told(|effect| {
            let Effect::Recognized { recognition, .. } = effect else {
                return None;
            };
            Some(recognition.clone())
        })
    }

    fn recognized_plates(&self) -> Vec<String> {
        let recognitions = self.recognitions().into_iter();
        recognitions
            .map(|recognition| shown(&recognition.sighting))
            .collect()
    }

    fn amended(&self) -> Vec<Recognition> {
        self.told(|effect| {
            let Effect::Amended { recognition, .. } = effect else {
                return None;
            };
            Some(recognition.clone())
        })
    }

    fn pulses(&self) -> Vec<Cause> {
        self.driven(Motion::Pulse)
    }

    fn driven(&self, wanted: Motion) -> Vec<Cause> {
        self.told(|effect| {
            let Effect::Drive { motion, cause, .. } = effect else {
                return None;
            };
            (*motion == wanted).then(|| cause.clone())
        })
    }

    fn last_act(&self) -> ActId {
        let mut acts = self.told(|effect| {
            let Effect::Drive { act, .. } = effect else {
                return None;
            };
            Some(*act)
        });
        acts.pop().expect("the barrier was driven")
    }

    fn crossings(&self) -> Vec<Crossing> {
        self.told(|effect| {
            let Effect::Crossed(crossing) = effect else {
                return None;
            };
            Some(crossing.clone())
        })
    }

    /// The records that crossed, with their plates.
    fn crossed(&self) -> Vec<(String, String)> {
        let crossings = self.crossings().into_iter().map(|crossing| {
            let plate = crossing.plate.map(|plate| plate.to_string());
            (crossing.record.to_string(), plate.unwrap_or_default())
        });
        crossings.collect()
    }

    fn outcomes(&self) -> Vec<(String, Outcome)> {
        self.told(|effect| {
            let Effect::Settled {
                record, outcome, ..
            } = effect
            else {
                return None;
            };
            Some((record.to_string(), *outcome))
        })
    }

    fn abnormal(&self) -> Vec<AbnormalCode> {
        self.alarms()
            .into_iter()
            .map(|abnormal| abnormal.code)
            .collect()
    }

    fn alarms(&self) -> Vec<Abnormal> {
        self.told(|effect| {
            let Effect::Abnormal(abnormal) = effect else {
                return None;
            };
            Some(abnormal.clone())
        })
    }

    fn cleared(&self) -> Vec<AbnormalCode> {
        self.told(|effect| {
            let Effect::AbnormalCleared { code, .. } = effect else {
                return None;
            };
            Some(code.clone())
        })
    }

    fn answer(&self, wanted: CommandId) -> Option<Result<Done, OpenRefusal>> {
        let mut answers = self.told(|effect| {
            let Effect::Answer { command, answer } = effect else {
                return None;
            };
            (*command == wanted).then(|| answer.clone())
        });
        assert!(answers.len() <= 1, "{wanted:?} is answered twice");
        answers.pop()
    }

    fn sign(&self, side: Side) -> Sign {
        let mut board = self.lane.board().sides.into_iter();
        board.find(|board| board.side == side).unwrap().sign
    }

    fn wall(&self) -> Timestamp {
        self.now.wall
    }

    fn lifts_seen(&self) -> usize {
        self.told(|effect| matches!(effect, Effect::LiftSeen { .. }).then_some(()))
            .len()
    }
}

fn ask_of(effect: &Effect) -> Option<AskId> {
    match effect {
        Effect::Recognized { ask, .. } | Effect::Amended { ask, .. } => ask.clone(),
        Effect::AskAgain { ask } => Some(ask.clone()),
        Effect::Crossed(_) | Effect::Settled { .. } | Effect::Drive { .. } => None,
        Effect::Abnormal(_) | Effect::AbnormalCleared { .. } | Effect::LiftSeen { .. } => None,
        Effect::Answer { .. } | Effect::Show { .. } => None,
    }
}

fn shown(sighting: &Sighting) -> String {
    sighting
        .plate
        .as_ref()
        .map(|plate| plate.to_string())
        .unwrap_or_default()
}

fn ended(record: &str, outcome: Outcome) -> (String, Outcome) {
    (record.to_owned(), outcome)
}

fn went(record: &str, plate: &str) -> (String, String) {
    (record.to_owned(), plate.to_owned())
}

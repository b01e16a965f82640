//! A lot of two entry lanes, played on virtual time.

use std::collections::{HashMap, HashSet};

use boshi_protocol::delivery::{Fault, Key, Outcome, Policy};
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{
    By, CommandId, Done, Gate, OpenRefusal, Order, Reading, Side, Sighting,
};
use boshi_protocol::moment::{Moment, Tick};
use boshi_protocol::plate::{Plate, PlateColor};
use boshi_protocol::refusal::Refusal;

use super::*;
use crate::config::Config;
use crate::lot::{Lot, Push, Rules, Trace};

const CONFIG: &str = r#"
public_url = "https://lot"
[platform]
base_url = "http://platform"
app_id = "99848791"
secret = "s"
[[lot]]
id = "L1"
[[lot.lane]]
name = "01"
gate = "东二"
direction = "entry"
recognizer = "CAM-01"
barrier = "BAR-01"
display = "LED-01"
device_url = "http://devices"
device_key = "k"
[[lot.lane]]
name = "02"
gate = "东二"
direction = "entry"
recognizer = "CAM-02"
barrier = "BAR-02"
device_url = "http://devices"
device_key = "k"
"#;

/// Every device of the lot.
pub(super) const DEVICES: [&str; 5] = ["CAM-01", "BAR-01", "LED-01", "CAM-02", "BAR-02"];

/// What the platform says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    Accepts,
    Refuses,
    Unreachable,
    /// The request stays under way until the test answers it.
    Thinks,
}

/// What a barrier says to an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barrier {
    Obeys,
    Fails,
    Mute,
}

/// One thing that the lot wanted.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Write(Entry),
    Do(Action),
}

pub(super) struct Scene {
    pub(super) lot: Lot,
    pub(super) now: Moment,
    pub(super) platform: Platform,
    pub(super) barrier: Barrier,
    /// The devices that answer a check.
    pub(super) online: Vec<&'static str>,
    /// What the contacts of the first lane say when they are asked.
    pub(super) contacts: Vec<lane::Input>,
    /// The requests that are under way.
    pub(super) under_way: Vec<Push>,
    pub(super) log: Vec<(Moment, Step)>,
    on_disk: HashSet<Key>,
    unsettled: HashSet<RecordId>,
    records: u64,
    commands: u64,
}

impl Scene {
    pub(super) fn new() -> Scene {
        Scene::with("", "", Policy::default(), &HashMap::new())
    }

    pub(super) fn with_policy(policy: Policy) -> Scene {
        Scene::with("", "", policy, &HashMap::new())
    }

    pub(super) fn resuming(gates: &HashMap<String, Gate>) -> Scene {
        Scene::with("", "", Policy::default(), gates)
    }

    /// With a part of the configuration replaced.
    pub(super) fn with(
        old: &str,
        new: &str,
        policy: Policy,
        gates: &HashMap<String, Gate>,
    ) -> Scene {
        let config = Config::parse(&CONFIG.replacen(old, new, 1)).unwrap();
        let rules = Rules {
            timing: config.timing.clone(),
            policy,
            supervision: config.supervision.clone(),
            texts: config.texts().unwrap(),
        };
        let wall = "2026-01-01T00:00:00Z".parse().unwrap();
        Scene {
            lot: Lot::new(&config.lots[0], rules, gates),
            now: Moment {
                tick: Tick::ZERO,
                wall,
            },
            platform: Platform::Accepts,
            barrier: Barrier::Obeys,
            online: DEVICES.to_vec(),
            contacts: Vec::new(),
            under_way: Vec::new(),
            log: Vec::new(),
            on_disk: HashSet::new(),
            unsettled: HashSet::new(),
            records: 0,
            commands: 0,
        }
    }

    /// Tells the lot of something, and the world of what the lot wants of it.
    pub(super) fn say(&mut self, input: Input) {
        let records = &mut self.records;
        let mut ids = || {
            *records += 1;
            RecordId::new(&format!("r{records}")).unwrap()
        };
        let turn = self.lot.handle(input, self.now, &mut ids);
        let spins = self.lot.deadline().is_some_and(|due| due <= self.now.tick);
        assert!(!spins, "the lot wants to be woken at once, for ever");
        for entry in &turn.entries {
            self.note(entry);
            self.log.push((self.now, Step::Write(entry.clone())));
        }
        for action in turn.actions {
            self.log.push((self.now, Step::Do(action.clone())));
            self.carry_out(action);
        }
    }

    fn note(&mut self, entry: &Entry) {
        match entry {
            Entry::Recognition(it) | Entry::Amended(it) => {
                self.on_disk.insert(Key::recognition(it.record.clone()));
                self.unsettled.insert(it.record.clone());
            }
            Entry::Crossing(it) => {
                self.on_disk.insert(Key::crossing(it.record.clone()));
            }
            Entry::Abnormality(it) => {
                self.on_disk.insert(Key::abnormality(it.id.clone()));
            }
            Entry::Settled(it) if it.key.kind == Kind::Recognition => {
                self.unsettled.remove(&it.key.id);
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Push(push) => {
                let key = &push.key;
                assert!(self.on_disk.contains(key), "{key:?} is not on disk");
                let early = key.kind == Kind::Crossing && self.unsettled.contains(&key.id);
                assert!(!early, "{key:?} comes before its recognition");
                self.under_way.push(push);
                self.answer_push();
            }
            Action::Drive { lane, act, .. } => {
                let result = match self.barrier {
                    Barrier::Obeys => Ok(()),
                    Barrier::Fails => Err("继电器无响应".to_owned()),
                    Barrier::Mute => return,
                };
                self.say(Input::Lane(lane, lane::Input::ActDone { act, result }));
            }
            Action::Check(lane) => {
                let online = self.online.iter().map(|text| device(text)).collect();
                let contacts = if lane == ONE {
                    self.contacts.clone()
                } else {
                    Vec::new()
                };
                self.say(Input::Checked {
                    lane,
                    online,
                    contacts,
                });
            }
            // They come when the test says so.
            Action::Fetch(_) => {}
            Action::Answer { .. } | Action::Show { .. } | Action::Tell(_) => {}
        }
    }

    fn answer_push(&mut self) {
        let outcome = match self.platform {
            Platform::Accepts => Outcome::Accepted,
            Platform::Refuses => Outcome::Refused(Refusal::new("NO_PERMIT", "未授权")),
            Platform::Unreachable => Outcome::Fault(Fault::NoConnection("refused".to_owned())),
            Platform::Thinks => return,
        };
        self.answers(outcome);
    }

    /// The platform answers the oldest request that is under way.
    pub(super) fn answers(&mut self, outcome: Outcome) {
        let push = self.under_way.remove(0);
        self.say(Input::Pushed {
            attempt: push.attempt,
            outcome,
            trace: Trace {
                key: push.key,
                number: push.number,
                began: self.now.wall,
                took: Duration::ZERO,
            },
        });
    }

    /// Lets time pass, waking the lot whenever it wants.
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now.later(span);
        while let Some(due) = self.lot.deadline().filter(|due| *due <= end.tick) {
            self.now = self.now.later(due - self.now.tick);
            self.say(Input::Tick);
        }
        self.now = end;
    }

    pub(super) fn reads(&mut self, lane: LaneNo, plate: &str) {
        let sighting = Sighting {
            plate: Plate::read(plate).unwrap(),
            color: PlateColor::Blue,
            reliability: Some(90),
            picture: None,
        };
        self.say(Input::Read {
            lane,
            reading: Reading {
                side: Side::Entry,
                sighting,
            },
            event: None,
            replayed_at: None,
        });
    }

    pub(super) fn trigger(&mut self, lane: LaneNo, pressed: bool) {
        let side = Side::Entry;
        self.say(Input::Lane(
            lane,
            lane::Input::TriggerLoop { side, pressed },
        ));
        self.wait(millis(200));
    }

    pub(super) fn safety(&mut self, lane: LaneNo, pressed: bool) {
        self.say(Input::Lane(lane, lane::Input::SafetyLoop { pressed }));
        self.wait(millis(200));
    }

    /// A vehicle comes onto the loop and is read.
    pub(super) fn arrives(&mut self, lane: LaneNo, plate: &str) {
        self.trigger(lane, true);
        self.reads(lane, plate);
    }

    /// The vehicle on the loop drives on, under the arm and away.
    pub(super) fn crosses(&mut self, lane: LaneNo) {
        self.safety(lane, true);
        self.trigger(lane, false);
        self.safety(lane, false);
    }

    /// Commands a gate; the answer, if it is given at once.
    pub(super) fn command(
        &mut self,
        lane: LaneNo,
        order: Order,
    ) -> Option<Result<Done, OpenRefusal>> {
        self.commands += 1;
        let command = CommandId(self.commands);
        self.say(Input::Lane(
            lane,
            lane::Input::Command {
                command,
                side: None,
                order,
                by: By::Platform,
            },
        ));
        self.did().find_map(|action| match action {
            Action::Answer {
                command: its,
                answer,
            } if *its == command => Some(answer.clone()),
            _ => None,
        })
    }

    /// These were written by an earlier run.
    pub(super) fn expect_on_disk(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.on_disk.extend(keys);
    }

    pub(super) fn forget(&mut self) {
        self.log.clear();
    }
}

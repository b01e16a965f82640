//! A lane played in virtual time, and what it wanted done.

use super::*;

/// How the barrier answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    Obeys,
    Fails,
    Silent,
}

/// A lane, the time, and everything that was wanted done so far.
pub(super) struct Scene {
    pub(super) lane: Lane,
    pub(super) now: Moment,
    pub(super) temper: Temper,
    pub(super) records: u64,
    pub(super) commands: u64,
    pub(super) log: Vec<(Moment, Effect)>,
}

impl Scene {
    pub(super) fn new(layout: Layout) -> Scene {
        Scene::with(Lane::new(layout, Timing::default()))
    }

    pub(super) fn with(lane: Lane) -> Scene {
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
    pub(super) fn say(&mut self, input: Input) {
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
    pub(super) fn wait(&mut self, span: Duration) {
        let end = self.now.later(span);
        while let Some(due) = self.lane.deadline().filter(|due| *due <= end.tick) {
            self.now = self.now.later(due - self.now.tick);
            self.say(Input::Tick);
        }
        self.now = end;
    }

    pub(super) fn reads(&mut self, text: &str) {
        self.reads_from(Side::Entry, text, 90);
    }

    pub(super) fn reads_from(&mut self, side: Side, text: &str, reliability: u8) {
        let sighting = sighting(text, reliability);
        self.say(Input::Read(Reading { side, sighting }));
    }

    pub(super) fn trigger(&mut self, side: Side, pressed: bool) {
        self.say(Input::TriggerLoop { side, pressed });
        self.wait(Timing::default().debounce);
    }

    pub(super) fn safety(&mut self, pressed: bool) {
        self.say(Input::SafetyLoop { pressed });
        self.wait(Timing::default().debounce);
    }

    /// A vehicle comes onto the entry's loop and is read.
    pub(super) fn arrives(&mut self, text: &str) {
        self.trigger(Side::Entry, true);
        self.reads(text);
    }

    /// Whatever is on the entry's loop leaves it.
    pub(super) fn leaves(&mut self) {
        self.trigger(Side::Entry, false);
    }

    /// The vehicle on the entry's loop drives on, under the arm and away.
    pub(super) fn crosses(&mut self) {
        self.safety(true);
        self.leaves();
        self.safety(false);
    }

    pub(super) fn verdict(&mut self, verdict: Verdict) {
        let ask = self.last_ask();
        self.say(Input::Verdict { ask, verdict });
    }

    pub(super) fn may_pass(&mut self) {
        self.verdict(Verdict::MayPass);
    }

    pub(super) fn may_not(&mut self) {
        self.verdict(Verdict::MayNot {
            reason: "未缴费".into(),
        });
    }

    pub(super) fn command(&mut self, order: Order) -> CommandId {
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

    pub(super) fn lift_for(&mut self, text: &str) -> CommandId {
        self.command(Order::Lift {
            plate: Plate::read(text).unwrap(),
        })
    }

    pub(super) fn types(&mut self, text: &str) -> CommandId {
        self.types_from(None, text)
    }

    pub(super) fn types_from(&mut self, side: Option<Side>, text: &str) -> CommandId {
        self.commands += 1;
        let command = CommandId(self.commands);
        self.say(Input::TypedPlate {
            command,
            side,
            plate: plate(text),
        });
        command
    }

    pub(super) fn told<T>(&self, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        self.log
            .iter()
            .filter_map(|(_, effect)| pick(effect))
            .collect()
    }

    pub(super) fn asks(&self) -> Vec<AskId> {
        self.told(ask_of)
    }

    pub(super) fn last_ask(&self) -> AskId {
        self.asks().pop().expect("somebody was asked for")
    }

    pub(super) fn recognitions(&self) -> Vec<Recognition> {
        self.told(|effect| {
            let Effect::Recognized { recognition, .. } = effect else {
                return None;
            };
            Some(recognition.clone())
        })
    }

    pub(super) fn recognized_plates(&self) -> Vec<String> {
        let recognitions = self.recognitions().into_iter();
        recognitions
            .map(|recognition| shown(&recognition.sighting))
            .collect()
    }

    pub(super) fn amended(&self) -> Vec<Recognition> {
        self.told(|effect| {
            let Effect::Amended { recognition, .. } = effect else {
                return None;
            };
            Some(recognition.clone())
        })
    }

    pub(super) fn pulses(&self) -> Vec<Cause> {
        self.driven(Motion::Pulse)
    }

    pub(super) fn driven(&self, wanted: Motion) -> Vec<Cause> {
        self.told(|effect| {
            let Effect::Drive { motion, cause, .. } = effect else {
                return None;
            };
            (*motion == wanted).then(|| cause.clone())
        })
    }

    pub(super) fn last_act(&self) -> ActId {
        let mut acts = self.told(|effect| {
            let Effect::Drive { act, .. } = effect else {
                return None;
            };
            Some(*act)
        });
        acts.pop().expect("the barrier was driven")
    }

    pub(super) fn crossings(&self) -> Vec<Crossing> {
        self.told(|effect| {
            let Effect::Crossed(crossing) = effect else {
                return None;
            };
            Some(crossing.clone())
        })
    }

    /// The records that crossed, with their plates.
    pub(super) fn crossed(&self) -> Vec<(String, String)> {
        let crossings = self.crossings().into_iter().map(|crossing| {
            let plate = crossing.plate.map(|plate| plate.to_string());
            (crossing.record.to_string(), plate.unwrap_or_default())
        });
        crossings.collect()
    }

    pub(super) fn outcomes(&self) -> Vec<(String, Outcome)> {
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

    pub(super) fn abnormal(&self) -> Vec<AbnormalCode> {
        self.alarms()
            .into_iter()
            .map(|abnormal| abnormal.code)
            .collect()
    }

    pub(super) fn alarms(&self) -> Vec<Abnormal> {
        self.told(|effect| {
            let Effect::Abnormal(abnormal) = effect else {
                return None;
            };
            Some(abnormal.clone())
        })
    }

    pub(super) fn cleared(&self) -> Vec<AbnormalCode> {
        self.told(|effect| {
            let Effect::AbnormalCleared { code, .. } = effect else {
                return None;
            };
            Some(code.clone())
        })
    }

    pub(super) fn answer(&self, wanted: CommandId) -> Option<Result<Done, OpenRefusal>> {
        let mut answers = self.told(|effect| {
            let Effect::Answer { command, answer } = effect else {
                return None;
            };
            (*command == wanted).then(|| answer.clone())
        });
        assert!(answers.len() <= 1, "{wanted:?} is answered twice");
        answers.pop()
    }

    pub(super) fn sign(&self, side: Side) -> Sign {
        let mut board = self.lane.board().sides.into_iter();
        board.find(|board| board.side == side).unwrap().sign
    }

    pub(super) fn wall(&self) -> Timestamp {
        self.now.wall
    }

    pub(super) fn lifts_seen(&self) -> usize {
        self.told(|effect| matches!(effect, Effect::LiftSeen { .. }).then_some(()))
            .len()
    }
}

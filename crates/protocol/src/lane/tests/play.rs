//! A script played at a lane in virtual time, with the oracle listening.

use std::collections::{BTreeMap, VecDeque};

use super::oracle::Oracle;
use super::script::{Answering, Step};
use super::*;

/// Long enough for every wait of every timing in scripts, the longest presence included.
const LONG: Duration = Duration::from_secs(300);

/// A lane, its oracle, and who answers it.
pub(super) struct Play {
    lane: Lane,
    oracle: Oracle,
    layout: Layout,
    now: Moment,
    agenda: BTreeMap<(Tick, u64), Input>,
    platform: VecDeque<Answering<Verdict>>,
    barrier: VecDeque<Answering<bool>>,
    asks: Vec<AskId>,
    acts: Vec<ActId>,
    numbers: u64,
}

impl Play {
    pub(super) fn new(layout: Layout, timing: Timing, forbids_empty_plate: bool) -> Play {
        let oracle = Oracle::new(&layout, &timing, forbids_empty_plate);
        let lane = Lane::new(layout.clone(), timing);
        Play {
            lane: lane.forbidding_empty_plates(forbids_empty_plate),
            oracle,
            layout,
            now: Moment {
                tick: Tick::after_start(seconds(1000)),
                wall: "2026-01-01T00:00:00Z".parse().unwrap(),
            },
            agenda: BTreeMap::new(),
            platform: VecDeque::from([Some((100, Verdict::MayPass))]),
            barrier: VecDeque::from([Some((50, true))]),
            asks: Vec::new(),
            acts: Vec::new(),
            numbers: 0,
        }
    }

    /// Plays a script and then waits until all must be settled.
    pub(super) fn run(layout: Layout, timing: Timing, forbids: bool, script: Vec<Step>) -> Oracle {
        let mut play = Play::new(layout, timing, forbids);
        for step in script {
            play.happen(step);
        }
        play.platform = VecDeque::from([None]);
        for side in [Side::Entry, Side::Exit] {
            play.say(Input::TriggerLoop {
                side,
                pressed: false,
            });
        }
        play.say(Input::SafetyLoop { pressed: false });
        play.wait(LONG);
        play.oracle.quiet();
        play.oracle
    }

    fn happen(&mut self, step: Step) {
        match step {
            Step::Wait(span) => self.wait(millis(span)),
            Step::Stall(span) => self.now = self.now.later(millis(span)),
            Step::SetClock(by) => self.now.wall += jiff::SignedDuration::from_secs(by),
            Step::Trigger(side, pressed) => self.say(Input::TriggerLoop { side, pressed }),
            Step::TriggerUnseen(side) => self.say(Input::TriggerUnseen { side }),
            Step::Safety(pressed) => self.say(Input::SafetyLoop { pressed }),
            Step::TriggerBounces(side, times) => {
                for (number, time) in times.into_iter().enumerate() {
                    let pressed = number % 2 == 0;
                    self.say(Input::TriggerLoop { side, pressed });
                    self.wait(millis(time));
                }
            }
            Step::SafetyBounces(times) => {
                for (number, time) in times.into_iter().enumerate() {
                    self.say(Input::SafetyLoop {
                        pressed: number % 2 == 0,
                    });
                    self.wait(millis(time));
                }
            }
            Step::Read(side, text, sure) => {
                let sighting = sighting(text, sure);
                self.say(Input::Read(Reading { side, sighting }));
            }
            Step::Replay(side, text) => {
                let reading = Reading {
                    side,
                    sighting: sighting(text, 80),
                };
                let at = "2025-12-31T00:00:00Z".parse().unwrap();
                self.say(Input::Replayed { reading, at });
            }
            Step::DriveUp(side, text) => {
                self.say(Input::TriggerLoop {
                    side,
                    pressed: true,
                });
                self.wait(millis(250));
                self.happen(Step::Read(side, text, 90));
                self.wait(millis(300));
            }
            Step::DriveThrough(side, pace) => self.drive_through(side, millis(pace)),
            Step::Reply(..) | Step::Result(..) | Step::Platform(_) | Step::Barrier(_) => {
                self.answer(step);
            }
            Step::Order(..) | Step::Type(..) | Step::Disown(_) => self.people(step),
            Step::Fire(on) => self.say(Input::Fire { on }),
            Step::Link(up) => self.say(Input::BarrierLink { up }),
            Step::Arm(position) if self.layout.limit_switch => {
                self.say(position.map_or(Input::BarrierUnseen, Input::BarrierSeen));
            }
            Step::Arm(_) => {}
        }
    }

    fn drive_through(&mut self, side: Side, pace: Duration) {
        self.say(Input::SafetyLoop { pressed: true });
        self.wait(pace);
        self.say(Input::TriggerLoop {
            side,
            pressed: false,
        });
        self.wait(pace);
        self.say(Input::SafetyLoop { pressed: false });
        self.wait(pace);
    }

    fn answer(&mut self, step: Step) {
        match step {
            Step::Reply(back, verdict) => {
                if let Some(ask) = self.asks.iter().rev().nth(back).cloned() {
                    self.say(Input::Verdict { ask, verdict });
                }
            }
            Step::Result(back, good) => {
                if let Some(act) = self.acts.iter().rev().nth(back).copied() {
                    self.say(result_of(act, good));
                }
            }
            Step::Platform(answers) => self.platform = answers.into(),
            Step::Barrier(answers) => self.barrier = answers.into(),
            other => panic!("{other:?} is no answer"),
        }
    }

    fn people(&mut self, step: Step) {
        self.numbers += 1;
        let command = CommandId(self.numbers);
        match step {
            Step::Order(side, order, by) => {
                self.say(Input::Command {
                    command,
                    side,
                    order,
                    by,
                });
            }
            Step::Type(side, text) => {
                let plate = plate(text);
                self.say(Input::TypedPlate {
                    command,
                    side,
                    plate,
                });
            }
            Step::Disown(text) => self.say(Input::Disown { plate: plate(text) }),
            other => panic!("{other:?} is nothing that people do"),
        }
    }

    fn say(&mut self, input: Input) {
        self.oracle.hears(&input, self.now);
        let numbers = &mut self.numbers;
        let mut ids = || {
            *numbers += 1;
            RecordId::new(&format!("r{numbers}")).unwrap()
        };
        let effects = self.lane.handle(input, self.now, &mut ids);
        let spins = self.lane.deadline().is_some_and(|due| due <= self.now.tick);
        assert!(!spins, "the lane wants to be woken at once, for ever");
        self.oracle.sees(&effects);
        for effect in effects {
            self.carry_out(&effect);
        }
    }

    fn carry_out(&mut self, effect: &Effect) {
        if let Some(ask) = ask_of(effect) {
            self.asks.push(ask.clone());
            if let Some((after, verdict)) = in_turn(&mut self.platform) {
                self.schedule(after, Input::Verdict { ask, verdict });
            }
        }
        if let Effect::Drive { act, .. } = effect {
            self.acts.push(*act);
            if let Some((after, good)) = in_turn(&mut self.barrier) {
                self.schedule(after, result_of(*act, good));
            }
        }
    }

    fn schedule(&mut self, after: u64, input: Input) {
        self.numbers += 1;
        let at = self.now.tick + millis(after);
        self.agenda.insert((at, self.numbers), input);
    }

    /// Lets time pass: the lane is woken whenever it wants, and told what has been on its way.
    fn wait(&mut self, span: Duration) {
        let end = self.now.later(span);
        loop {
            let answer = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let wake = self.lane.deadline();
            let Some(next) = answer
                .into_iter()
                .chain(wake)
                .min()
                .filter(|at| *at <= end.tick)
            else {
                break;
            };
            self.now = self.now.later(next - self.now.tick);
            let input = if answer == Some(next) {
                let (_, input) = self.agenda.pop_first().expect("an answer is on its way");
                input
            } else {
                Input::Tick
            };
            self.say(input);
        }
        self.now = end;
    }
}

fn in_turn<T: Clone>(answers: &mut VecDeque<Answering<T>>) -> Answering<T> {
    let answer = answers.pop_front()?;
    answers.push_back(answer.clone());
    answer
}

fn result_of(act: ActId, good: bool) -> Input {
    let result = if good {
        Ok(())
    } else {
        Err("继电器无响应".to_owned())
    };
    Input::ActDone { act, result }
}

//! One lane: its devices, and the order in which things happen.

use std::collections::VecDeque;

use boshi_protocol::moment::Tick;
use rand::Rng;
use serde::Deserialize;

use super::arm::{Arm, Turn};
use super::driver::Driver;
use super::fact::{ActId, Cause, Fact, LiftNo, Output, Signal, Timed};
use super::induction::InductionLoop;
use super::recognizer::{Recognizer, Sharpness};
use super::relay::{Fault, Motion};
use super::timing::Timing;
use super::vehicle::{Heading, Vehicle, VehicleId};

/// Which way vehicles go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// In.
    Entry,
    /// Out.
    Exit,
    /// Both, in turns.
    Mixed,
}

/// What a lane is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which way vehicles go.
    pub direction: Direction,
    /// How long what takes.
    pub timing: Timing,
    /// How well its recognizers read.
    pub sharpness: Sharpness,
    /// How often the relays of the loops open and close again at each edge.
    pub bounces: u8,
}

/// What happens to a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Time has passed: the lane's deadline has come.
    Tick,
    /// A vehicle joins the queue.
    Arrive(VehicleId, Vehicle),
    /// The barrier is commanded; [`Output::Answered`] follows when it has done it.
    Command(ActId, Motion),
    /// Somebody at the barrier presses the button.
    LiftByHand,
    /// The barrier breaks, or is repaired.
    Break(Fault),
}

/// One lane and everything that stands and drives in it.
#[derive(Debug)]
pub struct Lane {
    pub(super) setup: Setup,
    pub(super) arm: Arm,
    pub(super) safety: InductionLoop,
    pub(super) triggers: PerHeading<InductionLoop>,
    pub(super) recognizers: PerHeading<Recognizer>,
    pub(super) queue: VecDeque<(VehicleId, Vehicle)>,
    /// Everybody between the approach and the far side, the foremost first.
    pub(super) road: VecDeque<Driver>,
    /// Whether the arm was opened and no driver has taken that as meant for him.
    pub(super) unclaimed: bool,
    pub(super) acts: VecDeque<(Tick, ActId, Motion)>,
    pub(super) fault: Fault,
    lifts: u64,
    said: Vec<Timed<Output>>,
}

/// One of each for vehicles going in and out.
#[derive(Clone, Debug)]
pub(super) struct PerHeading<T> {
    inward: T,
    outward: T,
}

#[derive(Clone, Copy)]
enum Due {
    Act,
    Arm,
    Safety,
    Trigger(Heading),
    Reading(Heading),
    Driver(usize),
}

impl Lane {
    /// An empty lane with the arm down.
    #[must_use]
    pub fn new(setup: Setup) -> Lane {
        let timing = &setup.timing;
        let ground = InductionLoop::new(setup.bounces, timing.bounce);
        let recognizer = Recognizer::new(setup.sharpness);
        Lane {
            arm: Arm::new(timing.travel, timing.auto_close, timing.close_unused),
            safety: ground.clone(),
            triggers: PerHeading::both(&ground),
            recognizers: PerHeading::both(&recognizer),
            queue: VecDeque::new(),
            road: VecDeque::new(),
            unclaimed: false,
            acts: VecDeque::new(),
            fault: Fault::None,
            lifts: 0,
            said: Vec::new(),
            setup,
        }
    }

    /// What follows from `input` at `now`, and from everything that was due before, in the order
    /// of time. `now` never goes back.
    pub fn handle(&mut self, input: Input, now: Tick, random: &mut dyn Rng) -> Vec<Timed<Output>> {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            self.happen(due, at, random);
            self.drivers_look(at, random);
        }
        match input {
            Input::Tick => {}
            Input::Arrive(id, vehicle) => self.arrive(id, vehicle, now, random),
            Input::Command(act, motion) => self.command(act, motion, now),
            Input::LiftByHand => {
                self.unclaimed = true;
                if self.arm.open(now) {
                    self.lifted(Cause::ByHand, now);
                }
            }
            Input::Break(fault) => self.fault = fault,
        }
        self.drivers_look(now, random);
        std::mem::take(&mut self.said)
    }

    /// When it wants [`Input::Tick`]; `None`: nothing happens by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        self.next_due().map(|(at, _)| at)
    }

    /// Whether the arm is fully up; `None` while it moves.
    #[must_use]
    pub fn arm_up(&self) -> Option<bool> {
        (self.arm.is_up() || self.arm.is_down()).then(|| self.arm.is_up())
    }

    /// Whether something presses the anti-smash loop.
    #[must_use]
    pub fn safety_pressed(&self) -> bool {
        self.safety.is_pressed()
    }

    /// Whether something presses the trigger loop of vehicles going there.
    #[must_use]
    pub fn trigger_pressed(&self, heading: Heading) -> bool {
        self.triggers.of(heading).is_pressed()
    }

    /// Everybody who is in the lane or waits to be.
    pub fn vehicles(&self) -> impl Iterator<Item = VehicleId> + '_ {
        let on_the_road = self.road.iter().map(|driver| driver.id);
        on_the_road.chain(self.queue.iter().map(|(id, _)| *id))
    }

    fn next_due(&self) -> Option<(Tick, Due)> {
        let headings = [Heading::In, Heading::Out].into_iter();
        let devices = [
            (self.acts.front().map(|(at, ..)| *at), Due::Act),
            (self.arm.deadline(), Due::Arm),
            (self.safety.deadline(), Due::Safety),
        ];
        let sides = headings.flat_map(|heading| {
            [
                (self.triggers.of(heading).deadline(), Due::Trigger(heading)),
                (
                    self.recognizers.of(heading).deadline(),
                    Due::Reading(heading),
                ),
            ]
        });
        let drivers = (self.road.iter().enumerate())
            .map(|(place, driver)| (driver.deadline(), Due::Driver(place)));
        (devices.into_iter().chain(sides).chain(drivers))
            .filter_map(|(at, due)| at.map(|at| (at, due)))
            .min_by_key(|(at, _)| *at)
    }

    fn happen(&mut self, due: Due, at: Tick, random: &mut dyn Rng) {
        match due {
            Due::Act => self.switch_relay(at),
            Due::Arm => self.turn_arm(at),
            Due::Safety => {
                if let Some(pressed) = self.safety.turn() {
                    self.signal(Signal::SafetyLoop { pressed }, at);
                }
            }
            Due::Trigger(heading) => {
                if let Some(pressed) = self.triggers.of_mut(heading).turn() {
                    self.signal(Signal::TriggerLoop { heading, pressed }, at);
                }
            }
            Due::Reading(heading) => self.read(heading, at, random),
            Due::Driver(place) => self.drive(place, at, random),
        }
    }

    fn turn_arm(&mut self, at: Tick) {
        let lift = self.current_lift();
        match self.arm.turn(at) {
            Turn::Up => {
                self.signal(Signal::Arm { up: true }, at);
                self.fact(Fact::ArmUp(lift), at);
            }
            Turn::Closing => self.fact(Fact::Closing(lift), at),
            Turn::Down => {
                self.unclaimed = false;
                self.signal(Signal::Arm { up: false }, at);
                self.fact(Fact::ArmDown(lift), at);
            }
        }
    }

    fn read(&mut self, heading: Heading, at: Tick, random: &mut dyn Rng) {
        let recognizer = self.recognizers.of_mut(heading);
        let Some(vehicle) = recognizer.watched() else {
            return;
        };
        let seen = (self.road.iter().find(|driver| driver.id == vehicle))
            .expect("a recognizer forgets a vehicle before it leaves");
        let reading = recognizer.read(&seen.vehicle, at, &self.setup.timing, random);
        let fact = Fact::Read {
            vehicle,
            reading: reading.clone(),
        };
        self.fact(fact, at);
        let signal = Signal::Read {
            heading,
            vehicle,
            reading,
        };
        self.signal(signal, at);
    }

    pub(super) fn lifted(&mut self, cause: Cause, at: Tick) -> LiftNo {
        self.lifts += 1;
        let lift = self.current_lift();
        let waiting = self.waiting();
        let fact = Fact::Lifted {
            lift,
            cause,
            waiting,
        };
        self.fact(fact, at);
        lift
    }

    pub(super) fn current_lift(&self) -> LiftNo {
        LiftNo(self.lifts)
    }

    pub(super) fn fact(&mut self, fact: Fact, at: Tick) {
        self.say(Output::Fact(fact), at);
    }

    pub(super) fn signal(&mut self, signal: Signal, at: Tick) {
        self.say(Output::Signal(signal), at);
    }

    pub(super) fn say(&mut self, what: Output, at: Tick) {
        self.said.push(Timed { at, what });
    }
}

impl<T> PerHeading<T> {
    fn both(one: &T) -> PerHeading<T>
    where
        T: Clone,
    {
        PerHeading {
            inward: one.clone(),
            outward: one.clone(),
        }
    }

    pub(super) fn of(&self, heading: Heading) -> &T {
        match heading {
            Heading::In => &self.inward,
            Heading::Out => &self.outward,
        }
    }

    pub(super) fn of_mut(&mut self, heading: Heading) -> &mut T {
        match heading {
            Heading::In => &mut self.inward,
            Heading::Out => &mut self.outward,
        }
    }
}

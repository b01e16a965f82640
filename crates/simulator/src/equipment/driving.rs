//! What drivers do: from the queue over the loops, or back.

use std::time::Duration;

use boshi_protocol::moment::Tick;
use rand::Rng;

use super::driver::{Driver, Stage};
use super::fact::{Cause, Fact, Signal};
use super::lane::{Direction, Lane};
use super::timing::about;
use super::vehicle::{Behaviour, Heading, Outcome, Vehicle, VehicleId};

impl Lane {
    pub(super) fn arrive(
        &mut self,
        id: VehicleId,
        mut vehicle: Vehicle,
        now: Tick,
        random: &mut dyn Rng,
    ) {
        vehicle.heading = match self.setup.direction {
            Direction::Entry => Heading::In,
            Direction::Exit => Heading::Out,
            Direction::Mixed => vehicle.heading,
        };
        self.fact(Fact::Arrived(id), now);
        let was_alone = self.queue.is_empty();
        self.queue.push_back((id, vehicle));
        if was_alone {
            self.next_may_come(self.setup.timing.approach, now, random);
        }
    }

    /// The vehicle at the trigger loop, if there is one that the arm may be meant for.
    pub(super) fn waiting(&self) -> Option<VehicleId> {
        let mut road = self.road.iter();
        road.find(|driver| driver.waits_for_the_arm())
            .map(|driver| driver.id)
    }

    /// Whoever stands there sees whether the arm is up for him.
    pub(super) fn drivers_look(&mut self, now: Tick, random: &mut dyn Rng) {
        if !self.arm.is_up() || !(self.unclaimed || self.arm.is_held()) {
            return;
        }
        let reaction = self.setup.timing.reaction;
        let lift = self.current_lift();
        let Some(driver) = (self.road.iter_mut()).find(|driver| driver.wants_to_go()) else {
            return;
        };
        driver.stage = match driver.vehicle.behaviour {
            Behaviour::BackOutWhenOpened { after } => {
                let until = now + after;
                Stage::Hesitating { until }
            }
            Behaviour::Cross
            | Behaviour::GiveUp { .. }
            | Behaviour::BackOut { .. }
            | Behaviour::Tailgate
            | Behaviour::BreakThrough { .. } => {
                let at = now + about(reaction, random);
                Stage::Starting { at }
            }
        };
        let vehicle = driver.id;
        self.unclaimed = false;
        self.fact(Fact::LetThrough { vehicle, lift }, now);
    }

    /// The driver at `place` comes to the end of a stage.
    pub(super) fn drive(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        match self.road[place].stage {
            Stage::Approaching { .. } => {
                self.press_trigger(place, at);
                self.stand(place, at, random);
            }
            Stage::Standing { .. } => self.lose_patience(place, at, random),
            Stage::Starting { .. } => self.start(place, false, at, random),
            Stage::Hesitating { .. } => {
                self.reverse(place, Outcome::OpenedButBackedOut, at, random);
            }
            Stage::Rolling { breaks_through, .. } => {
                if self.arm.is_up() || breaks_through {
                    self.cross(place, at, random);
                } else {
                    self.stand(place, at, random);
                }
            }
            Stage::Tailing { .. } => {
                if self.arm.is_up() {
                    self.cross(place, at, random);
                } else {
                    self.stand(place, at, random);
                }
            }
            Stage::Straddling { .. } => self.leave_trigger(place, at, random),
            Stage::Clearing { .. } => self.leave_safety(place, at, random),
            Stage::Leaving { .. } => {
                self.free_trigger(self.road[place].vehicle.heading.opposite(), at);
                self.go(place, Outcome::Crossed, at, random);
            }
            Stage::Reversing { outcome, .. } => {
                self.free_trigger(self.road[place].vehicle.heading, at);
                self.go(place, outcome, at, random);
            }
        }
    }

    /// Calls the next one from the queue, if there is room for it.
    fn next_may_come(&mut self, way: Duration, now: Tick, random: &mut dyn Rng) {
        let room = match self.setup.direction {
            Direction::Mixed => self.road.is_empty(),
            Direction::Entry | Direction::Exit => !self.road.iter().any(Driver::is_before_the_arm),
        };
        if room && let Some((id, vehicle)) = self.queue.pop_front() {
            let until = now + about(way, random);
            let stage = Stage::Approaching { until };
            self.road.push_back(Driver { id, vehicle, stage });
        }
    }

    fn stand(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        let driver = &mut self.road[place];
        let patience = driver.vehicle.behaviour.patience();
        let loses_patience = patience.map(|patience| at + patience);
        driver.stage = Stage::Standing { loses_patience };
        let recognizer = self.recognizers.of_mut(driver.vehicle.heading);
        if recognizer.watched() != Some(driver.id) {
            recognizer.watch(driver.id, at, &self.setup.timing, random);
        }
    }

    fn lose_patience(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        match self.road[place].vehicle.behaviour {
            Behaviour::BreakThrough { .. } => self.start(place, true, at, random),
            Behaviour::BackOut { .. } => self.reverse(place, Outcome::BackedOut, at, random),
            Behaviour::GiveUp { .. }
            | Behaviour::Cross
            | Behaviour::BackOutWhenOpened { .. }
            | Behaviour::Tailgate => self.reverse(place, Outcome::GaveUp, at, random),
        }
    }

    fn start(&mut self, place: usize, breaks_through: bool, at: Tick, random: &mut dyn Rng) {
        let until = at + about(self.setup.timing.rolling, random);
        self.road[place].stage = Stage::Rolling {
            until,
            breaks_through,
        };
    }

    fn reverse(&mut self, place: usize, outcome: Outcome, at: Tick, random: &mut dyn Rng) {
        let until = at + about(self.setup.timing.reversing, random);
        self.road[place].stage = Stage::Reversing { until, outcome };
    }

    fn cross(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        let lift = self.arm.is_up().then(|| self.current_lift());
        let until = at + about(self.setup.timing.straddling, random);
        let driver = &mut self.road[place];
        driver.stage = Stage::Straddling { until };
        let vehicle = driver.id;
        self.recognizers
            .of_mut(driver.vehicle.heading)
            .forget(vehicle);
        if self.safety.enter(at) {
            self.fact(Fact::SafetyPressed, at);
            self.signal(Signal::SafetyLoop { pressed: true }, at);
        }
        self.fact(Fact::Crossed { vehicle, lift }, at);
        if self.arm.loop_changed(true, at) {
            self.lifted(Cause::Reversed, at);
        }
        if place + 1 == self.road.len() {
            self.be_followed(place, at);
        }
    }

    /// Whoever waits to follow on the heels of the one at `place` does so now.
    fn be_followed(&mut self, place: usize, at: Tick) {
        let heading = self.road[place].vehicle.heading;
        let follows = |vehicle: &Vehicle| {
            vehicle.behaviour == Behaviour::Tailgate && vehicle.heading == heading
        };
        let front = self.queue.pop_front_if(|(_, vehicle)| follows(vehicle));
        if let Some((id, vehicle)) = front {
            let stage = Stage::Tailing { until: None };
            self.road.push_back(Driver { id, vehicle, stage });
            self.press_trigger(place + 1, at);
        }
    }

    fn leave_trigger(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        let until = at + about(self.setup.timing.clearing, random);
        let driver = &mut self.road[place];
        driver.stage = Stage::Clearing { until };
        let (vehicle, heading) = (driver.id, driver.vehicle.heading);
        self.free_trigger(heading, at);
        match self.setup.direction {
            Direction::Entry | Direction::Exit => {
                self.next_may_come(self.setup.timing.move_up, at, random);
            }
            Direction::Mixed => {
                let far = heading.opposite();
                self.occupy_trigger(far, at);
                let recognizer = self.recognizers.of_mut(far);
                if recognizer.reads_rear() {
                    recognizer.watch(vehicle, at, &self.setup.timing, random);
                }
            }
        }
    }

    fn leave_safety(&mut self, place: usize, at: Tick, random: &mut dyn Rng) {
        if self.safety.leave(at) {
            self.fact(Fact::SafetyReleased, at);
            self.signal(Signal::SafetyLoop { pressed: false }, at);
            self.arm.loop_changed(false, at);
        }
        if let Some(behind) = self.road.get_mut(place + 1)
            && let Stage::Tailing { until } = &mut behind.stage
        {
            *until = Some(at + self.setup.timing.tail_gap);
        }
        match self.setup.direction {
            Direction::Entry | Direction::Exit => self.go(place, Outcome::Crossed, at, random),
            Direction::Mixed => {
                let until = at + about(self.setup.timing.leaving, random);
                self.road[place].stage = Stage::Leaving { until };
            }
        }
    }

    fn go(&mut self, place: usize, outcome: Outcome, at: Tick, random: &mut dyn Rng) {
        let driver = (self.road.remove(place)).expect("the driver at this place is on the road");
        let vehicle = driver.id;
        for heading in [Heading::In, Heading::Out] {
            self.recognizers.of_mut(heading).forget(vehicle);
        }
        self.fact(Fact::Gone { vehicle, outcome }, at);
        self.next_may_come(self.setup.timing.move_up, at, random);
    }

    fn press_trigger(&mut self, place: usize, at: Tick) {
        let (vehicle, heading) = (self.road[place].id, self.road[place].vehicle.heading);
        self.fact(Fact::OnLoop(vehicle), at);
        self.occupy_trigger(heading, at);
    }

    fn occupy_trigger(&mut self, heading: Heading, at: Tick) {
        if self.triggers.of_mut(heading).enter(at) {
            let pressed = true;
            self.signal(Signal::TriggerLoop { heading, pressed }, at);
        }
    }

    fn free_trigger(&mut self, heading: Heading, at: Tick) {
        if self.triggers.of_mut(heading).leave(at) {
            let pressed = false;
            self.signal(Signal::TriggerLoop { heading, pressed }, at);
        }
    }
}

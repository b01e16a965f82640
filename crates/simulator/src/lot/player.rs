//! Plays one lane in real time: carries out orders, and tells what its devices notice.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use boshi_protocol::id::DeviceNo;
use boshi_protocol::moment::Tick;
use boshi_protocol::time::WireTime;
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::FULL;
use super::apparatus::{ARM_DOWN, ARM_UP, SAFETY_LOOP, TRIGGER_LOOP};
use super::event::{Event, PlateRead};
use super::feed::Feed;
use super::passage::{Ticket, Visiting};
use super::plan::{LaneFault, LanePlan};
use super::site::Site;
use super::trouble::Trouble;
use crate::equipment::{
    ActId, Fact, Fault, Heading, Input, Lane, Motion, Outcome, Output, Reading, Signal, Timed,
    Vehicle, VehicleId,
};
use crate::module::RelayModule;

/// Most readings that a recognizer keeps while its cable is pulled; the oldest are overwritten.
const MAX_REMEMBERED: usize = 100;

/// What becomes of a command to the barrier; dropped when it does not answer.
pub(super) type Done = oneshot::Sender<Result<(), String>>;

/// What a lane is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    Drive(VehicleId, Vehicle, Ticket),
    Command(Motion, Done),
    LiftByHand,
    Break(Fault),
    Plug(DeviceNo),
    TellState,
}

pub(super) struct Player {
    plan: LanePlan,
    name: Arc<str>,
    site: Arc<Site>,
    feed: Arc<Feed>,
    lane: Lane,
    random: Xoshiro256PlusPlus,
    latest: Tick,
    visits: HashMap<VehicleId, (Vehicle, Visiting)>,
    commands: HashMap<ActId, Done>,
    acts: u64,
    readings: u64,
    remembered: VecDeque<PlateRead>,
    /// What the contact of the anti-smash loop said last, and since when.
    safety: (bool, Tick),
    /// What goes wrong with its devices; has the module that loops and limit switches hang on.
    trouble: Trouble,
    /// What was told last of the vehicle that is in front.
    latest_read: Option<PlateRead>,
}

impl Player {
    pub(super) fn new(
        plan: LanePlan,
        seed: u64,
        site: Arc<Site>,
        feed: Arc<Feed>,
        trouble: Trouble,
    ) -> Player {
        Player {
            name: plan.name.as_str().into(),
            lane: Lane::new(plan.setup()),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            latest: Tick::ZERO,
            visits: HashMap::new(),
            commands: HashMap::new(),
            acts: 0,
            readings: 0,
            remembered: VecDeque::new(),
            safety: (false, Tick::ZERO),
            plan,
            site,
            feed,
            trouble,
            latest_read: None,
        }
    }

    /// Plays until `stop`.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        self.tell_state();
        loop {
            let deadline = self.lane.deadline();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                order = orders.recv() => match order {
                    Some(order) => self.carry_out(order),
                    None => break,
                },
                due = wait_for(&self.site, deadline) => {
                    self.latest = self.latest.max(due);
                    self.handle(Input::Tick);
                }
            }
        }
        let at = self.now();
        let outcome = Outcome::StillThere;
        let left: Vec<VehicleId> = self.visits.keys().copied().collect();
        for vehicle in left {
            self.happened(Fact::Gone { vehicle, outcome }, at);
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Drive(id, vehicle, ticket) => {
                let now = self.now();
                let wall = self.site.clock.wall(now);
                self.site.arrived(id, &self.name, vehicle.clone(), wall);
                let visiting = Visiting::new(now, ticket);
                self.visits.insert(id, (vehicle.clone(), visiting));
                self.handle(Input::Arrive(id, vehicle));
            }
            Order::Command(motion, done) => {
                self.acts += 1;
                let act = ActId(self.acts);
                self.commands.insert(act, done);
                self.handle(Input::Command(act, motion));
            }
            Order::LiftByHand => self.handle(Input::LiftByHand),
            Order::Break(fault) => self.handle(Input::Break(fault)),
            Order::Plug(device) => {
                self.site.plug(&device);
                self.tell_what_was_missed(&device);
                self.tell_state_of(&device);
            }
            Order::TellState => self.tell_state(),
        }
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        for Timed { at, what } in self.lane.handle(input, now, &mut self.random) {
            match what {
                Output::Fact(fact) => self.happened(fact, at),
                Output::Signal(signal) => self.notice(signal, at),
                Output::Answered { act, result } => {
                    if let Some(done) = self.commands.remove(&act) {
                        // Whoever asked may have gone.
                        let _ = done.send(result);
                    }
                }
                Output::Unanswered(act) => {
                    self.commands.remove(&act);
                }
            }
        }
    }

    fn happened(&mut self, fact: Fact, at: Tick) {
        if let Some(id) = fact.vehicle()
            && let Some((_, visiting)) = self.visits.get_mut(&id)
        {
            visiting.note(&fact, at);
        }
        let wall = self.site.clock.wall(at);
        self.site.record(&self.name, wall, fact.clone());
        if let Fact::Gone { vehicle, outcome } = fact
            && let Some((_, visiting)) = self.visits.remove(&vehicle)
        {
            visiting.end(vehicle, &self.name, outcome);
            self.tell_again(vehicle);
        }
    }

    /// A device noticed something, and tells it unless its cable is pulled.
    fn notice(&mut self, signal: Signal, at: Tick) {
        match signal {
            Signal::TriggerLoop { heading, pressed } => {
                let device = self.plan.recognizer(heading).clone();
                if pressed {
                    self.trouble.vehicle_comes();
                } else {
                    self.feed.left(&device);
                }
                if self.plan.trigger_loop {
                    self.tell(&device.clone(), Event::TriggerLoop { device, pressed });
                }
            }
            Signal::SafetyLoop { pressed } => {
                if self.plan.safety_loop {
                    let (was, since) = self.safety;
                    let changed = pressed != was;
                    let after = changed.then(|| self.site.clock.between(since, at));
                    if changed {
                        self.safety = (pressed, at);
                    }
                    let device = self.plan.barrier.clone();
                    let event = Event::SafetyLoop {
                        device: device.clone(),
                        pressed,
                        after,
                    };
                    self.tell(&device, event);
                }
            }
            Signal::Arm { up } => {
                if self.plan.limit_switch {
                    let device = self.plan.barrier.clone();
                    self.tell(&device.clone(), Event::Arm { device, up });
                }
            }
            Signal::Read {
                heading,
                vehicle,
                reading,
            } => self.take_picture(heading, vehicle, reading, at),
        }
    }

    fn take_picture(
        &mut self,
        heading: Heading,
        vehicle: VehicleId,
        mut reading: Reading,
        at: Tick,
    ) {
        self.trouble.reads(&mut reading);
        let Some((seen, _)) = self.visits.get(&vehicle) else {
            return;
        };
        let at = self.site.clock.wall(at);
        let visible = seen.plate.clone().filter(|_| seen.legible);
        let (gate, name) = (&self.plan.gate, &self.plan.name);
        let caption = format!("{gate}{name}道 {}", WireTime::from_timestamp(at));
        let shot = self.site.shot(visible, seen.color, &caption);
        let device = self.plan.recognizer(heading).clone();
        self.readings += 1;
        let read = PlateRead {
            id: format!("{device}-{}-{}", self.site.run, self.readings),
            device,
            vehicle,
            reading,
            at,
            replay: false,
            shot,
        };
        if self.site.is_plugged(&read.device) {
            self.latest_read = Some(read.clone());
            self.tell(&read.device.clone(), Event::Plate(read));
        } else {
            self.remember(read);
        }
    }

    /// A camera tells from its memory what it has told before.
    fn tell_again(&mut self, vehicle: VehicleId) {
        let read = self.latest_read.take_if(|read| read.vehicle == vehicle);
        let Some(read) = read else { return };
        if self.trouble.mischief.strikes(LaneFault::Replay) {
            let again = PlateRead {
                replay: true,
                ..read
            };
            self.tell(&again.device.clone(), Event::Plate(again));
        }
    }

    /// One reading of each vehicle is kept, the last.
    fn remember(&mut self, read: PlateRead) {
        let (vehicle, device) = (read.vehicle, read.device.clone());
        self.remembered
            .retain(|old| old.vehicle != vehicle || old.device != device);
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(PlateRead {
            replay: true,
            ..read
        });
    }

    fn tell_what_was_missed(&mut self, device: &DeviceNo) {
        let (told, kept) = std::mem::take(&mut self.remembered)
            .into_iter()
            .partition(|read| read.device == *device);
        self.remembered = kept;
        let told: VecDeque<PlateRead> = told;
        for read in told {
            self.tell(device, Event::Plate(read));
        }
    }

    /// Where the arm is and who stands on the loops, whether or not that is news.
    fn tell_state(&mut self) {
        let devices: Vec<DeviceNo> = self.plan.devices().cloned().collect();
        for device in &devices {
            self.tell_state_of(device);
        }
    }

    fn tell_state_of(&mut self, device: &DeviceNo) {
        let now = self.now();
        if *device == self.plan.barrier {
            let pressed = self.lane.safety_pressed();
            self.notice(Signal::SafetyLoop { pressed }, now);
            if let Some(up) = self.lane.arm_up() {
                self.notice(Signal::Arm { up }, now);
            }
        }
        for heading in self.plan.headings() {
            let heading = *heading;
            if device == self.plan.recognizer(heading) {
                let pressed = self.lane.trigger_pressed(heading);
                self.notice(Signal::TriggerLoop { heading, pressed }, now);
            }
        }
    }

    fn tell(&self, device: &DeviceNo, event: Event) {
        if let Some(module) = &self.trouble.module
            && set_contact(module, &event)
        {
            return;
        }
        if self.site.is_plugged(device)
            && let Some(lost) = self.feed.push(event)
        {
            self.site.gave_up(&lost, FULL.to_owned());
        }
    }

    fn now(&mut self) -> Tick {
        self.latest = self.latest.max(self.site.clock.now());
        self.latest
    }
}

/// Sets the contact that shows it; false when it is none of the module's.
fn set_contact(module: &RelayModule, event: &Event) -> bool {
    match event {
        Event::TriggerLoop { pressed, .. } => module.input(TRIGGER_LOOP, *pressed),
        Event::SafetyLoop { pressed, .. } => module.input(SAFETY_LOOP, *pressed),
        Event::Arm { up, .. } => {
            module.input(ARM_UP, *up);
            module.input(ARM_DOWN, !*up);
        }
        Event::Plate(_) | Event::Fire { .. } | Event::Place { .. } => return false,
    }
    true
}

/// Until `deadline`, which comes back; for ever without one.
async fn wait_for(site: &Site, deadline: Option<Tick>) -> Tick {
    let Some(deadline) = deadline else {
        return std::future::pending().await;
    };
    tokio::time::sleep_until(site.clock.instant(deadline)).await;
    deadline
}

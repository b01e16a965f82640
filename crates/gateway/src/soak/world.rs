//! The world: what happens next, and who is told.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use boshi_protocol::delivery::Kind;
use boshi_protocol::lane::{self, By, CommandId, Motion, Order};
use boshi_simulator::equipment::{
    Direction, Heading, Input as Physical, Outcome as Went, Vehicle, VehicleId,
};
use boshi_simulator::traffic::{Journey, Mix, Ways, journeys};
use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;

use super::account::Account;
use super::chaos::{Chaos, plan};
use super::gateway::{Crash, Done, Gateway};
use super::platform::{Fate, Platform};
use super::road::{Reaction, Road};
use crate::lot::{Action, Input, LaneNo, Letter, Push, Trace};

/// How long a message takes between two machines of the lot.
const WIRE: Duration = Duration::from_millis(5);

/// Pause between two attempts to tell a gateway that is away.
const TELL_AGAIN: Duration = Duration::from_millis(500);

/// Usual seconds between two arrivals.
const PAUSE: u64 = 180;

/// How long everything is well at the end, so that what is pending is over.
const CALM: Duration = Duration::from_secs(30 * 60);

/// Something that happens at a time that is known.
enum Planned {
    Arrives(usize, VehicleId, Vehicle),
    /// A controller tells the first of its news.
    Tells(usize),
    /// The gateway of that run is told.
    Reaches(u64, Box<Input>),
    /// A barrier is told by the gateway of that run.
    Drives(usize, u64, lane::ActId, Motion),
    Chaos(Chaos),
    Starts,
}

pub(super) struct World {
    pub(super) seed: u64,
    pub(super) at: Duration,
    pub(super) roads: Vec<Road>,
    pub(super) gateway: Gateway,
    pub(super) platform: Platform,
    pub(super) account: Account,
    random: Xoshiro256PlusPlus,
    agenda: BTreeMap<(Duration, u64), Planned>,
    planned: u64,
    commands: u64,
    /// Where a vehicle that is inside leaves, and how long it stays.
    inside: HashMap<VehicleId, (Vehicle, Duration, usize)>,
}

impl World {
    pub(super) fn new(seed: u64) -> World {
        let road = |place, name, direction| Road::new(LaneNo(place), name, direction);
        let roads = vec![
            road(0, "01", Direction::Entry),
            road(1, "02", Direction::Exit),
            road(2, "03", Direction::Mixed),
        ];
        World {
            seed,
            at: Duration::ZERO,
            roads,
            gateway: Gateway::new(),
            platform: Platform::new(),
            account: Account::default(),
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            agenda: BTreeMap::new(),
            planned: 0,
            commands: 0,
            inside: HashMap::new(),
        }
    }

    /// Plays `span`, and a while in which nothing goes wrong.
    pub(super) fn run(mut self, span: Duration) -> World {
        self.plan_traffic(span);
        for (at, chaos) in plan(span, self.roads.len(), &mut self.random) {
            self.plan(at, Planned::Chaos(chaos));
        }
        self.plan(Duration::ZERO, Planned::Starts);
        let end = span + CALM;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.at = at;
            self.step();
        }
        self
    }

    fn plan_traffic(&mut self, span: Duration) {
        let ways = Ways {
            entries: vec!["01".to_owned(), "03".to_owned()],
            exits: vec!["02".to_owned(), "03".to_owned()],
        };
        let mix = Mix {
            pause: Duration::from_secs(PAUSE),
            stay: Duration::from_secs(40 * 60),
            backing_out: 0.04,
            tailgating: 0.04,
            illegible: 0.04,
            ..Mix::default()
        };
        let count = usize::try_from(span.as_secs() / PAUSE).expect("some thousands");
        for (number, journey) in (0_u64..).zip(journeys(self.seed, count, &ways, &mix)) {
            let Journey {
                arrives,
                entry,
                vehicle,
                stay,
                exit,
            } = journey;
            let exit = exit.map_or(1, |exit| self.road(&exit));
            // Inbound vehicles have even numbers, and on their way out the odd ones.
            let id = VehicleId(2 * number);
            self.inside.insert(id, (vehicle.clone(), stay, exit));
            let entry = self.road(&entry);
            if arrives < span {
                self.plan(arrives, Planned::Arrives(entry, id, vehicle));
            }
        }
    }

    fn road(&self, name: &str) -> usize {
        let mut roads = self.roads.iter();
        roads.position(|road| road.name == name).expect("a lane")
    }

    fn plan(&mut self, at: Duration, what: Planned) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), what);
    }

    fn next(&self) -> Option<Duration> {
        let agenda = self.agenda.keys().next().map(|(at, _)| *at);
        let roads = self.roads.iter().filter_map(Road::deadline);
        roads
            .chain(agenda)
            .chain(self.gateway.deadline())
            .min()
            .map(|at| at.max(self.at))
    }

    fn step(&mut self) {
        for place in 0..self.roads.len() {
            if self.roads[place]
                .deadline()
                .is_some_and(|due| due <= self.at)
            {
                self.happens(place, Physical::Tick);
            }
        }
        if self.gateway.deadline().is_some_and(|due| due <= self.at) {
            self.tell(Input::Tick);
            let spins = self.gateway.deadline().is_some_and(|due| due <= self.at);
            assert!(!spins, "the lot wants to be woken at once, for ever");
        }
        while let Some(entry) = self.agenda.first_entry()
            && entry.key().0 <= self.at
        {
            let what = entry.remove();
            self.carry_out(what);
        }
    }

    fn carry_out(&mut self, what: Planned) {
        match what {
            Planned::Arrives(place, id, vehicle) => {
                self.happens(place, Physical::Arrive(id, vehicle));
            }
            Planned::Tells(place) => self.tells(place),
            Planned::Reaches(run, input) => {
                if self.gateway.is_up() && self.gateway.run == run {
                    self.tell(*input);
                }
            }
            Planned::Drives(place, run, act, motion) => {
                let input = self.roads[place].driven(run, act, motion);
                self.happens(place, input);
            }
            Planned::Chaos(chaos) => self.goes_wrong(chaos),
            Planned::Starts => {
                if !self.gateway.is_up() {
                    self.account.starts.push(self.at);
                    let done = self.gateway.starts(self.at);
                    self.done(done);
                }
            }
        }
    }

    fn goes_wrong(&mut self, chaos: Chaos) {
        match chaos {
            Chaos::Weather(weather) => self.platform.weather = weather,
            Chaos::Crash(crash, away) => {
                if self.gateway.is_up() {
                    self.account.away = away;
                    if crash == Crash::Now {
                        self.gateway.dies();
                        self.is_down();
                    } else {
                        self.gateway.crash = Some(crash);
                    }
                }
            }
            Chaos::Clock(step) => self.gateway.offset += step,
            Chaos::Fire(on) => {
                for place in 0..self.roads.len() {
                    self.roads[place].fire(on);
                    self.has_news(place);
                }
            }
            Chaos::ByHand(place) => self.happens(place, Physical::LiftByHand),
            Chaos::Break(place, fault) => self.happens(place, Physical::Break(fault)),
            Chaos::Hold(place, on) => self.commands_gate(place, on),
        }
    }

    fn commands_gate(&mut self, place: usize, hold: bool) {
        if !self.gateway.is_up() {
            return;
        }
        self.commands += 1;
        let order = if hold {
            Order::HoldOpen
        } else {
            Order::Restore
        };
        let command = lane::Input::Command {
            command: CommandId(self.commands),
            side: None,
            order,
            by: By::Booth,
        };
        self.tell(Input::Lane(LaneNo(place), command));
    }

    fn is_down(&mut self) {
        let back = self.at + self.account.away;
        self.account.crashes += 1;
        self.account.ends.push(self.at);
        self.plan(back, Planned::Starts);
    }

    /// Something physical happens in a lane.
    fn happens(&mut self, place: usize, input: Physical) {
        let wall = self.gateway.wall(self.at);
        let reactions = self.roads[place].handle(input, self.at, wall, &mut self.random);
        for reaction in reactions {
            match reaction {
                Reaction::Answered { run, act, result } => {
                    let done = lane::Input::ActDone { act, result };
                    let input = Input::Lane(LaneNo(place), done);
                    self.plan(self.at + WIRE, Planned::Reaches(run, Box::new(input)));
                }
                Reaction::Gone(vehicle, went) => self.gone(vehicle, went),
            }
        }
        self.has_news(place);
    }

    fn gone(&mut self, id: VehicleId, went: Went) {
        if went == Went::Crossed
            && let Some((vehicle, stay, exit)) = self.inside.remove(&id)
        {
            let leaves = vehicle.heading(Heading::Out);
            let at = self.at + stay;
            self.plan(at, Planned::Arrives(exit, VehicleId(id.0 + 1), leaves));
        }
    }

    fn has_news(&mut self, place: usize) {
        let road = &mut self.roads[place];
        if !road.telling && !road.news.is_empty() {
            road.telling = true;
            self.plan(self.at + WIRE, Planned::Tells(place));
        }
    }

    fn tells(&mut self, place: usize) {
        self.roads[place].telling = false;
        if !self.gateway.is_up() {
            self.roads[place].telling = true;
            return self.plan(self.at + TELL_AGAIN, Planned::Tells(place));
        }
        let Some(inputs) = self.roads[place].next_news() else {
            return;
        };
        // Once it has ended, it takes nothing any more.
        let taken = inputs
            .into_iter()
            .all(|input| self.gateway.is_up() && self.tell(input));
        if taken {
            self.roads[place].taken();
        }
        self.has_news(place);
    }

    /// Tells the gateway; whether it is acknowledged.
    fn tell(&mut self, input: Input) -> bool {
        let done = self.gateway.tell(input, self.at);
        self.done(done)
    }

    fn done(&mut self, done: Done) -> bool {
        let run = self.gateway.run;
        self.account.note(&done.entries, self.at, run);
        let Some(actions) = done.actions else {
            self.is_down();
            return false;
        };
        for action in actions {
            self.act(action);
        }
        true
    }

    fn act(&mut self, action: Action) {
        let run = self.gateway.run;
        match action {
            Action::Drive { lane, act, motion } => {
                let drives = Planned::Drives(lane.0, run, act, motion);
                self.plan(self.at + WIRE, drives);
            }
            Action::Push(push) => self.push(push),
            Action::Check(lane) => {
                let checked = Input::Checked {
                    lane,
                    online: self.gateway.config.lots[0].lanes[lane.0]
                        .devices()
                        .cloned()
                        .collect(),
                    contacts: self.roads[lane.0].contacts(),
                };
                self.plan(self.at + WIRE, Planned::Reaches(run, Box::new(checked)));
            }
            Action::Answer { .. } | Action::Show { .. } | Action::Tell(_) => {}
        }
    }

    fn push(&mut self, push: Push) {
        let letter = push.letter.or_else(|| self.gateway.letter(&push.key));
        let letter = letter.unwrap_or_else(|| panic!("{:?} is not in the journal", push.key));
        let random = &mut self.random;
        let Fate { after, outcome } = self
            .platform
            .takes(&push.key, &letter, push.timeout, random);
        if let (Kind::Recognition, Letter::Recognition(it)) = (push.key.kind, &letter) {
            self.account.asked(&it.record, &outcome);
        }
        let pushed = Input::Pushed {
            attempt: push.attempt,
            outcome,
            trace: Trace {
                key: push.key,
                number: push.number,
                began: self.gateway.wall(self.at),
                took: after,
            },
        };
        let reaches = Planned::Reaches(self.gateway.run, Box::new(pushed));
        self.plan(self.at + after, reaches);
    }
}

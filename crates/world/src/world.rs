//! The world: what happens next, and who is told.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use boshi_gateway::lot::{Input, LaneNo};
use boshi_gateway::played::Serving;
use boshi_protocol::lane::{self, Motion};
use boshi_simulator::equipment::{Direction, Heading, Input as Physical, Vehicle, VehicleId};
use boshi_simulator::traffic::{Journey, Mix, Ways, journeys};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::account::Account;
use crate::chaos::{Chaos, Side, plan};
use crate::checkpoint::Asked;
use crate::clock::Clock;
use crate::defect::Defect;
use crate::exchange::{Ended, Exchange, Task};
use crate::network::Weather;
use crate::property::Property;
use crate::road::Road;
use crate::story::Story;
use crate::supplier::{Crash, Supplier};
use crate::wire::{End, Parcel, Reply};

/// Usual seconds between two arrivals.
const PAUSE: u64 = 180;

/// How long everything is well at the end: once more the platform asks for everything.
const CALM: Duration = Duration::from_secs(3 * 60 * 60);

/// Most microseconds that a machine's clock gains or loses in a second.
const DRIFT: i32 = 60;

/// Something that happens at a time that is known.
pub(crate) enum Planned {
    Arrives(usize, VehicleId, Vehicle),
    /// A controller tells the first of its news.
    Tells(usize),
    /// The gateway of that run is told.
    Reaches(u64, Box<Input>),
    /// A barrier is told by the gateway of that run.
    Drives(usize, u64, lane::ActId, Motion),
    Chaos(Chaos),
    Starts(Side),
    /// A request gets to the other side; the reply to the first one goes back.
    Delivered {
        exchange: u64,
        to: Side,
        path: &'static str,
        body: String,
        back: Option<Back>,
    },
    /// Whoever made a request has this of it.
    Replied(u64, Reply),
    /// A recognizer tells once more of a vehicle that has left.
    Remembers(usize, VehicleId),
    /// The platform asks whether the lot is there, what it could not push.
    Beats(u64),
    Asks(u64),
}

/// How a reply goes back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Back {
    pub(crate) after: Duration,
    pub(crate) torn: bool,
}

/// A request that a gateway answers when a barrier has moved.
pub(crate) struct Parked {
    pub(crate) serving: Serving,
    pub(crate) exchange: u64,
    pub(crate) path: &'static str,
    pub(crate) body: String,
    pub(crate) back: Option<Back>,
}

impl Parked {
    /// Whether it says the same, byte for byte.
    pub(crate) fn is_the_same_as(&self, other: &Parked) -> bool {
        (self.path, &self.body) == (other.path, &other.body)
    }
}

pub(crate) struct World {
    pub(crate) at: Duration,
    pub(crate) roads: Vec<Road>,
    pub(crate) supplier: Supplier,
    pub(crate) property: Property,
    pub(crate) account: Account,
    pub(crate) story: Story,
    pub(crate) runtime: Runtime,
    pub(crate) random: Xoshiro256PlusPlus,
    /// The way from the supplier to the property, and back.
    pub(crate) ways: [Weather; 2],
    pub(crate) parcels: mpsc::UnboundedReceiver<Parcel>,
    pub(crate) tasks: HashMap<u64, Task>,
    pub(crate) exchanges: HashMap<u64, Exchange>,
    pub(crate) parked: Vec<Parked>,
    /// Those that say the same as one of these, and wait for what that is answered.
    pub(crate) repeated: Vec<Parked>,
    /// Numbers tasks, exchanges and commands.
    pub(crate) numbers: u64,
    /// Passes that failed in a row.
    pub(crate) failures: u32,
    pub(crate) passing: bool,
    /// What was so when the pass began that is being made.
    pub(crate) asked: Option<Asked>,
    agenda: BTreeMap<(Duration, u64), Planned>,
    planned: u64,
    /// Where a vehicle that is inside leaves, and how long it stays.
    pub(crate) inside: HashMap<VehicleId, (Vehicle, Duration, usize)>,
}

impl World {
    pub(crate) fn new(seed: u64, defect: Option<Defect>) -> World {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let road = |place, name, direction| Road::new(LaneNo(place), name, direction);
        let (out, parcels) = mpsc::unbounded_channel();
        let mut clock = || Clock::drifting(random.random_range(-DRIFT..=DRIFT));
        let (ours, theirs) = (clock(), clock());
        let end = || Arc::new(End::new(out.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        World {
            at: Duration::ZERO,
            roads: vec![
                road(0, "01", Direction::Entry),
                road(1, "02", Direction::Exit),
                road(2, "03", Direction::Mixed),
            ],
            supplier: Supplier::new(end(), ours, defect),
            property: Property::new(end(), theirs, defect),
            account: Account::default(),
            story: Story::default(),
            runtime: runtime.expect("a thread has room for it"),
            random,
            ways: [Weather::Fine; 2],
            parcels,
            tasks: HashMap::new(),
            exchanges: HashMap::new(),
            parked: Vec::new(),
            repeated: Vec::new(),
            numbers: 0,
            failures: 0,
            passing: false,
            asked: None,
            agenda: BTreeMap::new(),
            planned: 0,
            inside: HashMap::new(),
        }
    }

    /// Plays `span`, and a while in which nothing goes wrong.
    pub(crate) fn run(&mut self, seed: u64, span: Duration) {
        self.plan_traffic(seed, span);
        for (at, chaos) in plan(span, self.roads.len(), &mut self.random) {
            self.plan(at, Planned::Chaos(chaos));
        }
        self.plan(Duration::ZERO, Planned::Starts(Side::Property));
        self.plan(Duration::ZERO, Planned::Starts(Side::Supplier));
        self.play_until(span);
        self.mend();
        self.play_until(span + CALM);
    }

    fn play_until(&mut self, end: Duration) {
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.at = at;
            self.step();
        }
        self.at = end;
    }

    /// Nothing goes wrong from now on.
    fn mend(&mut self) {
        self.agenda.retain(|_, what| match what {
            Planned::Chaos(chaos) => chaos.is_mended(),
            _ => true,
        });
        self.ways = [Weather::Fine; 2];
        self.supplier.crash = None;
        self.property.crash = None;
        self.property.alone = None;
        self.supplier.clock.mend(self.at);
        self.property.clock.mend(self.at);
        self.story
            .tell(self.at, || "! everything is well from now on".to_owned());
    }

    fn plan_traffic(&mut self, seed: u64, span: Duration) {
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
        for (number, journey) in (0_u64..).zip(journeys(seed, count, &ways, &mix)) {
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

    pub(crate) fn plan(&mut self, at: Duration, what: Planned) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), what);
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn next(&self) -> Option<Duration> {
        let agenda = self.agenda.keys().next().map(|(at, _)| *at);
        let roads = self.roads.iter().filter_map(Road::deadline);
        roads
            .chain(agenda)
            .chain(self.supplier.deadline())
            .min()
            .map(|at| at.max(self.at))
    }

    fn step(&mut self) {
        self.supplier.now_is(self.at);
        self.property.now_is(self.at);
        for place in 0..self.roads.len() {
            if self.roads[place]
                .deadline()
                .is_some_and(|due| due <= self.at)
            {
                self.happens(place, Physical::Tick);
            }
        }
        let due = |world: &World| world.supplier.deadline().is_some_and(|due| due <= world.at);
        if due(self) {
            self.tell(Input::Tick);
            assert!(!due(self), "the lot wants to be woken at once, for ever");
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
                self.account.vehicles += 1;
                self.happens(place, Physical::Arrive(id, vehicle));
            }
            Planned::Tells(place) => self.tells(place),
            Planned::Reaches(run, input) => {
                if self.supplier.played.is_some() && self.supplier.run == run {
                    self.tell(*input);
                }
            }
            Planned::Drives(place, run, act, motion) => {
                let input = self.roads[place].driven(run, act, motion);
                self.happens(place, input);
            }
            Planned::Chaos(chaos) => self.goes_wrong(chaos),
            Planned::Starts(Side::Supplier) => self.supplier_starts(),
            Planned::Starts(Side::Property) => self.property_starts(),
            Planned::Delivered {
                exchange,
                to,
                path,
                body,
                back,
            } => self.delivered(exchange, to, path, body, back),
            Planned::Replied(exchange, reply) => self.replied(exchange, reply),
            Planned::Remembers(place, vehicle) => {
                self.roads[place].remembers(vehicle);
                self.has_news(place);
            }
            Planned::Beats(run) => self.beats(run),
            Planned::Asks(run) => self.asks(run),
        }
    }

    fn goes_wrong(&mut self, chaos: Chaos) {
        self.account.faults += u32::from(!chaos.is_mended());
        self.story.tell(self.at, || format!("! {chaos:?}"));
        match chaos {
            Chaos::Weather(side, weather) => self.ways[side as usize] = weather,
            Chaos::Crash(side, crash, away) => self.crash(side, crash, away),
            Chaos::CrashAlone(crash, away) => {
                if self.property.played.is_some() {
                    self.account.away[Side::Property as usize] = away;
                    self.property.alone = Some(crash);
                }
            }
            Chaos::Clock(Side::Supplier, step) => self.supplier.clock.step(self.at, step),
            Chaos::Clock(Side::Property, step) => self.property.clock.step(self.at, step),
            Chaos::Correct(Side::Supplier) => self.supplier.clock.correct(self.at),
            Chaos::Correct(Side::Property) => self.property.clock.correct(self.at),
            Chaos::Fire(on) => {
                for place in 0..self.roads.len() {
                    self.roads[place].fire(on);
                    self.has_news(place);
                }
            }
            Chaos::ByHand(place) => self.happens(place, Physical::LiftByHand),
            Chaos::Break(place, fault) => self.happens(place, Physical::Break(fault)),
            Chaos::Hold(place, on) => self.booth_holds(place, on),
            Chaos::Order(place, ordered) => self.orders(place, ordered),
        }
    }

    fn crash(&mut self, side: Side, crash: Crash, away: Duration) {
        self.account.away[side as usize] = away;
        match (side, crash) {
            (Side::Supplier, Crash::Now) if self.supplier.played.is_some() => {
                self.supplier.dies();
                self.supplier_is_down();
            }
            (Side::Property, Crash::Now) if self.property.played.is_some() => {
                self.property.dies();
                self.property_is_down();
            }
            (Side::Supplier, _) if self.supplier.played.is_some() => {
                self.supplier.crash = Some(crash);
            }
            (Side::Property, _) if self.property.played.is_some() => {
                self.property.crash = Some(crash);
            }
            (Side::Supplier | Side::Property, _) => {}
        }
    }

    /// Leaves the lot by the way that it is to.
    pub(crate) fn leaves_again(&mut self, id: VehicleId) {
        if let Some((vehicle, stay, exit)) = self.inside.remove(&id) {
            let leaves = vehicle.heading(Heading::Out);
            let at = self.at + stay;
            self.plan(at, Planned::Arrives(exit, VehicleId(id.0 + 1), leaves));
        }
    }
}

/// What a task is while it is not over.
pub(crate) type Going = Pin<Box<dyn Future<Output = Ended> + Send>>;

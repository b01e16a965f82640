//! One car park as a state machine: its lanes, its outbox and the watch over its devices.
//!
//! A [`Lot`] is told what happens ([`Input`]) and answers with a [`Turn`]: what has to be written
//! down ([`Entry`](crate::journal::Entry)), and what is to be done then ([`Action`]). It reads no
//! clock, draws no random numbers and does nothing itself; whoever drives it writes the entries of a
//! turn in one transaction, and carries out its actions when they are on disk (D-18).
//!
//! Inside, a lane's effects feed the delivery and the delivery's verdicts feed the lane, until
//! nobody has anything more to say. One input is one turn, and one turn one transaction.
//!
//! ```text
//! Input ─► lanes ──recognized, crossed, abnormal──► delivery ─► Action::Push
//!            │ ▲                                        │
//!            │ └──────────── verdict ───────────────────┘
//!            └─► Action::Drive, Show, Answer           every step ─► Entry
//! ```

mod abnormal;
mod action;
mod contact;
mod happening;
mod input;
mod lanes;
mod press;
mod pushing;
mod records;
mod rules;
mod supervision;
#[cfg(test)]
mod tests;
mod turn;
mod vehicle;
mod words;

use std::collections::{HashMap, HashSet, VecDeque};

use boshi_protocol::abnormal_text::Texts;
use boshi_protocol::delivery::{self, Delivery, Key};
use boshi_protocol::id::{LotId, RecordId};
use boshi_protocol::lane::{self, Crosstalk, Gate, OccurrenceId, Side};
use boshi_protocol::moment::{Moment, Tick};

pub use self::action::{Action, Push, Trace};
pub use self::happening::{Happening, Steps, What};
pub use self::input::{Input, LaneNo};
pub use self::rules::Rules;
pub use self::supervision::{DeviceKind, DeviceState};
pub use self::turn::Turn;
pub(crate) use self::words::crosses_as;

use self::contact::Contact;
use self::press::Unsettled;
use self::supervision::Supervision;
use self::turn::{Work, Working};
use self::vehicle::Vehicle;
use crate::config;
use crate::journal::Letter;

/// One car park; see the [module](self).
#[derive(Debug)]
pub struct Lot {
    id: LotId,
    lanes: Vec<LaneState>,
    delivery: Delivery,
    crosstalk: Crosstalk<LaneNo>,
    supervision: Supervision,
    texts: Texts,
    vehicles: HashMap<RecordId, Vehicle>,
    letters: HashMap<Key, Letter>,
    /// Whether letters are being fetched.
    fetching: bool,
    attempts: HashMap<Key, u32>,
    /// Records on disk for which the delivery has no room yet, in the order of their arrival.
    backlog: VecDeque<Key>,
}

/// A lane with what people call it.
#[derive(Debug)]
struct LaneState {
    name: String,
    gate_name: String,
    machine: lane::Lane,
    gate: Gate,
    occurrences: HashMap<OccurrenceId, RecordId>,
    pressed: Vec<(Side, bool)>,
    /// The press of the anti-smash loop that is written down and does not count yet.
    unsettled: Option<Unsettled>,
    /// Whether it is written down that the anti-smash loop is pressed by what has crossed.
    crossed_on_loop: bool,
    /// The contacts that have told something since the start.
    told: HashSet<Contact>,
}

impl Lot {
    /// A lot in which nothing has happened. Barriers that were held open go on being held:
    /// `gates` says how each was operated last, by the name of its lane.
    pub fn new(configured: &config::Lot, rules: Rules, gates: &HashMap<String, Gate>) -> Lot {
        let timing = rules.timing.of_lane();
        let lanes = configured.lanes.iter().map(|lane| {
            let gate = gates.get(&lane.name).copied().unwrap_or(Gate::Normal);
            LaneState::new(lane, configured, timing.clone(), gate)
        });
        Lot {
            id: configured.id.clone(),
            lanes: lanes.collect(),
            delivery: Delivery::new(rules.policy),
            crosstalk: Crosstalk::new(rules.timing.crosstalk),
            supervision: Supervision::new(
                &configured.lanes,
                rules.supervision,
                rules.timing.alarm_repeat,
            ),
            texts: rules.texts,
            vehicles: HashMap::new(),
            letters: HashMap::new(),
            fetching: false,
            attempts: HashMap::new(),
            backlog: VecDeque::new(),
        }
    }

    /// Takes note of `input`; `ids` makes a record id that nobody else has.
    pub fn handle(&mut self, input: Input, now: Moment, ids: &mut dyn FnMut() -> RecordId) -> Turn {
        let mut turn = Working::new(now, ids);
        self.admit(&mut turn, input);
        self.work_off(&mut turn);
        self.tick(&mut turn);
        self.work_off(&mut turn);
        turn.into_turn()
    }

    /// When the lot wants [`Input::Tick`], unless another input comes before.
    pub fn deadline(&self) -> Option<Tick> {
        let lanes = self.lanes.iter().filter_map(|lane| lane.machine.deadline());
        let others = [self.delivery.deadline(), self.supervision.deadline()];
        lanes.chain(others.into_iter().flatten()).min()
    }

    /// The car park.
    pub fn id(&self) -> &LotId {
        &self.id
    }

    /// Each lane as people may see it, with its name and gate.
    pub fn boards(&self) -> impl Iterator<Item = (&str, &str, lane::Board)> {
        let lanes = self.lanes.iter();
        lanes.map(|lane| {
            (
                lane.name.as_str(),
                lane.gate_name.as_str(),
                lane.machine.board(),
            )
        })
    }

    /// Each device and how it is.
    pub fn devices(&self) -> Vec<DeviceState> {
        self.supervision.states()
    }

    /// How many records wait to be pushed, or are being pushed.
    pub fn outbox(&self) -> delivery::Depth {
        self.delivery.depth()
    }

    /// What is known of the way to the platform.
    pub fn network(&self) -> delivery::Network {
        self.delivery.network()
    }

    fn work_off(&mut self, turn: &mut Working<'_>) {
        while let Some(work) = turn.next_work() {
            match work {
                Work::Lane(lane, input) => self.tell_lane(turn, lane, input, None),
                Work::Deliver(input) => self.tell_delivery(turn, input),
            }
        }
        self.feed(turn);
    }

    /// Lets the time reach everybody whose deadline has come.
    fn tick(&mut self, turn: &mut Working<'_>) {
        let now = turn.now.tick;
        let due = |deadline: Option<Tick>| deadline.is_some_and(|due| due <= now);
        for place in 0..self.lanes.len() {
            if due(self.lanes[place].machine.deadline()) {
                self.tell_lane(turn, LaneNo(place), lane::Input::Tick, None);
            }
        }
        if due(self.delivery.deadline()) {
            turn.queue(Work::Deliver(delivery::Input::Tick));
        }
        if due(self.supervision.deadline()) {
            let findings = self.supervision.elapse(now);
            self.act_on(turn, findings);
        }
    }
}

impl LaneState {
    fn new(
        configured: &config::Lane,
        lot: &config::Lot,
        timing: lane::Timing,
        gate: Gate,
    ) -> LaneState {
        let layout = configured.layout();
        let pressed = layout.sides().iter().map(|side| (*side, false)).collect();
        let machine = lane::Lane::new(layout, timing)
            .forbidding_empty_plates(lot.forbid_empty_plate_open)
            .resuming(gate);
        LaneState {
            name: configured.name.clone(),
            gate_name: configured.gate.clone(),
            pressed,
            machine,
            gate,
            occurrences: HashMap::new(),
            unsettled: None,
            crossed_on_loop: false,
            told: HashSet::new(),
        }
    }
}

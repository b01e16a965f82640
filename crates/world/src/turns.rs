//! The gateway's turns, and what it wants done.

use boshi_gateway::journal::Entry;
use boshi_gateway::lot::{Action, Input, LaneNo, Turn};
use boshi_protocol::lane::{self, By, CommandId, Order};

use crate::chaos::Side;
use crate::exchange::{Ended, Task};
use crate::lanes::WIRE;
use crate::supplier::Done;
use crate::world::{Planned, World};

/// Commands of the booth have numbers of their own.
const BOOTH: u64 = 1 << 40;

impl World {
    pub(crate) fn supplier_starts(&mut self) {
        if self.supplier.played.is_some() {
            return;
        }
        self.account.starts.push(self.at);
        let recovered = self.runtime.block_on(self.supplier.starts(self.at));
        let run = self.supplier.run;
        let line = || format!("! the gateway starts for the {run}. time: {recovered:?}");
        self.story.tell(self.at, line);
        self.tell(recovered);
    }

    pub(crate) fn supplier_is_down(&mut self) {
        self.account.crashes[Side::Supplier as usize] += 1;
        self.account.ends.push(self.at);
        self.story
            .tell(self.at, || "! the gateway is gone".to_owned());
        self.tasks.retain(|_, task| task.side != Side::Supplier);
        // Whoever waits for an answer of it waits until it gives up.
        self.parked.clear();
        self.repeated.clear();
        let back = self.at + self.account.away[Side::Supplier as usize];
        self.plan(back, Planned::Starts(Side::Supplier));
    }

    pub(crate) fn booth_holds(&mut self, place: usize, hold: bool) {
        if self.supplier.played.is_none() {
            return;
        }
        let order = match hold {
            true => Order::HoldOpen,
            false => Order::Restore,
        };
        let command = lane::Input::Command {
            command: CommandId(BOOTH + self.number()),
            side: None,
            order,
            by: By::Booth,
        };
        self.tell(Input::Lane(LaneNo(place), command));
    }

    /// Tells the gateway; whether it is acknowledged.
    pub(crate) fn tell(&mut self, input: Input) -> bool {
        let Some(input) = self.supplier.spoiled.told(input) else {
            return true;
        };
        if let Input::Pushed { outcome, trace, .. } = &input {
            self.account.pushed(trace, outcome);
        }
        let played = self.supplier.played.as_mut().expect("the gateway runs");
        let turn = played.think(input);
        let took = self.turn(turn);
        self.answer_commands();
        took
    }

    /// Carries out a turn; whether the gateway has survived it.
    pub(crate) fn turn(&mut self, turn: Turn) -> bool {
        let run = self.supplier.run;
        let carried = self.supplier.carries_out(turn, &mut self.random);
        let Done { entries, actions } = self.runtime.block_on(carried);
        let survived = self.supplier.played.is_some();
        let early = self.supplier.spoiled.acts_early();
        if !early {
            self.account.note(&entries, self.at, run);
        }
        for entry in &entries {
            self.story_of(entry);
        }
        for action in actions.unwrap_or_default() {
            self.act(action, run);
        }
        if early {
            self.account.note(&entries, self.at, run);
        }
        if !survived {
            self.supplier_is_down();
        }
        survived
    }

    fn story_of(&mut self, entry: &Entry) {
        let line = match entry {
            Entry::Recognition(it) => format!(
                "{} at lane {} is recognized as {:?}",
                it.record, it.lane, it.plate
            ),
            Entry::Crossing(it) => {
                format!(
                    "{} at lane {} crosses as {:?}",
                    it.record, it.lane, it.plate
                )
            }
            Entry::Settled(it) => {
                format!(
                    "{} {:?} is settled: {:?}",
                    it.key.id, it.key.kind, it.settled
                )
            }
            Entry::Outcome {
                record, outcome, ..
            } => format!("{record} is over: {outcome}"),
            Entry::Lift(it) => format!(
                "{} lane {} is to be lifted: {}",
                it.record.as_ref().map_or("nobody", |it| it.as_str()),
                it.lane,
                it.cause
            ),
            Entry::Attempt(it) => {
                format!(
                    "{} {:?} try {}: {}",
                    it.key.id, it.key.kind, it.number, it.outcome
                )
            }
            _ => return,
        };
        self.story.tell(self.at, || line);
    }

    fn act(&mut self, action: Action, run: u64) {
        match action {
            Action::Drive { lane, act, motion } => {
                let name = self.roads[lane.0].name;
                self.account.drives(name, run, act, self.at);
                let drives = Planned::Drives(lane.0, run, act, motion);
                self.plan(self.at + WIRE, drives);
            }
            Action::Push(push) => {
                // It has ended and has done this before.
                let Some(played) = &self.supplier.played else {
                    return;
                };
                let pushing = played.push(push);
                let going = Box::pin(async move { Ended::Pushed(Box::new(pushing.await)) });
                self.begin(Task {
                    side: Side::Supplier,
                    run,
                    what: "a push",
                    going,
                });
            }
            // What is not at hand is read when it is pushed.
            Action::Fetch(_) => {}
            Action::Check(lane) => {
                let lanes = &self.supplier.config.lots[0].lanes;
                let checked = Input::Checked {
                    lane,
                    online: lanes[lane.0].devices().cloned().collect(),
                    contacts: self.roads[lane.0].contacts(),
                };
                self.plan(self.at + WIRE, Planned::Reaches(run, Box::new(checked)));
            }
            Action::Answer { .. } | Action::Show { .. } | Action::Tell(_) => {}
        }
    }
}

//! Drives one lot: hands it what happens, writes what must survive, then does what is to be done.
//!
//! One task owns the [`Lot`] with its journal, the [`Core`]. Everything slow (a request to the platform, a barrier, a display) runs
//! beside it, and what became of it comes back as an input, so that nothing blocks a gate.

mod core;
mod disk;
mod handle;
mod outward;

use std::time::Duration;

use boshi_protocol::id::RecordId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::core::Core;
pub(crate) use self::handle::{Answered, Busy, Handle, Message, Received, Snapshot, Unanswered};
pub(crate) use self::outward::{LaneEquipment, Outward};

use crate::clock::Clock;
use crate::journal::Journal;
use crate::lot::{Action, Input, Lot, Rules};
use crate::reload::InForce;

/// How many results wait at most; who has one waits until it is taken, so none is dropped.
const RESULTS_QUEUED: usize = 64;

/// How long what is under way may take once the lot is told to stop: a whole attempt to push, and
/// more than a barrier takes.
const STOPPING: Duration = Duration::from_secs(5);

/// How often a lot that wants nothing is looked at all the same.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// One lot with its surroundings.
pub(crate) struct Driver {
    core: Core,
    outward: Outward,
    messages: mpsc::Receiver<Message>,
    results: mpsc::Receiver<Input>,
    in_force: InForce,
}

impl Driver {
    /// A driver that is yet to [`run`](Driver::run), and the way to reach it. `outward` is made
    /// with the channel on which results come back.
    pub(crate) fn new(
        lot: Lot,
        clock: Clock,
        journal: Journal,
        in_force: InForce,
        outward: impl FnOnce(mpsc::Sender<Input>) -> Outward,
    ) -> (Driver, Handle) {
        let (results_sender, results) = mpsc::channel(RESULTS_QUEUED);
        let ids = Box::new(|| RecordId::from_uuid(Uuid::now_v7()));
        let (core, messages, handle) = Core::new(lot, clock, journal, ids);
        let driver = Driver {
            core,
            outward: outward(results_sender),
            messages,
            results,
            in_force,
        };
        (driver, handle)
    }

    /// Runs until `stop`, then finishes what is under way, for a bounded time.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let alarm = self.alarm();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(input) = self.results.recv() => {
                    self.hear_what_came_before().await;
                    self.turn(input).await;
                }
                Some(message) = self.messages.recv() => self.receive(message).await,
                Ok(()) = self.in_force.changed() => self.follow().await,
                () = self.core.disk.catch_up() => {}
                () = tokio::time::sleep_until(alarm) => {
                    self.hear_what_came_before().await;
                    self.turn(Input::Tick).await;
                }
            }
        }
        self.finish().await;
    }

    /// When the lot wants to be woken.
    fn alarm(&self) -> tokio::time::Instant {
        let longest = tokio::time::Instant::now() + LONGEST_SLEEP;
        let wanted = self.core.deadline();
        let wanted = wanted.map(|tick| self.core.clock.instant(tick));
        wanted.map_or(longest, |wanted| wanted.min(longest))
    }

    /// What waits has happened before what is to be told now, and is told before it: a loop that was
    /// pressed and let go while the disk was slow was pressed for as long as it was.
    async fn hear_what_came_before(&mut self) {
        for _ in 0..self.messages.len() {
            if let Ok(message) = self.messages.try_recv() {
                self.receive(message).await;
            }
        }
    }

    async fn receive(&mut self, message: Message) {
        if let Message::Input { input, .. } = &message {
            self.outward.notice(input);
        }
        let actions = self.core.receive(message).await;
        self.act(actions);
    }

    /// The lot goes by the rules of a new configuration.
    async fn follow(&mut self) {
        let rules = Rules::of(&self.in_force.borrow_and_update());
        let rules = rules.expect("a configuration is checked before it comes into force");
        self.turn(Input::Rules(Box::new(rules))).await;
    }

    async fn turn(&mut self, input: Input) {
        self.outward.notice(&input);
        let turn = self.core.think(input, None);
        let actions = self.core.carry_out(turn).await;
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Drive { lane, act, motion } => self.outward.drive(lane, act, motion),
                Action::Push(push) => self.outward.push(push),
                Action::Show { lane, side, sign } => self.outward.show(lane, side, sign),
                Action::Check(lane) => self.outward.check(lane),
                Action::Answer { .. } | Action::Tell(_) => {}
            }
        }
    }

    /// What is under way ends, and its results are written; what is only wanted is left to the next
    /// start, which finds it in the journal.
    async fn finish(mut self) {
        self.messages.close();
        let deadline = tokio::time::Instant::now() + STOPPING;
        while !self.outward.is_idle() {
            let alarm = self.alarm();
            tokio::select! {
                Some(input) = self.results.recv() => self.last_turn(input).await,
                () = self.outward.ended() => {}
                () = tokio::time::sleep_until(deadline) => break,
                () = tokio::time::sleep_until(alarm) => self.last_turn(Input::Tick).await,
            }
        }
        while let Ok(input) = self.results.try_recv() {
            self.last_turn(input).await;
        }
        while self.core.disk.is_behind() && tokio::time::Instant::now() < deadline {
            let step = tokio::time::timeout_at(deadline, self.core.disk.catch_up());
            // Too late is what the loop ends by.
            let _ = step.await;
        }
        let entries = self.core.disk.unwritten();
        if entries > 0 {
            tracing::error!(entries, "stopped with entries that could not be written");
        }
    }

    /// As [`turn`](Driver::turn), but nothing new is begun that the next start can do as well.
    async fn last_turn(&mut self, input: Input) {
        self.outward.notice(&input);
        let mut turn = self.core.think(input, None);
        turn.actions.retain(|action| match action {
            Action::Drive { .. } | Action::Answer { .. } | Action::Tell(_) => true,
            Action::Push(_) | Action::Show { .. } | Action::Check(_) => false,
        });
        let actions = self.core.carry_out(turn).await;
        self.act(actions);
    }
}

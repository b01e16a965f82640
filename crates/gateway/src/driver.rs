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
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::core::Core;
pub(crate) use self::handle::{Answered, Busy, Handle, Message, Received, Snapshot, Unanswered};
pub(crate) use self::outward::{LaneEquipment, Outward};

use crate::clock::Clock;
use crate::journal::Journal;
use crate::lot::{Action, Input, Lot, Rules, Turn};
use crate::reload::InForce;

/// How many results wait at most; who has one waits until it is taken, so none is dropped.
const RESULTS_QUEUED: usize = 64;

/// How long what is under way may take once the lot is told to stop: a whole attempt to push, and
/// more than a barrier takes.
const STOPPING: Duration = Duration::from_secs(5);

/// How often a lot that wants nothing is looked at all the same.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How many messages, and how many results, share a commit at most: what a commit costs is a small
/// part of each by then.
const MOST_TOGETHER: usize = 64;

/// What wakes the driver.
enum First {
    Message(Message),
    Input(Input),
}

/// What is written together.
#[derive(Default)]
struct Round {
    turn: Turn,
    /// Who waits until it is on disk.
    taken: Vec<oneshot::Sender<()>>,
}

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
            let first = tokio::select! {
                () = stop.cancelled() => break,
                Some(message) = self.messages.recv() => First::Message(message),
                Some(input) = self.results.recv() => First::Input(input),
                Ok(()) = self.in_force.changed() => First::Input(self.rules()),
                () = self.core.disk.catch_up() => continue,
                () = tokio::time::sleep_until(alarm) => First::Input(Input::Tick),
            };
            self.round(first).await;
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

    /// The rules of a new configuration, by which the lot goes from now on.
    fn rules(&mut self) -> Input {
        let rules = Rules::of(&self.in_force.borrow_and_update());
        let rules = rules.expect("a configuration is checked before it comes into force");
        Input::Rules(Box::new(rules))
    }

    /// Takes what there is, and everything that waits beside it, so that all of it shares a commit.
    ///
    /// A message that waits has happened before what is told now, and is told before it: a loop that
    /// was pressed and let go while the disk was slow was pressed for as long as it was.
    async fn round(&mut self, first: First) {
        let mut round = Round::default();
        let input = match first {
            First::Message(message) => {
                self.hear(&mut round, message);
                None
            }
            First::Input(input) => Some(input),
        };
        for _ in 0..self.messages.len().min(MOST_TOGETHER) {
            if let Ok(message) = self.messages.try_recv() {
                self.hear(&mut round, message);
            }
        }
        let results = self.results.len().min(MOST_TOGETHER);
        let results = (0..results).filter_map(|_| self.results.try_recv().ok());
        for input in input.into_iter().chain(results.collect::<Vec<_>>()) {
            self.outward.notice(&input);
            round.turn.append(self.core.think(input, None));
        }
        for push in round.turn.take_pushes_on_disk() {
            self.outward.push(push);
        }
        let actions = self.core.carry_out(round.turn).await;
        for taken in round.taken {
            // Whoever told it may have gone away; it is taken all the same.
            let _ = taken.send(());
        }
        self.act(actions);
    }

    fn hear(&mut self, round: &mut Round, message: Message) {
        if let Message::Input { input, .. } = &message {
            self.outward.notice(input);
        }
        let (turn, taken) = self.core.admit(message);
        round.turn.append(turn);
        round.taken.extend(taken);
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

    /// As a [`round`](Driver::round), but nothing new is begun that the next start can do as well.
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

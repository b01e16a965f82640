//! Drives one lot: hands it what happens, writes what must survive, then does what is to be done.
//!
//! One task owns the [`Lot`]. Everything slow (a request to the platform, a barrier, a display) runs
//! beside it, and what became of it comes back as an input, so that nothing blocks a gate.

mod handle;
mod outward;
mod unwritten;

use std::collections::HashMap;
use std::time::Duration;

use boshi_protocol::id::RecordId;
use boshi_protocol::lane::{CommandId, Done, OpenRefusal};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::handle::{Busy, Handle, Snapshot};
pub(crate) use self::outward::{LaneEquipment, Outward};

use self::handle::Message;
use self::unwritten::Unwritten;
use crate::clock::Clock;
use crate::journal::{Entry, Journal};
use crate::lot::{Action, Happening, Input, Lot, Turn};

/// How many messages of devices and people wait for a lot at most: a second of the busiest lot.
const MESSAGES_QUEUED: usize = 256;

/// How many results wait at most; who has one waits until it is taken, so none is dropped.
const RESULTS_QUEUED: usize = 64;

/// How many happenings a slow watcher may be behind before it misses some.
const HAPPENINGS_KEPT: usize = 1024;

/// How long what is under way may take once the lot is told to stop: a whole attempt to push, and
/// more than a barrier takes.
const STOPPING: Duration = Duration::from_secs(5);

/// Longest wait for the disk. After it the gate goes on without: a vehicle stands there, and the
/// writer still has the entries.
const DISK_PATIENCE: Duration = Duration::from_secs(2);

/// How often what could not be written is tried again.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// One lot with its surroundings.
pub(crate) struct Driver {
    lot: Lot,
    clock: Clock,
    journal: Journal,
    outward: Outward,
    messages: mpsc::Receiver<Message>,
    results: mpsc::Receiver<Input>,
    happenings: broadcast::Sender<Happening>,
    unwritten: Unwritten,
    waiting: HashMap<CommandId, oneshot::Sender<Result<Done, OpenRefusal>>>,
    commands: u64,
}

impl Driver {
    /// A driver that is yet to [`run`](Driver::run), and the way to reach it. `outward` is made
    /// with the channel on which results come back.
    pub(crate) fn new(
        lot: Lot,
        clock: Clock,
        journal: Journal,
        outward: impl FnOnce(mpsc::Sender<Input>) -> Outward,
    ) -> (Driver, Handle) {
        let (sender, messages) = mpsc::channel(MESSAGES_QUEUED);
        let (results_sender, results) = mpsc::channel(RESULTS_QUEUED);
        let (happenings, _) = broadcast::channel(HAPPENINGS_KEPT);
        let handle = Handle::new(sender, happenings.clone());
        let driver = Driver {
            lot,
            clock,
            journal,
            outward: outward(results_sender),
            messages,
            results,
            happenings,
            unwritten: Unwritten::default(),
            waiting: HashMap::new(),
            commands: 0,
        };
        (driver, handle)
    }

    /// Runs until `stop`, then finishes what is under way, for a bounded time.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let alarm = self.alarm();
            tokio::select! {
                () = stop.cancelled() => break,
                Some(input) = self.results.recv() => self.turn(input).await,
                Some(message) = self.messages.recv() => self.receive(message).await,
                () = tokio::time::sleep_until(alarm) => self.turn(Input::Tick).await,
            }
        }
        self.finish().await;
    }

    /// When the lot wants to be woken, or what is unwritten is tried again.
    fn alarm(&self) -> tokio::time::Instant {
        /// A lot that wants nothing is looked at all the same.
        const LONGEST: Duration = Duration::from_secs(60);
        let now = tokio::time::Instant::now();
        let longest = if self.unwritten.is_empty() {
            LONGEST
        } else {
            WRITE_AGAIN
        };
        let wanted = self.lot.deadline().map(|tick| self.clock.instant(tick));
        wanted.map_or(now + longest, |wanted| wanted.min(now + longest))
    }

    async fn receive(&mut self, message: Message) {
        match message {
            Message::Input { input, taken } => {
                self.turn(input).await;
                // Whoever told it may have gone away; it is taken all the same.
                let _ = taken.send(());
            }
            Message::Command { order, answer } => {
                self.commands += 1;
                let command = CommandId(self.commands);
                self.waiting.insert(command, answer);
                let (lane, input) = order.into_input(command);
                self.turn(Input::Lane(lane, input)).await;
            }
            Message::Snapshot { answer } => {
                let snapshot = Snapshot::of(&self.lot, self.clock.now(), self.unwritten.len());
                let _ = answer.send(snapshot);
            }
        }
    }

    async fn turn(&mut self, input: Input) {
        let Turn { entries, actions } = self.think(input);
        self.write(entries).await;
        for action in actions {
            self.act(action);
        }
    }

    /// D-18: nothing is done before it is on disk. Should the disk fail, gates go on, and what is
    /// not written is kept and tried again.
    async fn write(&mut self, entries: Vec<Entry>) {
        let entries = self.unwritten.with(entries);
        if entries.is_empty() {
            return;
        }
        let writing = self.journal.write(entries.clone());
        match tokio::time::timeout(DISK_PATIENCE, writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, entries = entries.len(), "the journal cannot be written");
                self.unwritten.keep(entries);
            }
            Err(_) => tracing::error!(
                entries = entries.len(),
                "the disk takes too long; gates go on without waiting for it"
            ),
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Answer { command, answer } => {
                if let Some(waiting) = self.waiting.remove(&command) {
                    let _ = waiting.send(answer);
                }
            }
            Action::Tell(happening) => {
                tracing::info!(
                    lot = %happening.lot,
                    lane = happening.lane,
                    what = ?happening.what,
                    "happened"
                );
                // Nobody may be watching.
                let _ = self.happenings.send(happening);
            }
            Action::Drive { lane, act, motion } => self.outward.drive(lane, act, motion),
            Action::Push(push) => self.outward.push(push),
            Action::Show { lane, side, sign } => self.outward.show(lane, side, sign),
            Action::Check(lane) => self.outward.check(lane),
        }
    }

    /// What is under way ends, and its results are written; what is only wanted is left to the next
    /// start, which finds it in the journal.
    async fn finish(mut self) {
        self.messages.close();
        let deadline = tokio::time::Instant::now() + STOPPING;
        while !self.outward.is_idle() {
            tokio::select! {
                Some(input) = self.results.recv() => self.last_turn(input).await,
                () = self.outward.ended() => {}
                () = tokio::time::sleep_until(deadline) => break,
            }
        }
        while let Ok(input) = self.results.try_recv() {
            self.last_turn(input).await;
        }
        self.write(Vec::new()).await;
        if !self.unwritten.is_empty() {
            let entries = self.unwritten.len();
            tracing::error!(entries, "stopped with entries that could not be written");
        }
    }

    /// As [`turn`](Driver::turn), but nothing new is begun that the next start can do as well.
    async fn last_turn(&mut self, input: Input) {
        let turn = self.think(input);
        self.write(turn.entries).await;
        for action in turn.actions {
            match action {
                Action::Drive { .. } | Action::Answer { .. } => self.act(action),
                Action::Push(_) | Action::Show { .. } | Action::Check(_) | Action::Tell(_) => {}
            }
        }
    }

    fn think(&mut self, input: Input) -> Turn {
        let mut ids = || RecordId::from_uuid(Uuid::now_v7());
        self.lot.handle(input, self.clock.now(), &mut ids)
    }
}

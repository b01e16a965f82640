//! Drives one lot: hands it what happens, writes what must survive, then does what is to be done.
//!
//! One task owns the [`Lot`]. Everything slow (a request to the platform, a barrier, a display) runs
//! beside it, and what became of it comes back as an input, so that nothing blocks a gate.

mod disk;
mod handle;
mod outward;

use std::collections::HashMap;
use std::time::Duration;

use boshi_protocol::endpoint::ReceiveOpenGate;
use boshi_protocol::envelope::reply_text;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::CommandId;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) use self::handle::{Answered, Busy, Handle, Received, Snapshot, Unanswered};
pub(crate) use self::outward::{LaneEquipment, Outward};

use self::disk::Disk;
use self::handle::Message;
use crate::clock::Clock;
use crate::journal::{Entry, Journal};
use crate::lot::{Action, Happening, Input, Lot, Rules, Turn};
use crate::monitor::Counts;
use crate::reload::InForce;
use crate::replay;

/// How many messages of devices and people wait for a lot at most: a second of the busiest lot.
const MESSAGES_QUEUED: usize = 256;

/// How many results wait at most; who has one waits until it is taken, so none is dropped.
const RESULTS_QUEUED: usize = 64;

/// How many happenings a slow watcher may be behind before it misses some.
const HAPPENINGS_KEPT: usize = 1024;

/// How long what is under way may take once the lot is told to stop: a whole attempt to push, and
/// more than a barrier takes.
const STOPPING: Duration = Duration::from_secs(5);

/// How often a lot that wants nothing is looked at all the same.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// One lot with its surroundings.
pub(crate) struct Driver {
    lot: Lot,
    clock: Clock,
    disk: Disk,
    outward: Outward,
    messages: mpsc::Receiver<Message>,
    results: mpsc::Receiver<Input>,
    in_force: InForce,
    happenings: broadcast::Sender<Happening>,
    waiting: HashMap<CommandId, Waiting>,
    commands: u64,
    counts: Counts,
}

/// Somebody who waits for a command to be carried out.
struct Waiting {
    answer: oneshot::Sender<Answered>,
    /// The digest under which the answer is remembered, if the command may come again (D-5).
    digest: Option<[u8; 32]>,
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
        let (sender, messages) = mpsc::channel(MESSAGES_QUEUED);
        let (results_sender, results) = mpsc::channel(RESULTS_QUEUED);
        let (happenings, _) = broadcast::channel(HAPPENINGS_KEPT);
        let handle = Handle::new(sender, happenings.clone());
        let driver = Driver {
            lot,
            clock,
            disk: Disk::new(journal),
            outward: outward(results_sender),
            messages,
            results,
            in_force,
            happenings,
            waiting: HashMap::new(),
            commands: 0,
            counts: Counts::default(),
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
                Ok(()) = self.in_force.changed() => self.follow().await,
                () = self.disk.catch_up() => {}
                () = tokio::time::sleep_until(alarm) => self.turn(Input::Tick).await,
            }
        }
        self.finish().await;
    }

    /// When the lot wants to be woken.
    fn alarm(&self) -> tokio::time::Instant {
        let longest = tokio::time::Instant::now() + LONGEST_SLEEP;
        let wanted = self.lot.deadline().map(|tick| self.clock.instant(tick));
        wanted.map_or(longest, |wanted| wanted.min(longest))
    }

    async fn receive(&mut self, message: Message) {
        match message {
            Message::Input { input, taken } => {
                self.turn(input).await;
                // Whoever told it may have gone away; it is taken all the same.
                let _ = taken.send(());
            }
            Message::Command {
                order,
                received,
                answer,
            } => {
                self.commands += 1;
                let command = CommandId(self.commands);
                let digest = received.as_ref().map(|received| received.digest);
                self.waiting.insert(command, Waiting { answer, digest });
                let came = received.map(|received| received.into_entry(self.lot.id().clone()));
                let (lane, input) = order.into_input(command);
                let turn = self.think(Input::Lane(lane, input), came);
                self.carry_out(turn).await;
            }
            Message::Snapshot { answer } => {
                let unwritten = self.disk.unwritten();
                let snapshot = Snapshot::of(&self.lot, self.clock.now(), unwritten, &self.counts);
                let _ = answer.send(snapshot);
            }
        }
    }

    /// The lot goes by the rules of a new configuration.
    async fn follow(&mut self) {
        let rules = Rules::of(&self.in_force.borrow_and_update());
        let rules = rules.expect("a configuration is checked before it comes into force");
        self.turn(Input::Rules(Box::new(rules))).await;
    }

    async fn turn(&mut self, input: Input) {
        let turn = self.think(input, None);
        self.carry_out(turn).await;
    }

    /// D-18: nothing is done before it is on disk, unless the disk fails.
    async fn carry_out(&mut self, turn: Turn) {
        self.disk.write(turn.entries).await;
        for action in turn.actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Answer { command, answer } => {
                if let Some(waiting) = self.waiting.remove(&command) {
                    let _ = waiting.answer.send(answer);
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
        while self.disk.is_behind() && tokio::time::Instant::now() < deadline {
            let step = tokio::time::timeout_at(deadline, self.disk.catch_up());
            // Too late is what the loop ends by.
            let _ = step.await;
        }
        let entries = self.disk.unwritten();
        if entries > 0 {
            tracing::error!(entries, "stopped with entries that could not be written");
        }
    }

    /// As [`turn`](Driver::turn), but nothing new is begun that the next start can do as well.
    async fn last_turn(&mut self, input: Input) {
        let mut turn = self.think(input, None);
        turn.actions.retain(|action| match action {
            Action::Drive { .. } | Action::Answer { .. } | Action::Tell(_) => true,
            Action::Push(_) | Action::Show { .. } | Action::Check(_) => false,
        });
        self.carry_out(turn).await;
    }

    /// What the lot makes of `input`, with what is to be remembered of commands: that one `came`,
    /// and how it was answered.
    fn think(&mut self, input: Input, came: Option<Entry>) -> Turn {
        let now = self.clock.now();
        let mut ids = || RecordId::from_uuid(Uuid::now_v7());
        self.outward.notice(&input);
        let Turn { entries, actions } = self.lot.handle(input, now, &mut ids);
        let answers = actions.iter().filter_map(|action| {
            let Action::Answer { command, answer } = action else {
                return None;
            };
            let answer = replay::answer_to(answer.clone());
            Some(Entry::CommandAnswered {
                lot: self.lot.id().clone(),
                digest: self.waiting.get(command)?.digest?,
                reply: reply_text::<ReceiveOpenGate>(&answer),
                at: now.wall,
            })
        });
        let entries: Vec<Entry> = came.into_iter().chain(entries).chain(answers).collect();
        entries.iter().for_each(|entry| self.counts.note(entry));
        Turn { entries, actions }
    }
}

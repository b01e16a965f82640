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
pub(crate) use self::handle::{
    Answered, Busy, Handle, Message, Received, Snapshot, Timed, Unanswered,
};
use self::outward::Results;
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

/// What the lot hears.
enum Heard {
    Message(Message),
    Result(Input),
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
    messages: mpsc::Receiver<Timed<Message>>,
    results: mpsc::Receiver<Timed<Input>>,
    in_force: InForce,
}

impl Driver {
    /// A driver that is yet to [`run`](Driver::run), and the way to reach it. `outward` is made
    /// with the way by which results come back.
    pub(crate) fn new(
        lot: Lot,
        clock: Clock,
        journal: Journal,
        in_force: InForce,
        outward: impl FnOnce(Results) -> Outward,
    ) -> (Driver, Handle) {
        let (sender, results) = mpsc::channel(RESULTS_QUEUED);
        let sender = Results::new(sender, clock.clone());
        let ids = Box::new(|| RecordId::from_uuid(Uuid::now_v7()));
        let (core, messages, handle) = Core::new(lot, clock, journal, ids);
        let driver = Driver {
            core,
            outward: outward(sender),
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
            let mut heard = Vec::new();
            let last = tokio::select! {
                () = stop.cancelled() => break,
                Some(message) = self.messages.recv() => {
                    heard.push(message.map(Heard::Message));
                    None
                }
                Some(result) = self.results.recv() => {
                    heard.push(result.map(Heard::Result));
                    None
                }
                Ok(()) = self.in_force.changed() => Some(self.rules()),
                () = self.core.disk.catch_up() => continue,
                () = tokio::time::sleep_until(alarm) => Some(Input::Tick),
            };
            self.round(heard, last).await;
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

    /// Takes what was heard and everything that waits beside it, as it happened one after the other,
    /// and what is only true now `last`; all of it shares a commit.
    ///
    /// So a loop that was pressed and let go while the disk was slow was pressed for as long as it was,
    /// and an answer of the platform that came in time was in time.
    async fn round(&mut self, mut heard: Vec<Timed<Heard>>, last: Option<Input>) {
        for _ in 0..self.messages.len() {
            let message = self.messages.try_recv().ok();
            heard.extend(message.map(|it| it.map(Heard::Message)));
        }
        for _ in 0..self.results.len() {
            let result = self.results.try_recv().ok();
            heard.extend(result.map(|it| it.map(Heard::Result)));
        }
        heard.sort_by_key(|heard| heard.at.tick);
        let mut round = Round::default();
        for Timed { at, it } in heard {
            let (turn, taken) = match it {
                Heard::Message(it) => {
                    if let Message::Input { input, .. } = &it {
                        self.outward.notice(input);
                    }
                    self.core.admit(Timed { at, it })
                }
                Heard::Result(it) => {
                    self.outward.notice(&it);
                    (self.core.think_at(Timed { at, it }, None), None)
                }
            };
            round.turn.append(turn);
            round.taken.extend(taken);
        }
        if let Some(input) = last {
            round.turn.append(self.core.think(input));
        }
        let at_once = round.turn.take_at_once();
        self.act(at_once);
        let nobody_waits = round.turn.actions.is_empty() && round.taken.is_empty();
        if nobody_waits && !self.core.disk.is_busy() {
            // What came of a push, say: the next need not wait until that is written.
            return self.core.disk.post(round.turn.entries);
        }
        let actions = self.core.carry_out(round.turn).await;
        for taken in round.taken {
            // Whoever told it may have gone away; it is taken all the same.
            let _ = taken.send(());
        }
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Drive { lane, act, motion } => self.outward.drive(lane, act, motion),
                Action::Push(push) => self.outward.push(push),
                Action::Fetch(keys) => self.outward.fetch(keys),
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
                Some(result) = self.results.recv() => self.last_turn(result).await,
                () = self.outward.ended() => {}
                () = tokio::time::sleep_until(deadline) => break,
                () = tokio::time::sleep_until(alarm) => {
                    let (at, it) = (self.core.clock.now(), Input::Tick);
                    self.last_turn(Timed { at, it }).await;
                }
            }
        }
        while let Ok(result) = self.results.try_recv() {
            self.last_turn(result).await;
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
    async fn last_turn(&mut self, input: Timed<Input>) {
        self.outward.notice(&input.it);
        let mut turn = self.core.think_at(input, None);
        turn.actions.retain(|action| match action {
            Action::Drive { .. } | Action::Answer { .. } | Action::Tell(_) => true,
            Action::Push(_) | Action::Fetch(_) | Action::Show { .. } | Action::Check(_) => false,
        });
        let actions = self.core.carry_out(turn).await;
        self.act(actions);
    }
}

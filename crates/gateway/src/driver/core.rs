//! The lot, its journal and those who wait for its answers: what a turn is made of.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use boshi_protocol::endpoint::ReceiveOpenGate;
use boshi_protocol::envelope::reply_text;
use boshi_protocol::id::RecordId;
use boshi_protocol::lane::CommandId;
use boshi_protocol::moment::{Moment, Tick};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::disk::Disk;
use super::handle::{Answered, Handle, Message, Snapshot, Timed};
use crate::clock::Clock;
use crate::journal::{Entry, Journal};
use crate::lot::{Action, Happening, Input, Lot, Turn};
use crate::monitor::Counts;
use crate::replay;

/// How many messages of devices and people wait for a lot at most: a second of the busiest lot.
const MESSAGES_QUEUED: usize = 256;

/// How many happenings a slow watcher may be behind before it misses some.
const HAPPENINGS_KEPT: usize = 1024;

/// Names records: no two are ever the same.
pub(crate) type Ids = Box<dyn FnMut() -> RecordId + Send>;

/// A lot with its journal.
pub(crate) struct Core {
    lot: Lot,
    pub(super) clock: Clock,
    pub(super) disk: Disk,
    ids: Ids,
    happenings: broadcast::Sender<Happening>,
    waiting: HashMap<CommandId, Waiting>,
    commands: u64,
    counts: Counts,
    /// Until when the lot has been told what happened.
    latest: Option<Moment>,
}

/// Somebody who waits for a command to be carried out.
struct Waiting {
    answer: oneshot::Sender<Answered>,
    /// The digest under which the answer is remembered, if the command may come again (D-5).
    digest: Option<[u8; 32]>,
}

impl Core {
    /// With the messages that it is sent, and the way to send some.
    pub(crate) fn new(
        lot: Lot,
        clock: Clock,
        journal: Journal,
        ids: Ids,
    ) -> (Core, mpsc::Receiver<Timed<Message>>, Handle) {
        let (sender, messages) = mpsc::channel(MESSAGES_QUEUED);
        let (happenings, _) = broadcast::channel(HAPPENINGS_KEPT);
        let handle = Handle::new(sender, happenings.clone(), clock.clone());
        let core = Core {
            lot,
            clock,
            disk: Disk::new(journal),
            ids,
            happenings,
            waiting: HashMap::new(),
            commands: 0,
            counts: Counts::default(),
            latest: None,
        };
        (core, messages, handle)
    }

    /// When the lot wants to be told that time has passed.
    pub(crate) fn deadline(&self) -> Option<Tick> {
        self.lot.deadline()
    }

    /// How many wait for commands to be carried out.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What the lot makes of a message, and who is to be told when that is on disk.
    pub(crate) fn admit(&mut self, message: Timed<Message>) -> (Turn, Option<oneshot::Sender<()>>) {
        let Timed { at, it } = message;
        match it {
            Message::Input { input, taken } => {
                (self.think_at(Timed { at, it: input }, None), taken)
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
                let it = Input::Lane(lane, input);
                (self.think_at(Timed { at, it }, came), None)
            }
            Message::Snapshot { answer } => {
                let unwritten = self.disk.unwritten();
                let snapshot = Snapshot::of(&self.lot, self.clock.now(), unwritten, &self.counts);
                let _ = answer.send(snapshot);
                (Turn::default(), None)
            }
        }
    }

    /// What the lot makes of what happens now.
    pub(crate) fn think(&mut self, it: Input) -> Turn {
        let at = self.clock.now();
        self.think_at(Timed { at, it }, None)
    }

    /// What the lot makes of what has happened at that moment, or, if it knows more already, at the
    /// latest that it knows of; with what is to be remembered of commands: that one `came`, and how it
    /// was answered.
    pub(super) fn think_at(&mut self, input: Timed<Input>, came: Option<Entry>) -> Turn {
        let Timed { at, it } = input;
        let now = self.latest.filter(|latest| at.tick < latest.tick);
        let now = now.unwrap_or(at);
        self.latest = Some(now);
        let Turn { entries, actions } = self.lot.handle(it, now, &mut *self.ids);
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

    /// D-18: nothing is done before it is on disk, unless the disk fails. Who waits is answered; what
    /// is to be done besides is returned.
    pub(crate) async fn carry_out(&mut self, turn: Turn) -> Vec<Action> {
        self.disk.write(turn.entries).await;
        let mut outward = Vec::new();
        for action in turn.actions {
            match action {
                Action::Answer { command, answer } => {
                    if let Some(waiting) = self.waiting.remove(&command) {
                        let _ = waiting.answer.send(answer);
                    }
                }
                Action::Tell(happening) => self.tell(happening),
                Action::Drive { .. } | Action::Push(_) | Action::Fetch(_) => outward.push(action),
                Action::Show { .. } | Action::Check(_) => outward.push(action),
            }
        }
        outward
    }

    /// Returns when everything is on disk.
    pub(crate) async fn flush(&mut self) {
        while self.disk.is_behind() {
            self.disk.catch_up().await;
        }
    }

    fn tell(&self, happening: Happening) {
        tracing::info!(
            lot = %happening.lot,
            lane = happening.lane,
            what = ?happening.what,
            "happened"
        );
        // Nobody may be watching.
        let _ = self.happenings.send(happening);
    }
}

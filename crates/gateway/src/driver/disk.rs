//! The journal as a lot uses it: waited for while it is quick, gone on without while it is not.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::journal::{Entry, Journal, JournalError};

/// Longest wait for the disk. After it the gate goes on without: a vehicle stands there.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Most entries that are on their way to the disk while the lot goes on: a few commits.
const MOST_POSTED: usize = 1_000;

/// Most entries that wait for the disk: an hour of a busy lot. Beyond that the oldest attempts go
/// first, then the oldest entries, and the loss is logged.
const MOST_WAITING: usize = 20_000;

/// Writes the entries of one lot, in their order.
#[derive(Debug)]
pub(super) struct Disk {
    journal: Journal,
    state: State,
    waiting: Vec<Entry>,
    /// Nobody waits for it any more, until it has caught up.
    is_late: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing is under way.
    Idle,
    /// These entries are being written.
    Writing {
        entries: Vec<Entry>,
        result: JoinHandle<Result<(), JournalError>>,
    },
    /// The last writing failed.
    Failed { again: Instant },
}

impl Disk {
    pub(super) fn new(journal: Journal) -> Disk {
        Disk {
            journal,
            state: State::Idle,
            waiting: Vec::new(),
            is_late: false,
        }
    }

    /// Writes `entries`, and returns when they and what was posted before are on disk (D-18), or when
    /// that takes too long or fails: then they are kept, and written in
    /// [`catch_up`](Disk::catch_up).
    pub(super) async fn write(&mut self, entries: Vec<Entry>) {
        let nothing_is_new = entries.is_empty();
        self.post(entries);
        if nothing_is_new || self.is_late {
            return;
        }
        let writing = async {
            while matches!(self.state, State::Writing { .. }) {
                self.catch_up().await;
            }
        };
        if tokio::time::timeout(PATIENCE, writing).await.is_err() {
            self.is_late = true;
            tracing::error!("the disk takes too long; gates go on without waiting for it");
        }
    }

    /// Whether so much waits to be written that what is posted should wait as well.
    pub(super) fn is_busy(&self) -> bool {
        self.unwritten() >= MOST_POSTED
    }

    /// Has `entries` written behind what is being written, for which nobody waits.
    pub(super) fn post(&mut self, entries: Vec<Entry>) {
        self.waiting.extend(entries);
        match self.state {
            State::Idle if !self.waiting.is_empty() => self.begin(),
            State::Idle | State::Writing { .. } | State::Failed { .. } => {
                self.keep_within_bounds();
            }
        }
    }

    /// Whether something is not on disk that should be.
    pub(super) fn is_behind(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// How many entries are not on disk.
    pub(super) fn unwritten(&self) -> usize {
        let under_way = match &self.state {
            State::Writing { entries, .. } => entries.len(),
            State::Idle | State::Failed { .. } => 0,
        };
        under_way + self.waiting.len()
    }

    /// Goes one step towards having everything on disk; never returns when nothing is behind. To
    /// be given up at any time.
    pub(super) async fn catch_up(&mut self) {
        match &mut self.state {
            State::Idle => std::future::pending().await,
            State::Failed { again } => {
                tokio::time::sleep_until(*again).await;
                self.begin();
            }
            State::Writing { result, .. } => {
                let result = result.await.unwrap_or(Err(JournalError::Closed));
                self.written(result);
            }
        }
    }

    fn begin(&mut self) {
        let entries = std::mem::take(&mut self.waiting);
        let (journal, copy) = (self.journal.clone(), entries.clone());
        let result = tokio::spawn(async move { journal.write(copy).await });
        self.state = State::Writing { entries, result };
    }

    fn written(&mut self, result: Result<(), JournalError>) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        match (state, result) {
            (State::Writing { mut entries, .. }, Err(error)) => {
                entries.append(&mut self.waiting);
                self.waiting = entries;
                let entries = self.waiting.len();
                tracing::error!(%error, entries, "the journal cannot be written");
                let again = Instant::now() + AGAIN;
                self.state = State::Failed { again };
                self.is_late = true;
                self.keep_within_bounds();
            }
            (_, Ok(()) | Err(_)) => {
                self.is_late = false;
                if !self.waiting.is_empty() {
                    self.begin();
                }
            }
        }
    }

    fn keep_within_bounds(&mut self) {
        let lost = thin_out(&mut self.waiting, MOST_WAITING);
        if lost > 0 {
            tracing::error!(lost, "entries are lost: the disk has failed for too long");
        }
    }
}

/// Leaves the latest `most` entries, and of the others first those that tell of attempts; how many
/// had to go.
fn thin_out(entries: &mut Vec<Entry>, most: usize) -> usize {
    let over = entries.len().saturating_sub(most);
    let mut left = over;
    entries.retain(|entry| {
        let goes = left > 0 && matches!(entry, Entry::Attempt(_));
        left -= usize::from(goes);
        !goes
    });
    entries.drain(..left);
    over
}

#[cfg(test)]
mod tests {
    use boshi_protocol::delivery::Key;
    use boshi_protocol::id::{LotId, RecordId};
    use jiff::Timestamp;
    use rusqlite::{Connection, TransactionBehavior};

    use super::*;
    use crate::journal::Attempt;

    fn lot() -> LotId {
        LotId::new("L1").unwrap()
    }

    fn lift(lane: &str) -> Entry {
        Entry::LiftSeen {
            lot: lot(),
            lane: lane.to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn attempt() -> Entry {
        Entry::Attempt(Attempt {
            lot: lot(),
            key: Key::crossing(RecordId::new("r").unwrap()),
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            outcome: "accepted".into(),
            millis: 1,
        })
    }

    #[test]
    fn attempts_go_first_when_there_is_no_room_then_the_oldest() {
        let mut entries = vec![lift("1"), attempt(), lift("2"), lift("3"), attempt()];
        assert_eq!(thin_out(&mut entries, 5), 0);
        assert_eq!(thin_out(&mut entries, 2), 3);
        let lanes: Vec<&str> = entries
            .iter()
            .map(|entry| match entry {
                Entry::LiftSeen { lane, .. } => lane.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(lanes, ["2", "3"]);
    }

    /// D-18
    #[tokio::test]
    async fn what_the_disk_would_not_take_is_written_in_its_order_when_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let journal = Journal::open(&path).unwrap();
        let mut other = Connection::open(&path).unwrap();
        let lock = other
            .transaction_with_behavior(TransactionBehavior::Exclusive)
            .unwrap();
        let mut disk = Disk::new(journal.clone());
        for lane in ["1", "2", "3"] {
            disk.write(vec![lift(lane)]).await;
        }
        assert!(disk.is_behind());
        assert_eq!(disk.unwritten(), 3);
        drop(lock);
        while disk.is_behind() {
            disk.catch_up().await;
        }
        assert_eq!(disk.unwritten(), 0);
        let sql = "SELECT group_concat(lane, ',') FROM (SELECT lane FROM lift ORDER BY seq)";
        let lanes: String = other.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(lanes, "1,2,3");
    }
}

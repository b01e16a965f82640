//! The one thread that writes: takes all that waits, commits it at once, then answers.
//!
//! One that fails must undo nothing of the others in its transaction. Either a savepoint sees to that,
//! which costs about what the work itself does; or, where the work can be done again, the whole is
//! rolled back in the rare case and then done again with savepoints.

mod job;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use self::job::{Again, Job, Once, Turn};
use super::figures::Figures;
use super::{StoreError, event};

/// Writes that may wait: a second's worth on a slow disk; beyond it the sender is told at once.
pub(crate) const QUEUE: usize = 1024;
/// Writes that share a commit: bounds how long the first of them waits for the last.
const GROUP: usize = 128;
/// How often the writer steps aside for those who are about to hand it more, before it begins a
/// transaction; it does so again only after there was more.
const STEPS_ASIDE: usize = 8;

/// What waits to be written.
struct Waiting {
    /// When nobody wants it any more.
    by: Option<Instant>,
    job: Box<dyn Job>,
}

impl Waiting {
    fn is_wanted(&self, now: Instant) -> bool {
        self.by.is_none_or(|by| by >= now)
    }
}

/// Hands work to the writing thread, which this waits for when it is dropped: the file is closed
/// then.
pub(super) struct Writer {
    /// The number of the newest event that is on disk.
    events: watch::Receiver<i64>,
    jobs: Option<SyncSender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    figures: Arc<Figures>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A writer that has panicked has said so.
            drop(thread.join());
        }
    }
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Writer, StoreError> {
        let (told, events) = watch::channel(event::newest(&connection)?.number);
        let (jobs, waiting) = sync_channel(QUEUE);
        let figures = Arc::<Figures>::default();
        let thread = Thread {
            connection,
            figures: Arc::clone(&figures),
            events: told,
            runtime: Handle::try_current().ok(),
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread.write_all(&waiting))?;
        Ok(Writer {
            events,
            jobs: Some(jobs),
            thread: Some(thread),
            figures,
        })
    }

    /// Holds the number of the newest event that is on disk.
    pub(super) fn events(&self) -> watch::Receiver<i64> {
        self.events.clone()
    }

    /// What it has done.
    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Runs `work`, which is done once.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, answered) = Once::new(work);
        self.queue(None, Box::new(job), answered).await
    }

    /// Runs `work`, unless its turn comes only after `by`; it may be undone and done again.
    pub(super) async fn run_by<T: Send + 'static>(
        &self,
        by: Instant,
        work: impl FnMut(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (job, answered) = Again::new(work);
        self.queue(Some(by), Box::new(job), answered).await
    }

    async fn queue<T>(
        &self,
        by: Option<Instant>,
        job: Box<dyn Job>,
        answered: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let jobs = self.jobs.as_ref().ok_or(StoreError::Stopped)?;
        self.figures.queued();
        jobs.try_send(Waiting { by, job }).map_err(|refused| {
            self.figures.turned_away();
            match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            }
        })?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

/// What the writing thread has.
struct Thread {
    connection: Connection,
    figures: Arc<Figures>,
    events: watch::Sender<i64>,
    /// Where those run who wait for answers, if it is known.
    runtime: Option<Handle>,
}

impl Thread {
    fn write_all(&self, waiting: &Receiver<Waiting>) {
        // Of the other sort than the group before it.
        let mut next = None;
        while let Some(first) = next.take().or_else(|| waiting.recv().ok()) {
            let can_be_repeated = first.job.can_be_repeated();
            let mut group = vec![first];
            for step in 0..STEPS_ASIDE {
                let before = group.len();
                next = gather(waiting, &mut group);
                let is_all = step > 0 && group.len() == before;
                if next.is_some() || is_all || group.len() >= GROUP {
                    break;
                }
                thread::yield_now();
            }
            self.figures.taken(group.len());
            self.write(group, can_be_repeated);
            tell(&self.connection, &self.events);
        }
    }

    fn write(&self, group: Vec<Waiting>, can_be_repeated: bool) {
        let began = Instant::now();
        let (mut group, late): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|job| job.is_wanted(began));
        for waiting in late {
            self.figures.late();
            waiting.job.too_late();
        }
        if group.is_empty() {
            return;
        }
        let alone = group.len() == 1;
        let done = if can_be_repeated && !alone {
            self.attempt(&mut group, Turn::Together)
                .and_then(|all_well| match all_well {
                    true => Ok(()),
                    false => {
                        self.run("ROLLBACK")?;
                        self.attempt(&mut group, Turn::Shared).map(drop)
                    }
                })
        } else {
            let turn = if alone { Turn::Alone } else { Turn::Shared };
            self.attempt(&mut group, turn).map(drop)
        };
        let committed = done.and_then(|()| self.run("COMMIT"));
        match &committed {
            Ok(()) => self.figures.committed(group.len(), began.elapsed()),
            Err(error) => {
                tracing::error!(%error, "a transaction could not be written");
                self.figures.failed();
                // Fails when SQLite has rolled back already, which is what is wanted.
                drop(self.run("ROLLBACK"));
            }
        }
        self.answer(group, committed.is_ok());
    }

    /// Tells those who wait. They are woken where they run: to wake each from here would have the
    /// system change between both threads as often as there are answers.
    fn answer(&self, group: Vec<Waiting>, committed: bool) {
        let answer = move || {
            for waiting in group {
                waiting.job.answer(committed);
            }
        };
        match &self.runtime {
            Some(runtime) => drop(runtime.spawn(async move { answer() })),
            None => answer(),
        }
    }

    /// Begins a transaction and runs all of `group` in it; whether all went well.
    fn attempt(&self, group: &mut [Waiting], turn: Turn) -> Result<bool, rusqlite::Error> {
        self.run("BEGIN IMMEDIATE")?;
        let mut all_well = true;
        for waiting in group {
            all_well &= waiting.job.run(&self.connection, turn);
            if self.connection.is_autocommit() {
                // The disk failed and SQLite has rolled all of it back: what follows would be committed one by one.
                return Err(rolled_back());
            }
            if !all_well && turn == Turn::Together {
                break;
            }
        }
        Ok(all_well)
    }

    fn run(&self, sql: &str) -> Result<(), rusqlite::Error> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

/// What becomes of those whose transaction SQLite has ended on its own.
fn rolled_back() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR);
    rusqlite::Error::SqliteFailure(code, Some("rolled back in the midst of it".to_owned()))
}

/// Adds what waits to `group`; what is of the other sort, and so is of the next one, comes back.
fn gather(waiting: &Receiver<Waiting>, group: &mut Vec<Waiting>) -> Option<Waiting> {
    let can_be_repeated = group.first().is_some_and(|it| it.job.can_be_repeated());
    while group.len() < GROUP
        && let Ok(another) = waiting.try_recv()
    {
        if another.job.can_be_repeated() != can_be_repeated {
            return Some(another);
        }
        group.push(another);
    }
    None
}

/// Wakes those who follow the log, if there is more in it: a look at the end of a table, a group.
fn tell(connection: &Connection, events: &watch::Sender<i64>) {
    match event::newest(connection) {
        Ok(newest) => {
            events
                .send_if_modified(|known| std::mem::replace(known, newest.number) != newest.number);
        }
        Err(error) => tracing::error!(%error, "the end of the log of events cannot be read"),
    }
}

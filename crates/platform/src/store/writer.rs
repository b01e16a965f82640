//! The one thread that writes: takes all that waits, commits it at once, then answers.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::figures::Figures;
use super::{StoreError, event};

/// Writes that may wait: a second's worth on a slow disk; beyond it the sender is told at once.
pub(crate) const QUEUE: usize = 1024;
/// Writes that share a commit: bounds how long the first of them waits for the last.
const GROUP: usize = 128;

type Answer = Box<dyn FnOnce(bool) + Send>;
type Work = Box<dyn FnOnce(Turn<'_>) -> Answer + Send>;

/// What waits to be written.
struct Job {
    /// When nobody wants it any more.
    by: Option<Instant>,
    work: Work,
}

/// A job's turn.
enum Turn<'a> {
    /// Beside others in its transaction, of whom its failure must undo nothing.
    Shared(&'a Connection),
    /// The transaction is its own.
    Alone(&'a Connection),
    /// Nobody waits for it any more.
    TooLate,
}

/// Hands work to the writing thread, which this waits for when it is dropped: the file is closed
/// then.
pub(super) struct Writer {
    /// The number of the newest event that is on disk.
    events: watch::Receiver<i64>,
    jobs: Option<SyncSender<Job>>,
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
        let counting = Arc::clone(&figures);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(&connection, &waiting, &counting, &told))?;
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

    /// Runs `work`, unless its turn comes only after `by`.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        by: Option<Instant>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |turn| {
            let result = match turn {
                Turn::Shared(connection) => sparing_others(connection, work),
                Turn::Alone(connection) => sparing_nobody(connection, work),
                Turn::TooLate => Err(StoreError::Late),
            };
            Box::new(move |committed| {
                let told = if committed {
                    result
                } else {
                    result.and(Err(StoreError::NotCommitted))
                };
                // Nobody waits any more: the caller has gone, the write stands.
                drop(answer.send(told));
            })
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Stopped)?;
        self.figures.queued();
        jobs.try_send(Job { by, work }).map_err(|refused| {
            self.figures.turned_away();
            match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            }
        })?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

/// Runs one job so that its failure undoes nothing but itself.
fn sparing_others<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
    run("SAVEPOINT job")?;
    let result = work(connection);
    if result.is_err() {
        run("ROLLBACK TO job")?;
    }
    run("RELEASE job")?;
    result
}

/// The same for one that is alone in its transaction: the whole of it is undone.
fn sparing_nobody<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let result = work(connection);
    if result.is_err() {
        connection.execute_batch("ROLLBACK; BEGIN IMMEDIATE")?;
    }
    result
}

fn write_all(
    connection: &Connection,
    waiting: &Receiver<Job>,
    figures: &Figures,
    events: &watch::Sender<i64>,
) {
    while let Ok(first) = waiting.recv() {
        let group = std::iter::once(first).chain(waiting.try_iter().take(GROUP - 1));
        let group: Vec<Job> = group.collect();
        figures.taken(group.len());
        let began = Instant::now();
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            tracing::error!(%error, "no transaction could be begun");
            figures.failed();
            continue;
        }
        let is_alone = group.len() == 1;
        let answers = group.into_iter().map(|job| {
            let turn = match job.by {
                Some(by) if by < Instant::now() => {
                    figures.late();
                    Turn::TooLate
                }
                _ if is_alone => Turn::Alone(connection),
                _ => Turn::Shared(connection),
            };
            (job.work)(turn)
        });
        let answers: Vec<Answer> = answers.collect();
        let committed = connection.execute_batch("COMMIT").is_ok();
        if committed {
            figures.committed(answers.len(), began.elapsed());
        } else {
            tracing::error!("a transaction could not be committed");
            figures.failed();
            // Fails when SQLite has rolled back already, which is what is wanted.
            drop(connection.execute_batch("ROLLBACK"));
        }
        for answer in answers {
            answer(committed);
        }
        tell(connection, events);
    }
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

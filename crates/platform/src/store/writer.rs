//! The one thread that writes: takes all that waits, commits it at once, then answers.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::StoreError;

/// Writes that may wait: a second's worth on a slow disk; beyond it the sender is told at once.
pub(super) const QUEUE: usize = 1024;
/// Writes that share a commit: bounds how long the first of them waits for the last.
const GROUP: usize = 128;

type Answer = Box<dyn FnOnce(bool) + Send>;
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;

/// Hands work to the writing thread, which this waits for when it is dropped: the file is closed
/// then.
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
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
        let (jobs, waiting) = sync_channel(QUEUE);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(&connection, &waiting))?;
        Ok(Writer {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = alone(connection, work);
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
        jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Stopped,
        })?;
        answered.await.map_err(|_| StoreError::Stopped)?
    }
}

/// Runs one job so that its failure undoes nothing but itself.
fn alone<T>(
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

fn write_all(connection: &Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            tracing::error!(%error, "no transaction could be begun");
            continue;
        }
        let group = std::iter::once(first).chain(waiting.try_iter().take(GROUP - 1));
        let answers: Vec<Answer> = group.map(|job| job(connection)).collect();
        let committed = connection.execute_batch("COMMIT").is_ok();
        if !committed {
            tracing::error!("a transaction could not be committed");
            // Fails when SQLite has rolled back already, which is what is wanted.
            drop(connection.execute_batch("ROLLBACK"));
        }
        for answer in answers {
            answer(committed);
        }
    }
}

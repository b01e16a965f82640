//! The one thread that writes.

use std::io;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{Entry, JournalError, insert};

/// How many writes share a commit at most: enough that the disk's flush is not what limits, few
/// enough that the first of them does not wait long.
const BATCH: usize = 128;

type Answer = oneshot::Sender<Result<(), JournalError>>;

#[derive(Debug)]
pub(super) struct Write {
    entries: Vec<Entry>,
    answer: Answer,
}

impl Write {
    pub(super) fn new(entries: Vec<Entry>) -> (Write, oneshot::Receiver<Result<(), JournalError>>) {
        let (answer, answered) = oneshot::channel();
        (Write { entries, answer }, answered)
    }
}

pub(super) fn start(
    mut connection: Connection,
    mut queue: mpsc::Receiver<Write>,
) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("journal".to_owned());
    thread.spawn(move || {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = queue.try_recv()
            {
                batch.push(next);
            }
            commit(&mut connection, batch);
        }
    })?;
    Ok(())
}

/// Writes `batch` in one transaction; a write that fails takes no other with it, unless the
/// commit fails.
pub(super) fn commit(connection: &mut Connection, batch: Vec<Write>) {
    let (answers, entries): (Vec<Answer>, Vec<Vec<Entry>>) = batch
        .into_iter()
        .map(|write| (write.answer, write.entries))
        .unzip();
    let results = write_all(connection, &entries)
        .unwrap_or_else(|error| vec![Err(error.into()); answers.len()]);
    for (answer, result) in answers.into_iter().zip(results) {
        // Whoever no longer waits for the answer does not need it.
        let _ = answer.send(result);
    }
}

fn write_all(
    connection: &mut Connection,
    writes: &[Vec<Entry>],
) -> rusqlite::Result<Vec<Result<(), JournalError>>> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut results = Vec::with_capacity(writes.len());
    for entries in writes {
        let savepoint = transaction.savepoint()?;
        let written = entries
            .iter()
            .try_for_each(|entry| insert::entry(&savepoint, entry));
        if savepoint.is_autocommit() {
            // The disk failed and SQLite has rolled all of it back: what follows would be committed one by one,
            // and written again with the rest.
            return Err(written.err().unwrap_or(rusqlite::Error::InvalidQuery));
        }
        results.push(match written {
            Ok(()) => savepoint.commit().map_err(JournalError::from),
            Err(error) => savepoint
                .finish()
                .and(Err(error))
                .map_err(JournalError::from),
        });
    }
    transaction.commit()?;
    Ok(results)
}

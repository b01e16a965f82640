//! Work that waits for the writer, and whoever waits for it.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;

/// How a job shares its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// With others, and all is done again when one fails.
    Together,
    /// With others, of whom its failure must undo nothing.
    Shared,
    /// With nobody.
    Alone,
}

/// A job.
pub(super) trait Job: Send {
    /// Whether it can be undone and run again.
    fn can_be_repeated(&self) -> bool;

    /// Runs it; whether it went well.
    fn run(&mut self, connection: &Connection, turn: Turn) -> bool;

    /// Nobody waits for it any more: it is not run.
    fn too_late(self: Box<Self>);

    /// Tells whoever waits what became of it.
    fn answer(self: Box<Self>, committed: bool);
}

/// What became of a job, and who wants to know.
struct Told<T> {
    result: Result<T, StoreError>,
    to: oneshot::Sender<Result<T, StoreError>>,
}

impl<T> Told<T> {
    fn new() -> (Told<T>, oneshot::Receiver<Result<T, StoreError>>) {
        let (to, answered) = oneshot::channel();
        let result = Err(StoreError::NotCommitted);
        (Told { result, to }, answered)
    }

    fn leave_out(self) {
        drop(self.to.send(Err(StoreError::Late)));
    }

    fn tell(self, committed: bool) {
        let told = match committed {
            true => self.result,
            false => self.result.and(Err(StoreError::NotCommitted)),
        };
        // Nobody waits any more: the caller has gone, the write stands.
        drop(self.to.send(told));
    }
}

/// A job that is run once.
pub(super) struct Once<W, T> {
    work: Option<W>,
    told: Told<T>,
}

/// A job that may be undone and run again.
pub(super) struct Again<W, T> {
    work: W,
    told: Told<T>,
}

impl<W, T> Once<W, T>
where
    W: FnOnce(&Connection) -> Result<T, StoreError>,
{
    pub(super) fn new(work: W) -> (Once<W, T>, oneshot::Receiver<Result<T, StoreError>>) {
        let (told, answered) = Told::new();
        let work = Some(work);
        (Once { work, told }, answered)
    }
}

impl<W, T> Again<W, T>
where
    W: FnMut(&Connection) -> Result<T, StoreError>,
{
    pub(super) fn new(work: W) -> (Again<W, T>, oneshot::Receiver<Result<T, StoreError>>) {
        let (told, answered) = Told::new();
        (Again { work, told }, answered)
    }
}

impl<W, T> Job for Once<W, T>
where
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn can_be_repeated(&self) -> bool {
        false
    }

    fn run(&mut self, connection: &Connection, turn: Turn) -> bool {
        if let Some(work) = self.work.take() {
            self.told.result = sparing(connection, turn, work);
        }
        self.told.result.is_ok()
    }

    fn too_late(self: Box<Self>) {
        self.told.leave_out();
    }

    fn answer(self: Box<Self>, committed: bool) {
        self.told.tell(committed);
    }
}

impl<W, T> Job for Again<W, T>
where
    W: FnMut(&Connection) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn can_be_repeated(&self) -> bool {
        true
    }

    fn run(&mut self, connection: &Connection, turn: Turn) -> bool {
        self.told.result = sparing(connection, turn, &mut self.work);
        self.told.result.is_ok()
    }

    fn too_late(self: Box<Self>) {
        self.told.leave_out();
    }

    fn answer(self: Box<Self>, committed: bool) {
        self.told.tell(committed);
    }
}

/// Runs `work` so that its failure undoes what it must and no more.
fn sparing<T>(
    connection: &Connection,
    turn: Turn,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
    match turn {
        Turn::Together => work(connection),
        Turn::Shared => {
            run("SAVEPOINT job")?;
            let result = work(connection);
            if result.is_err() {
                run("ROLLBACK TO job")?;
            }
            run("RELEASE job")?;
            result
        }
        Turn::Alone => {
            let result = work(connection);
            if result.is_err() {
                run("ROLLBACK")?;
                run("BEGIN IMMEDIATE")?;
            }
            result
        }
    }
}

//! Every act of a person is written down, with name, reason and what came of it.

use jiff::Timestamp;

use super::LocalLot;
use super::answer::Problem;
use crate::driver::Handle;
use crate::journal::{Act, Entry};
use crate::lot::Input;

/// Who does something, and why.
pub(super) struct Person {
    pub(super) by: String,
    pub(super) reason: String,
}

/// What came of an act: a stable word for the books, and the answer.
pub(super) struct Outcome<T> {
    pub(super) word: String,
    pub(super) answer: Result<T, Problem>,
}

impl LocalLot {
    /// Does `work` for a person and writes it down, whether or not he waits for the answer.
    pub(super) async fn act<T: Send + 'static>(
        &self,
        person: Person,
        what: &'static str,
        subject: String,
        work: impl Future<Output = Outcome<T>> + Send + 'static,
    ) -> Result<T, Problem> {
        let (driver, lot) = (self.driver.clone(), self.configured.id.clone());
        let Person { by, reason } = person;
        let doing = tokio::spawn(async move {
            let Outcome { word, answer } = work.await;
            let act = Act {
                lot,
                at: Timestamp::now(),
                by,
                what: what.to_owned(),
                subject,
                reason,
                outcome: word,
            };
            write(&driver, act).await;
            answer
        });
        doing.await.unwrap_or(Err(Problem::Interrupted))
    }
}

/// It has been done: that it cannot be written down does not undo it, and is only said.
async fn write(driver: &Handle, act: Act) {
    tracing::info!(
        lot = %act.lot,
        by = act.by,
        what = act.what,
        subject = act.subject,
        reason = act.reason,
        outcome = act.outcome,
        "a person acted"
    );
    if let Err(error) = driver.tell(Input::Note(Entry::Act(act))).await {
        tracing::error!(%error, "the act of a person cannot be written down");
    }
}

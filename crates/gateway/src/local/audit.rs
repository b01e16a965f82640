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

/// Longest name of a person in characters: some are signed with their department.
const LONGEST_NAME: usize = 64;

/// Longest reason in characters: two lines on any screen.
const LONGEST_REASON: usize = 200;

impl Person {
    /// Somebody who says who he is and why.
    pub(super) fn new(by: &str, reason: &str) -> Result<Person, Problem> {
        Ok(Person {
            by: said("by", by, "操作人", LONGEST_NAME)?,
            reason: said("reason", reason, "原因", LONGEST_REASON)?,
        })
    }
}

fn said(field: &str, text: &str, what: &str, longest: usize) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=longest).contains(&length) {
        return Ok(text.to_owned());
    }
    Err(Problem::Wrong(format!(
        "字段 {field} 收到 {length} 个字符，应写明{what}，1 到 {longest} 个字符"
    )))
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

//! A command that comes again, byte for byte, gets its first answer and does nothing (D-5).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use boshi_protocol::endpoint::ReceiveOpenGate;
use boshi_protocol::envelope::{Answer, read_reply};
use boshi_protocol::fields::Tolerance;
use boshi_protocol::freshness::DEFAULT_WINDOW;
use boshi_protocol::id::LotId;
use boshi_protocol::lane::{Done, OpenRefusal};
use boshi_protocol::refusal::Refusal;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::journal::RememberedCommand;

/// Most commands that are remembered: far more than people can give in the time.
const MOST: usize = 100_000;

/// A command by its lot and the SHA-256 of its body.
type Name = (LotId, [u8; 32]);

/// The commands of the last minutes, each with its answer.
#[derive(Debug)]
pub(crate) struct Replays {
    keep: Duration,
    known: Mutex<HashMap<Name, Known>>,
}

#[derive(Debug)]
struct Known {
    at: Timestamp,
    answer: watch::Receiver<Option<Answer<()>>>,
}

/// How a request is answered.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) answer: Answer<()>,
    /// Whether that is the answer to the same bytes before.
    pub(crate) again: bool,
}

/// What a request is.
enum Occurrence {
    /// The first of its kind: to be carried out, and the answer to be given to this.
    First(watch::Sender<Option<Answer<()>>>),
    /// It came before: this is its answer, perhaps in a moment.
    Again(watch::Receiver<Option<Answer<()>>>),
    /// Too many commands at once.
    TooMany,
}

impl Replays {
    /// Remembers commands for as long as one could come again: a request may be dated up to
    /// `window` ahead, and be fresh until `window` after that date.
    pub(crate) fn new(window: Duration) -> Replays {
        let window = if window.is_zero() {
            DEFAULT_WINDOW
        } else {
            window
        };
        Replays {
            keep: window * 2,
            known: Mutex::default(),
        }
    }

    /// How far back commands are remembered.
    pub(crate) fn keeps_for(&self) -> Duration {
        self.keep
    }

    /// Remembers what an earlier run did.
    pub(crate) fn recall(&self, commands: Vec<RememberedCommand>) {
        let mut known = self.known();
        for command in commands {
            let reply = command.reply.as_deref().map(str::as_bytes);
            let read = |reply| read_reply::<ReceiveOpenGate>(reply, Tolerance::Tolerant).ok();
            let answer = reply.and_then(read).unwrap_or_else(interrupted);
            let (_, answer) = watch::channel(Some(answer));
            let at = command.at;
            known.insert((command.lot, command.digest), Known { at, answer });
        }
    }

    /// Answers a request with what `work` makes of it, or made of the same bytes before. Who asked
    /// may go away: `work` is done all the same, and its answer kept for when he comes again.
    pub(crate) async fn once(
        &self,
        lot: &LotId,
        digest: [u8; 32],
        now: Timestamp,
        work: impl Future<Output = Answer<()>> + Send + 'static,
    ) -> Given {
        let (answer, again) = match self.meet(lot, digest, now) {
            Occurrence::Again(answer) => (answer_again(answer).await, true),
            Occurrence::TooMany => {
                let sentence = "指令过多，请稍后再试";
                (Answer::Refused(Refusal::new("BUSY", sentence)), false)
            }
            Occurrence::First(answer) => {
                let given = answer.subscribe();
                tokio::spawn(async move {
                    answer.send_replace(Some(work.await));
                });
                (answer_again(given).await, false)
            }
        };
        Given { answer, again }
    }

    /// Whether a request came before.
    fn meet(&self, lot: &LotId, digest: [u8; 32], now: Timestamp) -> Occurrence {
        let mut known = self.known();
        known.retain(|_, known| {
            let age = now.duration_since(known.at);
            Duration::try_from(age).is_ok_and(|age| age <= self.keep)
                // Dated ahead of us: the clock was set back; it counts until it is that late again.
                || age.is_negative()
        });
        let name = (lot.clone(), digest);
        if let Some(known) = known.get(&name) {
            return Occurrence::Again(known.answer.clone());
        }
        if known.len() >= MOST {
            return Occurrence::TooMany;
        }
        let (sender, answer) = watch::channel(None);
        known.insert(name, Known { at: now, answer });
        Occurrence::First(sender)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Name, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// OPEN-7: success only when the barrier did it; otherwise why not.
pub(crate) fn answer_to(done: Result<Done, OpenRefusal>) -> Answer<()> {
    match done {
        Ok(done) => Answer::Accepted {
            note: done.note().unwrap_or_default().to_owned(),
            body: (),
        },
        Err(refusal) => Answer::Refused(refusal.into()),
    }
}

/// The answer to a request that came before.
async fn answer_again(mut answer: watch::Receiver<Option<Answer<()>>>) -> Answer<()> {
    let given = answer.wait_for(Option::is_some).await;
    given
        .ok()
        .and_then(|given| given.clone())
        .unwrap_or_else(interrupted)
}

/// The program ended between the command and its answer.
pub(crate) fn interrupted() -> Answer<()> {
    Answer::Refused(Refusal::new(
        "OUTCOME_UNKNOWN",
        "网关执行该指令时中断，闸机是否动作未知",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot() -> LotId {
        LotId::new("L1").unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// D-5
    #[tokio::test]
    async fn the_same_bytes_get_the_first_answer_also_while_it_is_being_made() {
        let replays = Replays::new(Duration::from_secs(300));
        let Occurrence::First(answer) = replays.meet(&lot(), [1; 32], at(0)) else {
            panic!("it is the first");
        };
        let Occurrence::Again(again) = replays.meet(&lot(), [1; 32], at(1)) else {
            panic!("it came before");
        };
        let refusal = Refusal::new("NO_VEHICLE", "闸口无车");
        answer.send_replace(Some(Answer::Refused(refusal.clone())));
        assert_eq!(answer_again(again).await, Answer::Refused(refusal));
        let other = replays.meet(&lot(), [2; 32], at(1));
        assert!(matches!(other, Occurrence::First(_)));
    }

    /// D-4, D-5
    #[test]
    fn a_command_is_remembered_for_as_long_as_its_time_is_fresh() {
        let replays = Replays::new(Duration::from_secs(300));
        replays.meet(&lot(), [1; 32], at(0));
        let at_the_end = replays.meet(&lot(), [1; 32], at(600));
        assert!(matches!(at_the_end, Occurrence::Again(_)));
        let later = replays.meet(&lot(), [1; 32], at(601));
        assert!(matches!(later, Occurrence::First(_)));
    }

    /// D-5: also across a restart, and when that came in between.
    #[tokio::test]
    async fn a_restart_remembers_answers_and_what_was_never_answered() {
        let replays = Replays::new(Duration::from_secs(300));
        let remembered = |digest, reply: Option<&str>| RememberedCommand {
            lot: lot(),
            digest,
            reply: reply.map(str::to_owned),
            at: at(0),
        };
        let done = r#"{"respCode":"0","respDesc":""}"#;
        replays.recall(vec![
            remembered([1; 32], Some(done)),
            remembered([2; 32], None),
        ]);
        for (digest, accepted) in [([1; 32], true), ([2; 32], false)] {
            let Occurrence::Again(again) = replays.meet(&lot(), digest, at(1)) else {
                panic!("it came before");
            };
            let answer = answer_again(again).await;
            assert_eq!(matches!(answer, Answer::Accepted { .. }), accepted);
        }
    }
}

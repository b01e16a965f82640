//! Commands for a device that cannot be called: it fetches them itself, by long poll.
//!
//! A command that nobody fetched in time is withdrawn and was not done; one that was fetched and
//! not answered is unknown. Neither is ever handed out again.
//!
//! A device that asks again has given up what it asked before, and perhaps the connection with it: what
//! is put in then goes to the newest question only. The older ones end as if there were nothing, each
//! in its own time, so that two that ask in turns do not chase each other.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::CommandError;

/// Most commands that wait in one mailbox: more than its lanes can have in the time.
const MOST_WAITING: usize = 64;

/// Most answers that are awaited at once; a controller that never answers is told no more.
const MOST_HANDED: usize = 256;

/// The commands of one device.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Who fetches them, for people.
    who: &'static str,
    letters: Mutex<Letters>,
    news: Notify,
    questions: Questions,
}

/// How often a device has asked for commands.
#[derive(Clone, Debug, Default)]
struct Questions(Arc<AtomicU64>);

/// One question of a device.
#[derive(Debug)]
pub(super) struct Question {
    number: u64,
    all: Questions,
}

impl Question {
    fn is_newest(&self) -> bool {
        self.all.0.load(Ordering::Acquire) == self.number
    }
}

#[derive(Debug, Default)]
struct Letters {
    waiting: VecDeque<Letter>,
    handed: HashMap<String, oneshot::Sender<Value>>,
}

#[derive(Debug)]
struct Letter {
    id: String,
    command: Value,
    fetched: oneshot::Sender<()>,
    answer: oneshot::Sender<Value>,
}

impl Mailbox {
    /// An empty one of such a device.
    pub(super) fn of(who: &'static str) -> Mailbox {
        Mailbox {
            who,
            letters: Mutex::default(),
            news: Notify::new(),
            questions: Questions::default(),
        }
    }

    /// Puts a command in, and returns the answer to it. It waits to be fetched for
    /// `fetched_within`, which has to be shorter than anybody waits for the barrier: an arm that
    /// was given up must not move.
    pub(super) async fn send(
        &self,
        id: &str,
        command: Value,
        fetched_within: Duration,
        limit: Duration,
    ) -> Result<Value, CommandError> {
        let (fetched, was_fetched) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let letter = Letter {
            id: id.to_owned(),
            command,
            fetched,
            answer,
        };
        self.put(letter)?;
        let fetched = tokio::time::timeout(fetched_within, was_fetched).await;
        if fetched.is_err() && self.withdraw(id) {
            return Err(self.not_done("未取走指令"));
        }
        let answered = tokio::time::timeout(limit, answered).await;
        if let Ok(Ok(answer)) = answered {
            return Ok(answer);
        }
        self.lock().handed.remove(id);
        Err(CommandError::Unknown(format!("{}未应答", self.who)))
    }

    /// The device asks; what it has asked before is handed nothing any more.
    pub(super) fn asked(&self) -> Question {
        let all = self.questions.clone();
        let number = all.0.fetch_add(1, Ordering::AcqRel) + 1;
        Question { number, all }
    }

    /// What there is to do, as soon as there is something, and after `wait` in any case.
    pub(super) async fn fetch(&self, wait: Duration) -> Vec<Value> {
        let question = self.asked();
        let take = || Some(self.take()).filter(|it| !it.is_empty());
        let taken = self.wait_for(wait, Some(&question), take).await;
        taken.unwrap_or_default()
    }

    /// The one command that was put in first, as soon as there is one, for a device that takes one
    /// at a time; none after `wait`. It goes into the answer to `question`, or to what the device has
    /// just said.
    pub(super) async fn fetch_one(
        &self,
        wait: Duration,
        question: Option<&Question>,
    ) -> Option<Value> {
        self.wait_for(wait, question, || self.take_one()).await
    }

    async fn wait_for<T>(
        &self,
        wait: Duration,
        question: Option<&Question>,
        take: impl Fn() -> Option<T>,
    ) -> Option<T> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            // From here on it hears of whatever is put in.
            let news = self.news.notified();
            if question.is_none_or(Question::is_newest)
                && let Some(taken) = take()
            {
                return Some(taken);
            }
            tokio::time::timeout_at(deadline, news).await.ok()?;
        }
    }

    /// Takes the answer to a command; false when nobody waits for it.
    pub(super) fn answer(&self, id: &str, answer: Value) -> bool {
        let waiting = self.lock().handed.remove(id);
        waiting.is_some_and(|waiting| waiting.send(answer).is_ok())
    }

    fn put(&self, letter: Letter) -> Result<(), CommandError> {
        let mut letters = self.lock();
        if letters.waiting.len() >= MOST_WAITING || letters.handed.len() >= MOST_HANDED {
            return Err(self.not_done("积压指令过多"));
        }
        letters.waiting.push_back(letter);
        drop(letters);
        self.news.notify_waiters();
        Ok(())
    }

    fn not_done(&self, why: &str) -> CommandError {
        CommandError::NotDone(format!("{}{why}", self.who))
    }

    /// Whether the command was still there.
    fn withdraw(&self, id: &str) -> bool {
        let mut letters = self.lock();
        let before = letters.waiting.len();
        letters.waiting.retain(|letter| letter.id != id);
        letters.waiting.len() < before
    }

    fn take(&self) -> Vec<Value> {
        std::iter::from_fn(|| self.take_one()).collect()
    }

    fn take_one(&self) -> Option<Value> {
        let mut letters = self.lock();
        while let Some(letter) = letters.waiting.pop_front() {
            // Who put it in may have given up: it must not be done any more.
            if letter.fetched.send(()).is_ok() {
                letters.handed.insert(letter.id, letter.answer);
                return Some(letter.command);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn a_command_is_fetched_once_and_its_answer_comes_back() {
        let mailbox = Arc::new(Mailbox::of("控制器"));
        let sender = Arc::clone(&mailbox);
        let sent =
            tokio::spawn(async move { sender.send("c1", json!({"id": "c1"}), LIMIT, LIMIT).await });
        assert_eq!(mailbox.fetch(LIMIT).await, [json!({"id": "c1"})]);
        assert!(mailbox.answer("c1", json!({"ok": true})));
        assert_eq!(sent.await.unwrap(), Ok(json!({"ok": true})));
        assert!(!mailbox.answer("c1", json!({"ok": true})));
        assert!(mailbox.fetch(Duration::ZERO).await.is_empty());
    }

    /// OPEN-7
    #[tokio::test(start_paused = true)]
    async fn what_nobody_fetched_is_withdrawn_and_never_handed_out_later() {
        let mailbox = Mailbox::of("相机");
        let result = mailbox.send("c1", json!({}), LIMIT, LIMIT).await;
        let why = CommandError::NotDone("相机未取走指令".to_owned());
        assert_eq!(result, Err(why), "it says who has not fetched it");
        assert!(mailbox.fetch(Duration::ZERO).await.is_empty());
    }

    /// OPEN-7
    #[tokio::test(start_paused = true)]
    async fn what_was_fetched_and_not_answered_is_unknown() {
        let mailbox = Arc::new(Mailbox::of("控制器"));
        let sender = Arc::clone(&mailbox);
        let sent = tokio::spawn(async move { sender.send("c1", json!({}), LIMIT, LIMIT).await });
        assert_eq!(mailbox.fetch(LIMIT).await.len(), 1);
        assert!(matches!(sent.await.unwrap(), Err(CommandError::Unknown(_))));
    }

    /// OPEN-7: the connection of the first question has died, which nobody has noticed yet.
    #[tokio::test(start_paused = true)]
    async fn a_command_goes_to_the_question_that_was_asked_last() {
        let mailbox = Arc::new(Mailbox::of("控制器"));
        let asks = || {
            let mailbox = Arc::clone(&mailbox);
            tokio::spawn(async move { mailbox.fetch(LIMIT).await })
        };
        let dead = asks();
        tokio::task::yield_now().await;
        for id in ["c1", "c2"] {
            let alive = asks();
            tokio::task::yield_now().await;
            let sender = Arc::clone(&mailbox);
            let sent = tokio::spawn(async move {
                sender.send(id, json!({ "id": id }), LIMIT / 2, LIMIT).await
            });
            assert_eq!(alive.await.unwrap(), [json!({ "id": id })]);
            assert!(mailbox.answer(id, json!({})));
            assert_eq!(sent.await.unwrap(), Ok(json!({})));
        }
        // Between two questions as well.
        let late = mailbox.send("c3", json!({}), LIMIT / 4, LIMIT).await;
        assert!(matches!(late, Err(CommandError::NotDone(_))), "{late:?}");
        assert!(dead.await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_just_said_is_answered_with_a_command_whoever_asks_meanwhile() {
        let mailbox = Arc::new(Mailbox::of("相机"));
        let question = mailbox.asked();
        let sender = Arc::clone(&mailbox);
        let sent = async move { sender.send("c1", json!("c1"), LIMIT, LIMIT).await };
        let said = tokio::join!(mailbox.fetch_one(LIMIT, None), async {
            tokio::spawn(sent);
        });
        assert_eq!(said.0, Some(json!("c1")));
        let sender = Arc::clone(&mailbox);
        tokio::spawn(async move { sender.send("c2", json!("c2"), LIMIT, LIMIT).await });
        let asked = mailbox.fetch_one(LIMIT, Some(&question)).await;
        assert_eq!(asked, Some(json!("c2")), "it is still the newest");
    }
}

//! Commands for a device that cannot be called: it fetches them itself, by long poll.
//!
//! A command that nobody fetched in time is withdrawn and was not done; one that was fetched and
//! not answered is unknown. Neither is ever handed out again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
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

    /// What there is to do, as soon as there is something, and after `wait` in any case.
    pub(super) async fn fetch(&self, wait: Duration) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let news = self.news.notified();
            let commands = self.take();
            if !commands.is_empty() {
                return commands;
            }
            if tokio::time::timeout_at(deadline, news).await.is_err() {
                return Vec::new();
            }
        }
    }

    /// The one command that was put in first, as soon as there is one, for a device that takes one
    /// at a time; none after `wait`.
    pub(super) async fn fetch_one(&self, wait: Duration) -> Option<Value> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let news = self.news.notified();
            if let Some(command) = self.take_one() {
                // Another one who fetches may have been woken for what is left.
                self.news.notify_one();
                return Some(command);
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
        self.news.notify_one();
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
    use std::sync::Arc;

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
}

//! Commands for a controller that cannot be called: it fetches them itself, by long poll.
//!
//! A command that nobody fetched in time is withdrawn and was not done; one that was fetched and
//! not answered is unknown. Neither is ever handed out again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_service::key::Key;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::CommandError;

/// Most commands that wait in one mailbox: more than its lanes can have in the time.
const MOST_WAITING: usize = 64;

/// Most answers that are awaited at once; a controller that never answers is told no more.
const MOST_HANDED: usize = 256;

/// The commands of one controller.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
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
            return Err(CommandError::NotDone("控制器未取走指令".to_owned()));
        }
        let answered = tokio::time::timeout(limit, answered).await;
        if let Ok(Ok(answer)) = answered {
            return Ok(answer);
        }
        self.lock().handed.remove(id);
        Err(CommandError::Unknown("控制器未应答".to_owned()))
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
            return Err(CommandError::NotDone("控制器积压指令过多".to_owned()));
        }
        letters.waiting.push_back(letter);
        drop(letters);
        self.news.notify_one();
        Ok(())
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

/// The mailboxes of all controllers that fetch their commands, each under its key.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes {
    boxes: Vec<(Key, Arc<Mailbox>)>,
}

impl Mailboxes {
    /// The mailbox of a key, which is made if there is none.
    pub(crate) fn of(&mut self, key: &SecretString) -> Arc<Mailbox> {
        let key = Key::of(key.expose_secret());
        if let Some((_, mailbox)) = self.boxes.iter().find(|(known, _)| *known == key) {
            return Arc::clone(mailbox);
        }
        let mailbox = Arc::<Mailbox>::default();
        self.boxes.push((key, Arc::clone(&mailbox)));
        mailbox
    }

    /// The mailbox of whoever shows this key; takes the same time whichever it is (D-7).
    pub(super) fn by_key(&self, key: &str) -> Option<&Arc<Mailbox>> {
        let boxes = self.boxes.iter();
        boxes.fold(None, |found, (known, mailbox)| {
            if known.opens(key) {
                Some(mailbox)
            } else {
                found
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn a_command_is_fetched_once_and_its_answer_comes_back() {
        let mailbox = Arc::<Mailbox>::default();
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
        let mailbox = Mailbox::default();
        let result = mailbox.send("c1", json!({}), LIMIT, LIMIT).await;
        assert!(matches!(result, Err(CommandError::NotDone(_))));
        assert!(mailbox.fetch(Duration::ZERO).await.is_empty());
    }

    /// OPEN-7
    #[tokio::test(start_paused = true)]
    async fn what_was_fetched_and_not_answered_is_unknown() {
        let mailbox = Arc::<Mailbox>::default();
        let sender = Arc::clone(&mailbox);
        let sent = tokio::spawn(async move { sender.send("c1", json!({}), LIMIT, LIMIT).await });
        assert_eq!(mailbox.fetch(LIMIT).await.len(), 1);
        assert!(matches!(sent.await.unwrap(), Err(CommandError::Unknown(_))));
    }
}

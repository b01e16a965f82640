//! The controllers, by the keys that they and the gateway show each other.

use std::sync::Arc;
use std::time::Duration;

use boshi_service::key::Key;
use secrecy::{ExposeSecret as _, SecretString};

use super::event::Event;
use super::health::Health;
use super::mailbox::Mailbox;

/// A controller, as it is known by its key.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// How it stands.
    pub(super) health: Arc<Health>,
    /// Where it fetches its commands; none when it is called.
    pub(super) mailbox: Option<Arc<Mailbox>>,
}

/// Every controller.
#[derive(Debug, Default)]
pub(crate) struct Controllers(Vec<(Key, Known)>);

impl Controllers {
    /// The controller of a key, which is made if it is not known. It counts as there for `patience`
    /// after its last word.
    pub(super) fn of(&mut self, key: &SecretString, fetches: bool, patience: Duration) -> Known {
        let key = Key::of(key.expose_secret());
        let same = |(own, it): &&(Key, Known)| *own == key && it.mailbox.is_some() == fetches;
        if let Some((_, known)) = self.0.iter().find(same) {
            return known.clone();
        }
        let known = Known {
            health: Arc::new(Health::new(patience)),
            mailbox: fetches.then(|| Arc::new(Mailbox::of("控制器"))),
        };
        self.0.push((key, known.clone()));
        known
    }

    /// Whoever shows this key said something, for whoever looks into how it stands.
    pub(super) fn heard(&self, key: &str, event: &Result<Event, String>, body: &[u8]) {
        let Some(Known { health, .. }) = self.find(key, |_| true) else {
            return;
        };
        match event {
            Ok(Event::Heartbeat(_)) => _ = health.called(None),
            Ok(_) => _ = health.called(Some(body)),
            Err(why) => health.nonsense(why, body),
        }
    }

    /// The mailbox of whoever shows this key, and how that stands.
    pub(super) fn mailbox(&self, key: &str) -> Option<(&Mailbox, &Health)> {
        let known = self.find(key, |it| it.mailbox.is_some())?;
        let mailbox = known.mailbox.as_deref()?;
        Some((mailbox, &known.health))
    }

    /// Takes the same time whichever it is (D-7).
    fn find(&self, key: &str, wanted: impl Fn(&Known) -> bool) -> Option<&Known> {
        self.0.iter().fold(None, |found, (own, known)| {
            if own.opens(key) && wanted(known) {
                Some(known)
            } else {
                found
            }
        })
    }
}

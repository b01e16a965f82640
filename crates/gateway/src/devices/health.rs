//! How a driver stands with its device, for the watch over the devices and for people.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::trace::{Trace, Way};

/// How long after its last answer a device that is asked all the time still counts as there: a
/// connection that is made anew at once is no loss.
pub(super) const STILL_THERE: Duration = Duration::from_secs(3);

/// How often a driver tells that its devices are alive: well within the default `silence`.
pub(super) const BEAT: Duration = Duration::from_secs(5);

/// What a driver has seen of its device since the start.
#[derive(Debug)]
pub(crate) struct Health {
    /// How long after its last word it still counts as there.
    patience: Duration,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    connected: bool,
    beaten: Option<Instant>,
    heard: Option<Instant>,
    connections: u64,
    sent: u64,
    received: u64,
    faults: u64,
    last_fault: Option<(Timestamp, String)>,
    trace: Trace,
}

impl Health {
    /// Of a device that counts as there for `patience` after its last word.
    pub(super) fn new(patience: Duration) -> Health {
        let seen = Mutex::default();
        Health { patience, seen }
    }

    /// A connection was made.
    pub(super) fn connected(&self) {
        let mut seen = self.lock();
        seen.connected = true;
        seen.connections += 1;
    }

    /// A frame was sent to the device. There must be no secret in it but by its usual name.
    pub(super) fn sent(&self, frame: &[u8]) {
        let mut seen = self.lock();
        seen.sent += 1;
        seen.trace.note(Way::Sent, Timestamp::now(), frame);
    }

    /// The device was only asked how things are, or told that the gateway is there: counted, and not
    /// kept.
    pub(super) fn asked(&self) {
        self.lock().sent += 1;
    }

    /// The device said something that makes sense.
    pub(super) fn heard(&self, frame: &[u8]) {
        let mut seen = self.lock();
        seen.received += 1;
        seen.heard = Some(Instant::now());
        seen.trace.note(Way::Heard, Timestamp::now(), frame);
    }

    /// The device said that it is there, or that things are as they were: counted, and not kept.
    pub(super) fn heard_again(&self) {
        let mut seen = self.lock();
        seen.received += 1;
        seen.heard = Some(Instant::now());
    }

    /// The connection ended; true when that is news, and not another attempt that failed.
    pub(super) fn lost(&self, why: &str) -> bool {
        let mut seen = self.lock();
        let news = std::mem::replace(&mut seen.connected, false) || seen.last_fault.is_none();
        seen.faults += 1;
        seen.last_fault = Some((Timestamp::now(), why.to_owned()));
        news
    }

    /// A device that calls on its own said something, `frame` if that is more than that it is
    /// there; true when it was not there before.
    pub(super) fn called(&self, frame: Option<&[u8]>) -> bool {
        let news = !self.answers() || !self.lock().connected;
        if news {
            self.connected();
        }
        match frame {
            Some(frame) => self.heard(frame),
            None => self.heard_again(),
        }
        news
    }

    /// Whether it is time to tell again that its devices are alive; then it counts as told.
    pub(super) fn is_time_to_beat(&self) -> bool {
        let mut seen = self.lock();
        let due = seen.beaten.is_none_or(|last| last.elapsed() >= BEAT);
        if due {
            seen.beaten = Some(Instant::now());
        }
        due
    }

    /// The device said something that makes no sense.
    pub(super) fn faulty(&self, why: &str) {
        let mut seen = self.lock();
        seen.faults += 1;
        seen.last_fault = Some((Timestamp::now(), why.to_owned()));
    }

    /// The device said something that makes no sense: this.
    pub(super) fn nonsense(&self, why: &str, frame: &[u8]) {
        self.faulty(why);
        self.lock().trace.note(Way::Heard, Timestamp::now(), frame);
    }

    /// The newest `limit` frames before the number `before`, newest first.
    pub(crate) fn frames(&self, before: Option<i64>, limit: usize) -> Vec<Value> {
        self.lock().trace.shown(before, limit)
    }

    /// Whether the device is there.
    pub(super) fn answers(&self) -> bool {
        let heard = self.lock().heard;
        heard.is_some_and(|heard| heard.elapsed() < self.patience)
    }

    /// For people: `online`, `degraded` (there, but the connection has just failed) or `offline`,
    /// and why.
    pub(super) fn shown(&self, driver: &str, name: &str, address: &str) -> Value {
        let answers = self.answers();
        let seen = self.lock();
        let state = match (answers, seen.connected) {
            (true, true) => "online",
            (true, false) => "degraded",
            (false, _) => "offline",
        };
        let fault = seen.last_fault.as_ref();
        json!({
            "name": name,
            "driver": driver,
            "address": address,
            "state": state,
            "heard_seconds_ago": seen.heard.map(|heard| heard.elapsed().as_secs()),
            "connections": seen.connections,
            "sent": seen.sent,
            "received": seen.received,
            "faults": seen.faults,
            "last_fault": fault.map(|(_, why)| why.as_str()),
            "last_fault_at": fault.map(|(at, _)| at.to_string()),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

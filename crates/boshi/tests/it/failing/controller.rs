//! A controller of one lane that fetches its commands, and the vehicles in front of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::sides::{BARRIER, DEVICE_KEY, Place, RECOGNIZER};
use crate::line::Line;
use crate::process::{Gateway, until};

/// Fetches commands until its gateway dies, and obeys them.
pub(super) struct Controller {
    devices: String,
    events: Mutex<Line>,
    booth: Mutex<Line>,
    key: String,
    lifts: Arc<AtomicUsize>,
}

impl Controller {
    /// On connections that it keeps, with the booth beside it.
    pub(super) fn of(gateway: &Gateway, place: &Place) -> Controller {
        let key = std::fs::read_to_string(place.data().join("local.key")).unwrap();
        let lifts = Arc::<AtomicUsize>::default();
        let (mut commands, counted) = (Line::to(&gateway.devices), Arc::clone(&lifts));
        std::thread::spawn(move || while obeys(&mut commands, &counted).is_ok() {});
        Controller {
            devices: gateway.devices.clone(),
            events: Mutex::new(Line::to(&gateway.devices)),
            booth: Mutex::new(Line::to(&gateway.local)),
            key: key.trim().to_owned(),
            lifts,
        }
    }

    /// How often the barrier has been lifted.
    pub(super) fn lifts(&self) -> usize {
        self.lifts.load(Ordering::SeqCst)
    }

    /// A vehicle stands on the loop and is read; since when.
    pub(super) fn sees(&self, plate: &str) -> Instant {
        let since = Instant::now();
        self.tells(&json!({"event": "trigger_loop", "device": RECOGNIZER, "pressed": true}));
        self.tells(&json!({"event": "plate", "device": RECOGNIZER, "plate": plate, "id": plate}));
        since
    }

    /// Returns when the barrier has been lifted for the `number`th time, and how long that took.
    pub(super) fn lifts_for(&self, number: usize, since: Instant) -> Duration {
        until("the barrier is not lifted", || self.lifts() == number);
        since.elapsed()
    }

    /// The vehicle crosses and is gone.
    pub(super) fn sees_it_cross(&self) {
        self.presses(true);
        self.tells(&json!({"event": "trigger_loop", "device": RECOGNIZER, "pressed": false}));
        self.presses(false);
        self.is_gone();
    }

    /// The vehicle backs out.
    pub(super) fn sees_it_leave(&self) {
        self.tells(&json!({"event": "trigger_loop", "device": RECOGNIZER, "pressed": false}));
        self.is_gone();
    }

    fn presses(&self, pressed: bool) {
        self.tells(&json!({"event": "safety_loop", "device": BARRIER, "pressed": pressed}));
        until("the anti-smash loop does not count", || {
            self.lane()["safety_loop"] == pressed
        });
    }

    fn is_gone(&self) {
        until("the vehicle is still there", || {
            self.lane()["sides"][0]["trigger_loop"] == false
        });
    }

    /// How the lane is, as the booth sees it.
    pub(super) fn lane(&self) -> Value {
        self.lot()["lanes"][0].clone()
    }

    /// How many entries wait for the disk.
    pub(super) fn unwritten(&self) -> u64 {
        self.lot()["unwritten"].as_u64().unwrap()
    }

    fn lot(&self) -> Value {
        let mut line = self.booth.lock().unwrap();
        let (status, said) = line.ask("GET", "/local/v1/status", &self.key, "");
        assert_eq!(status, 200, "{said}");
        let said: Value = serde_json::from_str(&said).unwrap();
        said["lots"][0].clone()
    }

    /// Tells it until it is answered: a connection on which nothing was said may have given way to others.
    fn tells(&self, event: &Value) {
        let (mut line, event) = (self.events.lock().unwrap(), event.to_string());
        let answer = line.try_ask("POST", "/v1/events", DEVICE_KEY, &event);
        let answer = answer.unwrap_or_else(|_| {
            *line = Line::to(&self.devices);
            line.ask("POST", "/v1/events", DEVICE_KEY, &event)
        });
        assert_eq!(answer.0, 200, "{answer:?}");
    }
}

fn obeys(line: &mut Line, lifts: &AtomicUsize) -> std::io::Result<()> {
    let (_, answer) = line.try_ask("GET", "/v1/commands?wait=1", DEVICE_KEY, "")?;
    let answer: Value = serde_json::from_str(&answer)?;
    for command in answer["commands"].as_array().into_iter().flatten() {
        if command["command"] == "open" {
            lifts.fetch_add(1, Ordering::SeqCst);
        }
        let mut done = json!({"id": command["id"], "ok": true});
        if command["command"] == "check" {
            done["online"] = command["devices"].clone();
        }
        line.try_ask("POST", "/v1/answers", DEVICE_KEY, &done.to_string())?;
    }
    Ok(())
}

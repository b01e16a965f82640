//! What all lanes of a lot share: clock, ledger, live account, cables, displays.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boshi_protocol::id::DeviceNo;
use boshi_protocol::plate::{Plate, PlateColor};
use jiff::Timestamp;
use tokio::sync::broadcast;

use super::clock::Clock;
use super::event::{Event, Shot};
use super::happening::{Happening, Line, What};
use crate::equipment::{Fact, Vehicle, VehicleId};
use crate::ledger::{GivenUp, Ledger};

/// How many happenings a listener may lag behind before it misses some: a minute of a busy lot.
const MAX_LAG: usize = 1_024;

#[derive(Debug)]
pub(super) struct Site {
    pub(super) clock: Clock,
    /// Distinguishes the readings of this run from those of others with the same devices.
    pub(super) run: i64,
    pictures: bool,
    ledger: Mutex<Ledger>,
    happenings: broadcast::Sender<Happening>,
    unplugged: Mutex<HashSet<DeviceNo>>,
    displays: Mutex<HashMap<DeviceNo, Vec<Line>>>,
}

impl Site {
    pub(super) fn new(clock: Clock, pictures: bool) -> Site {
        Site {
            clock,
            run: Timestamp::now().as_millisecond(),
            pictures,
            ledger: Mutex::default(),
            happenings: broadcast::Sender::new(MAX_LAG),
            unplugged: Mutex::default(),
            displays: Mutex::default(),
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        lock(&self.ledger).clone()
    }

    pub(super) fn happenings(&self) -> broadcast::Receiver<Happening> {
        self.happenings.subscribe()
    }

    pub(super) fn arrived(&self, id: VehicleId, lane: &Arc<str>, vehicle: Vehicle, at: Timestamp) {
        lock(&self.ledger).arrived(id, lane, vehicle, at);
    }

    pub(super) fn record(&self, lane: &Arc<str>, at: Timestamp, fact: Fact) {
        let mut ledger = lock(&self.ledger);
        ledger.record(lane, at, &fact);
        let vehicle = fact.vehicle();
        let visit = vehicle.and_then(|id| ledger.visit(id));
        let happening = Happening {
            at,
            lane: Some(Arc::clone(lane)),
            vehicle,
            plate: visit.and_then(|visit| visit.vehicle.plate.clone()),
            color: visit.map(|visit| visit.vehicle.color),
            what: What::Fact(fact),
        };
        drop(ledger);
        self.announce(happening);
    }

    pub(super) fn gave_up(&self, event: &Event, why: String) {
        let given_up = GivenUp {
            at: Timestamp::now(),
            event: event.name(),
            why,
        };
        lock(&self.ledger).gave_up(given_up.clone());
        self.happened(None, What::GivenUp(given_up));
    }

    /// Something that is about no vehicle.
    pub(super) fn happened(&self, lane: Option<Arc<str>>, what: What) {
        self.announce(Happening {
            at: Timestamp::now(),
            lane,
            vehicle: None,
            plate: None,
            color: None,
            what,
        });
    }

    pub(super) fn unplug(&self, device: &DeviceNo) {
        if lock(&self.unplugged).insert(device.clone()) {
            self.happened(None, What::Unplugged(device.clone()));
        }
    }

    pub(super) fn plug(&self, device: &DeviceNo) {
        if lock(&self.unplugged).remove(device) {
            self.happened(None, What::Plugged(device.clone()));
        }
    }

    pub(super) fn is_plugged(&self, device: &DeviceNo) -> bool {
        !lock(&self.unplugged).contains(device)
    }

    pub(super) fn show(&self, display: &DeviceNo, lines: Vec<Line>) {
        lock(&self.displays).insert(display.clone(), lines.clone());
        self.happened(None, What::Shown(display.clone(), lines));
    }

    pub(super) fn shown(&self, display: &DeviceNo) -> Vec<Line> {
        let displays = lock(&self.displays);
        displays.get(display).cloned().unwrap_or_default()
    }

    /// What a camera would see, if the lot has pictures.
    pub(super) fn shot(
        &self,
        plate: Option<Plate>,
        color: PlateColor,
        caption: &str,
    ) -> Option<Shot> {
        self.pictures.then(|| Shot {
            plate,
            color,
            caption: caption.into(),
        })
    }

    fn announce(&self, happening: Happening) {
        // Nobody has to listen.
        let _ = self.happenings.send(happening);
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What one device may tell, so that a device gone mad takes nothing from the others.
//!
//! There are two bounds. Of one key only a few events are under way at once, which bounds the memory
//! that pictures take. And each device may tell only so much of one kind: a camera that repeats
//! itself a thousand times a second is shed, while the loop of its own lane, the lane beside it and
//! the fire contact are heard as ever. Whoever is shed is told so, and sends again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use boshi_protocol::id::LotId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::attached::{Attached, AttachedLane};
use super::event::Event;
use crate::lot::LaneNo;

/// Most events of one key under way at once: more than the devices of a lane have to tell at the
/// same time; times the largest event, 64 MB a key.
const MOST_AT_ONCE: usize = 16;

/// How often a device may tell something of one kind, for ever: a camera that reads every frame of
/// every second one is not shed yet.
const EVERY: Duration = Duration::from_millis(20);

/// How many of one kind may come at once: what a controller kept while the gateway was away.
const BURST: u32 = 100;

/// The devices, each with how much it has told lately.
#[derive(Debug)]
pub(crate) struct Floods {
    start: Instant,
    /// As many as there are devices, kinds of events and spaces at most.
    told: Mutex<HashMap<Source, Allowance>>,
    /// By the first lane of each key.
    under_way: Mutex<HashMap<(LotId, LaneNo), Arc<Semaphore>>>,
}

/// Who tells something, and of which kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Source {
    lot: LotId,
    lane: LaneNo,
    kind: &'static str,
    /// The device or the space; empty for what concerns all of a key.
    number: String,
}

/// What one source may still tell: a queue that empties at an even pace.
#[derive(Clone, Copy, Debug, Default)]
struct Allowance {
    /// When the queue will be empty.
    empty_at: Duration,
    /// Whether something was shed since it was empty.
    shedding: bool,
}

/// What becomes of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ruling {
    Taken,
    /// Too much; the first time since the source was last quiet.
    ShedFirst,
    Shed,
}

impl Default for Floods {
    fn default() -> Floods {
        Floods {
            start: Instant::now(),
            told: Mutex::default(),
            under_way: Mutex::default(),
        }
    }
}

impl Floods {
    /// Takes a place among the events of a key, whose first lane this is; none is left when
    /// too many are under way.
    pub(super) fn enter(&self, lane: &AttachedLane) -> Option<OwnedSemaphorePermit> {
        let mut under_way = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let places = under_way
            .entry((lane.lot.clone(), lane.lane))
            .or_insert_with(|| Arc::new(Semaphore::new(MOST_AT_ONCE)));
        Arc::clone(places).try_acquire_owned().ok()
    }

    /// Whether an event of a key that speaks for `lanes` may be taken.
    pub(super) fn allow(
        &self,
        attached: &Attached,
        lanes: &[&AttachedLane],
        event: &Event,
    ) -> bool {
        // An unknown device is refused anyhow, and must not be remembered.
        let Some(source) = source(attached, lanes, event) else {
            return true;
        };
        let now = self.start.elapsed();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let ruling = told.entry(source.clone()).or_default().take(now);
        drop(told);
        if ruling == Ruling::ShedFirst {
            let Source {
                lot, kind, number, ..
            } = source;
            tracing::warn!(%lot, kind, number, "a device tells too much; it is told to wait");
        }
        ruling == Ruling::Taken
    }
}

impl Allowance {
    fn take(&mut self, now: Duration) -> Ruling {
        if self.empty_at <= now {
            *self = Allowance {
                empty_at: now + EVERY,
                shedding: false,
            };
            return Ruling::Taken;
        }
        if self.empty_at + EVERY > now + EVERY * BURST {
            let again = std::mem::replace(&mut self.shedding, true);
            return if again {
                Ruling::Shed
            } else {
                Ruling::ShedFirst
            };
        }
        self.empty_at += EVERY;
        Ruling::Taken
    }
}

/// Who tells an event; none when the device or space is unknown.
fn source(attached: &Attached, lanes: &[&AttachedLane], event: &Event) -> Option<Source> {
    let (kind, device) = match event {
        Event::Plate(it) => ("plate", Some(&it.device)),
        Event::TriggerLoop(it) => ("trigger_loop", Some(&it.device)),
        Event::SafetyLoop(it) => ("safety_loop", Some(&it.device)),
        Event::Arm(it) => ("arm", Some(&it.device)),
        Event::Heartbeat(it) => ("heartbeat", Some(it.devices.first()?)),
        Event::Fire(_) => ("fire", None),
        Event::Place(it) => {
            attached.place(lanes, &it.place)?;
            return named(lanes.first()?, "place", it.place.as_str());
        }
    };
    match device {
        Some(device) => {
            let lane = lanes.iter().find(|lane| lane.has(device))?;
            named(lane, kind, device.as_str())
        }
        None => named(lanes.first()?, kind, ""),
    }
}

fn named(lane: &AttachedLane, kind: &'static str, number: &str) -> Option<Source> {
    Some(Source {
        lot: lane.lot.clone(),
        lane: lane.lane,
        kind,
        number: number.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(allowance: &mut Allowance, now: Duration, events: u32) -> usize {
        let rulings = (0..events).map(|_| allowance.take(now));
        rulings.filter(|it| *it == Ruling::Taken).count()
    }

    #[test]
    fn a_burst_is_taken_then_an_even_flow_and_after_a_silence_a_burst_again() {
        let mut allowance = Allowance::default();
        let now = Duration::from_secs(1);
        assert_eq!(taken(&mut allowance, now, 1000), BURST as usize);
        let second = now + Duration::from_secs(1);
        assert_eq!(taken(&mut allowance, second, 1000), 50);
        let later = second + Duration::from_secs(60);
        assert_eq!(taken(&mut allowance, later, 1000), BURST as usize);
    }

    #[test]
    fn a_flood_is_told_once() {
        let mut allowance = Allowance::default();
        let mut firsts = 0;
        for milli in 0..10_000 {
            let ruling = allowance.take(Duration::from_millis(milli));
            firsts += usize::from(ruling == Ruling::ShedFirst);
        }
        assert_eq!(firsts, 1);
        let quiet = Duration::from_secs(60);
        assert_eq!(taken(&mut allowance, quiet, BURST), BURST as usize);
        assert_eq!(allowance.take(quiet), Ruling::ShedFirst);
    }
}

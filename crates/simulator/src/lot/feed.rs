//! A controller's way to the gateway: events in order, each until it is taken.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boshi_protocol::id::DeviceNo;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::event::Event;
use super::gateway::Told;
use super::trouble::Speaker;
use crate::equipment::VehicleId;

/// Most events that wait to be told. A controller has little memory; without pictures, which are
/// drawn when they are sent, this is an hour of a busy lane.
pub(super) const MAX_WAITING: usize = 1_024;

/// Pause after the first failure, doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause between two attempts: a gateway that is back is told soon.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Events of one lane on their way, strictly in order.
#[derive(Debug, Default)]
pub(super) struct Feed {
    waiting: Mutex<VecDeque<Waiting>>,
    more: Notify,
    /// The vehicle of which each recognizer has told last.
    told: Mutex<HashMap<DeviceNo, VehicleId>>,
}

/// How a feed ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// Nothing more comes: it ends when everything is told.
    pub(super) no_more: CancellationToken,
    /// It ends now, and gives up what is not told.
    pub(super) at_once: CancellationToken,
}

/// Only the first one is ever under way, and it stays the first until it is settled.
#[derive(Debug)]
struct Waiting {
    event: Event,
    under_way: bool,
}

impl Feed {
    /// Puts `event` behind the others. What had to be given up for it comes back.
    ///
    /// A reading replaces an older one of the same vehicle that has not been told yet.
    pub(super) fn push(&self, event: Event) -> Option<Event> {
        let mut waiting = self.lock();
        if let Event::Plate(new) = &event {
            waiting.retain(|old| old.under_way || !new.replaces(&old.event));
        }
        let lost = if waiting.len() >= MAX_WAITING {
            let oldest = usize::from(waiting[0].under_way);
            waiting.remove(oldest)
        } else {
            None
        };
        let under_way = false;
        waiting.push_back(Waiting { event, under_way });
        drop(waiting);
        self.more.notify_one();
        lost.map(|lost| lost.event)
    }

    /// The vehicle before `recognizer` has left: what it read and has not told is history, unless
    /// the vehicle was told of before, when it is nothing at all.
    pub(super) fn left(&self, recognizer: &DeviceNo) {
        let told = self.told().get(recognizer).copied();
        self.lock().retain_mut(|one| {
            let Event::Plate(read) = &mut one.event else {
                return true;
            };
            if read.device != *recognizer {
                return true;
            }
            let repeats = told == Some(read.vehicle);
            // Under way, it may have to be told once more, when another vehicle stands there.
            read.replay |= !repeats || one.under_way;
            one.under_way || !repeats
        });
    }

    /// Tells the gateway one event after the other. `back` is called when an event is taken after
    /// the gateway was away, since it may have forgotten what it knew.
    pub(super) async fn tell(
        &self,
        speaker: &Speaker,
        ends: &Ends,
        back: impl Fn(),
        give_up: impl Fn(&Event, String),
    ) {
        while let Some(event) = self.next(&ends.no_more).await {
            let telling = self.tell_first(speaker, &event, &back);
            match ends.at_once.run_until_cancelled(telling).await {
                Some(Ok(())) => {}
                Some(Err(why)) => give_up(&event, why),
                None => break,
            }
            self.lock().pop_front();
        }
        for left in self.lock().drain(..) {
            give_up(&left.event, "停止时尚未送达".to_owned());
        }
    }

    /// The first one; `None` when there is none and there will be none.
    async fn next(&self, no_more: &CancellationToken) -> Option<Event> {
        loop {
            if let Some(first) = self.lock().front_mut() {
                first.under_way = true;
                return Some(first.event.clone());
            }
            tokio::select! {
                () = self.more.notified() => {}
                () = no_more.cancelled() => return None,
            }
        }
    }

    /// Until it is taken, or refused for a reason that another attempt does not change.
    async fn tell_first(
        &self,
        speaker: &Speaker,
        event: &Event,
        back: impl Fn(),
    ) -> Result<(), String> {
        let picture = match event.shot().cloned() {
            None => None,
            Some(shot) => tokio::task::spawn_blocking(move || shot.develop())
                .await
                .ok(),
        };
        let mut pause = FIRST_PAUSE;
        let mut was_away = false;
        loop {
            // Its vehicle may have left while it waited for the gateway.
            let now = self.lock().front().map(|first| first.event.clone());
            let event = now.as_ref().unwrap_or(event);
            let why = match speaker.tell(event, picture.as_deref()).await {
                Told::Taken => {
                    if let Event::Plate(read) = event {
                        self.told().insert(read.device.clone(), read.vehicle);
                    }
                    if was_away {
                        back();
                    }
                    return Ok(());
                }
                Told::Refused(why) => return Err(why),
                Told::Busy(why) => why,
                Told::Unreachable(why) => {
                    was_away = true;
                    why
                }
            };
            debug!(event = event.name(), why, "the gateway is told again later");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn told(&self) -> MutexGuard<'_, HashMap<DeviceNo, VehicleId>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use boshi_protocol::plate::PlateColor;
    use jiff::Timestamp;

    use super::super::event::PlateRead;
    use super::*;
    use crate::equipment::Reading;

    fn device() -> DeviceNo {
        DeviceNo::new("CAM-01").unwrap()
    }

    fn read(vehicle: u64, id: &str) -> Event {
        Event::Plate(PlateRead {
            device: device(),
            vehicle: VehicleId(vehicle),
            id: id.to_owned(),
            reading: Reading {
                plate: None,
                color: PlateColor::Other,
                reliability: 0,
            },
            at: Timestamp::UNIX_EPOCH,
            replay: false,
            shot: None,
        })
    }

    fn pressed(pressed: bool) -> Event {
        Event::TriggerLoop {
            device: device(),
            pressed,
        }
    }

    fn bodies(feed: &Feed) -> Vec<String> {
        let waiting = feed.lock();
        waiting.iter().map(|one| one.event.body(None)).collect()
    }

    #[test]
    fn a_reading_replaces_an_untold_one_of_the_same_vehicle() {
        let feed = Feed::default();
        for event in [pressed(true), read(1, "a"), read(2, "b"), read(1, "c")] {
            assert!(feed.push(event).is_none());
        }
        let bodies = bodies(&feed);
        assert_eq!(bodies.len(), 3);
        assert!(bodies[1].contains("\"b\"") && bodies[2].contains("\"c\""));
    }

    #[test]
    fn what_was_read_of_a_vehicle_that_left_meanwhile_is_history() {
        let feed = Feed::default();
        feed.push(read(1, "a"));
        feed.left(&device());
        feed.push(read(2, "b"));
        let bodies = bodies(&feed);
        assert!(bodies[0].contains("\"replay\":true"), "{}", bodies[0]);
        assert!(bodies[1].contains("\"replay\":false"), "{}", bodies[1]);
    }

    #[test]
    fn what_only_repeats_a_vehicle_that_left_is_not_told() {
        let feed = Feed::default();
        feed.told().insert(device(), VehicleId(1));
        feed.push(read(1, "a"));
        feed.left(&device());
        assert!(bodies(&feed).is_empty());
    }

    #[tokio::test]
    async fn what_repeats_a_vehicle_that_left_and_is_told_again_is_history() {
        let feed = Feed::default();
        feed.told().insert(device(), VehicleId(1));
        feed.push(read(1, "a"));
        feed.next(&CancellationToken::new()).await.unwrap();
        feed.left(&device());
        let bodies = bodies(&feed);
        assert!(bodies[0].contains("\"replay\":true"), "{}", bodies[0]);
    }

    #[tokio::test]
    async fn a_full_memory_loses_the_oldest_that_is_not_under_way() {
        let feed = Feed::default();
        for vehicle in 0..MAX_WAITING as u64 {
            assert!(feed.push(read(vehicle, &format!("id-{vehicle}"))).is_none());
        }
        let stop = CancellationToken::new();
        let first = feed.next(&stop).await.unwrap();
        assert!(first.name().ends_with("id-0"), "{}", first.name());
        let lost = feed.push(pressed(true)).unwrap();
        assert!(lost.name().ends_with("id-1"), "{}", lost.name());
        assert_eq!(bodies(&feed).len(), MAX_WAITING);
    }
}
